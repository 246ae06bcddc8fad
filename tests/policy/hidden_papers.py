"""Documents, consents and words that are added while somebody looks, and who must not be able to tell."""

from datetime import timedelta
from typing import Any

from app.db import Database
from tests.policy.papers import lawful
from tests.policy.scenes import Scene, made
from tests.uploads import relevant, uploaded
from tests.worlds import local_today

SOON = timedelta(days=20)


def case_of(scene: Scene) -> dict[str, Any]:
    return {"id": scene.cases["allocated"]}


async def a_letter_about_the_mother(scene: Scene, owner: Database) -> None:
    """The psychologist's, judged relevant, read by herself."""
    world, mother = scene.world, scene.family.members["mother"]
    letter = await relevant(world, "psychologist", case_of(scene), subjects=[mother], category="health")
    assert (await world.get("psychologist", f"/v1/documents/{letter['id']}/content")).status_code == 200


async def a_note_of_ones_own(scene: Scene, owner: Database) -> None:
    """What the psychologist keeps to herself, about the child."""
    await uploaded(scene.world, "psychologist", case_of(scene), author_only=True)


async def a_document_kept_from_the_father(scene: Scene, owner: Database) -> None:
    """About the child: withheld from him as soon as it is there, then shared on the consent, and read."""
    world, child = scene.world, scene.family.members["child"]
    document = await uploaded(world, "psychologist", case_of(scene), subjects=[child], category="report")
    path = f"/v1/documents/{document['id']}"
    wanted = {"member_id": scene.family.members["father"], "reason": "Hensyn til barnet."}
    wanted["legal_reference_id"] = await lawful(world, "withhold")
    await made(world, "psychologist", f"{path}/withholdings", wanted)
    assert (await world.post("psychologist", f"{path}/relevance", {"relevance": "relevant"})).status_code == 200
    to = {"kind": "department", "id": str(world.departments["handicap"])}
    await made(world, "psychologist", f"{path}/shares", {"recipient": to, "purpose": "planning"})
    assert (await world.get("coordinator", path)).status_code == 200


async def a_share_by_law_of_which_the_family_is_told_later(scene: Scene, owner: Database) -> None:
    """A basis whose notice is delayed, a share on it, and a look by whom it is shared with."""
    world, path = scene.world, scene.path("allocated")
    to = {"kind": "user", "id": str(world.ids["visitor"])}
    wanted = {"subject_id": scene.family.members["child"], "purpose": "decision", "recipients": [to]}
    wanted |= {"document_ids": [str(scene.rows["allocated", "withheld document"])], "reason": "Mistanke om overgreb."}
    wanted |= {"legal_reference_id": await lawful(world, "share"), "expires_on": (local_today() + SOON).isoformat()}
    wanted |= {"notice_after": (local_today() + SOON / 2).isoformat(), "notice_delay_reason": "Barnets sikkerhed."}
    wanted["notice_reference_id"] = await lawful(world, "delay_notice")
    basis = await made(world, "coordinator", f"{path}/statutory-bases", wanted)
    decided = await world.post(
        "head", f"/v1/statutory-bases/{basis['id']}/review", {"decision": "approved", "note": "Ja."}
    )
    assert decided.status_code == 200
    document = f"/v1/documents/{scene.rows['allocated', 'withheld document']}"
    await made(world, "coordinator", f"{document}/shares", {"recipient": to, "purpose": "decision"})
    assert (await world.get("visitor", document)).status_code == 200
    assert (await world.get("visitor", f"{document}/content")).status_code == 200


async def words_for_nobody(scene: Scene, owner: Database) -> None:
    """What the mother says to nobody."""
    said = {"title": "Dagbog", "body": "Kun til mig selv.", "audience": "author"}
    await made(scene.world, "mother", scene.path("allocated", "/statements"), said)


async def words_of_the_teenager(scene: Scene, owner: Database) -> None:
    """To those who work in the case, and not to her parents."""
    said = {"title": "Til jer", "body": "Jeg vil bo hos min mormor.", "audience": "team", "for_custody": False}
    await made(scene.world, "teen", scene.path("teen", "/statements"), said)


async def a_draft_of_a_consent(scene: Scene, owner: Database) -> None:
    """Which nobody has been asked for yet."""
    wanted = {"subject_id": scene.family.members["child"], "purpose": "support", "categories": ["school"]}
    wanted |= {"recipients": [{"kind": "department", "id": str(scene.world.departments["ppr"])}], "text": "Udkast."}
    await made(scene.world, "coordinator", scene.path("allocated", "/consents"), wanted)


async def an_application_of_the_mother(scene: Scene, owner: Database) -> None:
    wanted = {"member_id": scene.family.members["mother"], "title": "Kontanthjælp", "authority": "Jobcentret"}
    await made(scene.world, "mother", scene.path("allocated", "/applications"), wanted)


HIDDEN = [
    (a_letter_about_the_mother, "father teen coordinator head visitor"),
    (a_note_of_ones_own, "mother coordinator journal"),
    (a_document_kept_from_the_father, "father"),
    (a_share_by_law_of_which_the_family_is_told_later, "mother teen"),
    (words_for_nobody, "father coordinator psychologist"),
    (words_of_the_teenager, "mother father child"),
    (a_draft_of_a_consent, "mother psychologist head"),
    (an_application_of_the_mother, "father teen journal"),
]
"""What is added, and who must not see a difference."""
