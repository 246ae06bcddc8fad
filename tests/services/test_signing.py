"""Consents over HTTP: answered by each whom it takes, recorded for those who cannot, taken back at once (P3, P5)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db import Database
from app.models import Basis, Case
from tests.services.arranged import Arranged, now
from tests.services.test_consents import asked, day, draft, signed, today
from tests.worlds import World

pytestmark = pytest.mark.anyio
NO = {"answer": "declined"}
YES = {"answer": "approved"}


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def set_to(world: World, **consent: Any) -> None:
    changed = await world.update("administrator", "PATCH", "/v1/municipality", {"settings": {"consent": consent}})
    assert changed.status_code == 200, changed.text


def said(consent: Any) -> dict[str, Any]:
    return {one["name"].partition(" ")[0]: one["answer"] for one in consent["signers"]}


async def told(world: World, arranged: Arranged, who: str = "coordinator") -> list[str]:
    """What the timeline tells of consents, oldest first."""
    rows = (await world.get(who, f"/v1/cases/{arranged.case['id']}/timeline?limit=200")).json()["items"]
    return [row["type"].partition(".")[2] for row in reversed(rows) if row["type"].startswith("consent.")]


async def test_the_document_is_open_from_the_last_signature_to_the_first_withdrawal(arranged: Arranged) -> None:
    """Story steps 9–11 and 40; P3: on the very next request, for get, content list and register."""
    world, document = arranged.world, await arranged.document()
    path = await asked(arranged)
    shut = await arranged.share(document, arranged.user("psychologist"))
    assert (shut.status_code, shut.json()["missing"][0]["state"]) == (403, "awaiting_signatures")
    half = await signed(world, path, "mother")
    assert (half["state"], half["in_force"], half["active_from"]) == ("requested", False, None)
    assert said(half) == {"child": None, "mother": "approved", "father": None}
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 403
    whole = await signed(world, path, "father")
    assert (whole["state"], whole["in_force"]) == ("active", True)
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    assert await arranged.status("psychologist", document) == 200
    gone = await world.post("father", f"{path}/withdrawal", {"reason": "Vi vil tale om det først."})
    assert (gone.status_code, gone.json()["state"], gone.json()["in_force"]) == (201, "withdrawn", False)
    assert gone.json()["active_until"] == gone.json()["active_from"]
    assert gone.json()["ended_at"] is not None
    assert gone.headers["location"] == path
    assert await arranged.status("psychologist", document) == 404
    listed = await world.get("psychologist", f"/v1/cases/{arranged.case['id']}/documents")
    assert listed.json()["items"] == []
    assert await told(world, arranged) == ["drafted", "requested", "signed", "signed", "granted", "withdrawn"]
    for late, body in (("signatures", YES), ("signatures", NO), ("withdrawal", {})):
        refused = await world.post("mother", f"{path}/{late}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "consent-closed")


@pytest.mark.parametrize("rule", ["all", "any"])
async def test_one_no_closes_it(arranged: Arranged, rule: str) -> None:
    """P5, also where one signature is enough, and after it was in force."""
    world = arranged.world
    await set_to(world, joint_rule=rule)
    path = await asked(arranged)
    first = await signed(world, path, "mother")
    assert first["state"] == ("active" if rule == "any" else "requested")
    no = await world.post("father", f"{path}/signatures", NO | {"note": "Jeg er ikke enig."})
    assert (no.json()["state"], no.json()["in_force"]) == ("declined", False)
    assert (await told(world, arranged))[-1] == "declined"
    refused = await world.post("mother", f"{path}/signatures", YES)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent-closed")


async def test_each_answers_once_and_can_still_take_it_back(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    for again in (YES, NO):
        refused = await world.post("mother", f"{path}/signatures", again)
        assert (refused.status_code, refused.json()["code"]) == (409, "already-answered")
    assert (await world.post("mother", f"{path}/withdrawal")).json()["state"] == "withdrawn"


async def test_a_draft_is_neither_signed_nor_withdrawn(arranged: Arranged) -> None:
    path = await draft(arranged, "mother")
    for verb, body in (("signatures", YES), ("withdrawal", {})):
        assert (await arranged.world.post("mother", f"{path}/{verb}", body)).status_code == 403
    path = await draft(arranged)
    body = {"given": "oral", "note": "Sagt i dag.", "member_id": arranged.family.members["mother"]}
    for verb, more in (("signatures", YES), ("withdrawal", {})):
        refused = await arranged.world.post("coordinator", f"{path}/{verb}", body | more)
        assert refused.status_code == 422, "nobody is asked yet"


# --- who


async def test_only_those_it_takes_answer(arranged: Arranged, neighbour: World) -> None:
    world, members = arranged.world, arranged.family.members
    path = await asked(arranged)
    recorded = {"given": "oral", "note": "Sagt i telefonen.", "member_id": members["father"]}
    for who, sign, withdraw in (
        ("psychologist", 403, 403),
        ("head", 404, 404),
        ("visitor", 404, 404),
        ("stranger", 404, 404),
        ("journal", 404, 404),
        ("teen", 404, 404),
        ("child", 201, 403),
    ):
        body = YES if who in ("child", "teen", "stranger") else YES | recorded
        assert (await world.post(who, f"{path}/signatures", body)).status_code == sign, who
        assert (await world.post(who, f"{path}/withdrawal", {})).status_code == withdraw, who
    assert (await neighbour.post("mother", f"{path}/signatures", YES)).status_code == 404
    mine = await world.post("mother", f"{path}/signatures", YES | {"member_id": members["mother"]})
    assert mine.status_code == 201


async def test_nobody_answers_for_another(arranged: Arranged) -> None:
    world, members = arranged.world, arranged.family.members
    path = await asked(arranged)
    for verb, more in (("signatures", YES), ("withdrawal", {})):
        for body, pointer, code in (
            ({"member_id": members["father"]}, "/member_id", "not-yourself"),
            ({"given": "oral", "note": "x"}, "/given", "only-professionals"),
            ({"given": "paper"}, "/given", "only-professionals"),
            ({"evidence_id": str(uuid4())}, "/evidence_id", "only-professionals"),
        ):
            refused = await world.post("mother", f"{path}/{verb}", more | body)
            assert refused.status_code == 422, refused.text
            assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]
    assert (await world.get("mother", path)).json()["state"] == "requested"


async def test_what_was_said_or_signed_on_paper_is_recorded_with_its_evidence(arranged: Arranged) -> None:
    world, members = arranged.world, arranged.family.members
    path, other = await asked(arranged), await Arranged.begin(arranged.world, arranged.owner)
    scan, elsewhere = await arranged.document(category="other"), await other.document()
    for body, pointer in (
        ({"member_id": members["mother"]}, "/given"),
        ({"given": "digital", "member_id": members["mother"]}, "/given"),
        ({"given": "oral", "note": "Sagt."}, "/member_id"),
        ({"given": "oral", "note": "Sagt.", "member_id": members["teen"]}, "/member_id"),
        ({"given": "oral", "member_id": members["mother"]}, "/note"),
        ({"given": "oral", "member_id": members["mother"], "evidence_id": str(scan)}, "/note"),
        ({"given": "paper", "member_id": members["mother"]}, "/note"),
        ({"given": "paper", "member_id": members["mother"], "evidence_id": str(uuid4())}, "/evidence_id"),
        ({"given": "paper", "member_id": members["mother"], "evidence_id": str(elsewhere)}, "/evidence_id"),
    ):
        refused = await world.post("coordinator", f"{path}/signatures", YES | body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body
    oral = {"given": "oral", "note": "Sagt ved hjemmebesøg; makker hørte det.", "member_id": members["mother"]}
    paper = {"given": "paper", "evidence_id": str(scan), "member_id": members["father"]}
    assert (await world.post("coordinator", f"{path}/signatures", YES | oral)).status_code == 201
    assert (await world.post("coordinator", f"{path}/signatures", YES | paper)).json()["state"] == "active"
    rows = (await world.get("coordinator", f"{path}/signatures")).json()["items"]
    assert [(row["given"], row["note"], row["evidence_id"]) for row in rows] == [
        ("paper", None, str(scan)),
        ("oral", oral["note"], None),
    ]
    assert {row["recorded_by"] for row in rows} == {str(world.ids["coordinator"])}
    back = {"given": "oral", "note": "Ringede.", "reason": "Fortrudt.", "member_id": members["father"]}
    assert (await world.post("coordinator", f"{path}/withdrawal", {"given": "oral"} | {"note": "x"})).status_code == 422
    assert (await world.post("coordinator", f"{path}/withdrawal", back)).json()["state"] == "withdrawn"


async def test_why_one_parent_said_no_is_not_for_the_other(arranged: Arranged) -> None:
    """A leak: the reason, in the list of answers and in the consent."""
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    await world.post("father", f"{path}/signatures", NO | {"note": "Hendes nye kæreste."})
    for who, notes in (("father", 1), ("mother", 0), ("coordinator", 1), ("psychologist", 1)):
        answers = await world.get(who, f"{path}/signatures")
        assert len(answers.json()["items"]) == 2, who
        assert answers.text.count("kæreste") == notes, who
        assert "kæreste" not in (await world.get(who, path)).text
    assert (await world.get("stranger", f"{path}/signatures")).status_code == 404


async def test_the_child_is_heard_and_decides_nothing(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    heard = await world.post("child", f"{path}/signatures", NO)
    assert (heard.status_code, heard.json()["state"], said(heard.json())["child"]) == (201, "requested", "declined")
    assert (await told(world, arranged))[-1] == "heard"
    assert (await world.post("child", f"{path}/signatures", YES)).status_code == 201, "a child may think again"
    assert (await signed(world, path, "mother", "father"))["state"] == "active"
    assert (await world.get("child", path)).status_code == 200
    oral = {"given": "oral", "note": "Sagt ved børnesamtalen.", "member_id": arranged.family.members["child"]}
    assert (await world.post("coordinator", f"{path}/signatures", NO | oral)).json()["state"] == "active"


async def test_a_young_child_reads_no_consents(arranged: Arranged) -> None:
    """The young person by the age rules: being the subject is not enough."""
    await set_to(arranged.world, child_voice_age=12)
    path = await asked(arranged)
    assert (await arranged.world.get("child", path)).status_code == 404


async def test_the_young_person_signs_too_and_alone_for_health(world: World, owner: Database) -> None:
    arranged = await Arranged.begin(world, owner, child="teen")
    teen = arranged.family.members["teen"]
    path = await asked(arranged, subject_id=teen)
    assert (await signed(world, path, "mother", "father"))["state"] == "requested"
    assert (await signed(world, path, "teen"))["state"] == "active"
    path = await asked(arranged, subject_id=teen, categories=["health"])
    consent = (await world.get("mother", path)).json()
    assert [(one["name"], one["required"]) for one in consent["signers"]] == [("teen Prøvesen", True)]
    assert (await world.post("mother", f"{path}/signatures", YES)).status_code == 403
    assert (await world.post("mother", f"{path}/withdrawal")).status_code == 403
    assert (await signed(world, path, "teen"))["state"] == "active"


async def test_an_adult_signs_alone(arranged: Arranged) -> None:
    world, father = arranged.world, arranged.family.members["father"]
    path = await asked(arranged, subject_id=father, categories=["employment"])
    assert (await world.post("mother", f"{path}/signatures", YES)).status_code == 404
    assert (await signed(world, path, "father"))["state"] == "active"
    for who, events in (("father", ["drafted", "requested", "signed", "granted"]), ("mother", [])):
        assert await told(world, arranged, who) == events, "one parent's consent is not the other's business"
    log = await world.get("mother", f"/v1/cases/{arranged.case['id']}/access-log?limit=200")
    actions = [one["action"] for one in log.json()["items"]]
    assert {"draft_consent", "request_consent", "sign"} & set(actions) == set()


# --- its end


async def test_a_withdrawal_works_in_a_closed_case_too(arranged: Arranged) -> None:
    world, path, waiting = arranged.world, await asked(arranged), await asked(arranged)
    await signed(world, path, "mother", "father")
    await arranged.set(Case, UUID(arranged.case["id"]), state="closed", closed_at=now(), close_reason="other")
    refused = await world.post("mother", f"{waiting}/signatures", YES)
    assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")
    assert (await world.post("mother", f"{path}/withdrawal")).json()["state"] == "withdrawn"


async def test_a_new_consent_takes_the_place_of_the_old_when_it_is_in_force(arranged: Arranged) -> None:
    world = arranged.world
    old = await asked(arranged)
    await signed(world, old, "mother", "father")
    id = old.rpartition("/")[2]
    for wrong in ({"purpose": "support"}, {"subject_id": arranged.family.members["mother"]}):
        refused = await world.post(
            "coordinator",
            f"/v1/cases/{arranged.case['id']}/consents",
            {
                "subject_id": arranged.family.members["child"],
                "purpose": "assessment",
                "recipients": [{"kind": "user", "id": str(world.ids["psychologist"])}],
                "categories": ["report"],
                "text": "Nyt.",
                "supersedes_id": id,
            }
            | wrong,
        )
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/supersedes_id"), wrong
    new = await asked(arranged, supersedes_id=id, categories=["report", "school"])
    await signed(world, new, "mother")
    assert (await world.get("mother", old)).json()["state"] == "active"
    await signed(world, new, "father")
    former = (await world.get("mother", old)).json()
    assert (former["state"], former["in_force"]) == ("superseded", False)
    assert former["active_until"] == former["active_from"]
    assert (await told(world, arranged))[-2:] == ["granted", "superseded"]
    again = await world.post("mother", f"{old}/withdrawal")
    assert (again.status_code, again.json()["code"]) == (409, "consent-closed")


async def test_the_last_day_is_over_even_before_anybody_wrote_it_down(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    over = today() - timedelta(days=1)
    await arranged.set(Basis, UUID(path.rpartition("/")[2]), expires_on=over, remind_on=None)
    for verb, body in (("signatures", YES), ("withdrawal", {})):
        refused = await world.post("mother", f"{path}/{verb}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "consent-closed")


async def test_expiry_and_review_are_shown(arranged: Arranged) -> None:
    path = await asked(arranged, expires_on=day(40), review_on=day(20))
    shown = (await arranged.world.get("mother", path)).json()
    assert (shown["expires_on"], shown["review_on"], shown["active_until"]) == (day(40), day(20), None)


# --- at the same time


async def test_two_last_signatures_at_once(arranged: Arranged) -> None:
    """Both are taken, the second one sees the first: in force once, and told once."""
    world = arranged.world
    for _ in range(5):
        path = await asked(arranged)
        answers = await asyncio.gather(
            *(world.post(who, f"{path}/signatures", YES) for who in ("mother", "father", "mother", "father"))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
        assert (await world.get("mother", path)).json()["state"] == "active"
    assert (await told(world, arranged)).count("granted") == 5


async def test_a_withdrawal_against_the_last_signature(arranged: Arranged) -> None:
    """Whoever comes first: it is withdrawn in the end, and never in force afterwards."""
    world, document = arranged.world, await arranged.document()
    for turn in range(6):
        path = await asked(arranged)
        await signed(world, path, "mother")
        calls = [world.post("father", f"{path}/signatures", YES), world.post("mother", f"{path}/withdrawal")]
        answers = await asyncio.gather(*(calls if turn % 2 else reversed(calls)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        shown = (await world.get("mother", path)).json()
        assert (shown["state"], shown["in_force"]) == ("withdrawn", False)
        assert shown["active_from"] == shown["active_until"]
        shut = await arranged.share(document, arranged.user("psychologist"))
        assert (shut.status_code, shut.json()["code"]) == (403, "consent-missing")


async def test_two_who_replace_the_same_consent_at_once(arranged: Arranged) -> None:
    world, old = arranged.world, await asked(arranged)
    await signed(world, old, "mother", "father")
    new = [await asked(arranged, supersedes_id=old.rpartition("/")[2]) for _ in range(2)]
    for path in new:
        await signed(world, path, "mother")
    await asyncio.gather(*(world.post("father", f"{path}/signatures", YES) for path in new))
    assert [(await world.get("mother", path)).json()["state"] for path in (old, *new)] == [
        "superseded",
        "active",
        "active",
    ]
    assert (await told(world, arranged)).count("superseded") == 1


async def test_what_is_sent_again_has_one_effect_and_shows_what_is_so_now(arranged: Arranged) -> None:
    """P14: a signature that is replayed after the withdrawal is not given again."""
    world, path = arranged.world, await asked(arranged)
    first = await world.post("mother", f"{path}/signatures", YES, idempotency_key="ja")
    assert (first.status_code, first.json()["state"]) == (201, "requested")
    again = await world.post("mother", f"{path}/signatures", YES, idempotency_key="ja")
    assert (again.status_code, again.json()) == (201, first.json())
    for _ in range(2):
        gone = await world.post("mother", f"{path}/withdrawal", {}, idempotency_key="nej")
        assert (gone.status_code, gone.json()["state"]) == (201, "withdrawn")
    late = await world.post("mother", f"{path}/signatures", YES, idempotency_key="ja")
    assert (late.status_code, late.json()["state"]) == (201, "withdrawn")
    assert len((await world.get("mother", f"{path}/signatures")).json()["items"]) == 2
    body = {"idempotency_key": "udkast"}
    made = [
        await world.post("coordinator", f"/v1/consents/{path.rpartition('/')[2]}/request", **body) for _ in range(2)
    ]
    assert {one.status_code for one in made} == {409}
