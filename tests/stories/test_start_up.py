"""A case taken through the seven steps of "Opstart af sag", over HTTP (R37–R50, R63, R64, R78, R79)."""

from datetime import UTC, datetime

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def test_a_case_goes_through_the_seven_steps(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    assert case["state"] == "start_up"
    assert case["coordinator_name"] == "coordinator Prøvesen"

    early = await world.post("coordinator", f"{path}/steps/2/start")
    assert (early.status_code, early.json()["code"]) == (409, "step-blocked")

    for number in (1, 2, 3, 5, 6, 7):
        started = await world.post("coordinator", f"{path}/steps/{number}/start")
        assert started.status_code == 200, started.text
        if number == 2:
            await the_family_is_met(world, path, family.members["mother"])
        if number == 6:
            silent = await world.post("coordinator", f"{path}/steps/6/complete")
            assert (silent.status_code, silent.json()["errors"][0]["code"]) == (409, "perspectives")
        body = {"perspectives": "Alma har vist med billedkort, hvad der er vigtigst."} if number == 6 else {}
        done = await world.post("coordinator", f"{path}/steps/{number}/complete", body)
        assert (done.status_code, done.json()["status"]) == (200, "done"), done.text
        if number == 3:
            skipped = await world.post("coordinator", f"{path}/steps/4/skip", {"reason": "Der er ikke behov."})
            assert skipped.json()["status"] == "skipped"

    running = await world.post("coordinator", f"{path}/transitions", {"to": "running"})
    assert (running.status_code, running.json()["state"]) == (200, "running")
    closing = {"goals": [{"goal": "Alma spiser i skolen", "achieved": "partly"}], "handover_note": "Skolen tager over."}
    wanted = {"to": "closed", "reason": "plan_completed", "closing": closing}
    closed = await world.post("coordinator", f"{path}/transitions", wanted)
    assert (closed.status_code, closed.json()["closing"]) == (200, closing)
    after = await world.post("coordinator", f"{path}/steps/7/start")
    assert (after.status_code, after.json()["code"]) == (409, "case-read-only")


async def the_family_is_met(world: World, path: str, mother: str) -> None:
    """Step 2 needs a held assessment meeting with somebody of the family in it (R50)."""
    alone = await world.post("coordinator", f"{path}/steps/2/complete")
    assert alone.json()["errors"][0]["code"] == "family_meeting"
    now = datetime.now(UTC).isoformat()
    meeting = await world.post("coordinator", f"{path}/meetings", {"kind": "assessment", "planned_for": now})
    assert meeting.json()["chair_name"] == "coordinator Prøvesen"
    held = f"/v1/meetings/{meeting.json()['id']}/hold"
    staff = [{"kind": "professional", "id": str(world.ids["psychologist"])}]
    without = await world.post("coordinator", held, {"held_at": now, "attendance": staff})
    assert (without.status_code, without.json()["code"]) == (422, "no-family-participant")
    everybody = [*staff, {"kind": "family", "id": mother}]
    assert (await world.post("coordinator", held, {"held_at": now, "attendance": everybody})).status_code == 200
