"""Ways in that were found by trying, each closed: a test that guards a past leak says so in its name."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Database
from tests.policy.scenes import entries, made
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def me(world: World, who: str) -> str:
    return f"/v1/users/{world.ids[who]}"


async def test_an_administrator_cannot_give_herself_a_part(world: World) -> None:
    own = (await world.get("administrator", "/v1/me")).json()["id"]
    head = [{"department_id": str(world.departments["handicap"]), "role": "professional_head"}]
    for change in ({"positions": head}, {"profession": "social_adviser"}):
        refused = await world.update("administrator", "PATCH", f"/v1/users/{own}", change)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_head_does_not_join_the_team_to_read_content(world: World) -> None:
    case = await world.allocated()
    joining = {"user_id": str(world.ids["head"]), "department_id": str(world.departments["handicap"])}
    assert (await world.post("head", f"/v1/cases/{case['id']}/team", joining)).status_code == 403
    assert (await world.get("head", f"/v1/cases/{case['id']}/contacts")).json()["items"] == []


async def test_access_ends_with_the_job(world: World) -> None:
    """The assignment still stands; the position does not."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    for who, department in (("coordinator", "job"), ("psychologist", "job")):
        moved = {"positions": [{"department_id": str(world.departments[department])}]}
        assert (await world.update("administrator", "PATCH", await me(world, who), moved)).status_code == 200
        assert (await world.get(who, path)).status_code == 404
        assert (await world.get(who, f"{path}/contacts")).status_code == 404
        assert (await world.get(who, f"/v1/families/{case['family_id']}/members")).status_code == 404


async def test_who_is_dismissed_is_out_at_once_and_the_case_does_not_ring_in_an_empty_room(world: World) -> None:
    """An account can always be switched off; that nobody answers the family any more is then seen by all of them."""
    case = await world.allocated()
    gone = await world.update("administrator", "PATCH", await me(world, "coordinator"), {"active": False})
    assert gone.status_code == 200
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}")).status_code == 401
    for who in ("mother", "head"):
        told = (await world.get(who, f"/v1/cases/{case['id']}/timeline")).json()["items"]
        assert told[0]["type"] == "case.contact_unavailable"
    department = f"/v1/departments/{world.departments['handicap']}"
    closed = await world.update("administrator", "PATCH", department, {"active": False})
    assert (closed.status_code, closed.json()["code"]) == (409, "in-use")


async def test_what_is_veiled_is_not_overwritten_blindly(world: World) -> None:
    family = await world.family()
    member = f"/v1/members/{family.members['child']}"
    tag = (await world.get("head", member)).headers["etag"]
    noted = await world.update("coordinator", "PATCH", member, {"capability_notes": "Bruger billedkort."})
    assert noted.status_code == 200
    blind = await world.call("head", "PATCH", member, {"capability_notes": "x"}, if_match=tag)
    assert blind.status_code == 403
    assert (await world.get("coordinator", member)).json()["capability_notes"] == "Bruger billedkort."


async def test_a_service_leads_nothing_and_is_nobodys_last_administrator(world: World) -> None:
    body: dict[str, Any] = {"kind": "service", "issuer": "urn:x", "subject": "robot", "name": "Robot"}
    body["positions"] = [{"department_id": str(world.departments["handicap"]), "role": "administrator"}]
    refused = await world.post("administrator", "/v1/users", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/positions/0/role")


async def test_nothing_is_written_after_the_case_is_closed(world: World, owner: Database) -> None:
    """Closing and writing at once: whatever was acknowledged happened before the closing."""
    family = await world.family()
    await world.allocated(family)  # so that the coordinator still knows the family when the others are closed
    for _ in range(4):
        case = await world.allocated(family)
        path = f"/v1/cases/{case['id']}"
        closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
        meeting = {"kind": "status", "planned_for": "2026-12-01T10:00:00Z"}
        writes = [world.post("mother", f"{path}/callbacks", {}) for _ in range(3)]
        writes += [world.post("coordinator", f"{path}/meetings", meeting) for _ in range(3)]
        answers = await asyncio.gather(*writes, world.post("coordinator", f"{path}/transitions", closing))
        assert answers[-1].status_code == 200
        async with owner.transaction(world.municipality) as session:
            last = text("select type from events where case_id = :case order by sequence desc limit 1")
            assert (await session.execute(last, {"case": case["id"]})).scalar_one() == "case.closed"


async def test_a_conflict_that_tells_of_a_case_is_logged(world: World, owner: Database) -> None:
    case = await world.allocated()
    told = await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", {"to": "running"})
    assert told.status_code == 409
    async with owner.transaction(world.municipality) as session:
        rows = text("select action, code from access_log where case_id = :case and outcome = 'failed'")
        found = {(row.action, row.code) for row in await session.execute(rows, {"case": case["id"]})}
    assert found == {("change_state", "case-not-ready")}


async def test_a_former_holder_of_custody_is_told_nothing_more(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    asked = (await world.post("father", f"/v1/cases/{case['id']}/callbacks", {})).json()
    held = (await world.get("father", f"/v1/families/{family.id}/custodies")).json()["items"]
    for custody in held:
        path = f"/v1/custodies/{custody['id']}"
        ended = await world.update("coordinator", "PATCH", path, {"valid_until": "2024-01-01"})
        assert ended.status_code == 200
    assert (await world.get("father", f"/v1/callbacks/{asked['id']}")).status_code == 404
    assert (await world.get("father", "/v1/me/family")).json()["callbacks"] == []


async def test_hidden_signs_numbers_for_dates_and_far_moments_are_refused(world: World) -> None:
    family = await world.family()
    member = {"kind": "child", "relation": "child", "name": "Alma", "birth_date": "2016-04-12"}
    for wrong in ({"name": "a\u202eb"}, {"name": "a\u0085b"}, {"birth_date": 0}, {"birth_date": "0001-01-01"}):
        refused = await world.post("coordinator", f"/v1/families/{family.id}/members", member | wrong)
        assert refused.status_code == 422, wrong
    case = await world.allocated(family)
    far = {"kind": "status", "planned_for": "9999-12-31T23:59:59-12:00"}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/meetings", far)).status_code == 422


async def test_json_is_strict_however_its_type_is_written(world: World) -> None:
    body = f'{{"owner_department_id": "{world.departments["handicap"]}", "owner_department_id": "x"}}'.encode()
    for kind, status in (("application/JSON", 400), ("text/plain", 415)):
        headers = {**world.headers("coordinator"), "content-type": kind}
        assert (await world.client.post("/v1/families", content=body, headers=headers)).status_code == status


async def test_a_head_does_not_appoint_herself(world: World) -> None:
    """A likely leak: content by role alone, by way of being coordinator for a moment."""
    draft, running = await world.case(), await world.allocated()
    for case in (draft, running):
        path = f"/v1/cases/{case['id']}"
        body = {"user_id": str(world.ids["head"]), "reason": "Jeg tager den selv."}
        refused = await world.update("head", "PUT", f"{path}/coordinator", body, read=path)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_who_coordinated_a_closed_case_reads_nothing_new_of_the_family(world: World) -> None:
    """A likely leak: the address where a mother hides, recorded long after the case was closed."""
    family = await world.family()
    case = await world.allocated(family)
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    await made(world, "coordinator", f"/v1/cases/{case['id']}/transitions", closing)
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}")).status_code == 200
    for place in (f"/v1/members/{family.members['mother']}", f"/v1/families/{family.id}"):
        assert (await world.get("coordinator", place)).status_code == 404
    wanted = {"family_id": family.id, "child_id": family.members["teen"]}
    again = wanted | {"owner_department_id": str(world.departments["handicap"])}
    assert (await world.post("coordinator", "/v1/cases", again)).status_code == 404


async def test_a_search_confirms_no_number_to_those_who_do_not_see_it(world: World) -> None:
    """A likely leak: a leader or the core team tries the serials of a child whose birth date they read."""
    family = await world.family()
    await world.allocated(family)
    mother, number = f"/v1/members/{family.members['mother']}", "010180-1234"
    written = await world.update("coordinator", "PATCH", mother, {"cpr_number": number})
    assert written.status_code == 200, written.text
    found = {}
    for who in ("coordinator", "head", "psychologist"):
        found[who] = len((await world.post(who, "/v1/members/search", {"cpr_number": number})).json()["items"])
    assert found == {"coordinator": 1, "head": 0, "psychologist": 0}
    for day in ("1980-01-01", "1981-01-01"):
        told = await world.update("head", "PATCH", mother, {"birth_date": day})
        assert (told.status_code, told.json()["code"]) == (403, "forbidden")


async def test_a_refused_look_at_the_case_is_told(world: World) -> None:
    """A likely gap: twelve attempts on a case that reached neither the family nor the auditor."""
    case = await world.allocated()
    for rest in ("", "/overview", "/timeline"):
        assert (await world.get("visitor", f"/v1/cases/{case['id']}{rest}")).status_code == 404
    for who in ("mother", "auditor"):
        told = [one for one in await entries(world, who, case["id"]) if one["outcome"] == "refused"]
        assert len(told) == 3
        assert {(*one["actor_departments"], one["resource"]) for one in told} == {("sundhed", "case")}


async def test_why_a_colleague_is_above_the_norm_is_for_the_leader(world: World) -> None:
    """A likely leak: the reason speaks of a member of staff, and stood before the family and the whole team."""
    person = f"/v1/users/{world.ids['coordinator']}"
    norm = await world.update("head", "PUT", f"{person}/norm", {"max": 1, "reason": "På deltid."}, read=person)
    assert norm.status_code == 200, norm.text
    family = await world.family()
    await world.allocated(family)
    case = await world.case(family)
    path, body = f"/v1/cases/{case['id']}", {"user_id": str(world.ids["coordinator"])}
    above = body | {"override_reason": "Hun er deltidssyg, men der er ingen anden."}
    assert (await world.update("head", "PUT", f"{path}/coordinator", above, read=path)).status_code == 200
    seen = {who: len((await world.get(who, f"{path}/deviations")).json()["items"]) for who in READERS_OF_A_CASE}
    assert seen == {"head": 1, "coordinator": 1, "mother": 0, "journal": 0}
    for who in READERS_OF_A_CASE:  # nor by way of the timeline
        told = (await world.get(who, f"{path}/timeline")).json()["items"]
        assert "deviation.recorded" not in {event["type"] for event in told}, who


READERS_OF_A_CASE = ("head", "coordinator", "mother", "journal")


async def test_a_service_is_not_told_of_contact_with_the_family(world: World) -> None:
    """Contact is content: neither when it was, nor who has custody or signs in."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    contact = {"kind": "first_contact", "channel": "phone", "took_place_at": datetime.now(UTC).isoformat()}
    await made(world, "coordinator", f"{path}/contacts", contact)
    assert (await world.get("journal", path)).json()["first_contact_at"] is None
    assert (await world.get("journal", f"{path}/overview")).json()["days_to_first_contact"] is None
    assert (await world.get("head", path)).json()["first_contact_at"] is not None
