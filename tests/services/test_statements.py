"""Statements in the family's own words: whose they are, and who reads them (R180, R299, R316)."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
READERS = ("coordinator", "psychologist", "mother", "father", "teen", "child", "head", "journal", "visitor", "stranger")


async def say(world: World, case: Any, who: str, **more: Any) -> Any:
    body = {"title": "Det, der er vigtigt", "body": "Jeg vil gerne sove længere.", "audience": "team"} | more
    return await world.post(who, f"/v1/cases/{case['id']}/statements", body)


async def told(world: World, case: Any, author: str, who: str = "coordinator", **more: Any) -> str:
    """The path of what a professional wrote down."""
    made = await say(world, case, who, author_id=author, given="told", **more)
    assert made.status_code == 201, made.text
    return f"/v1/statements/{made.json()['id']}"


async def said(world: World, case: Any, who: str, **more: Any) -> str:
    """The path of what one of the family wrote."""
    made = await say(world, case, who, **more)
    assert made.status_code == 201, made.text
    return f"/v1/statements/{made.json()['id']}"


async def readers(world: World, case: Any, path: str) -> set[str]:
    """Who reads it: alone, in the list of the case, in the list across cases, and its versions, all alike."""
    found = set()
    for who in READERS:
        alone = (await world.get(who, path)).status_code == 200
        for listed in (f"/v1/cases/{case['id']}/statements", "/v1/statements"):
            answer = await world.get(who, listed)
            items = answer.json()["items"] if answer.status_code == 200 else []
            assert (path.rpartition("/")[2] in {one["id"] for one in items}) is alone, (who, listed)
        assert ((await world.get(who, f"{path}/versions")).status_code == 200) is alone, who
        found |= {who} if alone else set()
    return found


async def young(world: World, owner: Database, family: FamilyOf, who: str, years: int) -> None:
    async with owner.transaction(world.municipality) as session:
        born = text(
            "update members set birth_date = now()::date - :days * interval '1 day' where id = cast(:id as uuid)"
        )
        await session.execute(born, {"days": years * 366, "id": family.members[who]})


# --- who says something


async def test_a_citizen_writes_as_oneself(world: World, neighbour: World) -> None:
    """A parent cannot write as the child, nor as the other parent."""
    family = await world.family()
    case = await world.allocated(family)
    made = await say(world, case, "mother")
    assert made.status_code == 201, made.text
    words = made.json()
    assert (words["author_id"], words["author_name"]) == (family.members["mother"], "mother Prøvesen")
    assert (words["given"], words["version"], words["for_custody"]) == ("written", 1, False)
    assert words["recorded_by_name"] is None
    for another in ("child", "father", "teen"):
        refused = await say(world, case, "mother", author_id=family.members[another])
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not-yourself"), another
    refused = await say(world, case, "mother", given="told")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/given")
    for who in ("child", "stranger", "visitor"):
        assert (await say(world, case, who)).status_code == 404, who
    assert (await say(world, case, "head", author_id=family.members["child"], given="told")).status_code == 403
    assert (await say(world, case, "journal", author_id=family.members["child"], given="told")).status_code == 403
    assert (await say(neighbour, case, "coordinator")).status_code == 404


async def test_a_professional_says_whose_words_they_are_and_how_they_were_told(world: World) -> None:
    family, strangers = await world.family(), await world.family()
    case = await world.allocated(family)
    child = family.members["child"]
    for body, pointer, code in (
        ({"given": "told"}, "/author_id", "required"),
        ({"author_id": child}, "/given", "required"),
        ({"author_id": child, "given": "written"}, "/given", "literal_error"),
        ({"author_id": strangers.members["child"], "given": "told"}, "/author_id", "member-not-in-family"),
        ({"author_id": str(uuid4()), "given": "told"}, "/author_id", "member-not-in-family"),
    ):
        refused = await say(world, case, "psychologist", **body)
        assert refused.status_code == 422, refused.text
        assert (refused.json()["errors"][0]["pointer"], refused.json()["errors"][0]["code"]) == (pointer, code)
    made = await say(world, case, "psychologist", author_id=child, given="with_aids", language="ar")
    words = made.json()
    assert (words["given"], words["language"], words["author_name"]) == ("with_aids", "ar", "child Prøvesen")
    assert words["recorded_by_name"] == "psychologist Prøvesen"


async def test_the_child_old_enough_speaks_in_its_own_case(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family, child="teen")
    path = await said(world, case, "teen", audience="coordinator")
    assert (await world.get("teen", path)).json()["author_id"] == family.members["teen"]
    assert await readers(world, case, path) == {"teen", "coordinator"}


# --- who reads it


@pytest.mark.parametrize(
    ("audience", "meant"),
    [("author", set()), ("coordinator", {"coordinator"}), ("team", {"coordinator", "psychologist"})],
)
async def test_the_author_decides_who_reads_it(audience: str, meant: set[str], world: World) -> None:
    """R299. Never the other parent, the children, a leader, a journal system or anybody outside the case."""
    case = await world.allocated(await world.family())
    path = await said(world, case, "mother", audience=audience)
    assert await readers(world, case, path) == {"mother"} | meant


async def test_a_deputy_is_an_adviser_of_the_case(world: World) -> None:
    case = await world.allocated()
    path = await said(world, case, "mother", audience="coordinator")
    place = f"/v1/cases/{case['id']}"
    deputy = await world.update("head", "PUT", f"{place}/deputy", {"user_id": str(world.ids["second"])}, read=place)
    assert deputy.status_code == 200, deputy.text
    assert (await world.get("second", path)).status_code == 200


async def test_what_was_told_stays_with_whom_it_was_told(world: World) -> None:
    """For nobody else: not even the coordinator of the case, and no longer once the work on the case is over."""
    family = await world.family()
    case = await world.allocated(family)
    path = await told(world, case, family.members["child"], "psychologist", audience="author")
    assert await readers(world, case, path) == {"psychologist", "child"}
    team = (await world.get("coordinator", f"/v1/cases/{case['id']}/team")).json()["items"]
    seat = next(one for one in team if one["user_id"] == str(world.ids["psychologist"]))
    left = await world.post("coordinator", f"/v1/team-members/{seat['id']}/leave", {"reason": "Ny opgave"})
    assert left.status_code == 200, left.text
    assert (await world.get("psychologist", path)).status_code == 404


async def test_parents_read_a_childs_words_only_where_the_child_wants_it(world: World, owner: Database) -> None:
    """R180. From the age of being heard nothing is told unless it is asked for; before it is, unless asked not to."""
    family = await world.family()
    case, child = await world.allocated(family), family.members["child"]
    silent = await told(world, case, child)
    assert await readers(world, case, silent) == {"coordinator", "psychologist", "child"}
    open_ = await told(world, case, child, for_custody=True, audience="coordinator")
    assert await readers(world, case, open_) == {"coordinator", "child", "mother", "father"}
    await young(world, owner, family, "child", 9)
    small = await told(world, case, child)
    assert await readers(world, case, small) == {"coordinator", "psychologist", "child", "mother", "father"}
    kept = await told(world, case, child, for_custody=False)
    assert await readers(world, case, kept) == {"coordinator", "psychologist", "child"}
    assert await readers(world, case, silent) == {"coordinator", "psychologist", "child"}, "what was chosen stays"


async def test_custody_that_has_ended_reads_no_words(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = await told(world, case, family.members["child"], for_custody=True)
    custodies = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    (its,) = [
        one["id"]
        for one in custodies
        if (one["child_id"], one["holder_id"]) == (family.members["child"], family.members["father"])
    ]
    ended = await world.update("coordinator", "PATCH", f"/v1/custodies/{its}", {"valid_until": "2026-01-01"})
    assert ended.status_code == 200, ended.text
    assert await readers(world, case, path) == {"coordinator", "psychologist", "child", "mother"}


async def test_what_is_for_the_author_alone_is_not_for_those_with_custody(world: World, owner: Database) -> None:
    family = await world.family()
    case = await world.allocated(family)
    for author, audience in (("child", "author"), ("mother", "team"), ("father", "coordinator")):
        refused = await say(
            world, case, "coordinator", author_id=family.members[author], given="told", audience=audience,
            for_custody=True,
        )  # fmt: skip
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/for_custody"), author
    await young(world, owner, family, "child", 5)
    path = await told(world, case, family.members["child"], audience="author")
    assert await readers(world, case, path) == {"coordinator", "child"}


async def test_a_restricted_case_shows_no_statements_and_takes_none(world: World, owner: Database) -> None:
    """GDPR art. 18, as for documents."""
    case = await world.allocated()
    path = await said(world, case, "mother")
    async with owner.transaction(world.municipality) as session:
        await session.execute(text("update cases set sealed = true where id = cast(:id as uuid)"), {"id": case["id"]})
    assert await readers(world, case, path) == set()
    refused = await say(world, case, "mother")
    assert (refused.status_code, refused.json()["code"]) == (409, "case-restricted")


# --- what is told of it


async def test_a_parent_is_not_told_that_the_child_has_spoken(world: World) -> None:
    """A leak: the timeline, who has looked, and the lists of cases are the same with and without it."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"

    async def heard(who: str) -> list[Any]:
        return [(await world.get(who, f"{path}/{what}?limit=200")).json() for what in ("timeline", "statements")]

    async def looks(who: str) -> list[Any]:
        log = (await world.get(who, f"{path}/access-log?limit=200")).json()["items"]
        return [one for one in log if not one["is_me"]]

    before = {who: (await heard(who), await looks(who)) for who in ("mother", "father")}
    statement = await told(world, case, family.members["child"])
    await world.get("psychologist", statement)
    await world.get("psychologist", f"{statement}/versions")
    await world.get("psychologist", f"{path}/statements")
    await world.get("psychologist", "/v1/statements")
    await world.post("coordinator", f"{statement}/versions", {"body": "Og ikke så meget støj.", "given": "told"})
    assert (
        await world.post("psychologist", f"{statement}/versions", {"body": "x", "given": "told"})
    ).status_code == 403
    assert (await world.get("mother", statement)).status_code == 404
    for who, (was_heard, looked) in before.items():
        assert await heard(who) == was_heard, who
        assert await looks(who) == looked, who
    told_of = (await world.get("psychologist", f"{path}/timeline")).text
    assert told_of.count("statement.made") == told_of.count("statement.added_to") == 1


async def test_whoever_may_read_it_is_told_who_has_read_it(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    statement = await told(world, case, family.members["child"], for_custody=True)
    await world.get("psychologist", statement)
    log = (await world.get("father", f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
    seen = {(one["resource"], one["action"]) for one in log}
    assert {("case", "make_statement"), ("statement", "read")} <= seen


async def test_what_is_for_the_author_alone_stands_on_nobody_elses_timeline(world: World) -> None:
    """A leak: neither those who work on the case, nor its leader, nor the other parent hear that it was said."""
    case = await world.allocated()
    for audience, hear in (
        ("author", set[str]()),
        ("coordinator", {"coordinator"}),
        ("team", {"coordinator", "psychologist"}),
    ):
        path = await said(world, case, "mother", audience=audience)
        for who in ("coordinator", "psychologist", "head", "journal", "father", "mother"):
            events = (await world.get(who, f"/v1/cases/{case['id']}/timeline?limit=200")).json()["items"]
            about = [one for one in events if one["resource_id"] == path.rpartition("/")[2]]
            assert bool(about) is (who in {"mother"} | hear), (audience, who)


async def test_a_private_statement_does_not_stir_a_case_that_stands_still(world: World, owner: Database) -> None:
    """A leak: silence tells as much as an event (R105)."""
    case = await world.allocated()
    async with owner.transaction(world.municipality) as session:
        id = {"id": case["id"]}
        await session.execute(
            text("update cases set allocated_at = now() - interval '99 days' where id = cast(:id as uuid)"), id
        )
        await session.execute(text("delete from events where case_id = cast(:id as uuid)"), id)
    listed = "/v1/cases?stalled=true"
    found = [(await world.get("head", listed)).json()["items"]]
    await said(world, case, "mother", audience="author")
    found.append((await world.get("head", listed)).json()["items"])
    assert [len(items) for items in found] == [1, 1]


# --- said anew, and the scope


async def test_words_are_added_and_never_overwritten(world: World) -> None:
    """R316. Not by staff, who only add to what they wrote down of a child."""
    family = await world.family()
    case = await world.allocated(family)
    path = await said(world, case, "mother")
    assert (await world.call("mother", "PATCH", path, {"body": "Andet"}, if_match='"x"')).status_code == 422
    added = await world.post("mother", f"{path}/versions", {"body": "Nu er det bedre."})
    assert (added.status_code, added.json()["body"], added.json()["version"]) == (200, "Nu er det bedre.", 2)
    for who, status in (("coordinator", 403), ("psychologist", 403), ("father", 404), ("head", 404)):
        assert (await world.post(who, f"{path}/versions", {"body": "x", "given": "told"})).status_code == status, who
    kept = (await world.get("coordinator", f"{path}/versions")).json()["items"]
    assert [(one["number"], one["body"]) for one in kept] == [
        (2, "Nu er det bedre."),
        (1, "Jeg vil gerne sove længere."),
    ]
    childs = await told(world, case, family.members["child"])
    again = await world.post("coordinator", f"{childs}/versions", {"body": "Ja.", "given": "with_aids"})
    assert (again.status_code, again.json()["given"], again.json()["version"]) == (200, "with_aids", 2)
    fathers = await told(world, case, family.members["father"])
    assert (await world.post("coordinator", f"{fathers}/versions", {"body": "x", "given": "told"})).status_code == 403
    own = await world.post("father", f"{fathers}/versions", {"body": "Sådan her."})
    assert (own.status_code, own.json()["given"], own.json()["recorded_by_name"]) == (200, "written", None)


async def test_the_author_changes_who_reads_it_at_once(world: World) -> None:
    case = await world.allocated()
    path = await said(world, case, "mother", audience="team")
    assert (await world.call("mother", "PATCH", path, {"audience": "author"})).status_code == 428
    assert (await world.call("mother", "PATCH", path, {"audience": "author"}, if_match='"x"')).status_code == 412
    for who, status in (("coordinator", 403), ("psychologist", 403), ("father", 404), ("head", 404)):
        changed = await world.call(who, "PATCH", path, {"audience": "team"}, if_match='"x"')
        assert changed.status_code == status, who
    for name in ("audience", "for_custody"):
        emptied = await world.update("mother", "PATCH", path, {name: None})
        assert (emptied.status_code, emptied.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    refused = await world.update("mother", "PATCH", path, {"for_custody": True})
    assert refused.status_code == 422
    narrowed = await world.update("mother", "PATCH", path, {"audience": "author"})
    assert (narrowed.status_code, narrowed.json()["audience"]) == (200, "author")
    assert await readers(world, case, path) == {"mother"}
    widened = await world.update("mother", "PATCH", path, {"audience": "coordinator"})
    assert widened.status_code == 200
    assert await readers(world, case, path) == {"mother", "coordinator"}


async def test_the_scope_stays_the_authors_when_the_case_is_closed(world: World) -> None:
    case = await world.allocated()
    path = await said(world, case, "mother")
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closing)).status_code == 200
    for refused in (
        await say(world, case, "mother"),
        await world.post("mother", f"{path}/versions", {"body": "Nu er det bedre."}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")
    assert (await world.update("mother", "PATCH", path, {"audience": "author"})).status_code == 200
    assert await readers(world, case, path) == {"mother"}


async def test_the_child_decides_by_itself_where_it_can_sign_in(world: World) -> None:
    """Whoever wrote the words down decides only for somebody who cannot."""
    family = await world.family()
    case = await world.allocated(family)
    path = await told(world, case, family.members["child"])
    assert (await world.update("coordinator", "PATCH", path, {"audience": "coordinator"})).status_code == 403
    chosen = await world.update("child", "PATCH", path, {"for_custody": True})
    assert (chosen.status_code, chosen.json()["for_custody"]) == (200, True)
    assert (await world.get("mother", path)).status_code == 200
    assert (await world.update("mother", "PATCH", path, {"audience": "coordinator"})).status_code == 403
    withdrawn = await world.update("child", "PATCH", path, {"audience": "author"})
    assert (withdrawn.json()["audience"], withdrawn.json()["for_custody"]) == ("author", False)
    assert await readers(world, case, path) == {"coordinator", "child"}


async def test_whoever_wrote_it_down_decides_for_one_who_cannot_sign_in(world: World, owner: Database) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = await told(world, case, family.members["child"], "psychologist")
    async with owner.transaction(world.municipality) as session:
        await session.execute(
            text("update members set user_id = null where id = cast(:id as uuid)"), {"id": family.members["child"]}
        )
    assert (await world.update("coordinator", "PATCH", path, {"audience": "author"})).status_code == 403
    chosen = await world.update("psychologist", "PATCH", path, {"audience": "coordinator", "for_custody": True})
    assert chosen.status_code == 200, chosen.text
    assert await readers(world, case, path) == {"psychologist", "coordinator", "mother", "father"}


async def test_a_replay_reads_the_statement_again(world: World) -> None:
    """And shows nothing any more that was taken back since (P14)."""
    family = await world.family()
    case = await world.allocated(family)
    body = {"title": "Ord", "body": "Ja.", "audience": "team", "author_id": family.members["teen"], "given": "told"}
    first, again = [
        await world.post("psychologist", f"/v1/cases/{case['id']}/statements", body, idempotency_key="ord")
        for _ in range(2)
    ]
    assert (again.status_code, again.json()) == (201, first.json())
    assert "idempotency-replayed" in again.headers
    path = f"/v1/statements/{first.json()['id']}"
    words = {"body": "Nej.", "given": "told"}
    first, again = [
        await world.post("psychologist", f"{path}/versions", words, idempotency_key="nej") for _ in range(2)
    ]
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert len((await world.get("teen", f"{path}/versions")).json()["items"]) == 2
