"""Accounts: what is said of a professional, who sees it, and what happens when somebody leaves (R18, R36, R125)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio
ISSUER = {"issuer": "https://login.invalid"}
PROFILE = {
    "years_in_area": 12,
    "cross_administration": ["education", "employment"],
    "child_conversations": True,
    "tags": ["nøglemedarbejder"],
    "note": "Har været i PPR.",
}
CARD = {"title": "Rådgiver", "phone": "70 00 00 41", "email": "ny@prove.invalid", "contact_hours": "Torsdag til kl. 18"}


def day(offset: int) -> str:
    return (local_today() + timedelta(days=offset)).isoformat()


def user(world: World, who: str) -> str:
    return f"/v1/users/{world.ids[who]}"


async def configured(world: World, *sets: str) -> None:
    body = {"settings": {"team": {"paragraph_sets": list(sets)}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", body)).status_code == 200


async def change(world: World, who: str, body: Any, by: str = "administrator") -> httpx.Response:
    return await world.update(by, "PATCH", user(world, who), body)


async def partner(world: World, name: str = "Prøveskolen") -> str:
    made = await world.post("administrator", "/v1/organisations", {"name": name, "kind": "school"})
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    return id


async def outsider(world: World, organisation: str) -> Any:
    """A teacher employed outside, who can sign in as `outsider`."""
    body = {"kind": "professional", **world.login("outsider"), "name": "Uffe Prøvesen", "profession": "teacher"}
    made = await world.post("administrator", "/v1/users", body | {"organisation_id": organisation})
    assert made.status_code == 201, made.text
    return made.json()


# --- what is said of a professional


async def test_a_professional_is_described(world: World) -> None:
    """R36, R107, R84, R25."""
    await configured(world, "§ 32-41", "§ 82-87")
    told = {"competences": PROFILE, "paragraph_sets": ["§ 82-87"], "absent_until": day(3)}
    changed = (await change(world, "coordinator", told)).json()
    assert {name: changed[name] for name in told} == told
    for who in ("head", "visitor", "coordinator"):
        seen = (await world.get(who, user(world, "coordinator"))).json()
        assert (seen["competences"], seen["paragraph_sets"]) == (PROFILE, ["§ 82-87"])
    assert (await world.get("journal", user(world, "coordinator"))).json()["competences"] is None
    cleared = (await change(world, "coordinator", {"competences": None, "absent_until": None})).json()
    assert (cleared["competences"], cleared["absent_until"], cleared["paragraph_sets"]) == (None, None, ["§ 82-87"])
    least = (await change(world, "coordinator", {"competences": {}})).json()["competences"]
    assert least == {"years_in_area": None, "cross_administration": [], "child_conversations": False, "tags": [],
                     "note": None}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"competences": {"years_in_area": 61}}, "/competences/years_in_area"),
     ({"competences": {"years_in_area": "5"}}, "/competences/years_in_area"),
     ({"competences": {"cross_administration": ["space"]}}, "/competences/cross_administration/0"),
     ({"competences": {"cross_administration": ["health", "health"]}}, "/competences/cross_administration"),
     ({"competences": {"unknown": 1}}, "/competences/unknown"),
     ({"paragraph_sets": ["§ 32-41", "§ 1"]}, "/paragraph_sets/1"), ({"paragraph_sets": None}, "/paragraph_sets"),
     ({"paragraph_sets": ["§ 32-41", "§ 32-41"]}, "/paragraph_sets"),
     ({"absent_until": day(-2)}, "/absent_until"), ({"organisation_id": str(uuid4())}, "/organisation_id"),
     ({"name": None}, "/name")],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(wrong: Any, pointer: str, world: World) -> None:
    await configured(world, "§ 32-41")
    refused = await change(world, "coordinator", wrong)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    body = {"kind": "professional", **ISSUER, "subject": "ny", "name": "Ny Prøvesen"} | wrong
    if None not in wrong.values():
        added = await world.post("administrator", "/v1/users", body)
        assert (added.status_code, added.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_set_of_paragraphs_that_is_not_used_says_so(world: World) -> None:
    refused = await change(world, "coordinator", {"paragraph_sets": ["§ 7"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "paragraph-set-not-used")
    assert "§ 7" not in refused.text


@pytest.mark.parametrize(
    "personal", [{"competences": {}}, {"absent_until": day(3)}, {"profession": "other"}, {"paragraph_sets": ["x"]}]
)
async def test_a_service_is_no_person(personal: Any, world: World) -> None:
    refused = await change(world, "journal", personal)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "only-professionals")
    assert refused.json()["errors"][0]["pointer"] == f"/{next(iter(personal))}"


async def test_nobody_describes_her_own_part(world: World) -> None:
    me = (await world.get("administrator", "/v1/me")).json()["id"]
    for part in ({"competences": PROFILE}, {"paragraph_sets": []}, {"organisation_id": None}, {"active": True}):
        refused = await world.update("administrator", "PATCH", f"/v1/users/{me}", part)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), part


# --- the directory and its filters


async def found(world: World, who: str = "visitor", **query: Any) -> Any:
    response = await world.client.get("/v1/users", params=query, headers=world.headers(who))
    return [one["id"] for one in response.json()["items"]] if response.status_code == 200 else response


async def test_advisers_are_found_by_what_they_cover(world: World) -> None:
    await configured(world, "§ 32-41", "§ 82-87")
    await change(world, "coordinator", {"paragraph_sets": ["§ 32-41", "§ 82-87"]})
    await change(world, "second", {"paragraph_sets": ["§ 82-87"]})
    coordinator, second = (str(world.ids[who]) for who in ("coordinator", "second"))
    assert await found(world, paragraph_set="§ 32-41") == [coordinator]
    assert await found(world, paragraph_set="§ 82-87") == [coordinator, second]
    assert await found(world, paragraph_set="§ 82") == []
    home = str(world.departments["handicap"])
    five = {"kind": "professional", "profession": "social_adviser", "active": "true", "department_id": home}
    assert await found(world, paragraph_set="§ 82-87", **five) == [coordinator, second]


async def test_too_many_filters_at_once_are_refused_and_not_an_error_of_ours(world: World) -> None:
    many = {"kind": "professional", "profession": "teacher", "active": "true", "paragraph_set": "x"}
    many |= {"department_id": str(uuid4()), "organisation_id": str(uuid4())}
    refused = await found(world, **many)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too-many-filters")
    many = {"state": "draft", "model": "efei", "without_contact": "true", "family_id": str(uuid4())}
    many |= {"owner_department_id": str(uuid4()), "coordinator_id": str(uuid4())}
    cases = await world.client.get("/v1/cases", params=many, headers=world.headers("head"))
    assert cases.status_code == 422


# --- professionals employed outside


async def test_somebody_employed_outside_holds_no_position(world: World) -> None:
    """R18."""
    school, place = await partner(world), {"department_id": str(world.departments["ppr"])}
    person = await outsider(world, school)
    assert (person["organisation_id"], person["organisation_name"], person["positions"]) == (school, "Prøveskolen", [])
    path = f"/v1/users/{person['id']}"
    both = {"kind": "professional", **ISSUER, "subject": "b", "name": "B Prøvesen", "organisation_id": school}
    for refused, pointer in (
        (await world.post("administrator", "/v1/users", both | {"positions": [place]}), "/positions"),
        (await world.update("administrator", "PATCH", path, {"positions": [place]}), "/positions"),
        (await change(world, "psychologist", {"organisation_id": school}), "/organisation_id"),
        (await change(world, "journal", {"organisation_id": school}), "/organisation_id"),
    ):
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert await found(world, organisation_id=school) == [person["id"]]
    hired = {"organisation_id": None, "positions": [place]}
    assert (await world.update("administrator", "PATCH", path, hired)).json()["organisation_id"] is None
    moved = await change(world, "psychologist", {"organisation_id": school, "positions": []})
    assert (moved.status_code, moved.json()["organisation_name"]) == (200, "Prøveskolen")


async def test_an_organisation_that_is_closed_or_a_neighbours_employs_nobody(world: World, neighbour: World) -> None:
    closed, theirs = await partner(world), await partner(neighbour)
    assert (
        await world.update("administrator", "PATCH", f"/v1/organisations/{closed}", {"active": False})
    ).status_code == 200
    answers = [
        await change(world, "psychologist", {"organisation_id": id, "positions": []})
        for id in (closed, theirs, str(uuid4()))
    ]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(422, "unknown-reference")}
    assert len({one.text for one in answers}) == 1


async def test_somebody_employed_outside_reads_no_directory_and_no_set_up(world: World) -> None:
    """A partner's login shows oneself, labels and templates: not who works where, nor how the municipality works."""
    person = await outsider(world, await partner(world))
    assert await found(world, "outsider") == [person["id"]]
    assert (await world.get("outsider", f"/v1/users/{person['id']}")).status_code == 200
    assert (await world.get("outsider", "/v1/me")).json()["organisation_name"] == "Prøveskolen"
    for hidden in (user(world, "coordinator"), user(world, "journal"), "/v1/municipality",
                   f"/v1/departments/{world.departments['handicap']}",
                   f"/v1/organisations/{person['organisation_id']}"):  # fmt: skip
        assert (await world.get("outsider", hidden)).status_code == 404, hidden
    for empty in ("/v1/departments", "/v1/municipality/history", "/v1/organisations", "/v1/teams", "/v1/cases",
                  "/v1/families"):  # fmt: skip
        assert (await world.get("outsider", empty)).json()["items"] == [], empty
    assert (await world.get("outsider", "/v1/step-templates")).json()["items"]
    owner = {"owner_department_id": str(world.departments["handicap"])}
    assert (await world.post("outsider", "/v1/families", owner)).status_code in (403, 422)


async def test_a_development_consultant_sees_how_it_is_set_up_and_no_case(world: World) -> None:
    """R27."""
    case = await world.allocated()
    consultant = {"department_id": str(world.departments["handicap"]), "role": "development_consultant"}
    assert (await change(world, "controller", {"positions": [consultant]})).status_code == 200
    assert (await world.get("controller", "/v1/municipality")).status_code == 200
    assert (await world.get("controller", f"/v1/cases/{case['id']}")).status_code == 404
    assert (await world.get("controller", "/v1/cases")).json()["items"] == []
    assert (await world.get("controller", f"/v1/families/{case['family_id']}")).status_code == 404


# --- the adviser's own norm


async def test_a_norm_of_ones_own_has_a_reason(world: World) -> None:
    """R125: by the head of the department, seen by the two of them and the administrator alone."""
    path, norm = user(world, "coordinator"), {"max": 12, "reason": "Er også teamets tovholder."}
    given = await world.update("head", "PUT", f"{path}/norm", norm, read=path)
    assert (given.status_code, given.json()["caseload_max"], given.json()["caseload_reason"]) == (200, *norm.values())
    shown = {who: (await world.get(who, path)).json() for who in ("head", "coordinator", "administrator", "second",
                                                                  "other_head", "visitor", "journal")}  # fmt: skip
    assert {who for who, one in shown.items() if one["caseload_max"] == 12} == {"head", "coordinator", "administrator"}
    assert {one["caseload_reason"] for who, one in shown.items() if one["caseload_max"] is None} == {None}
    for wrong, pointer in (
        ({"max": 12, "reason": None}, "/reason"), ({"max": None, "reason": "x"}, "/max"), ({"max": 12}, "/reason"),
        ({"max": 0, "reason": "x"}, "/max"), ({"max": 501, "reason": "x"}, "/max"),
        ({"max": "1", "reason": "x"}, "/max"),
    ):  # fmt: skip
        refused = await world.update("head", "PUT", f"{path}/norm", wrong, read=path)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    ended = await world.update("administrator", "PUT", f"{path}/norm", {"max": None, "reason": None}, read=path)
    assert (ended.status_code, ended.json()["caseload_max"], ended.json()["caseload_reason"]) == (200, None, None)


async def test_a_hidden_norm_does_not_show_in_the_version(world: World) -> None:
    """A leak guarded: the ETag of who does not see the norm stays the same."""
    path = user(world, "coordinator")
    before = {who: (await world.get(who, path)).headers["etag"] for who in ("visitor", "head")}
    assert (
        await world.update("head", "PUT", f"{path}/norm", {"max": 3, "reason": "Opstart"}, read=path)
    ).status_code == 200
    after = {who: (await world.get(who, path)).headers["etag"] for who in before}
    assert (before["visitor"] == after["visitor"], before["head"] == after["head"]) == (True, False)


@pytest.mark.parametrize("who", ["coordinator", "second", "other_head", "visitor", "mother", "journal"])
async def test_who_does_not_set_a_norm(who: str, world: World) -> None:
    path = user(world, "coordinator")
    refused = await world.update(who, "PUT", f"{path}/norm", {"max": 1, "reason": "x"}, read=path)
    assert refused.status_code == (404 if who == "mother" else 403)


async def test_nobody_sets_her_own_norm(world: World) -> None:
    path, norm = user(world, "head"), {"max": 1, "reason": "x"}
    assert (await world.update("head", "PUT", f"{path}/norm", norm, read=path)).status_code == 403
    assert (await world.update("administrator", "PUT", f"{path}/norm", norm, read=path)).status_code == 200
    service = user(world, "journal")
    refused = await world.update("administrator", "PUT", f"{service}/norm", norm, read=service)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "only-professionals")


# --- oneself


async def test_a_professional_keeps_the_own_card(world: World) -> None:
    """R150: what the family reads on it is what the adviser wrote."""
    family = await world.family()
    await world.allocated(family)
    changed = await world.update("coordinator", "PATCH", "/v1/me", CARD | {"absent_until": day(0)})
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in CARD} == CARD
    assert changed.json() == (await world.get("coordinator", "/v1/me")).json()
    (contact,) = [one["contact"] for one in (await world.get("mother", "/v1/me/family")).json()["cases"]]
    assert (contact["phone"], contact["hours"]) == (CARD["phone"], CARD["contact_hours"])
    cleared = await world.update("coordinator", "PATCH", "/v1/me", {"email": None})
    assert (cleared.json()["email"], cleared.json()["phone"]) == (None, CARD["phone"])
    nothing = await world.update("coordinator", "PATCH", "/v1/me", {})
    assert nothing.json() == cleared.json()


async def test_oneself_is_changed_in_nothing_else(world: World) -> None:
    for part in ("name", "profession", "positions", "active", "competences", "organisation_id", "caseload_max"):
        refused = await world.update("coordinator", "PATCH", "/v1/me", {part: None})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{part}")
    past = await world.update("coordinator", "PATCH", "/v1/me", {"absent_until": day(-2)})
    assert (past.status_code, past.json()["errors"]) == (
        422, [{"pointer": "/absent_until", "code": "past", "detail": "Dagen er allerede gået."}],
    )  # fmt: skip
    for who in ("mother", "teen", "journal"):
        assert (await world.update(who, "PATCH", "/v1/me", {"phone": "70 00 00 42"})).status_code == 403, who


async def test_a_change_of_oneself_demands_the_version_that_was_read(world: World) -> None:
    tag = (await world.get("second", "/v1/me")).headers["etag"]
    assert (await world.call("second", "PATCH", "/v1/me", CARD)).status_code == 428
    sent = [world.call("second", "PATCH", "/v1/me", {"phone": f"70 00 00 4{n}"}, if_match=tag) for n in range(3)]
    assert sorted(one.status_code for one in await asyncio.gather(*sent)) == [200, 412, 412]


async def test_who_an_account_signs_in_as_is_for_administrators(world: World) -> None:
    path = user(world, "psychologist")
    (listed,) = (one for one in (await world.get("administrator", "/v1/users?profession=psychologist")).json()["items"])
    for shown in (listed, (await world.get("administrator", path)).json()):
        assert {"issuer": shown["issuer"], "subject": shown["subject"]} == world.login("psychologist")
    for who in ("coordinator", "head", "psychologist", "journal"):
        shown = (await world.get(who, path)).json()
        assert (shown["issuer"], shown["subject"]) == (None, None), who


async def test_a_citizens_account_comes_with_the_family_member(world: World) -> None:
    body = {"kind": "citizen", "name": "Borger Prøvesen", **world.login("new-citizen")}
    refused = await world.post("administrator", "/v1/users", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "citizen-with-family")
    assert refused.json()["errors"][0]["pointer"] == "/kind"


# --- when somebody leaves


async def types(world: World, who: str, case: Any) -> list[str]:
    return [one["type"] for one in (await world.get(who, f"/v1/cases/{case['id']}/timeline")).json()["items"]]


async def lonely(world: World, who: str = "head") -> set[str]:
    listed = await world.get(who, "/v1/cases?without_contact=true&limit=200")
    return {one["id"] for one in listed.json()["items"]}


@pytest.mark.parametrize("how", ["deactivated", "moved", "outside"])
async def test_who_leaves_is_out_at_once_and_the_family_and_the_head_are_told(how: str, world: World) -> None:
    family = await world.family()
    case, other = await world.allocated(family), await world.allocated(family, child="teen")
    draft = await world.case(family)
    assert await lonely(world) == set()
    elsewhere = {"department_id": str(world.departments["job"])}
    leaving: dict[str, Any] = {"deactivated": {"active": False}, "moved": {"positions": [elsewhere]}}
    gone = await change(world, "coordinator", leaving.get(how, {"positions": []}))
    assert gone.status_code == 200, gone.text
    hidden = await world.get("coordinator", f"/v1/cases/{case['id']}")
    assert hidden.status_code == (401 if how == "deactivated" else 404)
    for one in (case, other):
        for who in ("mother", "head"):
            assert (await types(world, who, one))[0] == "case.contact_unavailable"
            assert (await types(world, who, one)).count("case.contact_unavailable") == 1
    assert "case.contact_unavailable" not in await types(world, "head", draft)
    assert await lonely(world) == {case["id"], other["id"]}
    kept = await world.get("head", "/v1/cases?without_contact=false")
    assert {one["id"] for one in kept.json()["items"]} == {draft["id"]}


async def test_leaving_is_told_once(world: World) -> None:
    """Further changes of an account that is gone already are no news to the family."""
    case = await world.allocated()
    for body in ({"positions": []}, {"active": False}, {"title": "Fratrådt"}):
        assert (await change(world, "coordinator", body)).status_code == 200
    assert (await types(world, "head", case)).count("case.contact_unavailable") == 1


async def test_who_keeps_a_job_in_the_area_is_still_the_contact(world: World) -> None:
    case = await world.allocated()
    handicap, job = (str(world.departments[key]) for key in ("handicap", "job"))
    two = {"positions": [{"department_id": job}, {"department_id": handicap, "role": "team_leader"}]}
    assert (await change(world, "coordinator", two)).status_code == 200
    assert "case.contact_unavailable" not in await types(world, "head", case)
    assert await lonely(world) == set()


async def test_a_new_coordinator_ends_it_and_a_closed_case_needs_none(world: World) -> None:
    family = await world.family()
    case, closed = await world.allocated(family), await world.allocated(family)
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{closed['id']}/transitions", closing)).status_code == 200
    assert (await change(world, "coordinator", {"active": False})).status_code == 200
    assert await lonely(world) == {case["id"]}
    assert (await types(world, "head", closed))[0] == "case.closed"
    path = f"/v1/cases/{case['id']}"
    appointed = {"user_id": str(world.ids["second"]), "reason": "Den forrige er stoppet"}
    assert (await world.update("head", "PUT", f"{path}/coordinator", appointed, read=path)).status_code == 200
    assert await lonely(world) == set()
    assert (await change(world, "coordinator", {"active": True})).status_code == 200
    assert (await world.get("coordinator", path)).status_code == 404


async def test_the_filter_shows_only_what_the_reader_may_see(world: World) -> None:
    case = await world.allocated()
    await change(world, "coordinator", {"active": False})
    for who in ("visitor", "other_head", "second", "stranger"):
        assert await lonely(world, who) == set(), who
    assert await lonely(world, "psychologist") == {case["id"]}


async def test_a_deactivated_outsider_is_out_at_once(world: World) -> None:
    person = await outsider(world, await partner(world))
    path = f"/v1/users/{person['id']}"
    assert (await world.get("outsider", "/v1/me")).status_code == 200
    assert (await world.update("administrator", "PATCH", path, {"active": False})).status_code == 200
    assert (await world.get("outsider", "/v1/me")).status_code == 401


async def test_leaving_and_being_appointed_at_once_is_not_missed(world: World) -> None:
    """Either the head is refused, or the family is told: never a contact who was gone before anybody knew."""
    for _ in range(4):
        case = await world.case()
        path = f"/v1/cases/{case['id']}"
        wanted = {"user_id": str(world.ids["second"])}
        gone, given = await asyncio.gather(
            change(world, "second", {"active": False}),
            world.update("head", "PUT", f"{path}/coordinator", wanted, read=path),
        )
        assert gone.status_code == 200
        assert given.status_code in (200, 422), given.text
        told = "case.contact_unavailable" in await types(world, "head", case)
        assert told == (given.status_code == 200)
        assert (await change(world, "second", {"active": True})).status_code == 200
