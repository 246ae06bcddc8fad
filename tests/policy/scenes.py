"""A scene to judge: two families, cases in draft, allocated and closed, and people who were there before.

In the first family `mother` and `father` have custody of `child` (ten) and `teen` (sixteen); the custody of
`former_parent` has ended. In its allocated cases `coordinator` has followed `second`, and `psychologist` is in the core
team, which `job_adviser` has left. `second` registered the other family and opened a draft case for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import TRYOUT_ISSUER, Identity, tryout_token
from app.db import Database, columns, new_id, table_of
from app.models import Cycle, Event
from app.policy.actor import Actor, Circumstances
from app.services import actors
from tests.policy.papers import papers
from tests.worlds import PEOPLE, FamilyOf, World

Row = dict[str, Any]
INTAKE = {
    "impairment": "significant_and_lasting",
    "several_kinds_of_help": True,
    "cross_sector": True,
    "complex": False,
    "note": "Skolen er bekymret.",
}


@dataclass
class Scene:
    """Rows by (place, resource): `place` is a case (draft, allocated, teen, closed, other) or a family.

    `set_up` are rows by resource that belong to no family: what the municipality is organised with.
    """

    world: World
    family: FamilyOf
    other_family: FamilyOf
    rows: dict[tuple[str, str], UUID] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    set_up: dict[str, UUID] = field(default_factory=dict)

    def path(self, case: str, rest: str = "") -> str:
        return f"/v1/cases/{self.cases[case]}{rest}"


async def acting(database: Database, world: World, who: str, at: datetime | None = None) -> Actor:
    """The actor as a request of this person would have it."""
    async with database.transaction(world.municipality) as session:
        return await loaded(session, world, who, at)


async def loaded(session: AsyncSession, world: World, who: str, at: datetime | None = None) -> Actor:
    identity = Identity(TRYOUT_ISSUER, world.subject(who), kind_of(who), world.municipality)
    return await actors.load(session, identity, Circumstances(at or datetime.now(UTC), request_id=f"test-{who}"))


def kind_of(who: str) -> Any:
    if who in CITIZENS:
        return "citizen"
    return PEOPLE[who][0] if who in PEOPLE else "professional"


CITIZENS = ("former_parent",)
EVERYBODY: Sequence[str] = (*PEOPLE, "administrator", *CITIZENS)


def welcome(world: World, who: str) -> None:
    """Let a citizen who is none of the usual people sign in."""
    world.tokens[who] = tryout_token(world.data_dir, world.subject(who), "citizen", world.municipality)


async def set_scene(world: World, database: Database) -> Scene:
    """Through HTTP, as everything else."""
    scene = Scene(world, await world.family(), await other_family(world))
    await _set_up(scene)
    await _members(scene)
    await former_parent(scene)
    await _relations(scene)
    scene.cases["draft"] = (await world.case(scene.family, intake=INTAKE))["id"]
    scene.cases["other"] = (await made(world, "second", "/v1/cases", case_body(world, scene.other_family)))["id"]
    for place, child in (("allocated", "child"), ("teen", "teen"), ("closed", "child")):
        scene.cases[place] = (await world.case(scene.family, child=child, intake=INTAKE))["id"]
        await staff(world, scene.path(place))
        await _fill(scene, place)
        await papers(scene, place)
    await close(world, scene.path("closed"))
    for place in ("allocated", "teen", "closed"):
        await _repeat(scene, place, database)
    for place in scene.cases:
        await _look_up(scene, place, database)
    return scene


async def _set_up(scene: Scene) -> None:
    """A partner with somebody to turn to, a standing team with a seat, the written method, and a list to import."""
    world = scene.world
    partner = await made(world, "head", "/v1/organisations", {"name": "Prøveskolen", "kind": "school"})
    person = {"name": "Skolens Prøvesen", "phone": "70 00 00 51"}
    person = await made(world, "head", f"/v1/organisations/{partner['id']}/contact-persons", person)
    team = await made(world, "head", "/v1/teams", {"name": "Team Nord"})
    seat = {"user_id": str(world.ids["psychologist"]), "department_id": str(world.departments["ppr"])}
    seat = await made(world, "head", f"/v1/teams/{team['id']}/seats", seat)
    method = await made(world, "head", "/v1/methods", {"title": "Vores metode", "text": "Første udgave."})
    rows = {"organisation": partner, "contact_person": person, "standing_team": team, "team_seat": seat}
    rows |= {"method": method, "import": await brought(world)}
    scene.set_up |= {name: UUID(row["id"]) for name, row in rows.items()}


async def brought(world: World) -> Row:
    """A list of departments that was checked, and nothing more."""
    headers = {**world.headers("administrator"), "content-type": "text/csv"}
    content = "name,kind,sector\nEndnu et hus,other,social\n"
    response = await world.client.post("/v1/imports?kind=departments", content=content, headers=headers)
    assert response.status_code == 201, response.text
    found: Row = response.json()
    return found


async def made(world: World, who: str, path: str, body: Any) -> Row:
    response = await world.post(who, path, body)
    assert response.status_code in (200, 201), (path, response.status_code, response.text)
    found: Row = response.json()
    return found


def case_body(world: World, family: FamilyOf, child: str = "child") -> Row:
    owner = str(world.departments["handicap"])
    return {"family_id": family.id, "child_id": family.members[child], "owner_department_id": owner}


async def other_family(world: World, who: str = "second") -> FamilyOf:
    """A family of a single child, registered by somebody else."""
    family = await made(world, who, "/v1/families", {"owner_department_id": str(world.departments["handicap"])})
    body = {"kind": "child", "relation": "child", "name": "Anden Prøvesen", "birth_date": "2015-05-05"}
    child = await made(world, who, f"/v1/families/{family['id']}/members", body)
    return FamilyOf(family["id"], {"child": child["id"]})


async def former_parent(scene: Scene) -> None:
    """An adult of the family, with address protection, whose custody of the child ended yesterday."""
    world, path = scene.world, f"/v1/families/{scene.family.id}"
    login = world.login("former_parent")
    body = {"kind": "adult", "relation": "step_parent", "name": "former Prøvesen", "login": login}
    body |= {"address": "Skjult vej 1", "phone": "70 00 00 61", "email": "skjult@login.invalid"}
    body |= {"address_protected": True, "employment": "part_time", "cpr_number": "010180-4711"}
    person = await made(world, "coordinator", f"{path}/members", body)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    ended = {"child_id": scene.family.members["child"], "holder_id": person["id"], "source": "court"}
    ended |= {"valid_from": "2012-01-01", "valid_until": yesterday}
    custody = await made(world, "coordinator", f"{path}/custodies", ended)
    scene.rows["family", "member of former_parent"] = UUID(person["id"])
    scene.rows["family", "custody of former_parent"] = UUID(custody["id"])
    welcome(world, "former_parent")


async def _relations(scene: Scene) -> None:
    """A friend whom the mother named; and how the mother, the father and the children are related."""
    world, path, member = scene.world, f"/v1/families/{scene.family.id}", scene.family.members
    friend = {"kind": "network", "relation": "friend", "name": "Ven Prøvesen", "phone": "70 00 00 62"}
    friend = await made(world, "coordinator", f"{path}/members", friend | {"named_by": member["mother"]})
    scene.rows["family", "member of friend"] = UUID(friend["id"])
    for word, one, kind, other in (
        ("mother", "mother", "parent", "child"),
        ("children", "teen", "sibling", "child"),
        ("parents", "mother", "former_partner", "father"),
    ):
        body = {"from_id": member[one], "to_id": member[other], "kind": kind}
        relation = await made(world, "coordinator", f"{path}/relations", body)
        scene.rows["family", f"relation of {word}"] = UUID(relation["id"])


async def _members(scene: Scene) -> None:
    scene.rows["family", "family"] = UUID(scene.family.id)
    scene.rows["other family", "family"] = UUID(scene.other_family.id)
    scene.rows["other family", "member of child"] = UUID(scene.other_family.members["child"])
    for who, id in scene.family.members.items():
        scene.rows["family", f"member of {who}"] = UUID(id)
    listed = await scene.world.get("coordinator", f"/v1/families/{scene.family.id}/custodies")
    for custody in listed.json()["items"]:
        for who in ("mother", "father"):
            if custody["holder_id"] == scene.family.members[who]:
                scene.rows["family", f"custody of {who}"] = UUID(custody["id"])


async def staff(world: World, path: str) -> None:
    """Appoint `second`, then `coordinator`; `job_adviser` joins the core team and leaves, `psychologist` joins."""
    await appoint(world, path, "second")
    former = await join(world, path, "head", "job_adviser", "job")
    await appoint(world, path, "coordinator")
    await made(world, "coordinator", f"/v1/team-members/{former['id']}/leave", {"reason": "Ny opgave."})
    await join(world, path, "coordinator", "psychologist", "ppr")


async def appoint(world: World, path: str, who: str) -> None:
    body = {"user_id": str(world.ids[who]), "reason": "Ny fordeling af opgaver."}
    response = await world.update("head", "PUT", f"{path}/coordinator", body, read=path)
    assert response.status_code == 200, response.text


async def join(world: World, path: str, by: str, who: str, department: str) -> Row:
    body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
    return await made(world, by, f"{path}/team", body)


async def _fill(scene: Scene, place: str) -> None:
    """A meeting, a contact, and wishes to be called back from the mother (and the teen, in her own case)."""
    world, path, now = scene.world, scene.path(place), datetime.now(UTC).isoformat()
    meeting = await made(world, "coordinator", f"{path}/meetings", {"kind": "status", "planned_for": now})
    contact = {"kind": "first_contact", "channel": "phone", "took_place_at": now, "note": "Familien er glad."}
    contact = await made(world, "coordinator", f"{path}/contacts", contact)
    callback = await made(world, "mother", f"{path}/callbacks", {"wish": "Gerne efter kl. 15."})
    for resource, row in (("meeting", meeting), ("contact", contact), ("callback", callback)):
        scene.rows[place, resource] = UUID(row["id"])
    await _note(scene, place)
    await _deviate(scene, place)


async def _note(scene: Scene, place: str) -> None:
    """How contact is wanted, by the family and the mother; a concern; the mother's case elsewhere; help for both."""
    world, path, mother = scene.world, scene.path(place), scene.family.members["mother"]
    preferences = f"{path}/contact-preferences"
    wish = {"intensity": "space", "member_id": mother}
    elsewhere = {"member_id": mother, "area": "Jobcentret"}
    child = scene.family.members["teen" if place == "teen" else "child"]
    measure = {"member_id": child, "title": "Aflastning", "category": "compensating"}
    hers = {"member_id": mother, "title": "Forældrekursus", "category": "measure"}
    for resource, who, where, body in (
        ("contact_preference", "coordinator", preferences, {"intensity": "normal"}),
        ("private contact_preference", "mother", preferences, wish),
        ("concern", "coordinator", f"{path}/concerns", {"level": "high"}),
        ("related_case", "coordinator", f"{path}/related-cases", elsewhere),
        ("measure", "coordinator", f"{path}/measures", measure),
        ("private measure", "coordinator", f"{path}/measures", hers),
    ):
        scene.rows[place, resource] = UUID((await made(world, who, where, body))["id"])


async def _deviate(scene: Scene, place: str) -> None:
    """Whether the team covers the case; what the mother has agreed with the adviser, and a contact despite of it."""
    world, path = scene.world, scene.path(place)
    answer = {"covered": False, "action": "Vi inviterer sundhedsplejen."}
    check = await made(world, "coordinator", f"{path}/team/coverage", answer)
    theirs = {"party": "Skolen", "coordinated_by": "family", "agreed_on": "2026-01-05"}
    theirs |= {"agreed_with": scene.family.members["mother"]}
    agreement = await made(world, "coordinator", f"{path}/role-agreements", theirs)
    contact = {"kind": "other", "channel": "phone", "took_place_at": datetime.now(UTC).isoformat()}
    contact |= {"role_agreement_id": agreement["id"], "deviation_reason": "Det hastede."}
    await made(world, "coordinator", f"{path}/contacts", contact)
    (deviation,) = (await world.get("coordinator", f"{path}/deviations")).json()["items"]
    for resource, row in (("coverage_check", check), ("role_agreement", agreement), ("deviation", deviation)):
        scene.rows[place, resource] = UUID(row["id"])


async def close(world: World, path: str) -> None:
    closing = {"goals": [], "handover_note": "Familien klarer sig selv."}
    await made(
        world, "coordinator", f"{path}/transitions", {"to": "closed", "reason": "plan_completed", "closing": closing}
    )


async def _repeat(scene: Scene, place: str, database: Database) -> None:
    """A cycle, past the API: no case here has come so far that its steps are taken again."""
    id, world = new_id(), scene.world
    row = {"municipality_id": world.municipality, "id": id, "case_id": UUID(scene.cases[place]), "number": 2}
    row |= {"reason": "Nyt skoleskift.", "started_at": datetime.now(UTC), "started_by": world.ids["coordinator"]}
    async with database.transaction(world.municipality) as session:
        await session.execute(insert(table_of(Cycle)), row)
    scene.rows[place, "cycle"] = id


async def _look_up(scene: Scene, place: str, database: Database) -> None:
    """The ids of what came with the case: steps, assignments, the team, and what happened."""
    world, who = scene.world, "second" if place == "other" else "coordinator"
    for resource in ("case", "complexity", "case_warning", "case_access", "consent_gap"):
        scene.rows[place, resource] = UUID(scene.cases[place])
    scene.rows[place, "activity"] = scene.rows[place, "candidate"] = scene.rows[place, "case"]
    for resource, rest in (("step", "steps"), ("assignment", "assignments"), ("team_member", "team")):
        items = (await world.get(who, scene.path(place, f"/{rest}"))).json()["items"]
        if items:
            scene.rows[place, resource] = UUID(items[0]["id"])
    event = columns(Event)
    async with database.transaction(world.municipality) as session:
        happened = select(event.id, event.type).where(event.case_id == scene.rows[place, "case"]).order_by(event.id)
        rows = (await session.execute(happened)).all()
    scene.rows[place, "event"] = rows[0].id
    private = [row.id for row in rows if row.type == "callback.requested"]
    if private:
        scene.rows[place, "private event"] = private[0]


async def entries(world: World, who: str, case_id: str) -> list[Row]:
    """The whole access log of a case as this reader sees it, newest first."""
    found, after = list[Row](), ""
    while True:
        page = await world.get(who, f"/v1/cases/{case_id}/access-log?limit=200{after}")
        assert page.status_code == 200, page.text
        found += page.json()["items"]
        if page.json()["next"] is None:
            return found
        after = f"&after={page.json()['next']}"
