"""How worried one is about the child, and the cases that the family has elsewhere (R34, R74)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


# --- concern


async def test_the_newest_concern_stands_on_the_case(world: World) -> None:
    """R74: dated, each one kept."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    assert case["concern_level"] is None
    for who, level in (("coordinator", "high"), ("psychologist", "low")):
        rated = await world._made(who, f"{path}/concerns", {"level": level, "note": "Hun sover bedre."})
        assert (rated["level"], rated["rated_by_name"]) == (level, f"{who} Prøvesen")
        assert (await world.get("coordinator", path)).json()["concern_level"] == level
    listed = (await world.get("mother", f"{path}/concerns")).json()["items"]
    assert [one["level"] for one in listed] == ["low", "high"]
    assert (await world.get("mother", f"/v1/concerns/{listed[0]['id']}")).json() == listed[0]
    assert (await world.post("coordinator", f"{path}/concerns", {"level": "huge"})).status_code == 422


async def test_a_concern_is_content(world: World, neighbour: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    concern = await world._made("coordinator", f"{path}/concerns", {"level": "high"})
    one = f"/v1/concerns/{concern['id']}"
    for who, status in (("father", 200), ("psychologist", 200), ("head", 404), ("journal", 404), ("visitor", 404)):
        assert (await world.get(who, one)).status_code == status, who
    assert (await neighbour.get("coordinator", one)).status_code == 404
    assert (await world.get("head", f"{path}/concerns")).json()["items"] == []
    assert (await world.get("head", path)).json()["concern_level"] is None
    for who in ("head", "journal"):
        assert "concern" not in (await world.get(who, f"{path}/timeline")).text
    for who, status in (("head", 403), ("mother", 403), ("visitor", 404)):
        assert (await world.post(who, f"{path}/concerns", {"level": "low"})).status_code == status, who


# --- cases elsewhere


async def relate(world: World, case: dict[str, Any], family: FamilyOf, whose: str, **more: Any) -> Any:
    body = {"member_id": family.members[whose], "area": "Jobcentret", **more}
    return await world.post("coordinator", f"/v1/cases/{case['id']}/related-cases", body)


async def test_a_parents_case_elsewhere_is_noted_and_ended(world: World) -> None:
    """R34: where it is, in words or as a department; never required."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}/related-cases"
    words = (await relate(world, case, family, "mother", reference="JOB-17", case_worker="Jens Prøvesen")).json()
    assert (words["area"], words["department_name"], words["member_name"]) == ("Jobcentret", None, "mother Prøvesen")
    body = {"member_id": family.members["father"], "department_id": str(world.departments["job"])}
    known = await world._made("psychologist", path, body)
    assert (known["area"], known["department_name"]) == ("job", "job")
    ends = await asyncio.gather(
        *(world.call("coordinator", "POST", f"/v1/related-cases/{words['id']}/end") for _ in range(2))
    )
    assert sorted(answer.status_code for answer in ends) == [200, 409]
    for query, expected in (("true", [known["id"]]), ("false", [words["id"]])):
        items = (await world.get("coordinator", f"{path}?current={query}")).json()["items"]
        assert [one["id"] for one in items] == expected


async def test_what_a_case_elsewhere_needs(world: World, neighbour: World) -> None:
    family, stranger = await world.family(), await world.family()
    case = await world.allocated(family)
    theirs = await neighbour.family()
    for body, pointer, code in (
        ({"member_id": family.members["mother"]}, "/area", "required"),
        ({"member_id": stranger.members["mother"], "area": "x"}, "/member_id", "member-not-in-family"),
        ({"member_id": theirs.members["mother"], "area": "x"}, "/member_id", "member-not-in-family"),
        (
            {"member_id": family.members["mother"], "department_id": str(neighbour.departments["job"]), "area": "x"},
            "/department_id",
            "unknown-reference",
        ),
    ):
        refused = await world.post("coordinator", f"/v1/cases/{case['id']}/related-cases", body)
        (flaw,) = refused.json()["errors"]
        assert (refused.status_code, flaw["pointer"], flaw["code"]) == (422, pointer, code)


async def test_one_parents_case_elsewhere_is_not_shown_to_the_other(world: World) -> None:
    """A leak: read alone, in the list, in the log and on the timeline."""
    family = await world.family()
    case = await world.allocated(family, child="teen")
    path = f"/v1/cases/{case['id']}"
    made = {who: (await relate(world, case, family, who)).json()["id"] for who in ("mother", "teen", "child")}
    parents = {"mother": {"mother", "teen", "child"}, "father": {"teen", "child"}, "teen": {"teen"}, "head": set[str]()}
    parents |= {"psychologist": set(made)}
    for who, expected in parents.items():
        listed = {one["id"] for one in (await world.get(who, f"{path}/related-cases")).json()["items"]}
        assert listed == {made[whose] for whose in expected}, who
        for whose, id in made.items():
            found = (await world.get(who, f"/v1/related-cases/{id}")).status_code
            assert found == (200 if whose in expected else 404), (who, whose)
    for who, told in (("father", 1), ("mother", 2), ("head", 0), ("journal", 0), ("coordinator", 3)):
        assert (await world.get(who, f"{path}/timeline")).text.count("related_case.recorded") == told, who
    await world.get("coordinator", f"/v1/related-cases/{made['mother']}")
    log = (await world.get("father", f"{path}/access-log?limit=200")).json()["items"]
    alone = [one for one in log if one["resource"] == "related_case" and one["action"] == "read" and not one["is_me"]]
    hers = (await world.get("mother", f"{path}/access-log?limit=200")).json()["items"]
    seen = [one for one in hers if one["resource"] == "related_case" and one["action"] == "read" and not one["is_me"]]
    assert len(seen) == len(alone) + 3, "writing it, and two who read it, stand in her log only"


async def test_only_those_inside_note_a_case_elsewhere(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    body = {"member_id": family.members["mother"], "area": "Jobcentret"}
    related = (await relate(world, case, family, "mother")).json()
    for who, status in (("head", 403), ("mother", 403), ("visitor", 404), ("journal", 403)):
        assert (await world.post(who, f"/v1/cases/{case['id']}/related-cases", body)).status_code == status, who
    for who, status in (("head", 404), ("mother", 403), ("father", 404)):
        assert (await world.call(who, "POST", f"/v1/related-cases/{related['id']}/end")).status_code == status, who
