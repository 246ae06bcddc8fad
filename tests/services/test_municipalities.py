"""Settings with their history, departments, and accounts (R30, R461)."""

import asyncio
from typing import Any

import pytest

from app.schemas.settings import MunicipalitySettings
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def configure(world: World, settings: Any, who: str = "administrator", **more: Any) -> Any:
    return await world.update(who, "PATCH", "/v1/municipality", {"settings": settings} | more)


# --- settings


async def test_a_merge_patch_changes_what_it_names_and_null_is_the_default(world: World) -> None:
    default = MunicipalitySettings().model_dump(mode="json")
    assert (await world.get("coordinator", "/v1/municipality")).json()["settings"] == default
    changed = await configure(world, {"steps": {"blocking": "warn"}, "team": {"creator_roles": ["coordinator"]}})
    expected = default | {"steps": {**default["steps"], "blocking": "warn"}}
    expected |= {"team": {**default["team"], "creator_roles": ["coordinator"]}}
    assert (changed.status_code, changed.json()["settings"], changed.json()["version"]) == (200, expected, 2)
    back = await configure(world, {"steps": None, "team": {"creator_roles": None}})
    assert (back.json()["settings"], back.json()["version"]) == (default, 3)


async def test_the_settings_have_a_history(world: World) -> None:
    """R461: every version whole, with who, when and why; never changed afterwards."""
    await configure(world, {"steps": {"blocking": "warn"}}, reason="Prøvehandling")
    await configure(world, {"case": {"default_model": "sof"}, "meeting": {"kinds": ["network"]}})
    found = (await world.get("coordinator", "/v1/municipality/history")).json()["items"]
    assert [one["version"] for one in found] == [3, 2, 1]
    assert [one["reason"] for one in found] == [None, "Prøvehandling", None]
    assert found[1]["changed_by_name"] == "Asta Adminsen"
    assert [one["settings"]["steps"]["blocking"] for one in found] == ["warn", "warn", "block"]
    assert (await world.get("mother", "/v1/municipality/history")).json()["items"] == []


async def test_the_history_says_what_each_version_changed(world: World) -> None:
    await configure(world, {"steps": {"blocking": "warn"}, "team": {"creator_roles": ["coordinator"]}})
    await configure(world, {"steps": None})
    last, second, first = (await world.get("coordinator", "/v1/municipality/history")).json()["items"]
    assert first["changes"] == []
    assert second["changes"] == [
        {"key": "steps.blocking", "before": "block", "after": "warn"},
        {"key": "team.creator_roles", "before": ["professional_head", "coordinator"], "after": ["coordinator"]},
    ]
    assert last["changes"] == [{"key": "steps.blocking", "before": "warn", "after": "block"}]
    page = (await world.get("coordinator", "/v1/municipality/history?limit=1")).json()  # the one before is not on it
    assert page["items"] == [last]


async def test_the_settings_explain_themselves(world: World) -> None:
    """R461: what each is called and does, what it is here, and what it is when nobody chose."""
    await configure(world, {"case": {"stalled_after_days": 30}})
    told = {}
    for language in ("da", "en"):
        answer = await world.get("coordinator", "/v1/municipality/settings", accept_language=language)
        assert answer.status_code == 200
        told[language] = {one["key"]: one for one in answer.json()["items"]}
    assert told["da"]["case.stalled_after_days"] == {
        "key": "case.stalled_after_days",
        "title": "Dage, før en sag står stille",
        "description": "En sag, hvor der ikke er sket noget i så mange dage, vises som en sag, der står stille.",
        "section": "Sager",
        "value": 30,
        "default": 42,
        "changed": True,
        "in_effect": True,
        "type": "number",
        "options": None,
        "option_labels": None,
        "minimum": 1,
        "maximum": 3650,
        "parts": [],
    }
    mode = told["en"]["team.mode"]
    assert (mode["section"], mode["title"], mode["changed"]) == ("Core team", "Team mode", False)
    assert mode["options"] == ["fixed", "flexible", "mixed"]
    assert [part["title"] for part in told["da"]["caseload.norm"]["parts"]][:2] == ["Mål", "Højst"]
    kinds = told["da"]["meeting.kinds"]
    assert (kinds["type"], kinds["option_labels"]["assessment"]) == ("list", "Udredningsmøde")
    assert told["en"]["team.creator_roles"]["option_labels"] == {
        "professional_head": "Professional head", "coordinator": "Family coordinator",
    }  # fmt: skip
    assert mode["option_labels"] == {code: code for code in mode["options"]}
    types = {part["key"].rpartition(".")[2]: part["type"] for part in told["da"]["caseload.norm"]["parts"]}
    assert types == {"target": "number", "max": "number", "reason": "text", "decided_on": "date"}
    found = [told["da"][key]["type"] for key in ("caseload.norm", "case.light", "team.mode")]
    assert found == ["object", "bool", "code"]
    assert [one for one in told["da"].values() if one["changed"]] == [told["da"]["case.stalled_after_days"]]
    assert (await world.get("mother", "/v1/municipality/settings")).status_code == 404


async def test_a_setting_without_effect_says_so(world: World) -> None:
    for language, note in (("da", "Har endnu ingen virkning."), ("en", "Has no effect yet.")):
        items = (await world.get("head", "/v1/municipality/settings", accept_language=language)).json()["items"]
        assert {one["in_effect"] for one in items} == {True, False}
        for one in items:
            assert one["description"].endswith(note) is not one["in_effect"], one["key"]


async def test_a_change_that_changes_nothing_makes_no_version(world: World) -> None:
    await configure(world, {"steps": {"blocking": "warn"}})
    for nothing in ({}, {"steps": {}}, {"steps": {"blocking": "warn"}}, {"case": {"light": None}}):
        answer = await configure(world, nothing)
        assert (answer.status_code, answer.json()["version"]) == (200, 2), nothing
    assert len((await world.get("administrator", "/v1/municipality/history")).json()["items"]) == 2


async def test_a_case_has_a_kle_code_that_the_municipality_uses(world: World) -> None:
    family = await world.family()
    before = await world.case(family, child="teen")
    await configure(world, {"case": {"kle_codes": ["27.24.08", "27.27.00"], "default_kle_code": "27.27.00"}})
    case = await world.case(family)
    assert (before["kle_code"], case["kle_code"]) == ("27.24.00", "27.27.00")
    owner = str(world.departments["handicap"])
    body = {"family_id": family.id, "child_id": family.members["child"], "owner_department_id": owner}
    refused = await world.post("coordinator", "/v1/cases", body | {"kle_code": "27.24.00"})
    assert (refused.status_code, refused.json()["code"]) == (422, "kle-code-not-used")
    assert refused.json()["errors"][0]["pointer"] == "/kle_code"
    path = f"/v1/cases/{case['id']}"
    for wanted, status in (("27.24.08", 200), ("27.24.00", 422), ("27.24", 422)):
        answer = await world.update("coordinator", "PATCH", path, {"kle_code": wanted})
        assert answer.status_code == status, wanted
    same = await world.update("coordinator", "PATCH", f"/v1/cases/{before['id']}", {"kle_code": "27.24.00"})
    assert same.status_code == 200  # what it had before the list was made it keeps


@pytest.mark.parametrize(
    "wanted",
    [{"unknown": {}}, {"steps": {"blocking": "perhaps"}}, {"steps": {"unknown": None}}, {"team": {"creator_roles": []}},
     {"meeting": {"kinds": ["network"]}}, {"consent": {"youth_age": "15"}}, [], None, "x"],
)  # fmt: skip
async def test_settings_that_make_no_sense_are_refused(wanted: Any, world: World) -> None:
    refused = await configure(world, wanted)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"].startswith("/settings")
    assert (await world.get("administrator", "/v1/municipality")).json()["version"] == 1


async def test_only_an_administrator_configures(world: World) -> None:
    for who in ("head", "coordinator", "mother", "journal", "auditor"):
        assert (await configure(world, {"steps": {"blocking": "warn"}}, who)).status_code in (403, 412), who
        tag = (await world.get("administrator", "/v1/municipality")).headers["etag"]
        body = {"settings": {"steps": {"blocking": "warn"}}}
        assert (await world.call(who, "PATCH", "/v1/municipality", body, if_match=tag)).status_code == 403, who


# --- departments


async def add(world: World, name: str, parent: str | None = None) -> Any:
    body = {"name": name, "kind": "other", "sector": "other", "parent_id": parent}
    return await world.post("administrator", "/v1/departments", body)


async def move(world: World, id: str, parent: str | None) -> Any:
    return await world.update("administrator", "PATCH", f"/v1/departments/{id}", {"parent_id": parent})


async def test_departments_are_a_tree(world: World) -> None:
    top = (await add(world, "Forvaltning")).json()["id"]
    middle = (await add(world, "Center", top)).json()["id"]
    leaf = (await add(world, "Team", middle)).json()["id"]
    for id, parent in ((top, top), (top, middle), (top, leaf), (middle, leaf)):
        refused = await move(world, id, parent)
        assert (refused.status_code, refused.json()["code"]) == (409, "circular-reference")
    assert (await move(world, leaf, top)).json()["parent_id"] == top
    assert (await move(world, leaf, None)).json()["parent_id"] is None
    unknown = await add(world, "Andet", str(world.ids["head"]))
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/parent_id")
    again = await add(world, "Center")
    assert (again.status_code, again.json()["errors"][0]) == (
        409, {"pointer": "/name", "code": "already-exists", "detail": "Det findes allerede."},
    )  # fmt: skip


async def test_two_moves_at_once_make_no_cycle(world: World) -> None:
    """Each is fine alone: A under B, and B under A."""
    for round_ in range(5):
        a, b = [(await add(world, f"{name} {round_}")).json()["id"] for name in ("A", "B")]
        answers = await asyncio.gather(move(world, a, b), move(world, b, a))
        assert sorted(answer.status_code for answer in answers) == [200, 409]


# --- accounts


async def test_the_last_administrator_stays(world: World) -> None:
    """Neither closed nor moved away; and two who remove one another at once must see each other."""
    me = (await world.get("administrator", "/v1/me")).json()
    home = me["positions"][0]["department_id"]
    path = f"/v1/users/{me['id']}"
    for change in ({"active": False}, {"positions": []}, {"positions": [{"department_id": home, "role": "member"}]}):
        refused = await world.update("administrator", "PATCH", path, change)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")  # nobody changes her own part
    second = f"/v1/users/{world.ids['second']}"
    made = {"positions": [{"department_id": home, "role": "administrator"}]}
    assert (await world.update("administrator", "PATCH", second, made)).status_code == 200
    closing = [("administrator", second), ("second", path)]
    answers = await asyncio.gather(*(world.update(who, "PATCH", at, {"active": False}) for who, at in closing))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] >= 400


async def test_an_inactive_account_is_out_at_once(world: World) -> None:
    await world.update("administrator", "PATCH", f"/v1/users/{world.ids['psychologist']}", {"active": False})
    refused = await world.get("psychologist", "/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "unknown-account")


async def test_an_account_is_described_rightly(world: World) -> None:
    body: dict[str, Any] = {"kind": "professional", "issuer": "https://login.invalid", "subject": "x", "name": "X"}
    place = {"department_id": str(world.departments["ppr"])}
    for more, pointer in (
        ({"kind": "citizen"}, "/kind"),
        ({"kind": "service", "profession": "other"}, "/profession"),
        ({"positions": [place, place]}, "/positions"),
        ({"positions": [place, {"department_id": str(world.ids["head"])}]}, "/positions/1/department_id"),
    ):
        refused = await world.post("administrator", "/v1/users", body | more)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await world.post("administrator", "/v1/users", body | {"positions": [place]})).status_code == 201
    again = await world.post("administrator", "/v1/users", body)
    assert (again.status_code, again.json()["code"]) == (409, "already-exists")
    assert (await world.post("head", "/v1/users", body | {"subject": "y"})).status_code == 403
    service = await world.update("administrator", "PATCH", f"/v1/users/{world.ids['journal']}", {"profession": "other"})
    assert (service.status_code, service.json()["errors"][0]["pointer"]) == (422, "/profession")
