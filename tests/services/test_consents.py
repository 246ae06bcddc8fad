"""Consents over HTTP: what they may name, who sees a draft, and how they are asked for (R280, R283, R288, R298, P2)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from app.db import Database, columns, table_of
from app.models import Basis, Case, Custody, Department
from app.services.signers import day_of
from tests.services.arranged import Arranged
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


def today() -> date:
    return day_of(datetime.now(UTC))


def day(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def body_for(world: World, family: FamilyOf, **more: Any) -> dict[str, Any]:
    return {
        "subject_id": family.members["child"],
        "purpose": "assessment",
        "recipients": [{"kind": "user", "id": str(world.ids["psychologist"])}],
        "categories": ["report"],
        "text": "PPR må se oplysninger om udredningen.",
    } | more


async def drafted(arranged: Arranged, who: str = "coordinator", **more: Any) -> Any:
    body = body_for(arranged.world, arranged.family, **more)
    return await arranged.world.post(who, f"/v1/cases/{arranged.case['id']}/consents", body)


async def draft(arranged: Arranged, who: str = "coordinator", **more: Any) -> str:
    """The path of a draft."""
    made = await drafted(arranged, who, **more)
    assert made.status_code == 201, made.text
    return f"/v1/consents/{made.json()['id']}"


async def asked(arranged: Arranged, who: str = "coordinator", **more: Any) -> str:
    """The path of a consent that has been put to those who sign."""
    path = await draft(arranged, who, **more)
    answer = await arranged.world.post(who, f"{path}/request")
    assert answer.status_code == 200, answer.text
    return path


async def signed(world: World, path: str, *people: str) -> Any:
    for who in people:
        answer = await world.post(who, f"{path}/signatures", {"answer": "approved"})
        assert answer.status_code == 201, answer.text
    return answer.json()


# --- what it may name


async def test_a_consent_names_recipients_of_every_kind(arranged: Arranged, neighbour: World) -> None:
    world, members = arranged.world, arranged.family.members
    organisation = (await world._made("head", "/v1/organisations", {"name": "Skolen", "kind": "school"}))["id"]
    named = [
        ("user", str(world.ids["psychologist"]), "psychologist Prøvesen"),
        ("department", str(world.departments["ppr"]), "ppr"),
        ("organisation", organisation, "Skolen"),
        ("member", members["father"], "father Prøvesen"),
    ]
    recipients = [{"kind": kind, "id": id} for kind, id, _ in named]
    made = await drafted(arranged, recipients=recipients, sources=recipients[1:3])
    assert made.status_code == 201, made.text
    shown = [(one["kind"], one["id"], one["name"]) for one in made.json()["recipients"]]
    assert shown == named
    assert [one["name"] for one in made.json()["sources"]] == ["ppr", "Skolen"]
    assert made.headers["location"] == f"/v1/consents/{made.json()['id']}"
    assert (made.json()["state"], made.json()["in_force"], made.json()["signers"]) == ("draft", False, [])


async def test_a_recipient_is_there_and_in_use(arranged: Arranged, neighbour: World) -> None:
    world = arranged.world
    closed = await world._made("administrator", "/v1/departments", {"name": "X", "kind": "other", "sector": "other"})
    await arranged.set(Department, UUID(closed["id"]), active=False)
    known = {"kind": "user", "id": str(world.ids["visitor"])}
    for kind, id in (
        ("user", world.ids["stranger"]),  # a citizen
        ("user", world.ids["journal"]),  # a service acts for a department
        ("user", world.departments["ppr"]),
        ("department", world.ids["psychologist"]),
        ("department", closed["id"]),
        ("department", neighbour.departments["ppr"]),
        ("organisation", world.departments["ppr"]),
        ("member", neighbour.departments["ppr"]),
        ("member", (await world.family()).members["mother"]),
        ("user", uuid4()),
    ):
        refused = await drafted(arranged, recipients=[known, {"kind": kind, "id": str(id)}])
        assert refused.status_code == 422, refused.text
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [
            ("/recipients/1/id", "unknown-reference")
        ]
        assert str(id) not in refused.text


INEXACT: list[tuple[dict[str, Any], str, str]] = [
    ({"recipients": []}, "/recipients", "too_short"),
    ({"categories": []}, "/categories", "required"),
    ({"categories": ["everything"]}, "/categories/0", "literal_error"),
    ({"categories": ["school", "school"]}, "/categories/1", "named-once"),
    ({"purpose": "curiosity"}, "/purpose", "literal_error"),
    ({"text": " "}, "/text", "string_too_short"),
    ({"language": "dansk!"}, "/language", "string_pattern_mismatch"),
    ({"expires_on": day(-1)}, "/expires_on", "past"),
    ({"expires_on": day(0)}, "/expires_on", "past"),
    ({"expires_on": day(5 * 365 + 2)}, "/expires_on", "beyond-five-years"),
    ({"categories": ["report", "health"], "expires_on": day(367)}, "/expires_on", "beyond-a-year"),
    ({"review_on": day(0)}, "/review_on", "past"),
    ({"expires_on": day(20), "review_on": day(30)}, "/review_on", "period-invalid"),
    ({"folder_ids": [str(uuid4())]}, "/folder_ids/0", "unknown-reference"),
    ({"document_ids": [str(uuid4())]}, "/document_ids/0", "unknown-reference"),
    ({"supersedes_id": str(uuid4())}, "/supersedes_id", "unknown-reference"),
    ({"subject_id": str(uuid4())}, "/subject_id", "member-not-in-family"),
    ({"sources": [{"kind": "user", "id": str(uuid4())}]}, "/sources/0/kind", "literal_error"),
    ({"sources": [{"kind": "organisation", "id": str(uuid4())}]}, "/sources/0/id", "unknown-reference"),
]


async def test_a_consent_is_exact(arranged: Arranged) -> None:
    """P2: no wildcard, always an end."""
    for more, pointer, code in INEXACT:
        refused = await drafted(arranged, **more)
        assert refused.status_code == 422, refused.text
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]


async def test_every_place_that_is_wrong_is_named_at_once(arranged: Arranged) -> None:
    nobody = {"kind": "user", "id": str(uuid4())}
    refused = await drafted(arranged, recipients=[nobody, nobody], document_ids=[str(uuid4())])
    found = [(one["pointer"], one["code"]) for one in refused.json()["errors"]]
    assert ("/recipients/1/id", "named-once") in found
    assert ("/document_ids/0", "unknown-reference") in found


async def test_folders_and_documents_are_of_this_case_and_readable_by_who_names_them(arranged: Arranged) -> None:
    folder = await arranged.folder()
    own = await arranged.document()
    hidden = await arranged.document(owner="sundhed")
    other = await Arranged.begin(arranged.world, arranged.owner)
    elsewhere, folder_elsewhere = await other.document(), await other.folder()
    made = await drafted(arranged, folder_ids=[str(folder)], document_ids=[str(own)], covers_later=True)
    assert made.status_code == 201, made.text
    assert (made.json()["folder_ids"], made.json()["document_ids"]) == ([str(folder)], [str(own)])
    for field, id in (("document_ids", hidden), ("document_ids", elsewhere), ("folder_ids", folder_elsewhere)):
        refused = await drafted(arranged, **{field: [str(id)]})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}/0")


async def test_what_may_be_health_information_ends_within_a_year(arranged: Arranged) -> None:
    """Whatever lies in a folder is not looked at: the answer would tell of it."""
    settings = {"settings": {"consent": {"default_days": 700}}}
    assert (await arranged.world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    parts: list[dict[str, Any]] = [
        {"categories": ["health"]},
        {"categories": [], "document_ids": [str(await arranged.document(category="health"))]},
        {"categories": [], "folder_ids": [str(await arranged.folder())]},
        {"sources": [{"kind": "department", "id": str(arranged.world.departments["sundhed"])}]},
    ]
    for more in parts:
        refused = await drafted(arranged, **more, expires_on=day(400))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "beyond-a-year")
        assert (await drafted(arranged, **more)).json()["expires_on"] <= day(366)
    assert (await drafted(arranged, categories=["school"], expires_on=day(400))).status_code == 201
    assert (await drafted(arranged, categories=["school"])).json()["expires_on"] >= day(699)


async def test_a_citizen_drafts_for_oneself_and_ones_child(arranged: Arranged) -> None:
    members = arranged.family.members
    for who, about, expected in (
        ("mother", "child", 201),
        ("mother", "mother", 201),
        ("mother", "father", 422),
        ("coordinator", "father", 201),
    ):
        made = await drafted(arranged, who, subject_id=members[about])
        assert made.status_code == expected, (who, about, made.text)
    refused = await drafted(arranged, "mother", subject_id=members["father"])
    assert refused.json()["errors"] == [
        {"pointer": "/subject_id", "code": "not-yourself", "detail": refused.json()["errors"][0]["detail"]}
    ]


async def test_who_may_draft(arranged: Arranged, neighbour: World) -> None:
    for who, expected in (
        ("psychologist", 201),
        ("head", 403),
        ("journal", 403),
        ("visitor", 404),
        ("child", 404),
        ("stranger", 404),
    ):
        assert (await drafted(arranged, who)).status_code == expected, who
    path = f"/v1/cases/{arranged.case['id']}/consents"
    assert (await neighbour.post("coordinator", path, body_for(neighbour, arranged.family))).status_code == 404


async def test_in_a_closed_case_nothing_is_asked(arranged: Arranged) -> None:
    path = await draft(arranged)
    await arranged.set(
        Case, UUID(arranged.case["id"]), state="closed", closed_at=datetime.now(UTC), close_reason="other"
    )
    for refused in (
        await drafted(arranged),
        await arranged.world.update("coordinator", "PATCH", path, {"text": "Nyt"}),
        await arranged.world.post("coordinator", f"{path}/request"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")


# --- drafts


async def test_a_draft_is_its_authors_alone(arranged: Arranged) -> None:
    """P6: neither the register, the timeline nor the log tells of it before it is asked for."""
    world, case = arranged.world, f"/v1/cases/{arranged.case['id']}"

    async def seen(who: str) -> Any:
        register = (await world.get(who, f"{case}/consents")).json()
        told = [one["type"] for one in (await world.get(who, f"{case}/timeline")).json()["items"]]
        return register, told

    everybody = ("coordinator", "psychologist", "mother", "father")
    for author in ("coordinator", "mother"):
        before = {who: await seen(who) for who in everybody}
        log = (await world.get("father", f"{case}/access-log?limit=200")).json()["items"]
        path = await draft(arranged, author)
        assert (await world.update(author, "PATCH", path, {"text": "Rettet."})).status_code == 200
        for who in everybody:
            if who == author:
                assert (await world.get(who, path)).json()["text"] == "Rettet."
                continue
            assert (await world.get(who, path)).status_code == 404, who
            assert await seen(who) == before[who], who
            for verb in ("request", "signatures", "withdrawal"):
                body = {"answer": "approved"} if verb == "signatures" else {}
                assert (await world.post(who, f"{path}/{verb}", body)).status_code == 404
        after = (await world.get("father", f"{case}/access-log?limit=200")).json()["items"]
        known = {one["id"] for one in log}
        news = [one for one in after if one["id"] not in known and not one["is_me"]]
        assert [one for one in news if one["action"] in ("draft_consent", "change_consent")] == [], author
        assert (await world.post(author, f"{path}/request")).status_code == 200
        for who in everybody:
            assert (await world.get(who, path)).status_code == 200
            assert "consent.requested" in (await seen(who))[1]
            assert "consent.drafted" in (await seen(who))[1]


async def test_a_draft_is_changed_until_it_is_asked_for(arranged: Arranged) -> None:
    world = arranged.world
    path = await draft(arranged)
    changed = {
        "purpose": "support",
        "categories": ["school", "minutes"],
        "recipients": [{"kind": "department", "id": str(world.departments["ppr"])}],
        "text": "En anden tekst.",
        "language": "en",
        "covers_later": True,
        "expires_on": day(30),
        "review_on": day(20),
        "processing_basis": "databeskyttelsesforordningen art. 6, stk. 1, litra e",
    }
    answer = await world.update("coordinator", "PATCH", path, changed)
    assert answer.status_code == 200, answer.text
    shown = answer.json() | {"recipients": [{"kind": "department", "id": answer.json()["recipients"][0]["id"]}]}
    assert {name: shown[name] for name in changed} == changed
    assert (await world.call("coordinator", "PATCH", path, {"text": "x"})).status_code == 428
    assert (await world.call("coordinator", "PATCH", path, {"text": "x"}, if_match='"old"')).status_code == 412
    for name in ("purpose", "recipients", "categories", "text", "language", "covers_later"):
        emptied = await world.update("coordinator", "PATCH", path, {name: None})
        assert (emptied.status_code, emptied.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    cleared = await world.update("coordinator", "PATCH", path, {"review_on": None, "expires_on": None})
    assert (cleared.json()["review_on"], cleared.json()["expires_on"]) == (None, day(365))
    assert (await world.update("coordinator", "PATCH", path, {"categories": []})).status_code == 422
    assert (await world.post("coordinator", f"{path}/request")).status_code == 200
    for late in (
        await world.update("coordinator", "PATCH", path, {"text": "x"}),
        await world.post("coordinator", f"{path}/request"),
    ):
        assert (late.status_code, late.json()["code"]) == (409, "consent-not-draft")
    assert (await world.update("psychologist", "PATCH", path, {"text": "x"})).status_code == 403


async def test_what_is_gone_when_it_is_asked_for_is_named(arranged: Arranged) -> None:
    path = await draft(arranged, recipients=[{"kind": "department", "id": str(arranged.world.departments["ppr"])}])
    await arranged.set(Department, arranged.world.departments["ppr"], active=False)
    refused = await arranged.world.post("coordinator", f"{path}/request")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/recipients/0/id")


async def test_without_a_custody_holder_nobody_is_asked(arranged: Arranged, owner: Database) -> None:
    path = await draft(arranged)
    async with owner.transaction(arranged.world.municipality) as session:
        await session.execute(delete(table_of(Custody)).where(columns(Custody).child_id.in_(arranged.members("child"))))
    refused = await arranged.world.post("coordinator", f"{path}/request")
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody-to-sign")
    assert (await arranged.world.get("coordinator", path)).json()["state"] == "draft"


# --- the register


async def test_the_register_has_what_ended_too_and_is_narrowed(arranged: Arranged) -> None:
    world, members = arranged.world, arranged.family.members
    register = f"/v1/cases/{arranged.case['id']}/consents"
    active, waiting = await asked(arranged), await asked(arranged, purpose="support")
    ended, fathers = await asked(arranged), await asked(arranged, subject_id=members["father"])
    await signed(world, active, "mother", "father")
    await signed(world, waiting, "mother")
    assert (await world.post("father", f"{ended}/withdrawal")).status_code == 201
    for who, query, expected in (
        ("coordinator", "", {active, waiting, ended, fathers}),
        ("coordinator", "state=withdrawn", {ended}),
        ("coordinator", "in_force=true", {active}),
        ("coordinator", "in_force=false", {waiting, ended, fathers}),
        ("coordinator", "purpose=support", {waiting}),
        ("coordinator", f"subject_id={members['father']}", {fathers}),
        ("mother", "", {active, waiting, ended}),
        ("mother", "awaiting_me=true", set[str]()),
        ("father", "awaiting_me=true", {waiting, fathers}),
        ("father", f"subject_id={members['child']}&state=active", {active}),
        ("psychologist", "", {active, waiting, ended, fathers}),
    ):
        found = await world.get(who, f"{register}?{query}")
        assert {f"/v1/consents/{one['id']}" for one in found.json()["items"]} == expected, (who, query)
    for who, expected_status in (("head", 200), ("visitor", 404), ("stranger", 404), ("journal", 200)):
        found = await world.get(who, register)
        assert (found.status_code, found.json().get("items", [])) == (expected_status, []), who
    assert (await world.get("mother", fathers)).status_code == 404
    assert "consent.requested" in (await world.get("father", f"/v1/cases/{arranged.case['id']}/timeline")).text
    told = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/timeline")).json()["items"]
    assert fathers.rpartition("/")[2] not in {one["resource_id"] for one in told}


async def test_a_draft_has_no_way_into_force(arranged: Arranged, owner: Database) -> None:
    """Whatever is recorded meanwhile: a draft is not settled."""
    path = await draft(arranged)
    custody = {"child_id": arranged.family.members["child"], "source": "court", "valid_from": "2020-01-01"}
    grandmother = await arranged.world._made(
        "coordinator",
        f"/v1/families/{arranged.family.id}/members",
        {"kind": "adult", "relation": "grandparent", "name": "Mormor Prøvesen"},
    )
    custodies = f"/v1/families/{arranged.family.id}/custodies"
    await arranged.world._made("coordinator", custodies, custody | {"holder_id": grandmother["id"]})
    found = (await arranged.world.get("coordinator", path)).json()
    assert (found["state"], found["signers"]) == ("draft", [])
    async with owner.transaction(arranged.world.municipality) as session:
        rows = await session.execute(select(columns(Basis).changes_on).where(columns(Basis).id == UUID(found["id"])))
    assert rows.scalars().all() == [None]
