"""What one screen shows, and the words of timeline and access log."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.db import Database, columns, table_of
from app.models import AccessLog, Custody
from app.services.actors import COPENHAGEN
from tests.services.arranged import Arranged
from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio


async def overview(world: World, who: str, case: Any) -> Any:
    return (await world.get(who, f"/v1/cases/{case['id']}/overview")).json()


async def help_out(world: World, case: Any, role: str, who: str = "second") -> None:
    """Buddies in any case: what is shown of them is the matter here."""
    settings = {"settings": {"team": {"buddy_requires_complexity": False}}}
    await world.update("administrator", "PATCH", "/v1/municipality", settings)
    path = f"/v1/cases/{case['id']}"
    answer = await world.update("head", "PUT", f"{path}/{role}", {"user_id": str(world.ids[who])}, read=path)
    assert answer.status_code == 200, answer.text


async def measure(world: World, case: Any, member: str, title: str) -> str:
    body = {"member_id": member, "title": title, "category": "compensating"}
    made = await world.post("coordinator", f"/v1/cases/{case['id']}/measures", body)
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


# --- the overview


async def test_where_a_case_may_go_is_for_those_who_work_with_it(world: World) -> None:
    case = await world.allocated()
    for who in ("coordinator", "head"):
        shown = await overview(world, who, case)
        assert shown["transitions"], who
        assert shown["unfilled"], who
    for who in ("mother", "father"):
        shown = await overview(world, who, case)
        assert (shown["transitions"], shown["unfilled"]) == ([], []), who


async def test_the_overview_has_the_measures_that_go_on(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family, model="none")
    paths = [await measure(world, case, family.members["child"], title) for title in ("Aflastning", "Bil", "Kursus")]
    assert (await world.post("coordinator", f"{paths[1]}/start", {})).status_code == 200
    assert (await world.post("coordinator", f"{paths[2]}/drop", {"reason": "Ikke nødvendigt"})).status_code == 200
    for who in ("coordinator", "psychologist", "mother"):
        found = {one["title"]: one["status"] for one in (await overview(world, who, case))["measures"]}
        assert found == {"Aflastning": "planned", "Bil": "started"}, who
    assert (await overview(world, "head", case))["measures"] == []


async def test_a_leak_through_the_overview_one_adults_measure_stays_with_that_adult(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family, model="none")
    await measure(world, case, family.members["mother"], "Samtaler")
    for who, titles in (("mother", ["Samtaler"]), ("father", [])):
        assert [one["title"] for one in (await overview(world, who, case))["measures"]] == titles, who


# --- the family's own view


async def cards(world: World, case: Any) -> tuple[str, list[tuple[str, str]]]:
    cases = (await world.get("mother", "/v1/me/family")).json()["cases"]
    (found,) = (one for one in cases if one["id"] == case["id"])
    return found["contact"]["name"], [(one["name"], one["role"]) for one in found["beside"]]


async def test_the_family_sees_each_adviser_on_one_card(world: World) -> None:
    case = await world.allocated()
    for role in ("deputy", "buddy"):
        await help_out(world, case, role)
    contact, beside = await cards(world, case)
    assert (contact, [name for name, _ in beside]) == ("coordinator Prøvesen", ["second Prøvesen"])
    away = {"absent_until": (local_today() + timedelta(days=10)).isoformat()}
    assert (await world.update("coordinator", "PATCH", "/v1/me", away)).status_code == 200
    assert await cards(world, case) == ("second Prøvesen", [])


async def test_the_family_sees_open_cases_first(world: World) -> None:
    family = await world.family()
    older = await world.allocated(family)
    newer = await world.allocated(family, child="teen")
    closing = {"goals": [], "handover_note": "Oprettet to gange."}
    body = {"to": "closed", "reason": "opened_in_error", "closing": closing}
    closed = await world.post("coordinator", f"/v1/cases/{newer['id']}/transitions", body)
    assert closed.status_code == 200, closed.text
    cases = (await world.get("mother", "/v1/me/family")).json()["cases"]
    assert [(one["id"], one["state"]) for one in cases] == [(older["id"], "start_up"), (newer["id"], "closed")]


# --- words


async def test_the_timeline_names_the_step(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    assert (await world.post("coordinator", f"{path}/steps/1/start", {})).status_code == 200
    title = (await world.get("mother", f"{path}/steps/1")).json()["title"]
    for who in ("coordinator", "head", "journal", "mother"):
        items = (await world.get(who, f"{path}/timeline")).json()["items"]
        assert (items[0]["type"], items[0]["step_number"], items[0]["step_title"]) == ("step.started", 1, title), who
        assert {(one["step_number"], one["step_title"]) for one in items[1:]} == {(None, None)}, who


@pytest.mark.parametrize(
    ("language", "nothing", "something"),
    [("da", "ville se møder og fik intet vist.", "så på møder."),
     ("en", "looked up meetings and was shown nothing.", "looked up meetings.")],
)  # fmt: skip
async def test_a_list_that_showed_nothing_does_not_sound_like_reading(
    language: str, nothing: str, something: str, world: World
) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"

    async def told() -> Any:
        await world.get("psychologist", f"{path}/meetings")
        return (await world.get("mother", f"{path}/access-log", accept_language=language)).json()["items"][0]

    first = await told()
    assert first["text"].endswith(nothing)
    assert first["rule"] == ""
    planned = {"kind": "status", "planned_for": "2026-01-05T10:00:00Z"}
    assert (await world.post("coordinator", f"{path}/meetings", planned)).status_code == 201
    second = await told()
    assert second["text"].endswith(something)
    assert second["rule"] == "core_team_member"


# --- documents, consents and looks


async def mine(world: World, who: str = "mother") -> Any:
    return (await world.get(who, "/v1/me/family")).json()


async def ids(world: World, who: str, part: str) -> list[str]:
    return [one["id"] for one in (await mine(world, who))[part]]


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def test_the_familys_view_has_what_each_may_read_and_what_waits_for_each(arranged: Arranged) -> None:
    world = arranged.world
    about = {who: str(await arranged.document(who)) for who in ("child", "mother", "father", "teen")}
    both = str(await arranged.document("child", "father"))
    for who, wanted in (
        ("mother", {about["child"], about["mother"], about["teen"]}),
        ("father", {about["child"], about["father"], about["teen"], both}),
        ("teen", {about["teen"]}),
        ("child", set()),
        ("stranger", set()),
    ):
        assert set(await ids(world, who, "documents")) == wanted, who
    waiting = await arranged.basis(to=arranged.user("visitor"), state="requested")
    await arranged.basis("father", to=arranged.user("visitor"), signers=arranged.members("father"))
    given = await arranged.basis(to=arranged.user("psychologist"))
    await arranged.end(await arranged.basis(to=arranged.user("second")))
    await arranged.signed(waiting, "father")
    assert await ids(world, "mother", "consents_waiting") == [str(waiting)]
    assert await ids(world, "father", "consents_waiting") == [], "he has answered"
    assert await ids(world, "mother", "consents_in_force") == [str(given)]
    assert len(await ids(world, "father", "consents_in_force")) == 2


async def test_a_leak_through_the_familys_view_one_adults_words_stay_with_that_adult(arranged: Arranged) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}"
    words = {"title": "Om mig", "body": "Jeg er træt.", "audience": "team"}
    application = {"title": "Kursus", "authority": "Jobcenter", "member_id": arranged.family.members["mother"]}
    for place, body in (("statements", words), ("applications", application)):
        made = await world.post("mother", f"{path}/{place}", body)
        assert made.status_code == 201, made.text
        assert await ids(world, "mother", place) == [made.json()["id"]]
        assert await ids(world, "father", place) == [], place


async def test_a_parent_without_custody_sees_own_consents_and_nothing_of_the_child(
    world: World, owner: Database
) -> None:
    arranged = await Arranged.begin(world, owner)
    custodies = (await world.get("coordinator", f"/v1/families/{arranged.family.id}/custodies")).json()["items"]
    for one in custodies:
        if one["holder_id"] == arranged.family.members["father"]:
            await arranged.set(Custody, UUID(one["id"]), valid_until=date(2020, 1, 1))
    own = await arranged.basis(
        "father", to=arranged.user("visitor"), state="requested", signers=arranged.members("father")
    )
    await arranged.basis(to=arranged.user("visitor"), state="requested")
    await arranged.document()
    found = await mine(world, "father")
    assert [one["id"] for one in found["consents_waiting"]] == [str(own)]
    assert {name: found[name] for name in ("cases", "documents", "looks", "children")} == {
        "cases": [],
        "documents": [],
        "looks": [],
        "children": [],
    }


@pytest.mark.parametrize(
    ("language", "consented", "by_law"),
    [
        ("da", "har fået det delt med jeres samtykke fra {:%d.%m.%Y} (formål: udredning)", "uden samtykke (§ 1)"),
        ("en", "had it shared with them on your consent from {:%d %B %Y} (purpose: assessment)", "consent (§ 1)"),
    ],
)
async def test_a_look_names_the_consent_or_the_rule_of_law_that_opened_it(
    language: str, consented: str, by_law: str, arranged: Arranged
) -> None:
    world = arranged.world
    texts = []
    for kind in ("consent", "statute"):
        document = await arranged.document()
        basis = await arranged.basis(to=arranged.user("psychologist"), kind=kind)
        assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
        assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
        newest, *_ = (await world.get("mother", "/v1/me/family", accept_language=language)).json()["looks"]
        assert [(one["id"], one["kind"], one["purpose"]) for one in newest["grounds"]] == [
            (str(basis), kind, "assessment")
        ]
        assert (newest["case_id"], newest["action"]) == (arranged.case["id"], "read")
        texts.append(newest["text"])
        await arranged.end(basis)
    assert consented.format(datetime.now(COPENHAGEN) - timedelta(hours=1))  # since when it is in force in texts[0]
    assert by_law in texts[1]


async def test_a_leak_through_a_look_a_basis_whose_notice_is_pending_is_not_named(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    reference, later = await arranged.reference(), local_today() + timedelta(days=20)
    told_later = {"notice_after": later, "notice_delay_reason": "Hensyn.", "notice_reference_id": reference}
    basis = await arranged.basis(to=arranged.user("psychologist"), kind="statute", **told_later)
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    for who in ("mother", "father"):
        view = (await world.get(who, "/v1/me/family")).text
        log = (await world.get(who, f"/v1/cases/{arranged.case['id']}/access-log?limit=200")).text
        assert str(basis) not in view + log, who
        assert "shared_on_statute" not in view + log, who


async def test_the_looks_are_of_others_and_of_the_last_days(arranged: Arranged, owner: Database) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}"
    for who, place in (("coordinator", path), ("mother", path), ("coordinator", f"{path}/concerns")):
        assert (await world.get(who, place)).status_code == 200
    looks = (await mine(world))["looks"]
    assert looks
    assert not any(one["is_me"] for one in looks)
    assert {one["outcome"] for one in looks} == {"read"}
    assert not any(one["text"].endswith("fik intet vist.") for one in looks)
    async with owner.transaction(world.municipality) as session:
        log = columns(AccessLog)
        ours = update(table_of(AccessLog)).where(log.municipality_id == world.municipality)
        await session.execute(ours.values(at=log.at - timedelta(days=31)))
    assert (await mine(world))["looks"] == []


# --- the day's work


async def test_work_has_what_waits_for_review_and_what_ends(arranged: Arranged, world: World) -> None:
    ours = await arranged.document(relevance="unreviewed")
    theirs = await arranged.document(owner="ppr", by="psychologist", relevance="unreviewed")
    await arranged.document()
    soon = await arranged.basis(to=arranged.user("visitor"), hours=24 * 29)
    await arranged.basis(to=arranged.user("visitor"), hours=24 * 31)
    await arranged.basis(to=arranged.user("visitor"), state="requested")
    opened = await world.post(
        "psychologist", f"/v1/cases/{arranged.case['id']}/emergency-access", {"reason": "Indlagt"}
    )
    assert opened.status_code == 201, opened.text
    law = await arranged.basis(to=arranged.user("visitor"), kind="statute", state="requested")
    parts = ("reviews_waiting", "consents_ending", "emergencies_to_review", "bases_to_review")
    for who, wanted in (
        ("coordinator", [[str(ours)], [str(soon)], [], []]),
        ("psychologist", [[str(theirs)], [], [], []]),
        ("head", [[], [], [opened.json()["id"]], [str(law)]]),
        ("other_head", [[], [], [], []]),
        ("visitor", [[], [], [], []]),
        ("mother", [[], [], [], []]),
    ):
        work = (await world.get(who, "/v1/me/work")).json()
        assert [[one["id"] for one in work[part]] for part in parts] == wanted, who
    reviewed = f"/v1/emergency-accesses/{opened.json()['id']}/review"
    assert (await world.post("head", reviewed, {"note": "Set."})).status_code == 200
    assert (await world.get("head", "/v1/me/work")).json()["emergencies_to_review"] == []
