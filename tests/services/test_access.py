"""Who may see what, until when, and who looked (R289); and why another may, or may not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.auth import TRYOUT_ISSUER, Identity
from app.db import Database, table_of
from app.models import Guest, Position, User
from app.policy.actor import Circumstances
from app.policy.cases import leads_owner_department
from app.policy.reading import of, readers, user
from app.services import actors
from app.services.catalogue import label
from tests.services.arranged import Arranged, now
from tests.test_statement_counts import counted, enlarge_team
from tests.worlds import PEOPLE, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def listed(arranged: Arranged, who: str) -> Mapping[str, Any]:
    answer = await arranged.world.get(who, f"/v1/cases/{arranged.case['id']}/access")
    assert answer.status_code == 200, answer.text
    assert answer.json()["next"] is None
    return {one["name"].removesuffix(" Prøvesen"): one for one in answer.json()["items"]}


async def test_the_family_sees_who_has_access_to_what_and_until_when(arranged: Arranged) -> None:
    document = await arranged.document()
    await arranged.document(category="health", owner="job")
    assert set(await listed(arranged, "mother")) == {"mother", "coordinator", "journal"}
    basis = await arranged.basis(to=arranged.user("psychologist"), hours=5)
    await arranged.basis(to=arranged.user("psychologist"), hours=3, categories=["health"])
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    one = (await listed(arranged, "mother"))["psychologist"]
    assert (one["kind"], one["documents"], one["categories"]) == ("professional", 1, ["report"])
    assert (one["rules"], one["reasons"]) == (["shared_on_consent"], [label("rule", "shared_on_consent", "da")])
    assert (one["units"], one["last_looked"]) == (["ppr"], None)
    ends = (now() + timedelta(hours=5)).isoformat()[:15]
    assert one["until"][:15] == ends
    coordinator = (await listed(arranged, "mother"))["coordinator"]
    assert (coordinator["documents"], coordinator["rules"], coordinator["until"]) == (1, ["owner_department"], None)
    assert (await arranged.world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    assert (await listed(arranged, "mother"))["psychologist"]["last_looked"] is not None
    await arranged.end(basis)
    assert "psychologist" not in await listed(arranged, "mother")


async def test_what_it_says_is_what_reading_says(arranged: Arranged) -> None:
    """The same rules: whoever stands there reads as many documents as it says, and nobody else any."""
    world = arranged.world
    folder = await arranged.folder(explicit_only=True)
    made = [
        await arranged.document(owner=owner, category=category, relevance=relevance, path=path)
        for owner in ("handicap", "ppr", "sundhed")
        for category in ("report", "health")
        for relevance in ("relevant", "unreviewed")
        for path in ((), (folder,))
    ]
    await arranged.document("mother", owner="ppr")
    everybody = {**arranged.user("psychologist"), **arranged.department("ppr"), **arranged.user("visitor")}
    await arranged.basis(to={**everybody, **arranged.department("handicap")})
    for document in made:
        for to in (arranged.user("psychologist"), arranged.user("visitor"), arranged.department("handicap")):
            await arranged.put_share(document, to)
    body = {"user_id": str(world.ids["visitor"]), "kind": "network", "reason": "Følger det."}
    window = {
        "opens_at": (now() - timedelta(hours=1)).isoformat(),
        "closes_at": (now() + timedelta(days=9)).isoformat(),
    }
    invited = await world.post("coordinator", f"/v1/cases/{arranged.case['id']}/guests", body | window)
    assert invited.status_code == 201, invited.text
    reads = {}
    for who in ("coordinator", "psychologist", "visitor", "journal", "mother", "father", "second", "head"):
        rows = (await world.get(who, "/v1/documents?limit=200")).json()["items"]
        reads[who] = {row["id"] for row in rows}
    for asker in ("coordinator", "psychologist", "mother"):
        shown = {name: one["documents"] for name, one in (await listed(arranged, asker)).items() if "_" not in name}
        for who, read in reads.items():
            expected = len(read & reads[asker])
            if asker == "mother" and who == "father":
                assert who not in shown, "who else of the family has it is not hers to see"
            else:
                assert shown.get(who, 0) == expected, (asker, who)


async def test_who_else_reads_what_one_parent_shared_with_the_other_is_not_told(arranged: Arranged) -> None:
    """He reads her letter; who reads it too, who lacks what, and why another may, is hers to see."""
    world, father = arranged.world, {UUID(arranged.family.members["father"]): "member"}
    letter = await arranged.document("mother", owner="ppr", by="psychologist", category="health")
    both = await arranged.document("child", "mother", owner="ppr", by="psychologist", category="health")
    for about in ("mother", "child"):
        to = {**father, **arranged.department("job")}
        await arranged.basis(about, to=to, categories=["health"])
    before = await listed(arranged, "father")
    for document in (letter, both):
        for to in (father, arranged.department("job")):
            assert (await arranged.share(document, to, "psychologist")).status_code == 201
        assert await arranged.status("father", document) == 200
    assert await listed(arranged, "father") == before
    assert (await listed(arranged, "mother"))["job"]["documents"] == 2
    assert (await listed(arranged, "mother"))["psychologist"]["documents"] == 2
    gaps = f"/v1/cases/{arranged.case['id']}/consent-gaps"
    assert (await world.get("father", gaps)).json()["items"] == []
    assert (await world.get("mother", gaps)).json()["items"] != []
    for document in (letter, both):
        asked = f"/v1/documents/{document}/explanation?user_id={world.ids['psychologist']}"
        assert (await world.get("father", asked)).status_code == 403
        shares = (await world.get("father", f"/v1/documents/{document}/shares")).json()["items"]
        assert [one["recipient_kind"] for one in shares] == ["member"], "but what came to himself"
        assert (await world.get("father", f"{gaps}?document_id={document}")).json()["items"] == []


async def test_the_places_something_is_shared_with(arranged: Arranged) -> None:
    document = await arranged.document()
    basis = await arranged.basis(to=arranged.department("job"), hours=2)
    assert (await arranged.share(document, arranged.department("job"))).status_code == 201
    one = (await listed(arranged, "father"))["job"]
    assert (one["kind"], one["documents"], one["rules"]) == ("department", 1, ["shared_on_consent"])
    assert one["until"][:15] == (now() + timedelta(hours=2)).isoformat()[:15]
    await arranged.end(basis)
    assert "job" not in await listed(arranged, "father")


async def test_a_guest_and_an_emergency_end_by_themselves(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    await arranged.basis(to=arranged.user("visitor"), hours=50)
    await arranged.share(document, arranged.user("visitor"))
    await arranged.put(
        Guest,
        case_id=UUID(arranged.case["id"]),
        user_id=world.ids["visitor"],
        kind="network",
        opens_at=now() - timedelta(hours=1),
        closes_at=now() + timedelta(hours=7),
        reason="x",
        created_at=now(),
        created_by=world.ids["coordinator"],
    )
    await world.post("psychologist", f"/v1/cases/{arranged.case['id']}/emergency-access", {"reason": "Haster."})
    shown = await listed(arranged, "mother")
    assert shown["visitor"]["until"][:15] == (now() + timedelta(hours=7)).isoformat()[:15]
    assert shown["psychologist"]["rules"] == ["emergency_access"]
    assert shown["psychologist"]["until"] is not None


async def test_who_may_ask(arranged: Arranged) -> None:
    path = f"/v1/cases/{arranged.case['id']}/access"
    for who, status in (
        *((who, 200) for who in ("coordinator", "psychologist", "mother", "father")),
        *((who, 404) for who in ("head", "visitor", "journal", "stranger", "controller", "auditor", "other_head")),
    ):
        assert (await arranged.world.get(who, path)).status_code == status, who


async def test_a_leak_the_family_sees_nothing_of_a_basis_before_the_notice(arranged: Arranged) -> None:
    """Neither who, nor when they looked, nor why; the staff do."""
    world, document = arranged.world, await arranged.document()
    before = await listed(arranged, "mother")
    later = now().date() + timedelta(days=30)
    silent = {"kind": "statute", "notice_after": later, "notice_delay_reason": "Fare for barnet"}
    await arranged.basis(to=arranged.user("psychologist"), **silent)
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    assert await listed(arranged, "mother") == before
    assert "psychologist" in await listed(arranged, "coordinator")
    asked = f"/v1/documents/{document}/explanation?user_id={world.ids['psychologist']}"
    assert (await world.get("mother", asked)).json()["items"][0]["rules"] == []
    assert (await world.get("coordinator", asked)).json()["items"][0]["rules"] == ["shared_on_statute"]


async def test_a_leak_the_family_is_told_of_no_look_under_such_a_basis(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    other = await arranged.document(category="health")
    silent = {"kind": "statute", "notice_after": now().date() + timedelta(days=30), "notice_delay_reason": "Fare"}
    await arranged.basis(to=arranged.user("psychologist"), **silent)
    await arranged.basis(to=arranged.user("psychologist"), categories=["health"])
    for one in (document, other):
        assert (await arranged.share(one, arranged.user("psychologist"))).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    shown = (await listed(arranged, "mother"))["psychologist"]
    assert (shown["documents"], shown["last_looked"], shown["rules"]) == (1, None, ["shared_on_consent"])
    assert (await listed(arranged, "coordinator"))["psychologist"]["last_looked"] is not None


async def test_as_many_statements_for_many_as_for_few(arranged: Arranged, database: Database, owner: Database) -> None:
    """What differs is how many rows one statement answers with."""
    await arranged.document()
    case = f"/v1/cases/{arranged.case['id']}"
    paths = [f"{case}/access", f"{case}/consent-gaps"]
    few = await counted(arranged.world, database, "coordinator", paths)
    await enlarge_team(arranged.world, owner, UUID(arranged.case["id"]), 12)
    for category in ("health", "school", "social"):
        await arranged.document("child", "mother", category=category)
    assert await counted(arranged.world, database, "coordinator", paths) == few


# --- why


async def why(arranged: Arranged, who: str, document: UUID, about: str | UUID | None = None) -> Any:
    id = arranged.world.ids.get(about, about) if isinstance(about, str) else about
    query = "" if id is None else f"?user_id={id}"
    return await arranged.world.get(who, f"/v1/documents/{document}/explanation{query}")


async def test_why_it_is_open_to_me(arranged: Arranged) -> None:
    document = await arranged.document()
    answer = (await why(arranged, "coordinator", document)).json()
    assert {one["action"]: one["rules"] for one in answer["items"]}["read"] == ["owner_department"]
    assert (answer["not_met"], answer["closed_by"]) == ([], [])
    assert (await why(arranged, "coordinator", document, "coordinator")).json() == answer
    assert (await why(arranged, "psychologist", document)).status_code == 404


async def test_why_it_is_or_is_not_open_to_another(arranged: Arranged) -> None:
    document = await arranged.document(relevance="unreviewed", shows_address_of=arranged.members("mother"))
    member = f"/v1/members/{arranged.family.members['mother']}"
    await arranged.world.update("coordinator", "PATCH", member, {"address_protected": True})
    answer = (await why(arranged, "coordinator", document, "visitor")).json()
    (read,) = answer["items"]
    assert (read["action"], read["rules"]) == ("read", [])
    assert {one["rule"] for one in answer["not_met"]} == {"attached_to_the_case", "relevance_reviewed"}
    assert [one["rule"] for one in answer["closed_by"]] == ["shows_protected_address"]
    assert all(one["reason"] for one in answer["not_met"] + answer["closed_by"])
    open_one = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    await arranged.share(open_one, arranged.user("psychologist"))
    answer = (await why(arranged, "mother", open_one, "psychologist")).json()
    assert answer["items"][0]["rules"] == ["shared_on_consent"]
    assert (answer["not_met"], answer["closed_by"]) == ([], [])


async def test_who_may_ask_about_another(arranged: Arranged, neighbour: World) -> None:
    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    await arranged.share(document, arranged.user("psychologist"))
    refused = await why(arranged, "psychologist", document, "visitor")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await why(arranged, "visitor", document, "psychologist")).status_code == 404
    for nobody in (uuid4(), neighbour.ids["psychologist"]):
        unknown = await why(arranged, "coordinator", document, nobody)
        assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "?user_id")
    assert (await why(arranged, "coordinator", document, "father")).json()["items"][0]["rules"] == [
        "custody_of_subject"
    ]
    alike = [(await why(arranged, "mother", document, one)).json() for one in ("father", uuid4())]
    assert alike[0] == alike[1], "one parent is not told what the other may read"


# --- the reader who is asked about is the actor that she would be


async def test_a_leak_who_is_asked_about_is_who_would_ask(world: World, owner: Database) -> None:
    """The recipients, departments and persons of `readers` are those of the actor; nothing is told of the inactive."""
    await world.family()
    async with owner.transaction(world.municipality) as session:
        ended = table_of(Position).update().where(table_of(Position).c.user_id == world.ids["second"])
        await session.execute(ended.values(ended_at=now()))
        await session.execute(update(table_of(User)).where(user.id == world.ids["visitor"]).values(active=False))
        everybody = select(readers())
        for who, (kind, *_) in PEOPLE.items():
            identity = Identity(TRYOUT_ISSUER, world.subject(who), kind, world.municipality)  # type: ignore[arg-type]
            found = {row.id: row for row in await session.rows(everybody, {"actor_municipality": world.municipality})}
            if who == "visitor":
                assert world.ids[who] not in found
                continue
            actor = await actors.load(session, identity, Circumstances(now()))
            row = found[actor.user]
            for name in ("departments", "persons", "recipients"):
                assert sorted(row[name]) == sorted(getattr(actor, name)), (who, name)
            assert row.kind == actor.kind


def test_a_leak_a_rule_that_asks_more_of_the_reader_cannot_be_asked_about_another() -> None:
    """What is not known of another reader would silently be the asker's own."""
    with pytest.raises(TypeError, match="actor_leads"):
        of(readers(), leads_owner_department.holds)


async def test_what_another_lacks_of_a_consent_or_a_share(arranged: Arranged) -> None:
    """The psychologist is on the case: the explanation says what is lacking, as the gaps do."""
    document = await arranged.document()
    parents = sorted(arranged.family.members[who] for who in ("mother", "father"))

    async def lacks(who: str = "coordinator") -> list[dict[str, Any]]:
        answer = await why(arranged, who, document, "psychologist")
        return list(answer.json()["lacks"])

    (one,) = await lacks()
    assert (one["state"], one["category"], one["subject_name"]) == ("not_asked", "report", "child Prøvesen")
    assert sorted(one["awaits"]) == parents
    basis = await arranged.basis(to=arranged.user("psychologist"))
    for who in ("coordinator", "mother"):
        assert [(one["state"], one["consent_id"]) for one in await lacks(who)] == [("not_shared", str(basis))]
    await arranged.share(document, arranged.user("psychologist"))
    assert await lacks() == []
    await arranged.end(basis)
    assert [one["state"] for one in await lacks()] == ["ended"]


async def test_a_purpose_that_is_asked_about_is_a_question_of_its_own(arranged: Arranged) -> None:
    """She reads it for one purpose; whether she may for another is told as if she did not."""
    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    await arranged.share(document, arranged.user("psychologist"))
    path = f"/v1/cases/{arranged.case['id']}/consent-gaps?user_id={arranged.world.ids['psychologist']}"
    found = {
        purpose: [
            lack["state"]
            for gap in (await arranged.world.get("coordinator", f"{path}{purpose}")).json()["items"]
            for lack in gap["lacks"]
        ]
        for purpose in ("", "&purpose=assessment", "&purpose=support")
    }
    assert found == {"": [], "&purpose=assessment": [], "&purpose=support": ["other_scope"]}
