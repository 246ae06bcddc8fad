"""Every route: how it is written, and that a token of another municipality opens none (P8)."""

import inspect
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.routers import routes
from app.routing import TransactionRoute
from tests.worlds import World

PUBLIC = {"/v1/labels"}
ROUTES = [pytest.param(route, id=route.name) for route in routes()]


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_is_a_signature_a_docstring_and_a_return(route: APIRoute) -> None:
    """What decides stands in a service or a policy, where it can be found and tested."""
    assert isinstance(route, TransactionRoute) != (route.path in PUBLIC)
    assert route.endpoint.__doc__
    source = inspect.getsource(route.endpoint)
    body = source.rpartition('"""')[2].strip().splitlines()
    assert len(body) <= 3
    assert body[-1].strip().startswith("return ")


def test_no_two_routes_answer_the_same_request() -> None:
    told = [(method, route.path) for route in routes() for method in route.methods or ()]
    assert len(set(told)) == len(told)
    assert all(path.startswith("/v1/") for _, path in told)


@pytest.mark.anyio
async def test_a_token_of_another_municipality_opens_nothing(world: World, neighbour: World) -> None:
    """Every route with an id in it, replayed by the same kinds of people from next door: as if it were not there."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    planned = {"kind": "status", "planned_for": "2026-01-05T10:00:00Z"}
    meeting = await world._made("coordinator", f"{path}/meetings", planned)
    contact = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    callback = await world._made("mother", f"{path}/callbacks", {})
    ids = {
        "case_id": case["id"], "family_id": family.id, "number": 1, "meeting_id": meeting["id"],
        "contact_id": (await world._made("coordinator", f"{path}/contacts", contact))["id"],
        "callback_id": callback["id"], "user_id": str(world.ids["second"]),
        "department_id": str(world.departments["ppr"]), "member_id": family.members["child"],
        "custody_id": (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"][0]["id"],
        "template_id": (await world.get("coordinator", "/v1/step-templates")).json()["items"][0]["id"],
    }  # fmt: skip
    method = await world._made("head", "/v1/methods", {"title": "Vores metode", "text": "Første udgave."})
    sent = {**world.headers("administrator"), "content-type": "text/csv"}
    content = "name,kind,sector\nHuset,other,social\n"
    brought = await world.client.post("/v1/imports?kind=departments", content=content, headers=sent)
    ids |= {"method_id": method["id"], "import_id": brought.json()["id"]}
    tried = 0
    for route in routes():
        for method in (route.methods or set()) if "{" in route.path else ():
            for who in ("coordinator", "head", "administrator", "mother", "journal"):
                answer = await neighbour.call(who, method, route.path.format(**ids), bodies(method), if_match='"x"')
                assert answer.status_code in ((404,) if method == "GET" else (404, 422)), (route.name, who)
                tried += 1
    assert tried > 150


def bodies(method: str) -> Any:
    return None if method == "GET" else {}
