"""The log: no read without a row that says why (P1), nothing changes a row, and the family reads what is true (P9)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import Row, select

from app.db import Database, columns
from app.models import AccessLog
from app.policy.shown import POLICIES, rules
from tests.conftest import Urls
from tests.policy.scenes import Scene, case_body, entries, made
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
log = columns(AccessLog)
CASE_READS = ("", "/overview", "/explanation", "/timeline", "/access-log", "/transitions", "/assignments", "/steps")
CASE_READS += ("/steps/1", "/team", "/meetings", "/contacts", "/callbacks")


IMPERSONAL = {"department", "settings", "step_template", "organisation", "standing_team", "method", "legal_reference"}
"""What speaks of no person: how the municipality is set up."""
SET_UP = {"organisations": "organisation", "teams": "standing_team", "methods": "method"}


class Books:
    """What the log has gained, looked at from behind the policy."""

    def __init__(self, owner: Database, world: World) -> None:
        self.owner, self.world, self.known = owner, world, set[UUID]()

    async def news(self) -> list[Row[Any]]:
        """The rows written since the last look, oldest first."""
        rows = select(*log).where(log.municipality_id == self.world.municipality).order_by(log.id)
        async with self.owner.transaction(self.world.municipality) as session:
            found = (await session.execute(rows)).all()
        new = [row for row in found if row.id not in self.known]
        self.known |= {row.id for row in new}
        return new


@pytest.fixture
async def books(scene: Scene, owner: Database) -> Books:
    books = Books(owner, scene.world)
    await books.news()
    return books


def personal_reads(scene: Scene) -> list[str]:
    """A GET of everything personal that the coordinator of the allocated case may read."""
    of_case = [scene.path("allocated", rest) for rest in CASE_READS if rest != "/access-log"]
    single = [f"/v1/{name}s/{scene.rows['allocated', name]}" for name in ("meeting", "contact", "callback")]
    single += [f"/v1/team-members/{scene.rows['allocated', 'team_member']}", f"/v1/families/{scene.family.id}"]
    single += [f"/v1/custodies/{scene.rows['family', 'custody of mother']}"]
    single += [f"/v1/members/{id}" for id in scene.family.members.values()]
    of_family = [f"/v1/families/{scene.family.id}/{rest}" for rest in ("members", "custodies")]
    people = [f"/v1/users/{scene.world.ids['head']}", "/v1/users"]
    return [*of_case, *single, *of_family, *people, "/v1/cases", "/v1/families", "/v1/me", "/v1/me/work"]


# --- P1: every read is a row


async def test_one_row_for_one_row_read(scene: Scene, books: Books) -> None:
    """Who, when, as what, what, which action and which rule: as it was at that moment."""
    world, case_id = scene.world, scene.rows["allocated", "case"]
    request_id = f"reading-{uuid4().hex}"
    read = await world.get("psychologist", scene.path("allocated"), x_request_id=request_id, x_purpose="Handover")
    assert read.status_code == 200
    (row,) = await books.news()
    assert (row.outcome, row.action, row.resource, row.resource_ids) == ("read", "read", "case", [case_id])
    assert (row.rules, row.case_id, row.code) == (["core_team_member"], case_id, None)
    assert (row.actor_id, row.actor_kind) == (world.ids["psychologist"], "professional")
    assert (row.actor_roles, row.actor_departments) == (["member"], [world.departments["ppr"]])
    assert (row.request_id, row.purpose) == (request_id, "Handover")


@pytest.mark.parametrize(
    ("who", "place", "rule"),
    [
        ("coordinator", "allocated", "coordinator_of_case"),
        ("head", "allocated", "leads_owner_department"),
        ("journal", "allocated", "acts_for_owner_department"),
        ("mother", "allocated", "custody_holder"),
        ("teen", "teen", "the_child_itself"),
        ("coordinator", "draft", "opened_the_case"),
    ],
)
async def test_the_row_names_the_rule_that_opened(who: str, place: str, rule: str, scene: Scene, books: Books) -> None:
    await scene.world.get(who, scene.path(place))
    (row,) = await books.news()
    assert row.rules == [rule]
    assert row.actor_id == scene.world.ids[who]


async def test_a_list_is_one_row_with_the_rule_of_each(scene: Scene, books: Books) -> None:
    listed = (await scene.world.get("coordinator", "/v1/cases")).json()["items"]
    (row,) = await books.news()
    assert row.action == "list"
    assert [str(id) for id in row.resource_ids] == [one["id"] for one in listed]
    assert row.case_ids == row.resource_ids
    expected = {scene.cases["draft"]: "opened_the_case"}
    assert row.rules == [expected.get(one["id"], "coordinator_of_case") for one in listed]


async def test_a_page_logs_what_it_showed_and_no_more(scene: Scene, books: Books) -> None:
    listed = (await scene.world.get("coordinator", scene.path("allocated", "/steps?limit=2"))).status_code
    assert listed in (200, 422)
    await books.news()
    shown = (await scene.world.get("coordinator", "/v1/cases?limit=2")).json()["items"]
    (row,) = await books.news()
    assert [str(id) for id in row.resource_ids] == [one["id"] for one in shown]


async def test_an_empty_list_is_a_row_too(scene: Scene, books: Books) -> None:
    assert (await scene.world.get("stranger", "/v1/cases")).json()["items"] == []
    (row,) = await books.news()
    assert (row.resource, row.resource_ids, row.rules) == ("case", [], [])


async def test_every_personal_read_is_logged_under_rules_that_exist(scene: Scene, books: Books) -> None:
    for path in personal_reads(scene):
        answer = await scene.world.get("coordinator", path)
        assert answer.status_code == 200, (path, answer.text)
        rows = await books.news()
        assert rows, path
        for row in rows:
            assert (row.outcome, row.actor_id) == ("read", scene.world.ids["coordinator"]), path
            assert len(row.rules) == len(row.resource_ids), path
            assert set(row.rules) <= set(rules()), path


async def test_what_is_about_nobody_is_not_logged(scene: Scene, books: Books) -> None:
    single = [f"/v1/{path}/{scene.set_up[name]}" for path, name in SET_UP.items()]
    lists = [f"/v1/{path}" for path in (*SET_UP, "departments", "step-templates", "municipality/history")]
    for path in ("/v1/municipality", *lists, *single):
        assert (await scene.world.get("coordinator", path)).status_code == 200
    assert await books.news() == []
    assert {policy.name for policy in POLICIES if not policy.personal} == IMPERSONAL


async def test_a_write_is_logged_with_the_rule_that_allowed_it(scene: Scene, books: Books) -> None:
    body = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    await made(scene.world, "psychologist", scene.path("allocated", "/contacts"), body)
    written = [row for row in await books.news() if row.outcome == "write"]
    assert [(row.action, row.resource, row.rules) for row in written] == [
        ("record_contact", "case", ["core_team_member"])
    ]


# --- refusals


async def test_what_cannot_be_read_is_refused_and_logged(scene: Scene, books: Books) -> None:
    for path, resource, id in (
        (scene.path("allocated"), "case", scene.rows["allocated", "case"]),
        (scene.path("allocated", "/steps"), "case", scene.rows["allocated", "case"]),
        (f"/v1/meetings/{scene.rows['allocated', 'meeting']}", "meeting", scene.rows["allocated", "meeting"]),
        (f"/v1/members/{scene.family.members['mother']}", "member", UUID(scene.family.members["mother"])),
    ):
        assert (await scene.world.get("stranger", path)).status_code == 404
        (row,) = await books.news()
        assert (row.outcome, row.resource, row.resource_ids) == ("refused", resource, [id])
        assert (row.action, row.rules, row.code) == ("read", [""], "not-found")
        assert row.actor_id == scene.world.ids["stranger"]


async def test_what_may_not_be_done_is_refused_and_logged(scene: Scene, books: Books) -> None:
    body = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    assert (await scene.world.post("head", scene.path("allocated", "/contacts"), body)).status_code == 403
    (row,) = await books.news()
    assert (row.outcome, row.action, row.code) == ("refused", "record_contact", "forbidden")
    assert row.case_id == scene.rows["allocated", "case"]


@pytest.mark.parametrize("who", ["coordinator", "journal", "mother"])
async def test_administering_is_refused_and_logged(who: str, scene: Scene, books: Books) -> None:
    """Every refusal is written down, also the one to somebody who cannot even read the settings."""
    body = {"name": "Min afdeling", "kind": "other", "sector": "other"}
    assert (await scene.world.post(who, "/v1/departments", body)).status_code == 403
    assert [(row.outcome, row.actor_id) for row in await books.news()] == [("refused", scene.world.ids[who])]


# --- a read that cannot be logged is refused


@asynccontextmanager
async def no_log(urls: Urls, unless: str = "false") -> AsyncIterator[None]:
    """The app's role may not write the log (`unless` …): this test process has a database of its own."""
    connection = await asyncpg.connect(urls.owner)
    role = urls.app.partition("://")[2].partition(":")[0]
    await connection.execute(
        f'create policy broken on access_log as restrictive for insert to "{role}" with check ({unless})'
    )
    try:
        yield
    finally:
        await connection.execute("drop policy broken on access_log")
        await connection.close()


async def test_a_read_that_cannot_be_logged_is_refused(scene: Scene, urls: Urls) -> None:
    mine = {"coordinator": personal_reads(scene), "mother": ["/v1/me/family", scene.path("allocated", "/access-log")]}
    async with no_log(urls):
        for who, paths in mine.items():
            for path in paths:
                answer = await scene.world.get(who, path)
                assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable"), path
                assert "Prøvesen" not in answer.text
        assert (await scene.world.get("coordinator", "/v1/departments")).status_code == 200
    for who, paths in mine.items():
        assert {(await scene.world.get(who, path)).status_code for path in paths} == {200}


async def test_a_write_that_cannot_be_logged_leaves_nothing(scene: Scene, urls: Urls) -> None:
    path = scene.path("allocated", "/meetings")
    before = (await scene.world.get("coordinator", path)).json()
    body = {"kind": "status", "planned_for": "2026-12-01T10:00:00Z"}
    async with no_log(urls):
        assert (await scene.world.post("coordinator", path, body)).status_code == 503
    assert (await scene.world.get("coordinator", path)).json() == before


async def test_a_refusal_that_cannot_be_logged_stays_the_same_refusal(scene: Scene, urls: Urls) -> None:
    before = await scene.world.get("stranger", scene.path("allocated"))
    async with no_log(urls, unless="outcome <> 'refused'"):
        during = await scene.world.get("stranger", scene.path("allocated"))
    assert (before.status_code, before.content) == (during.status_code, during.content) == (404, during.content)


async def test_without_a_log_forbidden_and_absent_are_still_the_same(scene: Scene, urls: Urls) -> None:
    async with no_log(urls):
        forbidden, absent = [
            await scene.world.get("stranger", f"/v1/cases/{id}") for id in (scene.cases["allocated"], uuid4())
        ]
    assert (forbidden.status_code, forbidden.content) == (absent.status_code, absent.content)


@pytest.mark.parametrize(
    "verb", ["update access_log set purpose = 'x'", "delete from access_log", "truncate access_log"]
)
async def test_the_log_is_append_only_for_the_app(verb: str, scene: Scene, urls: Urls) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        municipality = str(scene.world.municipality)
        await connection.execute("select set_config('app.municipality', $1, false)", municipality)
        assert await connection.fetchval("select count(*) from access_log") > 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(verb)
    finally:
        await connection.close()


# --- P9: what the family is told


class Watched:
    """One reader's log of one case: what has come to it since the last look."""

    def __init__(self, world: World, who: str, case_id: str) -> None:
        self.world, self.who, self.case_id, self.known = world, who, case_id, set[str]()

    async def news(self) -> list[dict[str, Any]]:
        """Without one's own looks, which this very look is one of."""
        found = [one for one in await entries(self.world, self.who, self.case_id) if one["id"] not in self.known]
        self.known |= {one["id"] for one in found}
        return [one for one in found if not one["is_me"]]


async def watch(scene: Scene, who: str, place: str = "allocated") -> Watched:
    watched = Watched(scene.world, who, scene.cases[place])
    await watched.news()
    return watched


async def test_the_family_sees_who_looked_as_what_and_why(scene: Scene) -> None:
    world, watched = scene.world, await watch(scene, "mother")
    truth = [("psychologist", "", "ppr", "core_team_member", "case", "read")]
    truth += [("head", "", "handicap", "leads_owner_department", "case", "read")]
    truth += [("journal", "", "handicap", "acts_for_owner_department", "case", "read")]
    truth += [("coordinator", "/team", "handicap", "coordinator_of_case", "team_member", "list")]
    for who, rest, *_ in truth:
        await world.get(who, scene.path("allocated", rest))
    news = await watched.news()
    told = [(e["actor_departments"][0], e["rule"], e["resource"], e["action"]) for e in reversed(news)]
    assert told == [tuple(rest) for _, _, *rest in truth]
    assert {e["outcome"] for e in news} == {"read"}
    assert {e["actor_name"] for e in news} == {None}


async def test_the_family_sees_every_read_of_its_staff(scene: Scene, owner: Database) -> None:
    """The view is the truth: each row about the case or the child, whichever door it came through."""
    watched, books = await watch(scene, "mother"), Books(owner, scene.world)
    await books.news()
    about_child = [f"/v1/members/{scene.family.members['child']}", f"/v1/families/{scene.family.id}"]
    private = f"/v1/callbacks/{scene.rows['allocated', 'callback']}"
    about_case = [scene.path("allocated", rest) for rest in ("", "/steps", "/team", "/meetings", "/timeline")]
    for path in (*about_child, *about_case, private, "/v1/cases", "/v1/families", "/v1/me/work"):
        assert (await scene.world.get("coordinator", path)).status_code == 200
    ids = {row.id for row in await books.news() if _concerns(row, scene)}
    assert {UUID(one["id"]) for one in await watched.news()} == ids


def _concerns(row: Any, scene: Scene) -> bool:
    """The row tells of the allocated case, or of the mother's family, in one of its ids."""
    case, family = scene.rows["allocated", "case"], UUID(scene.family.id)
    named = {*row.resource_ids, *(row.case_ids or ()), row.case_id, row.family_id}
    return bool(named & {case, family})


async def test_a_list_across_cases_is_told_with_the_rule_for_this_case(scene: Scene) -> None:
    draft, allocated = await watch(scene, "mother", "draft"), await watch(scene, "mother")
    await scene.world.get("coordinator", "/v1/cases")
    assert [(one["action"], one["rule"]) for one in await draft.news()] == [("list", "opened_the_case")]
    assert [(one["action"], one["rule"]) for one in await allocated.news()] == [("list", "coordinator_of_case")]


async def test_an_empty_list_is_told_without_a_reason(scene: Scene) -> None:
    """A leader asks for the wishes to be called back, and is shown none: that can be said, and opens nothing."""
    watched = await watch(scene, "mother")
    assert (await scene.world.get("coordinator", scene.path("draft", "/meetings"))).json()["items"] == []
    answer = await scene.world.get("mother", scene.path("draft", "/access-log"))
    assert answer.status_code == 200, answer.text
    assert await watched.news() == []


async def test_a_refused_attempt_on_the_case_is_told(scene: Scene) -> None:
    watched = await watch(scene, "mother")
    body = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    await scene.world.post("head", scene.path("allocated", "/contacts"), body)
    assert [(one["outcome"], one["action"]) for one in await watched.news()] == [("refused", "record_contact")]


async def test_names_are_shown_where_the_municipality_says_so(world: World) -> None:
    case = await world.allocated()
    await world.get("head", f"/v1/cases/{case['id']}")
    mother, auditor = [await entries(world, who, case["id"]) for who in ("mother", "auditor")]
    assert {e["actor_name"] for e in mother if not e["is_me"]} == {None}
    assert not any("head Prøvesen" in e["text"] for e in mother)
    assert auditor
    body = {"settings": {"access_log": {"names": True}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", body)).status_code == 200
    named = await entries(world, "mother", case["id"])
    assert {"head Prøvesen", "coordinator Prøvesen"} <= {e["actor_name"] for e in named}
    assert any("head Prøvesen" in e["text"] for e in named)


async def test_a_reader_is_shown_as_the_reader_was_then(world: World) -> None:
    """Another department and role afterwards do not rewrite the past."""
    case = await world.allocated()
    await world.get("psychologist", f"/v1/cases/{case['id']}")
    moved = {"positions": [{"department_id": str(world.departments["sundhed"]), "role": "team_leader"}]}
    path = f"/v1/users/{world.ids['psychologist']}"
    assert (await world.update("administrator", "PATCH", path, moved)).status_code == 200
    found = [e for e in await entries(world, "mother", case["id"]) if e["rule"] == "core_team_member"]
    assert {(*e["actor_departments"], *e["actor_roles"]) for e in found} == {("ppr", "member")}


# --- what one of the family is not told about another


async def test_a_parent_is_not_told_of_the_other_parents_private_matters(scene: Scene) -> None:
    world, mother, father = scene.world, await watch(scene, "mother"), await watch(scene, "father")
    callback = f"/v1/callbacks/{scene.rows['allocated', 'callback']}"
    record = f"/v1/members/{scene.family.members['mother']}"
    for path in (callback, record, scene.path("allocated", "/callbacks")):
        assert (await world.get("coordinator", path)).status_code == 200
    assert [e["resource"] for e in await mother.news()] == ["callback", "member", "callback"]
    assert await father.news() == []


async def test_all_who_have_custody_are_told_who_else_is_given_it(world: World) -> None:
    """A likely leak: staff make somebody a holder of custody, and nobody in the family hears of it."""
    family = await world.family()
    case = await world.allocated(family)
    father = Watched(world, "father", case["id"])
    await father.news()
    stranger = {"kind": "adult", "relation": "other", "name": "Ukendt", "login": world.login("stranger")}
    added = await made(world, "coordinator", f"/v1/families/{family.id}/members", stranger)
    custody = {"child_id": family.members["child"], "holder_id": added["id"], "source": "other"}
    await made(world, "coordinator", f"/v1/families/{family.id}/custodies", custody | {"valid_from": "2020-01-01"})
    assert "set_custody" in {entry["action"] for entry in await father.news()}
    timeline = (await world.get("father", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert timeline[0]["type"] == "custody.added"


async def test_a_cursor_opens_no_list(scene: Scene) -> None:
    """A likely leak: an empty page after a made-up cursor was 200 for everybody, and stood in the family's log."""
    mother = await watch(scene, "mother")
    for rest in ("/meetings", "/contacts", "/steps", "/team", "/timeline", "/access-log"):
        answer = await scene.world.get("stranger", scene.path("allocated", f"{rest}?after=AAAAAAAAAAAAAAAAAAAAAA"))
        assert answer.status_code == 404, rest
    assert await mother.news() == []


async def test_a_parent_is_not_told_what_the_other_looked_at(scene: Scene) -> None:
    auditor, father = await watch(scene, "auditor"), await watch(scene, "father")
    for rest in ("", "/overview", "/steps", "/access-log", "/callbacks"):
        assert (await scene.world.get("mother", scene.path("allocated", rest))).status_code == 200
    assert await father.news() == []
    assert {e["actor_kind"] for e in await auditor.news()} == {"citizen"}


async def test_a_former_holder_and_a_stranger_see_no_log(scene: Scene) -> None:
    for who in ("former_parent", "stranger", "child", "teen"):
        answer = await scene.world.get(who, scene.path("allocated", "/access-log"))
        assert answer.status_code == 404, who


async def test_those_who_work_in_the_case_see_no_log(scene: Scene) -> None:
    for who in ("coordinator", "psychologist", "head"):
        answer = await scene.world.get(who, scene.path("allocated", "/access-log"))
        assert (answer.status_code, answer.json()["items"]) == (200, []), who


async def test_the_young_person_sees_her_own_case_and_not_her_parents_matters(scene: Scene) -> None:
    teen = await watch(scene, "teen", "teen")
    for path in (
        f"/v1/members/{scene.family.members['mother']}",
        f"/v1/members/{scene.family.members['child']}",
        f"/v1/callbacks/{scene.rows['teen', 'callback']}",
    ):
        assert (await scene.world.get("coordinator", path)).status_code == 200
    assert await teen.news() == []
    await scene.world.get("coordinator", f"/v1/members/{scene.family.members['teen']}")
    assert [e["resource"] for e in await teen.news()] == ["member"]


async def test_a_list_over_several_cases_does_not_tell_the_father_of_the_mothers_wish(world: World) -> None:
    """A likely leak: the mother asks in one child's case, the father in the other's; staff read both in one list."""
    family = await world.family()
    hers, his = await world.allocated(family), await world.allocated(family, child="teen")
    await made(world, "father", f"/v1/cases/{his['id']}/callbacks", {})
    await made(world, "mother", f"/v1/cases/{hers['id']}/callbacks", {})
    father = Watched(world, "father", hers["id"])
    await father.news()
    assert len((await world.get("coordinator", "/v1/me/work")).json()["callbacks"]) == 2
    assert "callback" not in {one["resource"] for one in await father.news()}


async def test_looking_for_wishes_tells_the_father_the_same_whether_there_are_any(world: World) -> None:
    """A likely leak: a row for the empty list that vanishes when the mother has asked tells that she has."""
    case = await world.allocated()
    father, seen = Watched(world, "father", case["id"]), []
    await father.news()
    for asked in (False, True):
        if asked:
            await made(world, "mother", f"/v1/cases/{case['id']}/callbacks", {"wish": "Ring til mig alene."})
        await world.get("coordinator", f"/v1/cases/{case['id']}/callbacks")
        seen.append([(one["resource"], one["action"]) for one in await father.news()])
    assert seen[0] == seen[1]


# --- the auditor


async def test_the_auditor_sees_the_log_and_no_content(scene: Scene) -> None:
    world = scene.world
    assert await entries(world, "auditor", scene.cases["allocated"])
    for rest in CASE_READS:
        answer = await world.get("auditor", scene.path("allocated", rest))
        assert answer.status_code == (200 if rest == "/access-log" else 404), rest
    assert (await world.get("auditor", "/v1/cases")).json()["items"] == []
    page = await world.get("auditor", scene.path("allocated", "/access-log?limit=200"))
    for word in ("child Prøvesen", "mother Prøvesen", "Familien er glad", "Gerne efter"):
        assert word not in page.text


@pytest.mark.parametrize("who", ["auditor", "mother"])
async def test_the_log_can_be_paged_to_its_end(who: str, scene: Scene) -> None:
    """Each page is a look of its own, so it grows at the front; the end is an empty page or none, never a refusal."""
    path, size = scene.path("closed", "/access-log"), 1
    size = len(await entries(scene.world, who, scene.cases["closed"]))
    after = (await scene.world.get(who, f"{path}?limit={size + 1}")).json()["next"]
    assert after is not None
    last = await scene.world.get(who, f"{path}?limit=1&after={after}")
    assert (last.status_code, last.json()) == (200, {"items": [], "next": None})


async def test_a_family_list_can_be_paged_to_its_end(scene: Scene) -> None:
    """A page that ends with the last row has a `next`; what comes after it is nothing, and not a refusal."""
    for rest, many in (("members", 4), ("custodies", 2), ("relations", 2)):
        path = f"/v1/families/{scene.family.id}/{rest}"
        full = (await scene.world.get("mother", f"{path}?limit={many}")).json()
        assert len(full["items"]) == many
        if full["next"] is not None:
            last = await scene.world.get("mother", f"{path}?limit={many}&after={full['next']}")
            assert (last.status_code, last.json()) == (200, {"items": [], "next": None}), rest


async def test_a_new_case_has_a_log_of_its_own(scene: Scene) -> None:
    """What was read about another child's case stays there."""
    world = scene.world
    body = case_body(world, FamilyOf(scene.family.id, scene.family.members), "teen")
    other = (await made(world, "coordinator", "/v1/cases", body))["id"]
    watched = Watched(world, "teen", other)
    await watched.news()
    await world.get("coordinator", scene.path("allocated"))
    await world.get("coordinator", scene.path("allocated", "/steps"))
    assert await watched.news() == []
