"""Steps of the acceptance story in "Sammen om familien", each with what is refused and what is done."""

from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
AGREED = {"intensity": "close", "agreed_on": "2026-01-05"}
CHANGE = {"reason": "Alma skal skifte skole."}
OUT = {"to": "ordinary", "explanation": "Behovet for tæt kontakt er ophørt.", "family_view": "Vi klarer det selv nu."}
BACK = {"to": "running", "explanation": "Skolestarten blev svær."}


def says(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def done(world: World, path: str, *numbers: int) -> None:
    for number in numbers:
        for verb in ("start", "complete"):
            answer = await world.post("coordinator", f"{path}/steps/{number}/{verb}")
            assert answer.status_code == 200, answer.text


async def running(world: World) -> str:
    """The path of a case whose eight steps are done."""
    path = f"/v1/cases/{(await world.allocated(model='sof'))['id']}"
    assert (await world.post("coordinator", f"{path}/contact-preferences", AGREED)).status_code == 201
    await done(world, path, *range(1, 9))
    assert (await world.post("coordinator", f"{path}/transitions", {"to": "running"})).status_code == 200
    return path


async def test_step_a_the_case_is_given_to_a_primary_adviser(world: World) -> None:
    path = f"/v1/cases/{(await world.case(model='sof'))['id']}"
    assert says(await world.post("head", f"{path}/steps/1/start")) == (409, "coordinator-missing")
    body = {"user_id": str(world.ids["coordinator"])}
    given = await world.update("head", "PUT", f"{path}/coordinator", body, read=path)
    assert (given.status_code, given.json()["coordinator_role"]) == (200, "primary_adviser")
    await done(world, path, 1)


async def test_step_b_no_start_conversation_without_an_agreed_form_of_contact(world: World) -> None:
    path = f"/v1/cases/{(await world.allocated(model='sof'))['id']}"
    await done(world, path, 1, 2)
    assert (await world.post("coordinator", f"{path}/steps/3/start")).status_code == 200
    early = await world.post("coordinator", f"{path}/steps/3/complete")
    assert says(early) == (409, "step-requirements-missing")
    assert [flaw["code"] for flaw in early.json()["errors"]] == ["contact_form"]
    assert (await world.post("coordinator", f"{path}/contact-preferences", AGREED)).status_code == 201
    assert (await world.post("coordinator", f"{path}/steps/3/complete")).json()["status"] == "done"


async def test_step_g_steps_2_to_8_are_taken_again_and_never_step_1(world: World) -> None:
    path = await running(world)
    refused = await world.post("coordinator", f"{path}/cycles", CHANGE | {"steps": [1]})
    assert says(refused) == (422, "step-not-repeatable")
    assert refused.json()["errors"][0]["pointer"] == "/steps/0"
    begun = await world.post("coordinator", f"{path}/cycles", CHANGE)
    assert (begun.status_code, begun.json()["number"]) == (201, 2)
    steps = (await world.get("mother", f"{path}/steps")).json()["items"]
    assert [(one["cycle"], one["status"]) for one in steps] == [(1, "done"), *[(2, "planned")] * 7]


async def test_step_i_over_to_ordinary_operation_with_the_familys_view_and_back(world: World) -> None:
    path = await running(world)
    silent = await world.post("coordinator", f"{path}/transitions", {**OUT, "family_view": None})
    assert (says(silent), silent.json()["errors"][0]["pointer"]) == ((422, "validation-failed"), "/family_view")
    over = (await world.post("coordinator", f"{path}/transitions", OUT)).json()
    assert (over["state"], over["family_view"]) == ("ordinary", OUT["family_view"])
    assert (await world.get("head", path)).json()["family_view"] is None
    back = (await world.post("coordinator", f"{path}/transitions", BACK)).json()
    assert (back["state"], back["cycle"], back["coordinator_id"]) == ("running", 2, over["coordinator_id"])


async def test_step_j_no_exit_without_a_reason(world: World) -> None:
    path = await running(world)
    silent = await world.post("coordinator", f"{path}/transitions", {**OUT, "explanation": None})
    assert (says(silent), silent.json()["errors"][0]["pointer"]) == ((422, "validation-failed"), "/explanation")
    assert (await world.get("coordinator", path)).json()["state"] == "running"
    assert (await world.post("coordinator", f"{path}/transitions", OUT)).json()["exit_reason"] == OUT["explanation"]
