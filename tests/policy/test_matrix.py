"""Who may read what, and do what: the tables list what is allowed; all else must be refused, one by one and in lists.

It is judged twice: as the app's role, and as the role that owns the tables, where row-level security does not help.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, columns, table_of
from app.errors import Forbidden, NotFound
from app.models import Step
from app.policy.actor import Actor
from app.policy.core import Policy
from app.policy.shown import POLICIES
from tests.policy.scenes import CITIZENS, EVERYBODY, Scene, loaded, set_scene
from tests.worlds import PEOPLE, World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}
Judged = dict[tuple[str, str], set[str]]

PROFESSIONALS = {"administrator", *(who for who, (kind, *_) in PEOPLE.items() if kind == "professional")}
SERVICES = {who for who, (kind, *_) in PEOPLE.items() if kind == "service"}
ALL_CITIZENS = {*CITIZENS, *(who for who, (kind, *_) in PEOPLE.items() if kind == "citizen")}
PARENTS = {"mother", "father"}
INSIDE = {"coordinator", "psychologist"}
PROGRESS = {"head", "journal"}
KEEPERS = INSIDE | {"head"}
TEAM_KEEPERS = {"administrator", "head", "other_head"}
PARTNER_KEEPERS = TEAM_KEEPERS | {"coordinator", "second"}

CASE: dict[str, tuple[set[str], set[str]]] = {
    # place: (who reads the case with its steps, people and events; who reads its content: meetings and contacts)
    "draft": ({"coordinator"} | PROGRESS | PARENTS, PARENTS),
    "other": ({"second"} | PROGRESS, set()),
    "allocated": (INSIDE | PROGRESS | PARENTS, INSIDE | PARENTS),
    "teen": (INSIDE | PROGRESS | PARENTS | {"teen"}, INSIDE | PARENTS | {"teen"}),
    "closed": ({"coordinator"} | PROGRESS | PARENTS, {"coordinator"} | PARENTS),
}
PRIVATE: dict[str, set[str]] = {"allocated": INSIDE, "teen": INSIDE, "closed": {"coordinator"}}
"""Who works inside the case: they read the mother's wish to be called back, and so does she, and nobody else."""

Papers = Callable[[set[str], set[str]], set[str]]


def about_mother(case: set[str], content: set[str]) -> set[str]:
    """Those inside, and the mother: not the father, and not the teenager."""
    return content & INSIDE | {"mother"}


def content_only(case: set[str], content: set[str]) -> set[str]:
    return content


def asked(case: set[str], content: set[str]) -> set[str]:
    """The child of ten is heard before the adults decide, and so is told of what."""
    return content if "teen" in content else content | {"child"}


def on_consent(case: set[str], content: set[str]) -> set[str]:
    """The coordinator too, and the system, by the share; in a closed case the consent has ended with it (R78)."""
    return content | {"journal"} if "psychologist" in content else content & PARENTS


PAPERS: dict[str, Papers] = {
    # of the documents of a case and all that is around them, from who reads the case and who its content
    "folder": content_only,
    "consent": asked,
    "signature": asked,
    "application": content_only,
    "application_status": content_only,
    "case_access": content_only,
    "consent_gap": content_only,
    "document": on_consent,
    "document_version": on_consent,
    "share": on_consent,
    "private document": lambda case, content: {"coordinator", "mother", "journal"},
    "withheld document": lambda case, content: content - {"psychologist", "father"} | {"journal"},
    "withholding": lambda case, content: {"coordinator"},
    "statutory_basis": lambda case, content: content | {"head"},
    "emergency_access": lambda case, content: content | {"head"},
    "restriction": lambda case, content: case - {"journal"},
    "guest": lambda case, content: case - {"journal"} | {"visitor"},
    "information_request": lambda case, content: content | {"visitor"},  # of the department that is asked
    "private application": about_mother,
    "statement": about_mother,
    "statement_version": about_mother,
    "private statement": lambda case, content: {"mother"},
}

FAMILY: dict[tuple[str, str], set[str]] = {
    ("family", "family"): KEEPERS,
    ("family", "member of child"): KEEPERS | PARENTS | {"child"},
    ("family", "member of teen"): KEEPERS | PARENTS | {"teen"},
    ("family", "member of mother"): KEEPERS | {"mother"},
    ("family", "member of father"): KEEPERS | {"father"},
    ("family", "member of former_parent"): KEEPERS | {"former_parent"},
    ("family", "member of friend"): KEEPERS | {"mother"},
    ("family", "relation of mother"): KEEPERS | {"mother"},
    ("family", "relation of children"): KEEPERS | PARENTS,
    ("family", "relation of parents"): KEEPERS,
    ("family", "custody of mother"): KEEPERS | {"mother"},
    ("family", "custody of father"): KEEPERS | {"father"},
    ("family", "custody of former_parent"): KEEPERS | {"former_parent"},
    ("other family", "family"): {"second", "head"},
    ("other family", "member of child"): {"second", "head"},
}

ACTIONS: dict[tuple[str, str], set[str]] = {
    # (policy, action) on the allocated case of the first family
    ("case", "change"): {"coordinator", "head"},
    ("case", "change_state"): {"coordinator", "head"},
    ("case", "note_intake"): {"coordinator"},
    ("case", "rate_concern"): INSIDE,
    ("case", "rate_complexity"): {"coordinator"},
    ("case", "relate_case"): INSIDE,
    ("case", "prefer_contact"): INSIDE | PARENTS,
    ("related_case", "end_related_case"): INSIDE,
    ("case", "plan_measure"): {"coordinator"},
    ("measure", "work_measure"): {"coordinator"},
    ("case", "assign_coordinator"): {"head"},
    ("case", "assign_helper"): {"coordinator", "head"},
    ("case", "check_coverage"): {"coordinator"},
    ("case", "agree_roles"): {"coordinator"},
    ("assignment", "end_assignment"): {"coordinator", "head"},
    ("role_agreement", "end_agreement"): {"coordinator"},
    ("case", "work_step"): {"coordinator", "head"},
    ("case", "change_team"): {"coordinator", "head"},
    ("case", "plan_meeting"): INSIDE,
    ("case", "record_contact"): INSIDE,
    ("case", "ask_callback"): PARENTS,
    **{("case", name): INSIDE | PARENTS for name in ("add_folder", "add_document", "draft_consent", "make_statement")},
    **{("case", name): INSIDE for name in ("use_statute", "open_emergency", "ask_information")},
    ("case", "keep_application"): {"coordinator"} | PARENTS,
    ("case", "invite_guest"): {"coordinator"},
    ("case", "seal"): {"head"},
    ("folder", "rename_folder"): INSIDE | PARENTS,
    ("folder", "mark_explicit"): PARENTS,
    ("folder", "share_folder"): {"coordinator"},
    ("document", "change_document"): {"psychologist"},
    ("document", "add_version"): {"psychologist"},
    ("document", "review_relevance"): {"psychologist"},
    ("document", "approve_document"): {"psychologist"},
    ("document", "share"): INSIDE | PARENTS,
    ("document", "withhold"): INSIDE,
    ("document", "download"): INSIDE | PARENTS | {"journal"},
    ("document_version", "download"): INSIDE | PARENTS | {"journal"},
    ("share", "revoke"): INSIDE,
    ("withholding", "end_withholding"): {"coordinator"},
    ("guest", "end_visit"): {"coordinator"},
    ("emergency_access", "close_emergency"): {"psychologist", "head"},
    ("emergency_access", "review_emergency"): {"head"},
    ("consent", "change_consent"): {"coordinator"},
    ("consent", "request_consent"): {"coordinator"},
    ("consent", "cancel_consent"): {"coordinator"},
    ("consent", "sign"): {"coordinator", "child"} | PARENTS,
    ("consent", "withdraw"): {"coordinator"} | PARENTS,
    ("statutory_basis", "review_basis"): {"psychologist", "head"},
    ("statutory_basis", "end_basis"): {"coordinator", "head"},
    ("information_request", "change_request"): {"coordinator"},
    ("information_request", "cancel_request"): {"coordinator"},
    ("information_request", "decline_request"): INSIDE | {"visitor"},
    ("information_request", "fulfil_request"): {"visitor"},
    ("application", "work_application"): {"coordinator"} | PARENTS,
    ("statement", "add_words"): {"mother"},
    ("statement", "set_scope"): {"mother"},
    ("legal_reference", "configure"): {"administrator"},
    ("step", "work_step"): {"coordinator", "head"},
    ("team_member", "leave"): {"coordinator", "head"},
    ("team_member", "change_membership"): {"coordinator", "head"},
    ("team_member", "describe_role"): {"coordinator", "head"},
    ("meeting", "hold_meeting"): INSIDE,
    ("callback", "answer_callback"): INSIDE,
    ("family", "add_member"): {"coordinator"},
    ("family", "open_case"): {"coordinator", "head"},
    ("family", "set_custody"): {"coordinator"},
    ("member", "change_member"): {"coordinator", "head"},
    ("member", "note_capability"): {"coordinator"},
    ("custody", "set_custody"): {"coordinator"},
    ("family", "set_relation"): {"coordinator"},
    ("relation", "set_relation"): {"coordinator"},
    ("member", "set_login"): {"coordinator"},
    ("user", "search_members"): {"coordinator"},
    ("user", "configure"): {"administrator"},
    ("user", "set_norm"): {"administrator", "head"},
    ("user", "change_me"): {"coordinator"},
    ("settings", "configure"): {"administrator"},
    ("settings", "publish_method"): {"administrator", "head", "other_head"},
    ("method", "confirm_reading"): PROFESSIONALS,
    ("method", "see_coverage"): {"head", "other_head"},
    ("import", "carry_out"): {"administrator"},
    ("import", "discard"): {"administrator"},
    ("settings", "keep_partners"): PARTNER_KEEPERS,
    ("settings", "keep_teams"): TEAM_KEEPERS,
    ("organisation", "keep_partners"): PARTNER_KEEPERS,
    ("contact_person", "keep_partners"): PARTNER_KEEPERS,
    ("standing_team", "keep_teams"): TEAM_KEEPERS,
    ("team_seat", "keep_teams"): TEAM_KEEPERS,
    ("department", "configure"): {"administrator"},
    ("department", "own_cases"): {"head", "coordinator", "second", "controller"},
    ("step_template", "configure"): {"administrator"},
}


def allowed(rows: dict[tuple[str, str], UUID]) -> Judged:
    """For each row, who may read it."""
    return {key: _readers(*key) for key in rows}


def _readers(place: str, resource: str) -> set[str]:
    if place not in CASE:
        return FAMILY[place, resource]
    case, content = CASE[place]
    if resource in PAPERS:
        return PAPERS[resource](case, content)
    if resource in ("meeting", "contact", "concern", "contact_preference", "measure", "role_agreement"):
        return content
    if resource in ("callback", "private event", "private contact_preference", "private measure", "related_case"):
        return PRIVATE[place] | {"mother"}
    if resource == "candidate":
        return {"head"} | PRIVATE.get(place, set()) - {"psychologist"}
    if resource == "complexity":
        return PRIVATE.get(place, set())
    if resource == "case_warning":
        return case - PARENTS - {"journal", "teen"}
    return case


def policy_of(resource: str) -> Policy:
    return POLICY[resource.removeprefix("private ").removeprefix("withheld ").partition(" of ")[0]]


@pytest.fixture(scope="module")
async def there(elsewhere: World, database: Database) -> Scene:
    """The same families and cases in the neighbour municipality."""
    return await set_scene(elsewhere, database)


@pytest.fixture(scope="module", params=["app", "owner"])
def role(request: pytest.FixtureRequest, database: Database, owner: Database) -> Database:
    return database if request.param == "app" else owner


async def judge(role: Database, scene: Scene, readers: dict[str, Actor]) -> tuple[Judged, Judged]:
    """What each reader may get by id, and what stands in the lists: for every row of the scene."""
    got: Judged = {key: set() for key in scene.rows}
    listed: Judged = {key: set() for key in scene.rows}
    for who, reader in readers.items():
        async with role.transaction(reader.municipality) as session:
            lists = {name: await everything(session, reader, POLICY[name]) for name in names_of(scene)}
            for (place, resource), id in scene.rows.items():
                policy = policy_of(resource)
                if await decision(session, reader, policy, id) == "open":
                    got[place, resource].add(who)
                if id in lists[policy.name]:
                    listed[place, resource].add(who)
    return got, listed


def names_of(scene: Scene) -> set[str]:
    return {policy_of(resource).name for _, resource in scene.rows}


async def everything(session: AsyncSession, reader: Actor, policy: Policy) -> set[UUID]:
    page = await policy.page(session, reader, limit=200)
    found = {row.id for row in page.items}
    while page.next is not None:
        page = await policy.page(session, reader, limit=200, after=page.next)
        found |= {row.id for row in page.items}
    return found


async def decision(session: AsyncSession, reader: Actor, policy: Policy, id: UUID, action: str = "read") -> str:
    try:
        await policy.get(session, reader, id, action)
    except NotFound:
        return "absent"
    except Forbidden:
        return "closed"
    return "open"


async def people(role: Database, world: World) -> dict[str, Actor]:
    async with role.transaction(world.municipality) as session:
        return {who: await loaded(session, world, who) for who in EVERYBODY}


# --- reading


async def test_the_table_is_complete(scene: Scene) -> None:
    """Every resource that belongs to a case or a family is in the scene, in every state where it can be."""
    belongs = {policy.name for policy in POLICIES if policy.case_id is not None or policy.family_id is not None}
    assert names_of(scene) == belongs - {"access_log"}
    assert {place for place, _ in scene.rows} == {*CASE, "family", "other family"}


async def test_who_reads_what(scene: Scene, role: Database) -> None:
    got, listed = await judge(role, scene, await people(role, scene.world))
    assert got == allowed(scene.rows)
    assert listed == got


async def test_the_neighbours_people_read_nothing(scene: Scene, there: Scene, role: Database) -> None:
    got, listed = await judge(role, scene, await people(role, there.world))
    assert {*map(len, got.values()), *map(len, listed.values())} == {0}


async def test_municipality_alone_shuts_everybody_out(scene: Scene, there: Scene, role: Database) -> None:
    """The very same people, with every id they have, in the wrong municipality: each rule asks for it itself."""
    readers = await people(role, scene.world)
    moved = {who: replace(one, municipality=there.world.municipality) for who, one in readers.items()}
    got, listed = await judge(role, scene, moved)
    assert {*map(len, got.values()), *map(len, listed.values())} == {0}


# --- what belongs to no case


async def test_who_reads_accounts(scene: Scene, database: Database) -> None:
    """Staff and services are a directory for one another; a citizen's account is nobody's but her own."""
    world = scene.world
    for who, reader in (await people(database, world)).items():
        own = {who} & set(world.ids)
        directory = set() if who in ALL_CITIZENS else (PROFESSIONALS | SERVICES) - {"administrator"}
        async with database.transaction(world.municipality) as session:
            found = await everything(session, reader, POLICY["user"])
            assert {word for word, id in world.ids.items() if id in found} == directory | own, who
            for word, id in world.ids.items():
                expected = "open" if word in directory | own else "absent"
                assert await decision(session, reader, POLICY["user"], id) == expected, (who, word)


@pytest.mark.parametrize(
    ("resource", "readers"),
    [
        ("department", PROFESSIONALS | SERVICES),
        ("settings", PROFESSIONALS | SERVICES),
        ("method", PROFESSIONALS | SERVICES),
        ("import", {"administrator"}),
        ("organisation", PROFESSIONALS | SERVICES),
        ("contact_person", PROFESSIONALS | SERVICES),
        ("standing_team", PROFESSIONALS | SERVICES),
        ("team_seat", PROFESSIONALS | SERVICES),
        ("step_template", PROFESSIONALS | SERVICES | ALL_CITIZENS),
        ("legal_reference", PROFESSIONALS | SERVICES | ALL_CITIZENS),
    ],
)
async def test_who_reads_the_set_up(
    resource: str, readers: set[str], scene: Scene, there: Scene, role: Database
) -> None:
    policy, ours = POLICY[resource], scene.world
    everyone = await people(role, ours)
    async with role.transaction(ours.municipality) as session:
        all_ids = await everything(session, everyone["administrator"], policy)
        for who, reader in everyone.items():
            found = await everything(session, reader, policy)
            assert found == (all_ids if who in readers else set()), who
            expected = "open" if who in readers else "absent"
            assert {await decision(session, reader, policy, id) for id in all_ids} == {expected}, who
    for reader in (await people(role, there.world)).values():
        async with role.transaction(there.world.municipality) as session:
            assert not all_ids & await everything(session, reader, policy)


async def test_who_reads_the_log(scene: Scene, there: Scene, role: Database) -> None:
    """The family of the case, and the auditor; not those who work in it, and not a parent without custody."""
    access_log = POLICY["access_log"]
    for place in ("draft", "allocated", "teen", "closed"):
        expected = {"auditor", *PARENTS, *({"teen"} if place == "teen" else set())}
        assert await _log_readers(role, scene, scene, access_log, place) == expected
        assert await _log_readers(role, scene, there, access_log, place) == set()


async def _log_readers(role: Database, scene: Scene, theirs: Scene, policy: Policy, place: str) -> set[str]:
    found, case_id = set(), scene.rows[place, "case"]
    async with role.transaction(theirs.world.municipality) as session:
        for who, reader in (await people(role, theirs.world)).items():
            try:
                if (await policy.page(session, reader, case_id=case_id)).items:
                    found.add(who)
            except NotFound:
                continue
    return found


# --- veils


async def test_who_reads_what_is_veiled(scene: Scene, database: Database) -> None:
    """A leader and a service see how far it is, never the content."""
    veiled = {
        ("case", "closing", "closed", "case"): {"coordinator"} | PARENTS,
        ("case", "concern_level", "allocated", "case"): INSIDE | PARENTS,
        ("case", "intake", "allocated", "case"): KEEPERS | PARENTS,
        ("case", "intake_note", "allocated", "case"): INSIDE | PARENTS,
        ("case", "intake_note", "draft", "case"): {"coordinator"} | PARENTS,
        ("case", "complexity_rating", "allocated", "case"): KEEPERS | PARENTS,
        ("step", "perspectives", "allocated", "step"): INSIDE | PARENTS,
        ("cycle", "reason", "allocated", "cycle"): INSIDE | PARENTS,
        ("deviation", "reason", "allocated", "deviation"): INSIDE | PARENTS,
        ("coverage_check", "action", "allocated", "coverage_check"): KEEPERS | PARENTS,
        ("role_agreement", "agreed_with", "allocated", "role_agreement"): INSIDE | {"mother"},
        ("activity", "contact_at", "allocated", "activity"): INSIDE | PARENTS,
        ("document", "reviewed_by", "allocated", "document"): INSIDE | {"journal"},
        ("document", "folder_id", "allocated", "document"): INSIDE | PARENTS | {"journal"},
        ("statutory_basis", "author_name", "allocated", "statutory_basis"): KEEPERS,
        ("information_request", "why", "allocated", "information_request"): INSIDE | PARENTS | {"visitor"},
        ("information_request", "case_number", "allocated", "information_request"): INSIDE | PARENTS,
        ("activity", "case_meetings", "allocated", "activity"): INSIDE | PARENTS,
        ("activity", "repeat_steps_at", "allocated", "activity"): INSIDE | PARENTS | PROGRESS,
        ("member", "capability_notes", "family", "member of child"): INSIDE | PARENTS | {"child"},
        ("member", "employment", "family", "member of former_parent"): INSIDE | {"former_parent"},
        ("member", "cpr_masked", "family", "member of former_parent"): {"coordinator", "former_parent"},
        **{
            ("member", column, "family", "member of former_parent"): {"coordinator", "former_parent"}
            for column in ("address", "phone", "email")
        },
        ("member", "address_protected", "family", "member of former_parent"): KEEPERS | {"former_parent"},
        ("member", "address_protected", "family", "member of child"): KEEPERS | {"child"},
        ("member", "phone", "family", "member of friend"): KEEPERS | {"mother"},
        ("member", "named_by", "family", "member of friend"): KEEPERS | {"mother"},
    }
    world = scene.world
    notes = f"/v1/members/{scene.family.members['child']}"
    await world.update("coordinator", "PATCH", notes, {"capability_notes": "Billedkort hjælper."})
    await _first_step_done(scene, database)
    await world.update("coordinator", "PUT", scene.path("allocated", "/complexity"), {"rating": "high"})
    for (name, column, *key), expected in veiled.items():
        shown = set()
        async with database.transaction(world.municipality) as session:
            for who, reader in (await people(database, world)).items():
                page = await POLICY[name].page(session, reader, limit=200)
                row = {one.id: one for one in page.items}.get(scene.rows[key[0], key[1]])
                if row is not None and getattr(row, column) is not None:
                    shown.add(who)
        assert shown == expected, column


async def _first_step_done(scene: Scene, database: Database) -> None:
    """Give the first step a text that is content, whatever the template asks for."""
    step = columns(Step)
    async with database.transaction(scene.world.municipality) as session:
        this = update(table_of(Step)).where(step.id == scene.rows["allocated", "step"])
        await session.execute(this.values(perspectives="Alma har selv fortalt det."))


# --- acting


def test_every_action_is_in_the_table() -> None:
    assert {(policy.name, action) for policy in POLICIES for action in policy.actions} == set(ACTIONS)


async def test_who_may_do_what(scene: Scene, there: Scene, role: Database) -> None:
    world, rows = scene.world, await _targets(scene)
    readers, strangers = await people(role, world), await people(role, there.world)
    async with role.transaction(world.municipality) as session:
        for (name, action), expected in ACTIONS.items():
            policy, id = POLICY[name], rows[name]
            found = {who: await decision(session, one, policy, id, action) for who, one in readers.items()}
            assert {who for who, one in found.items() if one == "open"} == expected, (name, action)
            readable = {who for who, one in readers.items() if await decision(session, one, policy, id) == "open"}
            assert {who for who, one in found.items() if one != "absent"} == readable, (name, action)
    async with role.transaction(there.world.municipality) as session:
        for name, action in ACTIONS:
            foreign = {await decision(session, one, POLICY[name], rows[name], action) for one in strangers.values()}
            assert foreign == {"absent"}, (name, action)


async def _targets(scene: Scene) -> dict[str, UUID]:
    """A row of each policy to act on."""
    world = scene.world
    of_case = {name: scene.rows["allocated", name] for name in ("case", "step", "team_member", "meeting", "callback")}
    of_case |= {name: scene.rows["allocated", name] for name in ("related_case", "measure")}
    of_case |= {name: scene.rows["allocated", name] for name in ("assignment", "role_agreement")}
    of_case |= {name: scene.rows["allocated", name] for name in PAPERS if ("allocated", name) in scene.rows}
    of_family = {
        "family": scene.rows["family", "family"],
        "member": scene.rows["family", "member of mother"],
        "custody": scene.rows["family", "custody of mother"],
        "relation": scene.rows["family", "relation of mother"],
    }
    others: dict[str, Any] = {"user": world.ids["coordinator"], "department": world.departments["handicap"]}
    for name, path in (
        ("settings", "/v1/municipality/history"),
        ("step_template", "/v1/step-templates"),
        ("legal_reference", "/v1/legal-references"),
    ):
        others[name] = UUID((await world.get("administrator", path)).json()["items"][0]["id"])
    return {**of_case, **of_family, **others, **scene.set_up}


async def test_who_may_create_the_team_follows_the_setting(scene: Scene, database: Database) -> None:
    readers, case_id = await people(database, scene.world), scene.rows["allocated", "case"]
    for creators, expected in (((), set()), (("coordinator",), {"coordinator"}), (("professional_head",), {"head"})):
        async with database.transaction(scene.world.municipality) as session:
            changed = {who: replace(one, team_creators=creators) for who, one in readers.items()}
            found = {
                who
                for who, one in changed.items()
                if await decision(session, one, POLICY["case"], case_id, "change_team") == "open"
            }
        assert found == expected


async def test_somebody_with_two_roles_has_both(scene: Scene, database: Database) -> None:
    """Leading and coordinating the same case: content opens by the work, not by the role."""
    coordinator = (await people(database, scene.world))["coordinator"]
    both = replace(coordinator, leads=(scene.world.departments["handicap"],))
    async with database.transaction(scene.world.municipality) as session:
        assert await decision(session, both, POLICY["meeting"], scene.rows["allocated", "meeting"]) == "open"
        assert await decision(session, both, POLICY["meeting"], scene.rows["closed", "meeting"]) == "open"
        found = await POLICY["case"].explain(session, both, scene.rows["allocated", "case"])
    assert found["read"] == ["coordinator_of_case", "leads_owner_department"]


async def test_an_ended_position_opens_nothing(scene: Scene, database: Database) -> None:
    """What a role opened ends with the position: the head who left leads nothing."""
    head = (await people(database, scene.world))["head"]
    gone = replace(head, leads=(), departments=(), roles=frozenset())
    async with database.transaction(scene.world.municipality) as session:
        assert await everything(session, gone, POLICY["case"]) == set()
        assert await everything(session, gone, POLICY["member"]) == set()
