"""Who asks in the benchmark: coordinators, team members and specialists, each with the cases that are theirs."""

import base64
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from jose import jwk

from app.auth import TRYOUT_AUDIENCE, TRYOUT_ISSUER, Identity, tryout_key
from app.db import Database
from app.policy.actor import Actor, Circumstances
from app.services import actors

PROFILES: Final = ("coordinator", "team member", "specialist")
MOST: Final = {"coordinator": 250, "team member": 120, "specialist": 60}
"""How many readers of each profile take part at most."""

FOUND: Final = """
with coordinators as (
    select a.municipality_id, a.user_id, array_agg(a.case_id order by a.case_id) as cases
    from assignments a where a.ended_at is null group by 1, 2
), teams as (
    select t.municipality_id, t.user_id, t.profession, array_agg(t.case_id order by t.case_id) as cases
    from team_members t where t.left_at is null group by 1, 2, 3
)
(select 'coordinator' as profile, municipality_id, user_id, cases from coordinators
 order by md5(user_id::text) limit $1)
union all
(select 'team member', municipality_id, user_id, cases from teams where profession <> 'psychologist'
 order by md5(user_id::text) limit $2)
union all
(select 'specialist', municipality_id, user_id, cases from teams where profession = 'psychologist'
 order by cardinality(cases) desc, md5(user_id::text) limit $3)
"""
FAMILIES: Final = """
select c.family_id, c.child_id, f.owner_department_id
from cases c join families f on f.municipality_id = c.municipality_id and f.id = c.family_id
where c.municipality_id = $1 and c.id = any($2)
"""


@dataclass
class Reader:
    """One professional with a token; `families` are (family, child, department) of cases that a coordinator has."""

    profile: int
    actor: Actor
    cases: list[UUID]
    token: str = ""
    families: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)


async def load(app_url: str, owner_url: str, data_dir: Path) -> list[Reader]:
    """The readers of this database, shuffled."""
    owner, database, sign = await asyncpg.connect(owner_url), Database(app_url, 1), signer(data_dir)
    try:
        rows = await owner.fetch(FOUND, *MOST.values())
        readers = [await _reader(owner, database, sign, row) for row in rows]
    finally:
        await database.close()
        await owner.close()
    random.shuffle(readers)
    return readers


async def _reader(owner: Any, database: Database, sign: Callable[[Identity], str], row: Any) -> Reader:
    identity = Identity(TRYOUT_ISSUER, str(row["user_id"]), "professional", row["municipality_id"])
    asked = Circumstances(datetime.now(UTC), request_id="bench-00000000")
    async with database.transaction(identity.municipality) as session:
        actor = await actors.load(session, identity, asked)
    profile = PROFILES.index(row["profile"])
    reader = Reader(profile, actor, [UUID(str(id)) for id in row["cases"]])
    reader.token = sign(identity)
    if profile == 0:
        found = await owner.fetch(FAMILIES, actor.municipality, row["cases"])
        (home, *_) = actor.departments
        reader.families = [(family["family_id"], family["child_id"], home) for family in found]
    return reader


def signer(data_dir: Path) -> Callable[[Identity], str]:
    """Makes try-out tokens of eight hours with the key loaded once: `tryout_token` takes a tenth of a second each."""
    jwk_of_key = tryout_key(data_dir)
    key: Any = jwk.construct(jwk_of_key, "RS256")
    head = _encoded({"alg": "RS256", "typ": "JWT", "kid": jwk_of_key["kid"]})

    def sign(identity: Identity) -> str:
        now = int(time.time())
        claims = {"iss": TRYOUT_ISSUER, "aud": TRYOUT_AUDIENCE, "iat": now, "exp": now + 8 * 3600}
        who = {"sub": identity.subject, "actor_kind": identity.kind, "municipality": str(identity.municipality)}
        signed = f"{head}.{_encoded(claims | who)}"
        return f"{signed}.{_base64(key.sign(signed.encode()))}"

    return sign


def _encoded(part: dict[str, Any]) -> str:
    return _base64(orjson.dumps(part))


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def pairs(readers: list[Reader], seed: int) -> list[tuple[int, UUID]]:
    """Every (reader, case that is theirs), profiles in turn, in an order of this seed."""
    chance = random.Random(seed)
    by_profile: list[list[tuple[int, UUID]]] = [[] for _ in PROFILES]
    for place, reader in enumerate(readers):
        by_profile[reader.profile] += [(place, id) for id in reader.cases]
    for found in by_profile:
        chance.shuffle(found)
    return list(chain.from_iterable(zip(*by_profile, strict=False)))
