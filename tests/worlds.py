"""A municipality to test in: its people, and short ways to the usual starting points. Everything goes through HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert

from app.auth import TRYOUT_ISSUER, tryout_token
from app.db import Database, new_id, table_of
from app.models import Department, Position, User
from app.services import tenants
from app.services.actors import COPENHAGEN

DEPARTMENTS = {
    "handicap": ("child_disability", "social"),
    "ppr": ("school_psychology", "education"),
    "sundhed": ("health_care", "health"),
    "job": ("employment", "employment"),
}
# word: (kind, profession, department, role)
PEOPLE: Mapping[str, tuple[str, str | None, str | None, str]] = {
    "head": ("professional", "social_adviser", "handicap", "professional_head"),
    "coordinator": ("professional", "social_adviser", "handicap", "member"),
    "second": ("professional", "social_adviser", "handicap", "member"),
    "psychologist": ("professional", "psychologist", "ppr", "member"),
    "visitor": ("professional", "health_visitor", "sundhed", "member"),
    "job_adviser": ("professional", "employment_social_worker", "job", "member"),
    "other_head": ("professional", "social_adviser", "job", "professional_head"),
    "controller": ("professional", "controller", "handicap", "controller"),
    "auditor": ("professional", "other", "ppr", "auditor"),
    "journal": ("service", None, "handicap", "member"),
    "other_service": ("service", None, "job", "member"),
    "mother": ("citizen", None, None, ""),
    "father": ("citizen", None, None, ""),
    "teen": ("citizen", None, None, ""),
    "child": ("citizen", None, None, ""),
    "stranger": ("citizen", None, None, ""),
}


def local_today() -> date:
    """The day in Denmark, which is what the software means by today."""
    return datetime.now(COPENHAGEN).date()


@dataclass
class World:
    """`ids` are the accounts by word, `departments` by key; `headers` of each person carry the token."""

    municipality: UUID
    data_dir: Path
    client: httpx.AsyncClient
    ids: dict[str, UUID] = field(default_factory=dict)
    departments: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def found(cls, owner: Database, data_dir: Path, client: httpx.AsyncClient) -> "World":
        world = cls(uuid4(), data_dir, client)
        administrator = {"issuer": TRYOUT_ISSUER, "subject": world.subject("administrator"), "name": "Asta Adminsen"}
        code = str(world.municipality.int % 9000 + 1000)
        async with owner.transaction(world.municipality) as session:
            for _ in range(20):
                if await _code_is_free(session, code):
                    break
                code = str(uuid4().int % 9000 + 1000)
            named = {"id": world.municipality, "name": "Prøvekommune", "code": code}
            await tenants.found(session, **named, administrator=administrator, fictive=True)
            await world._people(session)
        return world

    async def _people(self, session: Any) -> None:
        base = {"municipality_id": self.municipality}
        self.departments = {key: new_id() for key in DEPARTMENTS}
        departments = [
            {**base, "id": self.departments[key], "name": key, "kind": kind, "sector": sector, "active": True}
            for key, (kind, sector) in DEPARTMENTS.items()
        ]
        self.ids = {word: new_id() for word in PEOPLE}
        now = datetime.now(UTC)
        account = {**base, "issuer": TRYOUT_ISSUER, "active": True, "created_at": now}
        users = [
            {
                **account,
                "id": self.ids[w],
                "kind": k,
                "subject": self.subject(w),
                "name": f"{w} Prøvesen",
                "profession": p,
            }
            for w, (k, p, _, _) in PEOPLE.items()
        ]
        held = [
            {
                **base,
                "id": new_id(),
                "user_id": self.ids[w],
                "department_id": self.departments[d],
                "role": r,
                "started_at": now,
            }
            for w, (_, _, d, r) in PEOPLE.items()
            if d is not None
        ]
        for model, rows in ((Department, departments), (User, users), (Position, held)):
            await session.execute(insert(table_of(model)).values(rows))

    def subject(self, who: str) -> str:
        return f"{who}-{self.municipality.hex[:12]}"

    def headers(self, who: str) -> dict[str, str]:
        """The Authorization header of one of the people (also `administrator`)."""
        if who not in self.tokens:
            kind = PEOPLE[who][0] if who in PEOPLE else "professional"
            self.tokens[who] = tryout_token(self.data_dir, self.subject(who), kind, self.municipality)  # type: ignore[arg-type]
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    async def call(self, who: str, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """One request as somebody; header names with underscores, such as `if_match`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST" and PEOPLE.get(who, ("",))[0] == "service":
            named.setdefault("idempotency-key", uuid4().hex)
        sent = {} if json is None else {"json": json}
        return await self.client.request(method, path, headers={**self.headers(who), **named}, **sent)

    async def get(self, who: str, path: str, **headers: str) -> httpx.Response:
        return await self.call(who, "GET", path, **headers)

    async def post(self, who: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        return await self.call(who, "POST", path, {} if json is None else json, **headers)

    async def update(self, who: str, method: str, path: str, json: Any, *, read: str | None = None) -> httpx.Response:
        """PUT or PATCH with the ETag of `read` (the path itself unless said otherwise), as the same person."""
        current = await self.get(who, read or path)
        return await self.call(who, method, path, json, if_match=current.headers.get("etag", '"none"'))

    async def family(self, *, teen_birth: date | None = None) -> "FamilyOf":
        """A family with a child of ten, two custody holders, and a child of sixteen, all able to sign in."""
        made = await self._made(
            "coordinator", "/v1/families", {"owner_department_id": str(self.departments["handicap"])}
        )
        today = local_today()
        born = {"child": today - timedelta(days=3700), "teen": teen_birth or today - timedelta(days=16 * 366)}
        members = {}
        for who in ("child", "teen", "mother", "father"):
            kind = "child" if who in born else "adult"
            relation = who if kind == "adult" else "child"
            body = {"kind": kind, "relation": relation, "name": f"{who} Prøvesen", "login": self.login(who)}
            if who in born:
                body["birth_date"] = born[who].isoformat()
            members[who] = (await self._made("coordinator", f"/v1/families/{made['id']}/members", body))["id"]
        for holder in ("mother", "father"):
            for child in born:
                body = {"child_id": members[child], "holder_id": members[holder], "source": "civil_registry"}
                path = f"/v1/families/{made['id']}/custodies"
                await self._made("coordinator", path, body | {"valid_from": "2010-01-01"})
        return FamilyOf(made["id"], members)

    def login(self, who: str) -> dict[str, str]:
        return {"issuer": TRYOUT_ISSUER, "subject": self.subject(who)}

    async def case(self, family: "FamilyOf | None" = None, *, child: str = "child", **more: Any) -> dict[str, Any]:
        """A case in draft, opened by the coordinator-to-be."""
        family = family or await self.family()
        body = {"family_id": family.id, "child_id": family.members[child]}
        return await self._made(
            "coordinator", "/v1/cases", body | {"owner_department_id": str(self.departments["handicap"])} | more
        )

    async def allocated(self, family: "FamilyOf | None" = None, **more: Any) -> dict[str, Any]:
        """A case in start-up: a coordinator, the psychologist in the core team, and covered by the two."""
        case = await self.case(family, **more)
        path = f"/v1/cases/{case['id']}"
        appointed = await self.update(
            "head", "PUT", f"{path}/coordinator", {"user_id": str(self.ids["coordinator"])}, read=path
        )
        assert appointed.status_code == 200, appointed.text
        body = {"user_id": str(self.ids["psychologist"]), "department_id": str(self.departments["ppr"])}
        await self._made("coordinator", f"{path}/team", body)
        await self._made("coordinator", f"{path}/team/coverage", {"covered": True})
        return (await self.get("coordinator", path)).json()

    async def _made(self, who: str, path: str, body: Any) -> dict[str, Any]:
        response = await self.post(who, path, body)
        assert response.status_code == 201, (path, response.status_code, response.text)
        found: dict[str, Any] = response.json()
        return found


@dataclass
class FamilyOf:
    """A family's id and its members' ids by word."""

    id: str
    members: dict[str, str]


async def _code_is_free(session: Any, code: str) -> bool:
    from sqlalchemy import text

    found = await session.execute(text("select 1 from municipalities where code = :code"), {"code": code})
    return found.first() is None
