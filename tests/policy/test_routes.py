"""Every route that is served: behind a token and a policy, shut to strangers and neighbours, and heard of afterwards.

A new route without an entry in these tables fails.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from starlette.routing import Route

from app.db import Database, columns
from app.models import Event
from app.policy.core import Policy
from app.routers import routes
from app.routing import TransactionRoute
from app.services import ball, overviews
from tests.policy import paper_routes
from tests.policy.paper_routes import OF_PAPERS, UPLOADS
from tests.policy.papers import lawful
from tests.policy.scenes import Scene
from tests.uploads import PDF, part
from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio
PUBLIC = {"/v1/labels", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect"}
"""Served to anybody: nothing in them is about anybody."""
MOUNTED = re.compile(r"/static-offline-docs.*")
FOR_EVERYBODY = {"list_step_templates", "get_step_template", "list_gaps", "list_differences"}
FOR_EVERYBODY |= {"get_me", "get_my_work", "get_my_family"}
"""Open to whoever signs in: the model's table, and what one is and holds oneself."""
SILENT: set[str] = {"search_members"}
"""Writes that emit nothing."""

GUARDED = {route.name: route for route in routes() if isinstance(route, TransactionRoute)}
READS = sorted(name for name, route in GUARDED.items() if route.methods == {"GET"})
WRITES = sorted(set(GUARDED) - set(READS))
BY_ID = sorted(name for name, route in GUARDED.items() if "{" in route.path)

NOW = datetime.now(UTC).isoformat()
ANY = str(uuid4())
STEP = {
    "number": 1,
    "title": "Et skridt",
    "stage": None,
    "optional": False,
    "repeatable": False,
    "requires": [],
    **{name: {"text": None, "suggestion": True} for name in ("purpose", "content")},
    **{name: {"text": None, "suggestion": True, "parties": []} for name in ("participants", "responsible")},
}
REPEATED = {**STEP, "repeatable": True}
BODIES: dict[str, dict[str, Any]] = {
    # the least that each write takes; a name in braces is an id
    "register_family": {"owner_department_id": "{department_id}"},
    "add_member": {"kind": "adult", "relation": "mother", "name": "Mor Prøvesen"},
    "change_member": {"phone": "70 00 00 11"},
    "add_custody": {
        "child_id": "{child_id}",
        "holder_id": "{holder_id}",
        "source": "court",
        "valid_from": "2020-01-01",
    },
    "bind_login": {"issuer": "https://login.invalid", "subject": "ny-mor"},
    "unbind_login": {},
    "search_members": {"cpr_number": "120416-4123"},
    "add_relation": {"from_id": "{holder_id}", "to_id": "{child_id}", "kind": "parent"},
    "end_relation": {},
    "end_custody": {"valid_until": local_today().isoformat()},
    "open_case": {"family_id": "{family_id}", "child_id": "{child_id}", "owner_department_id": "{department_id}"},
    "change_case": {"kle_code": "27.24.08"},
    "move_case": {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}},
    "upgrade_case": {"model": "efei"},
    "set_intake": {
        "impairment": "significant_and_lasting",
        "several_kinds_of_help": True,
        "cross_sector": True,
        "complex": False,
    },
    "rate_complexity": {"rating": "high"},
    "rate_concern": {"level": "medium"},
    "record_related_case": {"member_id": "{holder_id}", "department_id": "{ppr_id}"},
    "end_related_case": {},
    "plan_measure": {"member_id": "{child_id}", "title": "Aflastning", "category": "compensating"},
    "change_measure": {"invasiveness": 2},
    "start_measure": {},
    "end_measure": {"ended_on": local_today().isoformat(), "reason": "Målet er nået."},
    "drop_measure": {"reason": "Ikke længere behov."},
    "record_contact_preference": {"intensity": "space", "member_id": "{holder_id}"},
    "appoint_coordinator": {"user_id": "{user_id}", "reason": "Ny fordeling."},
    "plan_step": {"holder_id": None},
    "start_step": {},
    "complete_step": {},
    "skip_step": {"reason": "Der er ikke behov."},
    "start_cycle": {"reason": "Familien er flyttet."},
    "publish_step_template": {"model": "efei", "name": "Vores skabelon", "steps": [STEP], "based_on": 1},
    "add_team_member": {"user_id": "{psychologist_id}", "department_id": "{ppr_id}"},
    "change_team_member": {"can_act_on": "Kan bevilge samtaler."},
    "add_standing_team": {"team_id": "{standing_team_id}"},
    "leave_team": {"reason": "Ny opgave."},
    "check_coverage": {"covered": True},
    "assign_buddy": {"user_id": "{second_id}"},
    "assign_deputy": {"user_id": "{second_id}"},
    "end_assignment": {"reason": "other"},
    "agree_roles": {
        "party": "Skolen",
        "coordinated_by": "family",
        "agreed_on": "2026-01-05",
        "agreed_with": "{holder_id}",
        "organisation_id": "{organisation_id}",
    },
    "end_role_agreement": {},
    "plan_meeting": {"kind": "status", "planned_for": NOW},
    "hold_meeting": {"held_at": NOW, "attendance": [{"kind": "family", "id": "{child_id}"}]},
    "cancel_meeting": {"reason": "Sygdom."},
    "record_contact": {"kind": "informal", "channel": "phone", "took_place_at": NOW},
    "ask_callback": {"wish": "Efter kl. 15."},
    "answer_callback": {},
    "add_department": {"name": "Ny afdeling", "kind": "other", "sector": "other"},
    "change_department": {"name": "Nyt navn"},
    "add_user": {"kind": "professional", "issuer": "https://login.invalid", "subject": "ny", "name": "Ny Prøvesen"},
    "change_user": {"contact_hours": "Hverdage 9–14"},
    "configure_municipality": {"settings": {"access_log": {"names": True}}},
    "publish_method": {"title": "Vores metode", "text": "Vi begynder med familiens egne ord.", "based_on": 1},
    "confirm_method": {},
    "run_import": {},
    "discard_import": {},
    "set_caseload_norm": {"max": 20, "reason": "Er også teamets tovholder."},
    "change_me": {"contact_hours": "Torsdag til kl. 18"},
    "add_organisation": {"name": "Ny skole", "kind": "school"},
    "change_organisation": {"phone": "70 00 00 31"},
    "add_contact_person": {"name": "Fie Prøvesen"},
    "change_contact_person": {"phone": "70 00 00 32"},
    "create_standing_team": {"name": "Nyt team"},
    "change_standing_team": {"location": "Familiehuset"},
    "add_team_seat": {"user_id": "{psychologist_id}", "department_id": "{ppr_id}"},
    "leave_team_seat": {},
    **paper_routes.BODIES,
}


async def test_every_route_is_guarded_or_public(app: FastAPI) -> None:
    served = {route.path: route for route in app.routes if isinstance(route, Route)}
    open_paths = {path for path, route in served.items() if not isinstance(route, TransactionRoute)}
    assert {path for path in open_paths if not MOUNTED.match(path)} == PUBLIC
    assert {route.path for route in GUARDED.values()} == set(served) - open_paths


def test_every_operation_has_one_name() -> None:
    assert len(GUARDED) == len([route for route in routes() if isinstance(route, TransactionRoute)])


LISTS = {"add_import": "name,kind,sector\nNyt hus,other,social\n"}
"""The writes that take CSV, which is of departments here."""


def test_every_write_has_a_body_to_try_it_with() -> None:
    assert sorted([*BODIES, *LISTS, *UPLOADS]) == WRITES


# --- replaying every route


OF_SET_UP = {
    "organisation_id": "organisation",
    "person_id": "contact_person",
    "standing_team_id": "standing_team",
    "seat_id": "team_seat",
    "method_id": "method",
    "import_id": "import",
}


def ids_of(scene: Scene) -> dict[str, str]:
    """This world's real ids, by the name of the place they stand in."""
    rows = {f"{name}_id": scene.rows["allocated", name] for name in ("case", "meeting", "contact", "callback")}
    rows |= {f"{name}_id": scene.rows["allocated", name] for name in ("concern", "related_case", "measure")}
    rows["cycle_id"] = scene.rows["allocated", "cycle"]
    rows |= {f"{name}_id": scene.rows["allocated", name] for name in ("assignment", "deviation")}
    rows |= {"check_id": scene.rows["allocated", "coverage_check"]}
    rows |= {"agreement_id": scene.rows["allocated", "role_agreement"]}
    rows["preference_id"] = scene.rows["allocated", "contact_preference"]
    family = {"family_id": scene.family.id, "custody_id": scene.rows["family", "custody of mother"]}
    family["relation_id"] = scene.rows["family", "relation of mother"]
    family |= {"child_id": scene.family.members["child"], "holder_id": scene.family.members["mother"]}
    rows |= {name: scene.set_up[row] for name, row in OF_SET_UP.items()}
    rows |= {name: scene.rows["allocated", row] for name, row in OF_PAPERS.items()}
    places = {"department_id": "handicap", "ppr_id": "ppr", "sundhed_id": "sundhed"}
    people = {"user_id": "coordinator", "psychologist_id": "psychologist", "second_id": "second"}
    people["visitor_id"] = "visitor"
    world: dict[str, Any] = {name: scene.world.departments[key] for name, key in places.items()}
    world |= {name: scene.world.ids[key] for name, key in people.items()}
    world |= {"team_id": scene.rows["allocated", "team_member"], "member_id": scene.family.members["mother"]}
    return {name: str(id) for name, id in {**rows, **family, **world}.items()} | {"number": "1"}


@pytest.fixture(scope="module")
async def real(scene: Scene) -> dict[str, str]:
    template = (await scene.world.get("administrator", "/v1/step-templates")).json()["items"][0]["id"]
    laws = {f"{use}_law_id": await lawful(scene.world, use) for use in ("share", "withhold")}
    return ids_of(scene) | laws | {"template_id": template, "reference_id": laws["share_law_id"]}


def path_of(name: str, ids: dict[str, str]) -> str:
    path = GUARDED[name].path
    chosen = ids | ({"member_id": ids["team_id"]} if path.startswith("/v1/team-members") else {})
    chosen |= {"team_id": ids["standing_team_id"]} if path.startswith("/v1/teams/") else {}
    return path.format(**chosen)


def filled(body: Any, ids: dict[str, str]) -> Any:
    """The body with ids in the place of names in braces."""
    if isinstance(body, dict):
        return {key: filled(value, ids) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    return ids[body[1:-1]] if isinstance(body, str) and body.startswith("{") else body


def random_ids(ids: dict[str, str]) -> dict[str, str]:
    return {name: str(uuid4()) for name in ids} | {"number": "1"}


async def replay(
    world: World, who: str | None, name: str, ids: dict[str, str], *, token: str | None = None, in_body: Any = None
) -> httpx.Response:
    """The operation as somebody (or with this token, or none), with all that the shape demands."""
    route = GUARDED[name]
    headers = {"if-match": '"anything"'} | ({"idempotency-key": uuid4().hex} if "POST" in route.methods else {})
    if who is not None:
        headers |= world.headers(who)
    elif token is not None:
        headers["authorization"] = f"Bearer {token}"
    if name in LISTS:
        return await brought(world, name, headers)
    if name in UPLOADS:
        return await sent(world, name, filled(UPLOADS[name], in_body or ids), path_of(name, ids), headers)
    body = {"json": filled(BODIES[name], in_body or ids)} if name in BODIES else {}
    return await world.client.request(next(iter(route.methods)), path_of(name, ids), headers=headers, **body)


async def brought(world: World, name: str, headers: dict[str, str]) -> httpx.Response:
    path = f"{GUARDED[name].path}?kind=departments"
    return await world.client.post(path, content=LISTS[name], headers={**headers, "content-type": "text/csv"})


async def sent(world: World, name: str, details: Any, path: str, headers: dict[str, str]) -> httpx.Response:
    """A file, behind its details."""
    parts = [part("details", json.dumps(details).encode()), part("file", PDF, "notat.pdf")]
    body = b"".join(b"--b\r\n%s\r\n" % one for one in parts) + b"--b--\r\n"
    kind = {"content-type": "multipart/form-data; boundary=b"}
    return await world.client.post(path, content=body, headers={**headers, **kind})


def told(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer says, but for the request's own id."""
    return response.status_code, response.content, {k: v for k, v in response.headers.items() if k != "x-request-id"}


@pytest.mark.parametrize("name", sorted(GUARDED))
async def test_without_a_good_token_there_is_nothing(name: str, scene: Scene, real: dict[str, str]) -> None:
    signed = scene.world.headers("mother")["Authorization"].removeprefix("Bearer ")
    for token in (None, "garbage", f"{signed[:-8]}AAAAAAAA", signed.rpartition(".")[0] + "."):
        answers = [await replay(scene.world, None, name, ids, token=token) for ids in (real, random_ids(real))]
        assert [one.status_code for one in answers] == [401, 401]
        assert told(answers[0]) == told(answers[1])


@pytest.mark.parametrize("name", BY_ID)
async def test_a_neighbour_finds_nothing(name: str, scene: Scene, elsewhere: World, real: dict[str, str]) -> None:
    """Another municipality's ids are answered as ids that nobody has: not a byte differs."""
    for who in ("coordinator", "head", "administrator", "auditor", "mother", "journal"):
        found = await replay(elsewhere, who, name, real)
        absent = await replay(elsewhere, who, name, random_ids(real), in_body=real)
        assert found.status_code == 404, (who, found.text)
        assert told(found) == told(absent), who


@pytest.mark.parametrize("name", sorted(name for name, body in (BODIES | UPLOADS).items() if "_id}" in str(body)))
async def test_a_neighbours_id_in_a_body_is_unknown(
    name: str, scene: Scene, elsewhere: World, real: dict[str, str]
) -> None:
    for who in ("coordinator", "head", "administrator", "mother"):
        answers = [await replay(elsewhere, who, name, real, in_body=ids) for ids in (real, random_ids(real))]
        assert answers[0].status_code in (403, 404, 422)
        assert told(answers[0]) == told(answers[1]), who


@pytest.mark.parametrize("name", sorted(GUARDED))
async def test_a_stranger_of_the_municipality_gets_nothing(name: str, scene: Scene, real: dict[str, str]) -> None:
    for who in ("stranger", "other_service", "visitor", "other_head", "controller"):
        answer = await replay(scene.world, who, name, real)
        if name in READS and (name in FOR_EVERYBODY or name.split("_", 1)[1] in SET_UP or name == "get_user"):
            continue
        if who in THEIRS.get(name, ()):
            continue
        if "{" in GUARDED[name].path:
            assert answer.status_code in (403, 404), (who, answer.text)
        elif name in READS:
            assert answer.json().get("items", []) == [], who
        else:
            assert answer.status_code in (403, 404, 422), (who, answer.text)


SET_UP = {"departments", "department", "users", "municipality", "settings_versions", "organisations", "organisation"}
SET_UP |= {"contact_persons", "contact_person", "standing_teams", "standing_team", "team_seats", "team_seat"}
SET_UP |= {"settings", "methods", "method", "legal_references", "legal_reference"}
"""For those who work here; the matrix says who."""
KEPT = ("add_organisation", "change_organisation", "add_contact_person", "change_contact_person")
KEPT += ("create_standing_team", "change_standing_team", "add_team_seat", "leave_team_seat")
THEIRS: dict[str, set[str]] = {
    # what somebody who is a stranger to the case may do all the same
    "register_family": {"controller"},
    "search_members": {"visitor", "other_head", "controller"},  # and find nothing: the matrix says whom one reads
    "change_me": {"visitor", "other_head", "controller"},
    **{name: {"other_head"} for name in KEPT},
    "publish_method": {"other_head"},
    "get_method_coverage": {"other_head"},
    "confirm_method": {"visitor", "other_head", "controller"},
    **{name: {"visitor"} for name in paper_routes.VISITED},
}


async def test_every_guarded_route_reaches_a_policy(
    scene: Scene, real: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    for verb in ("page", "get", "judge", "require"):
        monkeypatch.setattr(Policy, verb, _noting(reached, getattr(Policy, verb)))
    for service in (overviews, ball):
        monkeypatch.setattr(service, "screen", _noting_screen(reached, service.screen))
    for name in GUARDED:
        reached.clear()
        await replay(scene.world, "stranger", name, real)
        assert reached, f"{name} answers without asking a policy"


def _noting(reached: list[str], genuine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noting(policy: Policy, *given: Any, **more: Any) -> Any:
        reached.append(policy.name)
        return await genuine(policy, *given, **more)

    return noting


def _noting_screen(reached: list[str], genuine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noting(session: Any, actor: Any, parts: Any, **given: Any) -> Any:
        reached.extend(part.policy.name for _, part in parts)
        return await genuine(session, actor, parts, **given)

    return noting


# --- every write is heard of


STORY: tuple[tuple[str, str, dict[str, Any] | str | None, str], ...] = (
    # operation, who, another body than the least, and under which name its result's id is kept
    ("register_family", "coordinator", None, "family_id"),
    (
        "add_member",
        "coordinator",
        {"kind": "child", "relation": "child", "name": "A", "birth_date": "2016-01-01"},
        "child_id",
    ),
    ("add_member", "coordinator", {**BODIES["add_member"], "login": "{mother}"}, "holder_id"),
    ("add_custody", "coordinator", None, "custody_id"),
    ("change_member", "coordinator", None, ""),
    ("search_members", "coordinator", None, ""),
    ("add_relation", "coordinator", None, "relation_id"),
    ("end_relation", "coordinator", None, ""),
    ("open_case", "coordinator", {**BODIES["open_case"], "early_concern": True}, "case_id"),
    ("unbind_login", "coordinator", None, ""),
    ("bind_login", "coordinator", "{mother}", ""),
    ("set_intake", "coordinator", None, ""),
    ("appoint_coordinator", "head", None, ""),
    ("plan_measure", "coordinator", None, "measure_id"),
    ("drop_measure", "coordinator", None, ""),
    ("plan_measure", "coordinator", None, "measure_id"),
    ("change_measure", "coordinator", None, ""),
    ("start_measure", "coordinator", None, ""),
    ("end_measure", "coordinator", None, ""),
    ("upgrade_case", "coordinator", None, ""),
    ("change_case", "coordinator", None, ""),
    ("add_team_member", "coordinator", None, "team_id"),
    ("plan_meeting", "coordinator", None, "meeting_id"),
    ("hold_meeting", "coordinator", None, ""),
    ("plan_meeting", "coordinator", None, "meeting_id"),
    ("cancel_meeting", "coordinator", None, ""),
    ("record_contact", "coordinator", None, "contact_id"),
    ("record_contact_preference", "coordinator", None, "preference_id"),
    ("rate_concern", "coordinator", None, "concern_id"),
    ("record_related_case", "coordinator", None, "related_case_id"),
    ("rate_complexity", "coordinator", None, ""),
    ("end_related_case", "coordinator", None, ""),
    ("ask_callback", "mother", None, "callback_id"),
    ("answer_callback", "coordinator", None, ""),
    *paper_routes.STORY,
    ("change_team_member", "coordinator", None, ""),
    ("check_coverage", "coordinator", None, "check_id"),
    ("assign_buddy", "head", None, ""),
    ("assign_deputy", "coordinator", None, "assignment_id"),
    ("end_assignment", "head", None, ""),
    ("start_step", "coordinator", None, ""),
    ("complete_step", "coordinator", None, ""),
    ("plan_step", "coordinator", None, ""),
    ("skip_step", "coordinator", None, ""),
    ("leave_team", "coordinator", None, ""),
    ("end_custody", "coordinator", None, ""),
    ("move_case", "coordinator", None, ""),
    ("add_department", "administrator", None, ""),
    ("change_department", "administrator", None, ""),
    ("add_user", "administrator", None, ""),
    ("change_user", "administrator", None, ""),
    ("publish_step_template", "administrator", {**BODIES["publish_step_template"], "steps": [REPEATED]}, ""),
    ("open_case", "head", None, "case_id"),
    ("appoint_coordinator", "head", None, ""),
    ("start_step", "coordinator", None, ""),
    ("complete_step", "coordinator", None, ""),
    ("move_case", "coordinator", {"to": "running"}, ""),
    ("start_cycle", "coordinator", None, "cycle_id"),
    ("configure_municipality", "administrator", None, ""),
    ("add_import", "administrator", None, "import_id"),
    ("discard_import", "administrator", None, ""),
    ("add_import", "administrator", None, "import_id"),
    ("run_import", "administrator", None, ""),
    ("publish_method", "head", {"title": "Vores metode", "text": "Første udgave."}, "method_id"),
    ("confirm_method", "coordinator", None, ""),
    ("set_caseload_norm", "head", None, ""),
    ("change_me", "coordinator", None, ""),
    ("add_organisation", "coordinator", None, "organisation_id"),
    ("change_organisation", "coordinator", None, ""),
    ("agree_roles", "coordinator", None, "agreement_id"),
    ("end_role_agreement", "coordinator", None, ""),
    ("add_contact_person", "coordinator", None, "person_id"),
    ("change_contact_person", "coordinator", None, ""),
    ("create_standing_team", "head", None, "standing_team_id"),
    ("change_standing_team", "head", None, ""),
    ("add_team_seat", "head", None, "seat_id"),
    ("add_standing_team", "head", None, ""),
    ("leave_team_seat", "head", None, ""),
)


def test_the_story_tells_of_every_write() -> None:
    assert {name for name, *_ in STORY} == set(WRITES)


async def test_every_write_emits_an_event(world: World, owner: Database) -> None:
    ids = {"department_id": str(world.departments["handicap"]), "ppr_id": str(world.departments["ppr"]), "number": "1"}
    ids |= {"user_id": str(world.ids["coordinator"]), "psychologist_id": str(world.ids["psychologist"])}
    ids |= {"second_id": str(world.ids["second"]), "visitor_id": str(world.ids["visitor"])}
    ids["sundhed_id"] = str(world.departments["sundhed"])
    ids |= {f"{use}_law_id": await lawful(world, use) for use in ("share", "withhold")}
    for name, who, body, kept in STORY:
        ids |= {"member_id": ids.get("holder_id", ANY), "team_id": ids.get("team_id", ANY)}
        ids["number"] = "4" if name == "skip_step" else "1"
        before = await _events(owner, world)
        answer = await _told_by(world, who, name, ids, body)
        assert answer.is_success, (name, answer.text)
        emitted = await _events(owner, world) - before
        assert emitted == (0 if name in SILENT else paper_routes.EMITTED.get(name, 1)), name
        if kept:
            ids[kept] = answer.json()["id"]


async def _told_by(world: World, who: str, name: str, ids: dict[str, str], body: Any) -> httpx.Response:
    if name in LISTS:
        return await brought(world, name, world.headers(who))
    route, path = GUARDED[name], path_of(name, ids)
    if name in UPLOADS:
        return await sent(world, name, filled(UPLOADS[name], ids), path, world.headers(who))
    wanted = filled(body or BODIES[name], ids | {"mother": world.login("mother")})  # type: ignore[dict-item]
    if "POST" in route.methods:
        return await world.post(who, path, wanted)
    read = re.sub(r"/(coordinator|buddy|deputy|norm|intake|login|explicit-only)$", "", path)
    return await world.update(who, next(iter(route.methods)), path, wanted, read=read)


async def _events(owner: Database, world: World) -> int:
    event = columns(Event)
    async with owner.transaction(world.municipality) as session:
        found = await session.execute(select(func.count()).where(event.municipality_id == world.municipality))
        return int(found.scalar_one())


def test_no_path_or_query_takes_a_name() -> None:
    """What stands in a URL ends in somebody's log: ids and codes only."""
    for route in routes():
        for parameter in (*route.dependant.path_params, *route.dependant.query_params):
            assert not re.search(r"name|cpr|title|phone|mail", parameter.name), (route.path, parameter.name)
        assert isinstance(route, APIRoute)
        assert UUID(ANY)
