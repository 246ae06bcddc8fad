"""Steps of the acceptance story about consent and documents, through HTTP: what is refused, and what is done.

Where the story says 403 for a read it is 404 here. Steps 34 and 35 go as far as documents do: signed webhooks and
journal receipts come later, and so does step 36, messages.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.uploads import PDF, relevant, send
from tests.worlds import FamilyOf, World, local_today

pytestmark = pytest.mark.anyio


@pytest.fixture
async def family(world: World) -> FamilyOf:
    return await world.family()


@pytest.fixture
async def case(world: World, family: FamilyOf) -> Any:
    """In start-up, with a coordinator and the psychologist in the team."""
    return await world.allocated(family)


def says(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def to(world: World, who: str) -> dict[str, str]:
    return {"kind": "user", "id": str(world.ids[who])}


def days(ahead: int) -> str:
    return (local_today() + timedelta(days=ahead)).isoformat()


async def folder(world: World, case: Any, who: str = "coordinator", name: str = "Udredning") -> str:
    made = await world.post(who, f"/v1/cases/{case['id']}/folders", {"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def asked(world: World, case: Any, subject: str, who: tuple[str, ...], **more: Any) -> str:
    """The path of a consent for these professionals, put to those who sign."""
    body = {"subject_id": subject, "purpose": "assessment", "text": "Vi må dele det, der er nævnt."}
    body |= {"recipients": [to(world, one) for one in who], "expires_on": days(200), **more}
    drafted = await world.post("coordinator", f"/v1/cases/{case['id']}/consents", body)
    assert drafted.status_code == 201, drafted.text
    path = f"/v1/consents/{drafted.json()['id']}"
    put = await world.post("coordinator", f"{path}/request")
    assert (put.status_code, put.json()["state"]) == (200, "requested"), put.text
    return path


async def sign(world: World, path: str, *who: str, answer: str = "approved") -> Any:
    """Each of them answers; how the consent stands after the last."""
    for one in who:
        signed = await world.post(one, f"{path}/signatures", {"answer": answer})
        assert signed.status_code == 201, signed.text
    return signed.json()


async def agreed(world: World, case: Any, subject: str, who: tuple[str, ...], **more: Any) -> str:
    """The path of a consent that both parents have signed."""
    path = await asked(world, case, subject, who, **more)
    assert (await sign(world, path, "mother", "father"))["in_force"]
    return path


async def share(world: World, document: Any, who: str, by: str = "coordinator") -> Any:
    wanted = {"recipient": to(world, who), "purpose": "assessment"}
    return await world.post(by, f"/v1/documents/{document['id']}/shares", wanted)


async def reads(world: World, who: str, document: Any) -> bool:
    """Whether somebody reads it: by id, its content, and in both lists, all alike."""
    path, found = f"/v1/documents/{document['id']}", set()
    for place in (path, f"{path}/content", f"{path}/explanation", f"{path}/versions"):
        answer = await world.get(who, place)
        assert answer.status_code in (200, 404), (place, answer.text)
        found.add(answer.status_code == 200)
    for place in ("/v1/documents", f"/v1/cases/{document['case_id']}/documents"):
        answer = await world.get(who, place)
        items = answer.json()["items"] if answer.status_code == 200 else []
        found.add(document["id"] in {one["id"] for one in items})
    (alike,) = found
    return alike


async def looks(world: World, who: str = "mother") -> Any:
    return (await world.get(who, "/v1/me/family")).json()["looks"]


async def events(world: World, case: Any, who: str = "mother") -> list[str]:
    items = (await world.get(who, f"/v1/cases/{case['id']}/timeline?limit=200")).json()["items"]
    return [one["type"] for one in items]


async def test_step_8_nothing_is_shared_before_a_consent_and_what_is_missing_is_named(
    world: World, family: FamilyOf, case: Any
) -> None:
    father = family.members["father"]
    document = await relevant(world, "coordinator", case, category="employment", subjects=[father])
    refused = await share(world, document, "psychologist")
    assert says(refused) == (403, "consent-missing")
    (lacks,) = refused.json()["missing"]
    assert (lacks["subject_id"], lacks["category"], lacks["purpose"]) == (father, "employment", "assessment")
    assert (lacks["party_id"], lacks["state"]) == (str(world.ids["psychologist"]), "not_asked")
    assert not await reads(world, "psychologist", document)
    assert not await reads(world, "mother", document), "it is the father's own"
    assert await reads(world, "father", document)


async def test_steps_9_to_11_both_parents_are_asked_and_both_must_say_yes(
    world: World, family: FamilyOf, case: Any
) -> None:
    place = await folder(world, case)
    document = await relevant(world, "coordinator", case, category="report", folder_id=place)
    consent = await asked(world, case, family.members["child"], ("psychologist", "visitor"), folder_ids=[place])
    for who in ("mother", "father"):
        waiting = (await world.get(who, "/v1/me/family")).json()["consents_waiting"]
        assert [f"/v1/consents/{one['id']}" for one in waiting] == [consent], who

    pending = await sign(world, consent, "mother")
    assert (pending["state"], pending["in_force"]) == ("requested", False)
    refused = await share(world, document, "psychologist")
    assert says(refused) == (403, "consent-missing")
    assert refused.json()["missing"][0]["awaits"] == [family.members["father"]]
    assert not await reads(world, "psychologist", document), "step 10"

    assert (await sign(world, consent, "father"))["state"] == "active"
    assert (await share(world, document, "psychologist")).status_code == 201
    assert await reads(world, "psychologist", document), "step 11"
    assert not await reads(world, "visitor", document), "covered, and neither on the case nor shared with"
    for who in ("mother", "father"):
        seen = [one for one in await looks(world, who) if one["action"] == "download"]
        assert [(one["rule"], one["actor_departments"]) for one in seen] == [("shared_on_consent", ["ppr"])], who
        assert "med jeres samtykke" in seen[0]["text"]
        assert [f"/v1/consents/{one['id']}" for one in seen[0]["grounds"]] == [consent]


async def test_step_17_what_a_child_shows_with_aids_is_the_childs_and_not_the_parents(
    world: World, family: FamilyOf, case: Any
) -> None:
    """The child's voice by a home visit, with communication aids. The dialogue ruler comes with the assessment."""
    words = {"title": "Det, der fylder", "body": "Skolen er for højlydt.", "given": "with_aids"}
    scope = {"author_id": family.members["child"], "audience": "team", "for_custody": False}
    made = await world.post("coordinator", f"/v1/cases/{case['id']}/statements", words | scope)
    assert (made.status_code, made.json()["given"]) == (201, "with_aids")
    path = f"/v1/statements/{made.json()['id']}"
    for who, status in (("psychologist", 200), ("mother", 404), ("father", 404), ("head", 404), ("journal", 404)):
        assert (await world.get(who, path)).status_code == status, who
    for who in ("mother", "father"):
        assert "statement.made" not in await events(world, case, who), who


async def test_step_18_a_partner_of_the_network_sees_only_what_is_shared(
    world: World, family: FamilyOf, case: Any
) -> None:
    """The picture of the network comes with the assessment; here is what a new partner can see."""
    document = await relevant(world, "coordinator", case, category="report")
    await relevant(world, "coordinator", case, category="report", title="Noget andet")
    now = datetime.now(UTC)
    window = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=90)).isoformat()}
    guest = {"user_id": str(world.ids["visitor"]), "kind": "network", "reason": "Følger Alma i børnehaven."} | window
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/guests", guest)).status_code == 201
    assert (await world.get("visitor", "/v1/documents")).json()["items"] == []
    await agreed(world, case, family.members["child"], ("visitor",), document_ids=[document["id"]])
    assert (await share(world, document, "visitor")).status_code == 201
    assert [one["id"] for one in (await world.get("visitor", "/v1/documents")).json()["items"]] == [document["id"]]
    assert says(await world.get("visitor", f"/v1/cases/{case['id']}")) == (404, "not-found")


async def test_step_19_information_is_obtained_on_consent_and_hidden_until_it_is_reviewed(
    world: World, family: FamilyOf, case: Any
) -> None:
    source = {"kind": "department", "id": str(world.departments["ppr"])}
    wanted = {"subject_id": family.members["child"], "holder": source, "what": "PPV", "category": "school"}
    wanted |= {"why": "Til udredningen.", "purpose": "assessment", "due_on": days(10)}
    place = f"/v1/cases/{case['id']}/information-requests"
    assert says(await world.post("coordinator", place, wanted)) == (403, "consent-missing")

    scope = {"categories": ["school"], "sources": [source], "covers_later": True}
    await agreed(world, case, family.members["child"], ("coordinator",), **scope)
    request = await world.post("coordinator", place, wanted)
    assert request.status_code == 201, request.text
    path = f"/v1/information-requests/{request.json()['id']}"
    assert (await send(world, "psychologist", f"{path}/documents", {"title": "PPV"})).status_code == 201
    came = (await world.get("psychologist", path)).json()
    ppv = (await world.get("psychologist", f"/v1/documents/{came['document_id']}")).json()
    assert (came["status"], ppv["relevance"]) == ("fulfilled", "unreviewed")
    assert (await world.get("coordinator", path)).json()["document_id"] is None
    assert not await reads(world, "coordinator", ppv)
    assert says(await share(world, ppv, "coordinator", "psychologist")) == (409, "document-unreviewed")

    judged = await world.post("psychologist", f"/v1/documents/{ppv['id']}/relevance", {"relevance": "relevant"})
    assert judged.status_code == 200
    assert (await share(world, ppv, "coordinator", "psychologist")).status_code == 201
    assert await reads(world, "coordinator", ppv)


async def test_step_20_who_joins_late_begins_with_nothing_and_gets_what_the_family_gives(
    world: World, family: FamilyOf, case: Any
) -> None:
    parents = await folder(world, case, name="Forældre")
    report = await relevant(world, "coordinator", case, category="report", title="Samlet afrapportering")
    notes = await relevant(world, "coordinator", case, category="employment", folder_id=parents)
    for document in (report, notes):
        await agreed(world, case, family.members["child"], ("psychologist",), document_ids=[document["id"]])
        assert (await share(world, document, "psychologist")).status_code == 201
    joins = {"user_id": str(world.ids["job_adviser"]), "department_id": str(world.departments["job"])}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/team", joins)).status_code == 201
    assert not await reads(world, "job_adviser", report)

    gaps = f"/v1/cases/{case['id']}/consent-gaps?user_id={world.ids['job_adviser']}&purpose=assessment"
    (gap,) = (await world.get("coordinator", gaps)).json()["items"]
    assert {one["category"] for one in gap["lacks"]} == {"report", "employment"}
    ready = {name: value for name, value in gap["request"].items() if name not in ("categories", "subject_id")}
    limited = {"subject_id": family.members["child"], "folder_ids": [parents], "text": ready["text"]}
    path = await asked(world, case, limited.pop("subject_id"), ("job_adviser",), **limited)
    await sign(world, path, "mother", "father")
    assert says(await share(world, report, "job_adviser")) == (403, "consent-missing")
    assert (await share(world, notes, "job_adviser")).status_code == 201
    assert await reads(world, "job_adviser", notes)
    assert not await reads(world, "job_adviser", report), "limited to the parents' folder"


async def test_steps_34_and_35_a_journal_system_reads_what_its_department_may_and_nothing_more(
    world: World, family: FamilyOf, case: Any
) -> None:
    joins = {"user_id": str(world.ids["job_adviser"]), "department_id": str(world.departments["job"])}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/team", joins)).status_code == 201
    plan = await relevant(world, "coordinator", case, category="decision", title="Fælles plan")
    assert await reads(world, "journal", plan), "of the department that owns it"
    assert not await reads(world, "other_service", plan), "its department is on the case, and no consent names it"
    never = await world.get("other_service", f"/v1/documents/{uuid4()}")
    hidden = await world.get("other_service", f"/v1/documents/{plan['id']}")
    assert (hidden.status_code, hidden.content) == (404, never.content)

    department = {"kind": "department", "id": str(world.departments["job"])}
    more = {"document_ids": [plan["id"]], "recipients": [department]}
    await agreed(world, case, family.members["child"], (), **more)
    shared = {"recipient": department, "purpose": "assessment"}
    assert (await world.post("coordinator", f"/v1/documents/{plan['id']}/shares", shared)).status_code == 201
    assert await reads(world, "other_service", plan)
    assert (await world.get("other_service", f"/v1/documents/{plan['id']}/content")).content == PDF


async def test_step_40_a_withdrawal_closes_at_once_and_for_that_recipient_alone(
    world: World, family: FamilyOf, case: Any
) -> None:
    joins = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"])}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/team", joins)).status_code == 201
    plan = await relevant(world, "coordinator", case, category="decision", title="Fælles plan")
    given = {}
    for who in ("psychologist", "visitor"):
        given[who] = await agreed(world, case, family.members["child"], (who,), document_ids=[plan["id"]])
        assert (await share(world, plan, who)).status_code == 201
        assert await reads(world, who, plan)

    ended = await world.post("father", f"{given['psychologist']}/withdrawal")
    assert (ended.status_code, ended.json()["state"]) == (201, "withdrawn")
    assert not await reads(world, "psychologist", plan)
    for who in ("visitor", "coordinator", "mother"):
        assert await reads(world, who, plan), who
    assert "consent.withdrawn" in await events(world, case)
    log = (await world.get("mother", f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
    past = [one["rule"] for one in log if one["action"] == "download" and one["actor_departments"] == ["ppr"]]
    assert "shared_on_consent" in past, "what was seen before is not unsaid"


async def test_step_43_a_new_coordinator_does_not_open_what_the_family_keeps_until_it_consents(
    world: World, family: FamilyOf, case: Any
) -> None:
    kept = await folder(world, case)
    report = await relevant(world, "coordinator", case, category="report", folder_id=kept)
    theirs = await relevant(world, "coordinator", case, category="report")
    place = f"/v1/folders/{kept}"
    marked = await world.update("mother", "PUT", f"{place}/explicit-only", {"explicit_only": True}, read=place)
    assert marked.status_code == 200, marked.text
    path = f"/v1/cases/{case['id']}"
    handed = {"user_id": str(world.ids["second"]), "reason": "Nyt arbejde.", "handover_note": "Ring om eftermiddagen."}
    assert (await world.update("head", "PUT", f"{path}/coordinator", handed, read=path)).status_code == 200
    assert not await reads(world, "coordinator", theirs)
    assert await reads(world, "second", theirs), "what the department owns comes with the case"
    assert not await reads(world, "second", report), "but for what the family keeps"

    (gap,) = (await world.get("mother", f"{path}/consent-gaps?user_id={world.ids['second']}")).json()["items"]
    assert [(one["category"], one["documents"]) for one in gap["lacks"]] == [("report", 1)]
    drafted = await world.post("mother", f"{path}/consents", gap["request"] | {"purpose": "assessment"})
    assert drafted.status_code == 201, drafted.text
    consent = f"/v1/consents/{drafted.json()['id']}"
    assert (await world.post("mother", f"{consent}/request")).status_code == 200
    await sign(world, consent, "mother", "father")
    assert not await reads(world, "second", report), "nor by a consent alone"
    assert (await share(world, report, "second", "mother")).status_code == 201
    assert await reads(world, "second", report)
