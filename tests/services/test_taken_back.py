"""A consent that is not asked for any more, and what closing a case does to consents (R78, R284, R288, R298)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from app.models import Case
from tests.services.arranged import Arranged, now
from tests.services.test_consents import asked, body_for, draft, signed
from tests.services.test_gaps import gaps
from tests.services.test_signing import NO, YES, told
from tests.worlds import World

pytestmark = pytest.mark.anyio
CLOSED = {"to": "closed", "reason": "plan_completed", "closing": {"goals": [], "handover_note": "Slut."}}


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def cancel(arranged: Arranged, path: str, who: str = "coordinator", **body: Any) -> Any:
    return await arranged.world.post(who, f"{path}/cancellation", body)


async def close(arranged: Arranged) -> Any:
    return await arranged.world.post("coordinator", f"/v1/cases/{arranged.case['id']}/transitions", CLOSED)


# --- taken back


async def test_a_request_is_taken_back(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await arranged.document()
    await signed(world, path, "mother")
    assert len((await world.get("father", "/v1/me/family")).json()["consents_waiting"]) == 1
    taken = await cancel(arranged, path, reason="Vi spørger om mindre.")
    assert (taken.status_code, taken.headers["location"]) == (201, path)
    shown = taken.json()
    assert (shown["state"], shown["in_force"], shown["active_from"]) == ("cancelled", False, None)
    assert (shown["end_reason"], shown["ended_at"] is not None) == ("Vi spørger om mindre.", True)
    assert (await told(world, arranged))[-1] == "cancelled"
    assert (await world.get("father", "/v1/me/family")).json()["consents_waiting"] == []
    for who in ("mother", "father", "coordinator", "psychologist"):
        register = await world.get(who, f"/v1/cases/{arranged.case['id']}/consents?state=cancelled")
        assert [one["id"] for one in register.json()["items"]] == [shown["id"]], who
    for who, verb, body in (("father", "signatures", YES), ("father", "signatures", NO), ("mother", "withdrawal", {})):
        late = await world.post(who, f"{path}/{verb}", body)
        assert (late.status_code, late.json()["code"]) == (409, "consent-closed")
    again = await cancel(arranged, path)
    assert (again.status_code, again.json()["code"]) == (409, "consent-closed")
    (gap,) = (await gaps(arranged, purpose="assessment")).json()["items"]
    assert ([one["state"] for one in gap["lacks"]], gap["request"] is not None) == (["not_asked"], True)


async def test_a_no_stays_an_answer_when_it_was_asked_again_in_vain(arranged: Arranged) -> None:
    """Asking again, and taking that back, does not make the gap propose to ask a third time."""
    first = await asked(arranged)
    await arranged.document()
    await arranged.world.post("mother", f"{first}/signatures", NO)
    await cancel(arranged, await asked(arranged))
    (gap,) = (await gaps(arranged, purpose="assessment")).json()["items"]
    assert ([one["state"] for one in gap["lacks"]], gap["request"]) == (["declined"], None)


async def test_who_may_take_it_back(arranged: Arranged, neighbour: World) -> None:
    """Who asked, and the case's advisers; those who sign have an answer to give instead."""
    by_staff, by_mother = await asked(arranged, "psychologist"), await asked(arranged, "mother")
    for path, refused in ((by_staff, ("mother", "father")), (by_mother, ("father", "psychologist"))):
        for who in refused:
            answer = await cancel(arranged, path, who)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), who
        for who in ("head", "visitor", "stranger", "journal", "teen"):
            assert (await cancel(arranged, path, who)).status_code == 404, who
        assert (await neighbour.post("coordinator", f"{path}/cancellation")).status_code == 404
    assert (await cancel(arranged, by_staff, "psychologist")).status_code == 201
    assert (await cancel(arranged, by_mother, "mother")).status_code == 201
    assert (await cancel(arranged, await asked(arranged, "psychologist"))).status_code == 201
    assert (await cancel(arranged, await asked(arranged), who="coordinator", why="x")).status_code == 422


async def test_a_leak_a_draft_that_is_taken_back_stays_its_authors_alone(arranged: Arranged) -> None:
    """P6: in the register, the timeline and by its id."""
    world, case = arranged.world, f"/v1/cases/{arranged.case['id']}"
    path = await draft(arranged, "psychologist")
    assert (await cancel(arranged, path)).status_code == 404
    assert (await cancel(arranged, path, "psychologist")).json()["state"] == "cancelled"
    assert len((await world.get("psychologist", f"{case}/consents")).json()["items"]) == 1
    for who in ("coordinator", "mother", "father"):
        assert (await world.get(who, path)).status_code == 404, who
        assert (await world.get(who, f"{case}/consents")).json()["items"] == []
        assert "consent." not in (await world.get(who, f"{case}/timeline")).text
    for verb in ("request", "cancellation"):
        late = await world.post("psychologist", f"{path}/{verb}")
        assert (late.status_code, late.json()["code"]) == (
            409,
            "consent-not-draft" if verb == "request" else "consent-closed",
        )
    assert (await world.update("psychologist", "PATCH", path, {"text": "x"})).json()["code"] == "consent-not-draft"


async def test_what_has_been_given_is_the_familys_to_take_back(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother", "father")
    late = await cancel(arranged, path)
    assert (late.status_code, late.json()["code"]) == (409, "consent-given")
    assert (await world.get("mother", path)).json()["in_force"] is True
    await world.post("mother", f"{path}/withdrawal")
    assert (await cancel(arranged, path)).json()["code"] == "consent-closed"


async def test_what_was_taken_back_is_replaced_by_nothing(arranged: Arranged) -> None:
    path = await asked(arranged)
    await cancel(arranged, path)
    wanted = body_for(arranged.world, arranged.family, supersedes_id=path.rpartition("/")[2])
    refused = await arranged.world.post("coordinator", f"/v1/cases/{arranged.case['id']}/consents", wanted)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/supersedes_id")


async def test_taken_back_and_signed_at_once(arranged: Arranged) -> None:
    """One of them is first: in force and not taken back, or taken back and never signed."""
    world = arranged.world
    for _ in range(5):
        path = await asked(arranged)
        await signed(world, path, "mother")
        taken, last = await asyncio.gather(cancel(arranged, path), world.post("father", f"{path}/signatures", YES))
        shown = (await world.get("mother", path)).json()
        assert (taken.status_code, last.status_code, shown["state"], shown["in_force"]) in (
            (201, 409, "cancelled", False),
            (409, 201, "active", True),
        )


# --- a case that is closed


async def test_step_49_consents_end_with_the_case(arranged: Arranged) -> None:
    """R78: for the coordinator too, who still reads what the own department has; the register and the log stay."""
    world = arranged.world
    theirs, own = await arranged.document(owner="ppr"), await arranged.document()
    given = await asked(arranged, recipients=[{"kind": "department", "id": str(world.departments["handicap"])}])
    await signed(world, given, "mother", "father")
    waiting, drafted, renewing = await asked(arranged), await draft(arranged), await asked(arranged)
    await signed(world, renewing, "mother", "father")
    declined = await asked(arranged)
    await world.post("mother", f"{declined}/signatures", NO)
    assert (await arranged.share(theirs, arranged.department("handicap"), "psychologist")).status_code == 201
    assert (await world.get("coordinator", f"/v1/documents/{theirs}")).status_code == 200
    assert (await close(arranged)).status_code == 200
    assert (await world.get("coordinator", f"/v1/documents/{theirs}")).status_code == 404
    assert (await world.get("coordinator", f"/v1/documents/{own}")).status_code == 200
    for path, state in ((given, "ended"), (waiting, "ended"), (renewing, "ended"), (declined, "declined")):
        shown = (await world.get("coordinator", path)).json()
        assert (shown["state"], shown["in_force"], shown["active_until"]) == (state, False, shown["active_from"])
        assert shown["ended_at"] is not None
    assert (await world.get("coordinator", drafted)).json()["state"] == "draft"
    assert (await told(world, arranged))[-3:] == ["ended"] * 3
    family = (await world.get("mother", "/v1/me/family")).json()
    assert (family["consents_waiting"], family["consents_in_force"]) == ([], [])
    for verb, body, code in (("signatures", YES, "case-read-only"), ("withdrawal", {}, "consent-closed")):
        late = await world.post("mother", f"{waiting}/{verb}", body)
        assert (late.status_code, late.json()["code"]) == (409, code)
    assert (await cancel(arranged, waiting)).json()["code"] == "case-read-only"
    log = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/access-log?limit=200")).json()["items"]
    assert any(one["grounds"] for one in log), "what was read on them stays told"


async def test_a_return_from_ordinary_operation_keeps_them(arranged: Arranged) -> None:
    """R62: the case was never closed, and what was agreed with the family stands."""
    path = await asked(arranged)
    await signed(arranged.world, path, "mother", "father")
    await arranged.set(Case, UUID(arranged.case["id"]), state="ordinary")
    back = {"to": "running", "explanation": "Der er brug for hyppig kontakt igen."}
    place = f"/v1/cases/{arranged.case['id']}/transitions"
    assert (await arranged.world.post("coordinator", place, back)).status_code == 200
    assert (await arranged.world.get("mother", path)).json()["in_force"] is True


async def test_what_lies_open_in_a_case_closed_before_ends_when_it_is_settled(arranged: Arranged) -> None:
    path = await asked(arranged)
    await signed(arranged.world, path, "mother", "father")
    closed = {"state": "closed", "closed_at": now(), "close_reason": "other"}
    await arranged.set(Case, UUID(arranged.case["id"]), **closed)
    rule = {"settings": {"consent": {"joint_rule": "any"}}}
    assert (await arranged.world.update("administrator", "PATCH", "/v1/municipality", rule)).status_code == 200
    assert (await arranged.world.get("mother", path)).json()["state"] == "ended"


async def test_closed_and_signed_at_once(arranged: Arranged) -> None:
    """Whoever is first: nothing is in force in a case that is closed."""
    world, paths = arranged.world, [await asked(arranged) for _ in range(4)]
    for path in paths:
        await signed(world, path, "mother")
    closed, *answers = await asyncio.gather(
        close(arranged), *(world.post("father", f"{path}/signatures", YES) for path in paths)
    )
    assert closed.status_code == 200
    assert {answer.status_code for answer in answers} <= {201, 409}
    for path in paths:
        shown = (await world.get("mother", path)).json()
        assert (shown["state"], shown["in_force"]) == ("ended", False)
