"""How the family wants to be contacted (R137–R142)."""

from datetime import timedelta
from typing import Any

import pytest

from app.db import Database
from tests.services.test_cases import put_into
from tests.worlds import FamilyOf, World, local_today

pytestmark = pytest.mark.anyio
TODAY = local_today()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
NEXT_YEAR = (TODAY + timedelta(days=365)).isoformat()
SPACE = {
    "intensity": "space",
    "times": "Efter kl. 15",
    "reassure": True,
    "purpose_line": "Vi vil blot høre, hvordan det går.",
    "agreed_on": YESTERDAY,
}


async def prefer(world: World, case: dict[str, Any], who: str = "coordinator", **body: Any) -> Any:
    return await world.post(who, f"/v1/cases/{case['id']}/contact-preferences", {"intensity": "normal", **body})


async def listed(world: World, case: dict[str, Any], who: str, query: str = "") -> list[dict[str, Any]]:
    found = await world.get(who, f"/v1/cases/{case['id']}/contact-preferences{query}")
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_a_family_that_wants_space(world: World) -> None:
    """Story 7: by phone unless another way is wanted, and with the purpose said each time."""
    case = await world.allocated()
    answer = await prefer(world, case, **SPACE)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {name: made[name] for name in SPACE} == SPACE
    assert (made["channel"], made["formality"], made["member_id"], made["current"]) == ("phone", "informal", None, True)
    assert (await world.get("mother", answer.headers["location"])).json() == made
    informal = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    assert (await world.post("psychologist", f"/v1/cases/{case['id']}/contacts", informal)).status_code == 201, "R142"


async def test_the_newest_of_each_counts_and_all_are_kept(world: World) -> None:
    """R141: agreed anew at any time, for the family as a whole and for each one."""
    family = await world.family()
    case = await world.allocated(family)
    mother = family.members["mother"]
    ids = []
    for member, intensity in ((None, "close"), (mother, "space"), (None, "normal"), (mother, "close")):
        ids.append((await prefer(world, case, member_id=member, intensity=intensity)).json()["id"])
    assert [one["id"] for one in await listed(world, case, "coordinator")] == ids[::-1]
    assert [one["id"] for one in await listed(world, case, "coordinator", "?current=true")] == [ids[3], ids[2]]
    assert [one["id"] for one in await listed(world, case, "coordinator", "?current=false")] == [ids[1], ids[0]]
    assert [one["id"] for one in await listed(world, case, "father", "?current=true")] == [ids[2]]


async def test_it_is_asked_again_when_the_day_comes(world: World, owner: Database) -> None:
    case = await world.allocated()
    later = TODAY.isoformat()
    due = (await prefer(world, case, agreed_on=YESTERDAY, review_on=later)).json()["id"]
    assert [one["id"] for one in await listed(world, case, "coordinator", "?review_due=true")] == [due]
    await prefer(world, case, agreed_on=YESTERDAY, review_on=NEXT_YEAR)
    assert await listed(world, case, "coordinator", "?review_due=true") == []


async def test_days_that_do_not_fit_are_refused(world: World, neighbour: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    theirs, others = await neighbour.family(), await world.family()
    for body, pointer in (
        ({"agreed_on": NEXT_YEAR}, "/agreed_on"),
        ({"review_on": NEXT_YEAR}, "/agreed_on"),
        ({"agreed_on": YESTERDAY, "review_on": YESTERDAY}, "/review_on"),
        ({"member_id": theirs.members["mother"]}, "/member_id"),
        ({"member_id": others.members["mother"]}, "/member_id"),
        ({"intensity": "none"}, "/intensity"),
    ):
        refused = await prefer(world, case, **body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body


async def test_one_of_the_family_says_it_for_oneself(world: World) -> None:
    """A wish, never an agreement, and nobody else's: the same answer whether that person exists or not."""
    family = await world.family()
    case = await world.allocated(family, child="teen")
    for who in ("mother", "teen"):
        made = await prefer(world, case, who, member_id=family.members[who], intensity="space")
        assert (made.status_code, made.json()["agreed_on"]) == (201, None), made.text
    answers = []
    for member in (None, family.members["father"], case["id"]):
        answers.append(await prefer(world, case, "mother", member_id=member))
    assert {(a.status_code, a.text) for a in answers} == {(422, answers[0].text)}
    for field in ("agreed_on", "review_on"):
        refused = await prefer(world, case, "mother", member_id=family.members["mother"], **{field: YESTERDAY})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    for who, status in (("head", 403), ("journal", 403), ("visitor", 404), ("child", 404)):
        assert (await prefer(world, case, who)).status_code == status, who


async def test_ones_own_wish_is_not_shown_to_the_other_parent(world: World) -> None:
    """A leak: read alone, in the list and on the timeline."""
    family = await world.family()
    case = await world.allocated(family, child="teen")
    whole = (await prefer(world, case, **SPACE)).json()["id"]
    own = {}
    for who in ("mother", "teen"):
        own[who] = (await prefer(world, case, who, member_id=family.members[who])).json()["id"]
    for who, expected in (
        ("mother", {whole, own["mother"]}),
        ("father", {whole}),
        ("teen", {whole, own["teen"]}),
        ("psychologist", {whole, *own.values()}),
        ("head", set()),
        ("journal", set()),
    ):
        assert {one["id"] for one in await listed(world, case, who)} == expected, who
        for id in (whole, *own.values()):
            found = (await world.get(who, f"/v1/contact-preferences/{id}")).status_code
            assert found == (200 if id in expected else 404), who
        told = (await world.get(who, f"/v1/cases/{case['id']}/timeline")).text.count("contact_preference")
        assert (told > 0) == bool(expected), who


# --- the first conversation


async def started(world: World, case: dict[str, Any], number: int) -> str:
    path = f"/v1/cases/{case['id']}/steps/{number}"
    begun = await world.post("coordinator", f"{path}/start", {})
    assert begun.status_code == 200, begun.text
    return path


async def test_the_start_conversation_ends_with_an_agreed_form_of_contact(world: World, owner: Database) -> None:
    """R139, story SOF b: a wish is not enough, and what was agreed the last time round is not either."""
    family = await world.family()
    case = await world.allocated(family, model="sof")
    await put_into(owner, world, case, "start_up", but=3)
    path = await started(world, case, 3)

    async def missing() -> list[str]:
        refused = await world.post("coordinator", f"{path}/complete", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "step-requirements-missing")
        return [flaw["code"] for flaw in refused.json()["errors"]]

    assert await missing() == ["contact_form"]
    await prefer(world, case, "mother", member_id=family.members["mother"])
    assert await missing() == ["contact_form"]
    assert (await prefer(world, case, **SPACE)).status_code == 201
    assert (await world.post("coordinator", f"{path}/complete", {})).status_code == 200
    await put_into(owner, world, case, "running")
    again = await world.post("coordinator", f"/v1/cases/{case['id']}/cycles", {"reason": "Familien er flyttet."})
    assert again.status_code == 201, again.text
    await put_into(owner, world, case, "running", but=3)
    await started(world, case, 3)
    assert await missing() == ["contact_form"]
    assert (await prefer(world, case, agreed_on=TODAY.isoformat())).status_code == 201
    assert (await world.post("coordinator", f"{path}/complete", {})).status_code == 200


async def test_a_closed_case_takes_no_more_wishes(world: World, owner: Database) -> None:
    family: FamilyOf = await world.family()
    case = await world.allocated(family)
    await put_into(owner, world, case, "closed")
    wish = {"member_id": family.members["mother"]}
    for who, body in (("coordinator", {}), ("mother", wish)):
        refused = await prefer(world, case, who, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")
