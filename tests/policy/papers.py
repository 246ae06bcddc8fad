"""What a case of the scene holds of documents, consents and words: everything once, and what one parent is not told of.

The report about the child is the psychologist's, shared with the coordinator's department on consent. The letter about
the mother alone, what she said to nobody, and what is withheld from the father are there for those who see it not.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.uploads import relevant
from tests.worlds import World, local_today

if TYPE_CHECKING:
    from tests.policy.scenes import Scene

Row = dict[str, Any]


async def papers(scene: "Scene", place: str) -> None:
    """Through HTTP, by those who would; what is made stands in the rows of the scene by its resource."""
    world, path, case = scene.world, scene.path(place), {"id": scene.cases[place]}
    child, mother = scene.family.members["teen" if place == "teen" else "child"], scene.family.members["mother"]
    rows = dict[str, Row]()
    rows["folder"] = await _made(world, "coordinator", f"{path}/folders", {"name": "Udredning"})
    about = {"subjects": [child], "category": "report"}
    rows["document"] = await relevant(world, "psychologist", case, **about, folder_id=rows["folder"]["id"])
    rows["private document"] = await relevant(world, "coordinator", case, subjects=[mother], category="social")
    rows["withheld document"] = await relevant(world, "coordinator", case, subjects=[child], category="other")
    rows["consent"] = await agreed(scene, place, child)
    reached = {"recipient": {"kind": "department", "id": str(world.departments["handicap"])}, "purpose": "planning"}
    rows["share"] = await _made(world, "psychologist", f"/v1/documents/{rows['document']['id']}/shares", reached)
    await _withhold(scene, rows)
    await _law(scene, place, child, rows)
    await _visit(scene, place, rows)
    await _ask(scene, place, child, rows)
    await _say(scene, place, rows)
    for resource, listed in (
        ("document_version", f"/v1/documents/{rows['document']['id']}/versions"),
        ("signature", f"/v1/consents/{rows['consent']['id']}/signatures"),
        ("application_status", f"/v1/applications/{rows['application']['id']}/history"),
        ("statement_version", f"/v1/statements/{rows['statement']['id']}/versions"),
    ):
        rows[resource] = (await world.get("coordinator", listed)).json()["items"][0]
    for resource, row in rows.items():
        scene.rows[place, resource] = UUID(row["id"])


async def agreed(scene: "Scene", place: str, child: str) -> Row:
    """A consent about the child that all have signed whom it takes."""
    world = scene.world
    wanted = {"subject_id": child, "purpose": "planning", "categories": ["report"], "covers_later": True}
    wanted["text"] = "Må vi dele udredningen, og det der kommer til?"
    wanted["recipients"] = [{"kind": "department", "id": str(world.departments["handicap"])}]
    wanted["sources"] = [{"kind": "department", "id": str(world.departments["sundhed"])}]
    wanted["expires_on"] = (local_today() + timedelta(days=90)).isoformat()
    consent = await _made(world, "coordinator", f"{scene.path(place)}/consents", wanted)
    await _made(world, "coordinator", f"/v1/consents/{consent['id']}/request", {}, 200)
    for who in ("mother", "father", "teen") if place == "teen" else ("mother", "father"):
        await _made(world, who, f"/v1/consents/{consent['id']}/signatures", {"answer": "approved"})
    return consent


async def lawful(world: World, use: str) -> str:
    """An entry of the list of legal references that can be named for this today."""
    found: str = (await world.get("head", f"/v1/legal-references?use={use}")).json()["items"][0]["id"]
    return found


async def _withhold(scene: "Scene", rows: dict[str, Row]) -> None:
    wanted = {"member_id": scene.family.members["father"], "reason": "Af hensyn til barnet."}
    wanted["legal_reference_id"] = await lawful(scene.world, "withhold")
    path = f"/v1/documents/{rows['withheld document']['id']}/withholdings"
    rows["withholding"] = await _made(scene.world, "coordinator", path, wanted)


async def _law(scene: "Scene", place: str, child: str, rows: dict[str, Row]) -> None:
    """A statutory basis that a second person has approved."""
    world = scene.world
    wanted = {"subject_id": child, "purpose": "support", "categories": ["school"], "reason": "Akut bekymring."}
    wanted["recipients"] = [{"kind": "department", "id": str(world.departments["sundhed"])}]
    wanted["legal_reference_id"] = await lawful(world, "share")
    wanted["expires_on"] = (local_today() + timedelta(days=30)).isoformat()
    basis = await _made(world, "coordinator", f"{scene.path(place)}/statutory-bases", wanted)
    await _made(
        world, "head", f"/v1/statutory-bases/{basis['id']}/review", {"decision": "approved", "note": "Ja."}, 200
    )
    rows["statutory_basis"] = basis


async def _visit(scene: "Scene", place: str, rows: dict[str, Row]) -> None:
    """A guest for a week, emergency access that is over, and a restriction that has ended."""
    world, path, now = scene.world, scene.path(place), datetime.now(UTC)
    window = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=7)).isoformat()}
    guest = {"user_id": str(world.ids["visitor"]), "kind": "network", "reason": "Følger planen.", **window}
    rows["guest"] = await _made(world, "coordinator", f"{path}/guests", guest)
    opened = {"reason": "Barnet er indlagt.", "minutes": 5}
    rows["emergency_access"] = await _made(world, "psychologist", f"{path}/emergency-access", opened)
    await _made(world, "psychologist", f"/v1/emergency-accesses/{rows['emergency_access']['id']}/close", {}, 200)
    rows["restriction"] = await _made(world, "head", f"{path}/restriction", {"reason": "En indsigelse."})
    await _made(world, "head", f"{path}/restriction/end", {"reason": "Afklaret."}, 200)


async def _ask(scene: "Scene", place: str, child: str, rows: dict[str, Row]) -> None:
    """Information asked of the health visitors, and two applications."""
    world, path = scene.world, scene.path(place)
    wanted = {"subject_id": child, "category": "report", "purpose": "planning", "what": "Helbred", "why": "Udredning."}
    wanted["holder"] = {"kind": "department", "id": str(world.departments["sundhed"])}
    wanted["due_on"] = (local_today() + timedelta(days=14)).isoformat()
    rows["information_request"] = await _made(world, "coordinator", f"{path}/information-requests", wanted)
    for word, member in (("application", child), ("private application", scene.family.members["mother"])):
        wanted = {"member_id": member, "title": "Merudgifter", "authority": "Kommunen"}
        rows[word] = await _made(world, "coordinator", f"{path}/applications", wanted)


async def _say(scene: "Scene", place: str, rows: dict[str, Row]) -> None:
    """The mother's own words, to those who work in the case, and to nobody."""
    for word, audience in (("statement", "team"), ("private statement", "author")):
        said = {"title": "Mit liv", "body": "Det er svært.", "audience": audience}
        rows[word] = await _made(scene.world, "mother", f"{scene.path(place)}/statements", said)


async def _made(world: World, who: str, path: str, body: Row, status: int = 201) -> Row:
    answer = await world.post(who, path, body)
    assert answer.status_code == status, (path, answer.status_code, answer.text)
    row: Row = answer.json()
    return row
