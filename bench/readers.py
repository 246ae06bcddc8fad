"""Who asks in the benchmark: coordinators, team members, specialists and leaders, each with cases that are theirs."""

import base64
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, zip_longest
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

PROFILES: Final = ("coordinator", "team member", "specialist", "leader")
MOST: Final = {"coordinator": 800, "team member": 700, "specialist": 700, "leader": 60}
"""How many readers of each profile take part at most; of the leaders those with the most cases."""
SAMPLE: Final = 500
"""How many of a reader's cases are asked for at most; leaders have more."""

FOUND: Final = """
with working as (
    select case when p.role = 'professional_head' then 'leader' when d.kind = 'child_disability' then 'coordinator'
           when d.kind = 'school_psychology' then 'specialist' else 'team member' end as profile,
           p.municipality_id, p.user_id, p.department_id
    from positions p join departments d on d.municipality_id = p.municipality_id and d.id = p.department_id
    where p.role <> 'administrator' and p.ended_at is null
), chosen as (
    (select * from working where profile = 'coordinator' order by md5(user_id::text) limit $1)
    union all (select * from working where profile = 'team member' order by md5(user_id::text) limit $2)
    union all (select * from working where profile = 'specialist' order by md5(user_id::text) limit $3)
    union all (select * from working where profile = 'leader' order by (
        select count(*) from cases c
        where c.municipality_id = working.municipality_id and c.owner_department_id = working.department_id
     ) desc, user_id limit $4)
)
select profile, municipality_id, user_id, array(
    select a.case_id from assignments a
    where profile = 'coordinator' and a.municipality_id = chosen.municipality_id and a.user_id = chosen.user_id
      and a.ended_at is null and a.role = 'coordinator'
    union all
    select t.case_id from team_members t
    where profile in ('team member', 'specialist') and t.municipality_id = chosen.municipality_id
      and t.user_id = chosen.user_id and t.left_at is null
    union all
    (select c.id from cases c
     where profile = 'leader' and c.municipality_id = chosen.municipality_id
       and c.owner_department_id = chosen.department_id order by md5(c.id::text) limit $5)
    order by 1
) as cases
from chosen
"""
FAMILIES: Final = """
select c.family_id, c.child_id, f.owner_department_id
from cases c join families f on f.municipality_id = c.municipality_id and f.id = c.family_id
where c.municipality_id = $1 and c.id = any($2) and c.state <> 'closed'
"""


DOCUMENTS: Final = """
select case_id, (array_agg(id order by id))[1] as first, count(*) as documents
from documents where municipality_id = $1 and case_id = any($2) group by case_id
"""
FULL: Final = 70
"""Documents of a case from which on its list is a full page for a member of the team."""


@dataclass
class Reader:
    """One professional with a token; `families` are (family, child, department) of cases that a coordinator has.

    `documents` is a document that is shared with the whole team, by case; `full` the cases with a full page of them.
    """

    profile: int
    actor: Actor
    cases: list[UUID]
    token: str = ""
    families: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)
    documents: dict[UUID, UUID] = field(default_factory=dict)
    full: set[UUID] = field(default_factory=set)


async def load(app_url: str, owner_url: str, data_dir: Path) -> list[Reader]:
    """The readers of this database, shuffled."""
    owner, database, sign = await asyncpg.connect(owner_url), Database(app_url, 1), signer(data_dir)
    try:
        rows = await owner.fetch(FOUND, *MOST.values(), SAMPLE)
        readers = [await _reader(owner, database, sign, row) for row in rows if row["cases"]]
    finally:
        await database.close()
        await owner.close()
    random.Random(len(readers)).shuffle(readers)
    return readers


async def _reader(owner: Any, database: Database, sign: Callable[[Identity], str], row: Any) -> Reader:
    identity = Identity(TRYOUT_ISSUER, str(row["user_id"]), "professional", row["municipality_id"])
    asked = Circumstances(datetime.now(UTC), request_id="bench-00000000")
    async with database.transaction(identity.municipality) as session:
        actor = await actors.load(session, identity, asked)
    profile = PROFILES.index(row["profile"])
    reader = Reader(profile, actor, [UUID(str(id)) for id in row["cases"]])
    reader.token = sign(identity)
    if row["profile"] != "leader":
        papers = await owner.fetch(DOCUMENTS, actor.municipality, row["cases"])
        reader.documents = {UUID(str(one["case_id"])): UUID(str(one["first"])) for one in papers}
        reader.full = {UUID(str(one["case_id"])) for one in papers if one["documents"] >= FULL}
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
    """Every (reader, case that is theirs) once, in an order of this seed.

    The profiles take turns as long as all have some left, and within one every reader asks once before any asks again.
    """
    chance = random.Random(seed)
    by_profile: list[list[tuple[int, int, float, UUID]]] = [[] for _ in PROFILES]
    for place, reader in enumerate(readers):
        turns = chance.sample(reader.cases, len(reader.cases))
        by_profile[reader.profile] += [(turn, place, chance.random(), id) for turn, id in enumerate(turns)]
    for found in by_profile:
        found.sort(key=lambda one: (one[0], one[2]))
    alternating = zip_longest(*by_profile)
    return [(one[1], one[3]) for one in chain.from_iterable(alternating) if one is not None]
