"""The try-out mode: the embedded database, migrated, with the fictive municipalities loaded once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import yaml

from app import embedded, migrate
from app.auth import TRYOUT_ISSUER, Identity, tryout_token
from app.cpr import Vault
from app.db import Database, Transaction
from app.models import User
from app.policy.actor import Actor, Circumstances
from app.policy.municipalities import departments
from app.schemas.cases import CaseIn
from app.schemas.families import CustodyIn, FamilyIn, Login, MemberIn
from app.schemas.organisations import ContactPersonIn, OrganisationIn
from app.schemas.standing_teams import TeamIn, TeamSeatIn
from app.schemas.users import DepartmentIn, PositionIn, UserIn
from app.services import (
    actors,
    cases,
    families,
    municipalities,
    organisations,
    standing_teams,
    tenants,
    users,
)
from app.services.rows import add

DATABASE: Final = "indgang"


@cache
def demo() -> dict[str, Any]:
    """The fictive municipalities, people and family."""
    document: dict[str, Any] = yaml.safe_load(files("app.templates").joinpath("demo.yaml").read_text("utf-8"))
    return document


def people() -> Iterator[tuple[str, str, str, UUID]]:
    """Everybody in the demo: the word for `--as`, the name, the kind of actor and the municipality."""
    for municipality in demo()["municipalities"]:
        for person in municipality["people"]:
            yield person["as"], person["name"], person.get("kind", "professional"), UUID(municipality["id"])


def first_municipality() -> UUID:
    """The fictive municipality that the demo's family lives in."""
    return UUID(demo()["municipalities"][0]["id"])


def token(data_dir: Path, who: str) -> str:
    """A token for one of the demo's people. KeyError for a word that nobody there has."""
    known = {word: (kind, municipality) for word, _, kind, municipality in people()}
    kind, municipality = known[who]
    return tryout_token(data_dir, who, kind, municipality)  # type: ignore[arg-type]


def address(server: Any) -> str:
    """Where the app finds the try-out database, as its harmless role."""
    return embedded.address(server, DATABASE, embedded.APP_ROLE)


async def make_database(server: Any) -> None:
    """Make the try-out database, unless it is there."""
    admin = await asyncpg.connect(embedded.address(server, "postgres"))
    try:
        if not await admin.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await admin.execute(f'create database "{DATABASE}"')
    finally:
        await admin.close()


async def allow_app_role(server: Any) -> None:
    """The try-out login: a member of the app's role, and nothing else."""
    owner = await asyncpg.connect(embedded.address(server, DATABASE))
    try:
        if not await owner.fetchval("select 1 from pg_roles where rolname = $1", embedded.APP_ROLE):
            await owner.execute(f"create role {embedded.APP_ROLE} login in role indgang_app")
    finally:
        await owner.close()


def migrated(server: Any) -> None:
    migrate.upgrade(embedded.address(server, DATABASE))


async def load_demo(server: Any, vault: Vault) -> bool:
    """Load the fictive municipalities that are not there, each whole or not at all; whether any was loaded now."""
    owner = Database(embedded.address(server, DATABASE), 1)
    try:
        loaded = set(await owner.municipalities())
        missing = [one for one in demo()["municipalities"] if UUID(one["id"]) not in loaded]
        for municipality in missing:
            async with owner.transaction(UUID(municipality["id"])) as session:
                await _municipality(session, municipality, vault)
        return bool(missing)
    finally:
        await owner.close()


async def _municipality(session: Transaction, municipality: dict[str, Any], vault: Vault) -> None:
    first = municipality["people"][0]
    administrator = {"issuer": TRYOUT_ISSUER, "subject": first["as"], "name": first["name"]}
    known = {"id": UUID(municipality["id"]), "name": municipality["name"], "code": municipality["code"]}
    await tenants.found(session, **known, administrator=administrator, fictive=True)
    await _furnish(session, municipality)
    if "family" in municipality:
        await _family(session, municipality["family"], vault)


async def _acting(session: Transaction, who: str) -> Actor:
    kind, municipality = next((kind, where) for word, _, kind, where in people() if word == who)
    identity = Identity(TRYOUT_ISSUER, who, kind, municipality)  # type: ignore[arg-type]
    return await actors.load(session, identity, Circumstances(datetime.now(UTC), request_id="demo"))


async def _furnish(session: Transaction, municipality: dict[str, Any]) -> None:
    """Departments, partners, accounts and teams, made by the administrator as through the API."""
    actor = await _acting(session, municipality["people"][0]["as"])
    places = {row.name: row.id for row in (await departments.page(session, actor)).items}
    for department in municipality["departments"]:
        if department["name"] not in places:
            wanted = DepartmentIn(**{k: v for k, v in department.items() if k != "key"})
            places[department["name"]] = (await municipalities.add_department(session, actor, wanted)).id
    by_key = {department["key"]: places[department["name"]] for department in municipality["departments"]}
    partners = {one["key"]: await _partner(session, actor, one) for one in municipality.get("organisations", ())}
    accounts: dict[str, UUID] = {}
    for person in municipality["people"][1:]:
        accounts[person["as"]] = await _person(session, actor, person, by_key, partners)
    for team in municipality.get("teams", ()):
        await _team(session, actor, team, {who: accounts[who] for who, _ in team["seats"]}, by_key)


async def _partner(session: Transaction, actor: Actor, partner: dict[str, Any]) -> UUID:
    """An outside organisation with those to turn to there."""
    wanted = OrganisationIn(**{name: value for name, value in partner.items() if name not in ("key", "persons")})
    id: UUID = (await organisations.add_organisation(session, actor, wanted)).id
    for person in partner["persons"]:
        await organisations.add_contact_person(session, actor, id, ContactPersonIn(**person))
    return id


async def _team(
    session: Transaction, actor: Actor, team: dict[str, Any], people: dict[str, UUID], places: dict[str, UUID]
) -> None:
    """A standing team with its seats."""
    wanted = TeamIn(**{name: value for name, value in team.items() if name != "seats"})
    id = (await standing_teams.add_team(session, actor, wanted)).id
    for who, key in team["seats"]:
        await standing_teams.add_seat(session, actor, id, TeamSeatIn(user_id=people[who], department_id=places[key]))


async def _person(
    session: Transaction, actor: Actor, person: dict[str, Any], places: dict[str, UUID], partners: dict[str, UUID]
) -> UUID:
    """One account; its id."""
    if person.get("kind") == "citizen":
        values = {"kind": "citizen", "issuer": TRYOUT_ISSUER, "subject": person["as"], "name": person["name"]}
        return await add(session, actor, User, active=True, created_at=datetime.now(UTC), **values)
    held = [PositionIn(department_id=places[key], role=role) for key, role in person.get("positions", ())]
    known = {k: v for k, v in person.items() if k not in ("as", "positions", "kind", "organisation")}
    kind = person.get("kind", "professional")
    employer = partners.get(person.get("organisation", ""))
    signs_in = {"issuer": TRYOUT_ISSUER, "subject": person["as"]}
    wanted = UserIn(kind=kind, **signs_in, positions=held, organisation_id=employer, **known)
    id: UUID = (await users.add_user(session, actor, wanted)).id
    return id


async def _family(session: Transaction, family: dict[str, Any], vault: Vault) -> None:
    """One family with a case in draft, registered by the coordinator."""
    actor = await _acting(session, "coordinator")
    (home,) = actor.departments
    id = (await families.register(session, actor, FamilyIn(owner_department_id=home))).id
    members: dict[str, UUID] = {}
    for one in family["members"]:
        login = Login(issuer=TRYOUT_ISSUER, subject=one["login"]) if "login" in one else None
        known = {k: v for k, v in one.items() if k not in ("key", "login")}
        wanted = MemberIn(login=login, **known)
        members[one["key"]] = (await families.add_member(session, actor, id, wanted, vault)).id
    for holder in family["custody"]:
        since = family["members"][0]["birth_date"]
        custody = {"child_id": members["child"], "source": "civil_registry", "valid_from": since}
        await families.give_custody(session, actor, id, CustodyIn(holder_id=members[holder], **custody))
    case = CaseIn(family_id=id, child_id=members["child"], owner_department_id=home)
    await cases.open_case(session, actor, case)


@contextmanager
def scratch(server: Any, name: str) -> Iterator[str]:
    """A database of that name for a while, as its owner; dropped afterwards."""

    async def run(statement: str) -> None:
        admin = await asyncpg.connect(embedded.address(server, "postgres"))
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    asyncio.run(run(f'create database "{name}"'))
    try:
        yield embedded.address(server, name)
    finally:
        asyncio.run(run(f'drop database "{name}" with (force)'))
