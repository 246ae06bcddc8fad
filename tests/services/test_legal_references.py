"""The municipality's list of legal references: dated data with defaults, kept by administrators; no legal advice."""

from typing import Any

import pytest

from app.services.catalogue import shipped_references
from tests.services.test_consents import day
from tests.worlds import World

pytestmark = pytest.mark.anyio
LIST = "/v1/legal-references"
ENTRY = {
    "code": "local_rule",
    "use": "share",
    "title": "Lokal regel",
    "citation": "barnets lov § 0",
    "valid_from": "2026-01-01",
}


async def found(world: World, query: str = "", who: str = "coordinator") -> list[dict[str, Any]]:
    answer = await world.get(who, f"{LIST}?limit=200&{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_municipality_begins_with_defaults_that_say_they_are_no_advice(world: World) -> None:
    for who in ("coordinator", "mother", "journal", "administrator"):
        rows = await found(world, who=who)
        assert {(row["code"], row["citation"]) for row in rows} == {
            (one.code, one.citation) for one in shipped_references()
        }
        assert {row["advice"] for row in rows} == {"Listen er kommunens egen og ikke juridisk rådgivning."}
    old = {row["citation"]: row["former_citation"] for row in rows}
    assert old["barnets lov § 133"] == "serviceloven § 153", "the old place stands beside the new one"
    english = await world.get("mother", f"{LIST}/{rows[0]['id']}", accept_language="en")
    assert english.json()["advice"] == "The list is the municipality's own, and no legal advice."


async def test_the_list_is_narrowed_by_use_and_day(world: World) -> None:
    assert {row["use"] for row in await found(world, "use=delay_notice")} == {"delay_notice"}
    assert len(await found(world, "on=2023-12-31")) == 0
    assert len(await found(world, "on=2024-01-01")) == len(shipped_references())
    assert (await world.get("coordinator", f"{LIST}?use=all")).status_code == 422


async def test_administrators_add_and_end_dated_entries(world: World) -> None:
    made = await world.post("administrator", LIST, ENTRY)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert (await world.get("mother", path)).json() == made.json()
    assert (made.json()["valid_until"], made.json()["title_en"], made.json()["former_citation"]) == (None, None, None)
    again = await world.post("administrator", LIST, ENTRY | {"valid_from": "2027-01-01"})
    assert (again.status_code, again.json()["code"]) == (409, "period-overlaps")
    before = await world.post("administrator", f"{path}/end", {"valid_until": "2025-12-31"})
    assert (before.status_code, before.json()["errors"][0]["pointer"]) == (422, "/valid_until")
    ended = await world.post("administrator", f"{path}/end", {"valid_until": "2027-01-01"})
    assert (ended.status_code, ended.json()["valid_until"]) == (200, "2027-01-01")
    later = await world.post("administrator", f"{path}/end", {"valid_until": "2027-02-01"})
    assert later.status_code == 422, "an end only moves forward"
    assert (await world.post("administrator", LIST, ENTRY | {"valid_from": "2027-01-01"})).status_code == 201
    for on, count in (("2026-12-31", 1), ("2027-01-01", 1), ("2025-12-31", 0)):
        assert len([row for row in await found(world, f"on={on}") if row["code"] == "local_rule"]) == count


async def test_only_administrators_keep_the_list(world: World, neighbour: World) -> None:
    (row, *_) = await found(world)
    for who in ("coordinator", "head", "mother", "journal"):
        assert (await world.post(who, LIST, ENTRY)).status_code == 403, who
        ended = await world.post(who, f"{LIST}/{row['id']}/end", {"valid_until": day(1)})
        assert ended.status_code == 403, who
    assert (await neighbour.get("administrator", f"{LIST}/{row['id']}")).status_code == 404
    theirs = await neighbour.post("administrator", f"{LIST}/{row['id']}/end", {"valid_until": day(1)})
    assert theirs.status_code == 404


@pytest.mark.parametrize("flaw", [{"code": "Local"}, {"use": "other"}, {"title": " "}, {"citation": "x" * 201}])
async def test_an_entry_is_well_formed(flaw: dict[str, Any], world: World) -> None:
    refused = await world.post("administrator", LIST, ENTRY | flaw)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(flaw))}")
