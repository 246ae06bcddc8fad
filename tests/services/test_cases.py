"""Opening cases, the model they follow, and the states they go through (R2, R37, R61, R78, R79)."""

import itertools
from typing import Any, get_args

import pytest
from sqlalchemy import text

from app.db import Database
from app.schemas.codes import CaseState
from app.services.cases import TRANSITIONS
from tests.worlds import World

pytestmark = pytest.mark.anyio
ALLOWED = {
    ("draft", "start_up"), ("draft", "closed"),
    ("start_up", "running"), ("start_up", "closed"),
    ("running", "ordinary"), ("running", "transition"), ("running", "closed"),
    ("ordinary", "running"), ("ordinary", "closed"),
    ("transition", "running"), ("transition", "closed"),
}  # fmt: skip
CLOSING = {"goals": [], "handover_note": "Familien klarer sig."}
INTAKE = {"impairment": "neither", "several_kinds_of_help": False, "cross_sector": False, "complex": False}


def wanted(state: str, came_from: str = "running") -> dict[str, Any]:
    """A transition with what it needs."""
    if state == "closed":
        closing = {} if came_from == "draft" else {"closing": CLOSING}
        return {"to": state, "reason": "plan_completed", **closing}
    view = {"family_view": "Vi vil gerne prøve selv."} if state == "ordinary" else {}
    explained = state == "ordinary" or (came_from, state) == ("ordinary", "running")
    return {"to": state} | view | ({"explanation": "Behovet har ændret sig."} if explained else {})


async def put_into(owner: Database, world: World, case: dict[str, Any], state: str, *, but: int = 0) -> None:
    """Straight into a state, with its required steps done (`but` one): how it came there is another test's matter."""
    values = {"m": world.municipality, "id": case["id"], "state": state, "but": but}
    closed = ", closed_at = now(), close_reason = 'other'" if state == "closed" else ""
    done = "update steps set status = 'done', completed_at = now() where municipality_id = :m and case_id = :id"
    async with owner.transaction(world.municipality) as session:
        await session.execute(text(f"{done} and not optional and number <> :but and :state <> ''"), values)
        await session.execute(
            text(f"update cases set state = :state{closed} where municipality_id = :m and id = :id"), values
        )


@pytest.mark.parametrize("came_from", TRANSITIONS)
async def test_a_case_moves_as_the_table_says_and_in_no_other_way(
    came_from: str, world: World, owner: Database
) -> None:
    """R79: every pair of states, served and refused; and the list that is served is the same table."""
    assert {(a, b) for a, targets in TRANSITIONS.items() for b in targets} == ALLOWED
    assert set(TRANSITIONS) == set(get_args(CaseState))
    family = await world.family()
    await world.allocated(family)  # an open one, so that the coordinator still knows the family when others are closed
    for to in get_args(CaseState):
        case = await world.allocated(family)
        path = f"/v1/cases/{case['id']}/transitions"
        await put_into(owner, world, case, came_from)
        served = {one["to"] for one in (await world.get("coordinator", path)).json()["transitions"]}
        assert served == {b for a, b in ALLOWED if a == came_from}
        moved = await world.post("coordinator", path, wanted(to, came_from))
        if (came_from, to) in ALLOWED:
            assert (moved.status_code, moved.json()["state"]) == (200, to), moved.text
        else:
            code = "case-read-only" if came_from == "closed" else "transition-not-allowed"
            assert (moved.status_code, moved.json()["code"]) == (409, code)


async def test_what_a_state_needs_must_be_there(world: World, owner: Database) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/transitions"
    not_ready = await world.post("coordinator", path, {"to": "running"})
    assert (not_ready.status_code, not_ready.json()["code"]) == (409, "case-not-ready")
    assert [flaw["code"] for flaw in not_ready.json()["errors"]] == [f"step-{n}" for n in (1, 2, 3, 5, 6, 7)]
    await put_into(owner, world, case, "running")
    for body, pointer in (
        ({"to": "closed"}, "/reason"),
        ({"to": "closed", "reason": "other"}, "/closing"),
        ({"to": "ordinary"}, "/explanation"),
        ({"to": "transition", "family_view": "x"}, "/family_view"),
        ({"to": "transition", "reason": "other"}, "/reason"),
    ):
        refused = await world.post("coordinator", path, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body


async def test_a_draft_is_not_started_without_a_coordinator(world: World) -> None:
    case = await world.case()
    path = f"/v1/cases/{case['id']}/transitions"
    refused = await world.post("head", path, {"to": "start_up"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "coordinator")


async def test_a_closed_case_can_only_be_read(world: World) -> None:
    """R78: every way of writing in it is refused, for everybody who could before."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    now = "2026-01-05T10:00:00Z"
    meeting = await world._made("coordinator", f"{path}/meetings", {"kind": "status", "planned_for": now})
    callback = await world._made("mother", f"{path}/callbacks", {})
    mother = family.members["mother"]
    elsewhere = await world._made("coordinator", f"{path}/related-cases", {"member_id": mother, "area": "Jobcentret"})
    member = (await world.get("coordinator", f"{path}/team")).json()["items"][0]
    assert (await world.post("coordinator", f"{path}/transitions", wanted("closed"))).status_code == 200
    tag, leading = [(await world.get(who, path)).headers["etag"] for who in ("coordinator", "head")]
    step = (await world.get("coordinator", f"{path}/steps/1")).headers["etag"]
    rated = (await world.get("coordinator", f"{path}/complexity")).headers["etag"]
    attendance = [{"kind": "family", "id": family.members["mother"]}]
    contact = {"kind": "informal", "channel": "phone", "took_place_at": now}
    joining = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"])}
    writing: list[tuple[str, str, str, Any, dict[str, str]]] = [
        ("coordinator", "PATCH", path, {"kle_code": "27.24.08"}, {"if_match": tag}),
        (
            "head",
            "PUT",
            f"{path}/coordinator",
            {"user_id": str(world.ids["second"]), "reason": "x"},
            {"if_match": leading},
        ),
        ("coordinator", "PATCH", f"{path}/steps/1", {"due_on": "2030-12-02"}, {"if_match": step}),
        ("coordinator", "POST", f"{path}/steps/1/start", {}, {}),
        ("coordinator", "POST", f"{path}/steps/1/complete", {}, {}),
        ("coordinator", "POST", f"{path}/steps/4/skip", {"reason": "x"}, {}),
        ("coordinator", "POST", f"{path}/team", joining, {}),
        ("coordinator", "POST", f"/v1/team-members/{member['id']}/leave", {"reason": "x"}, {}),
        ("coordinator", "POST", f"{path}/meetings", {"kind": "status", "planned_for": now}, {}),
        ("coordinator", "POST", f"/v1/meetings/{meeting['id']}/hold", {"held_at": now, "attendance": attendance}, {}),
        ("coordinator", "POST", f"/v1/meetings/{meeting['id']}/cancel", {"reason": "x"}, {}),
        ("coordinator", "POST", f"{path}/contacts", contact, {}),
        ("mother", "POST", f"{path}/callbacks", {}, {}),
        ("coordinator", "POST", f"/v1/callbacks/{callback['id']}/answer", None, {}),
        ("coordinator", "POST", f"{path}/transitions", {"to": "running"}, {}),
        ("coordinator", "POST", f"{path}/upgrade", {"model": "sof"}, {}),
        ("coordinator", "PUT", f"{path}/intake", INTAKE, {"if_match": tag}),
        ("coordinator", "PUT", f"{path}/complexity", {"rating": "high"}, {"if_match": rated}),
        ("coordinator", "POST", f"{path}/concerns", {"level": "low"}, {}),
        ("coordinator", "POST", f"{path}/related-cases", {"member_id": mother, "area": "Jobcentret"}, {}),
        ("coordinator", "POST", f"/v1/related-cases/{elsewhere['id']}/end", None, {}),
        ("mother", "POST", f"{path}/contact-preferences", {"intensity": "space", "member_id": mother}, {}),
    ]
    for who, method, where, body, headers in writing:
        refused = await world.call(who, method, where, body, **headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only"), (method, where)
    assert (await world.get("coordinator", f"{path}/overview")).status_code == 200
    assert (await world.get("mother", "/v1/me/family")).status_code == 200


async def test_the_default_model_is_the_municipalitys(world: World) -> None:
    """R37: by setting when none is named, and the named one otherwise; `none` follows no steps (R77)."""
    family = await world.family()
    assert (await world.case(family))["model"] == "efei"
    settings = {"settings": {"case": {"default_model": "sof"}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    assert (await world.case(family))["model"] == "sof"
    for model, number in (("efei", 7), ("sof", 8), ("none", 0)):
        case = await world.case(family, model=model)
        steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
        assert (case["model"], [step["number"] for step in steps]) == (model, list(range(1, number + 1)))
        assert (case["template_version"] is None) == (model == "none")


async def test_a_case_is_opened_in_ones_own_child_disability_department(world: World) -> None:
    family = await world.family()
    body = {"family_id": family.id, "child_id": family.members["child"]}
    elsewhere = await world.post(
        "coordinator", "/v1/cases", body | {"owner_department_id": str(world.departments["ppr"])}
    )
    assert elsewhere.status_code == 403
    unknown = await world.post("coordinator", "/v1/cases", body | {"owner_department_id": family.id})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/owner_department_id")
    here = {"owner_department_id": str(world.departments["handicap"])}
    for child in (family.members["mother"], (await world.family()).members["child"]):
        refused = await world.post("coordinator", "/v1/cases", body | here | {"child_id": child})
        assert (refused.status_code, refused.json()["code"]) == (422, "member-not-in-family")


async def test_a_number_tells_nothing(world: World) -> None:
    """Neither how many cases there are, nor which came first."""
    family = await world.family()
    numbers = [(await world.case(family))["number"] for _ in range(4)]
    assert len(set(numbers)) == 4
    counted = [int(number.partition("-")[2]) for number in numbers]
    assert any(abs(a - b) > 1 for a, b in itertools.pairwise(counted))
