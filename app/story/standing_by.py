"""Those around the family: who coordinates with whom, who stands beside the coordinator, and who takes over."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.story.beginning import CASE, STEP
from app.story.municipality import DEPUTY
from app.story.teller import Story

CLOSING: Final = {
    "goals": [
        {"goal": "Alma spiser frokost i skolen", "achieved": "achieved"},
        {"goal": "Rolige morgener derhjemme", "achieved": "partly"},
    ],
    "handover_note": "Skolen og sundhedsplejen følger op hvert halve år.",
}
NOTE: Final = "Ring helst om eftermiddagen. Alma vil gerne have billedkortene med."


def who_talks_to_the_school(story: Story) -> None:
    story.say("The parents want to talk to the school themselves. That is agreed, and written down.")
    agreement = {"party": "Skolen", "organisation_id": story.things["school"], "coordinated_by": "family"}
    agreement |= {"task": "Forældrene taler selv med klasselæreren.", "agreed_on": story.today().isoformat()}
    story.make("coordinator", f"{CASE}/role-agreements", agreement, key="agreement")
    call = {"kind": "other", "channel": "phone", "took_place_at": datetime.now(UTC).isoformat()}
    call |= {"role_agreement_id": story.things["agreement"]}
    story.say("So when Karen is about to note a call to the school, she is stopped. She may, with a reason.")
    contacts = f"{CASE}/contacts"
    story.ask("coordinator", f"POST {contacts}", call, wants=409, code="family-coordinates")
    reason = "Skolen ringede selv; forældrene var orienteret."
    story.make("coordinator", contacts, call | {"deviation_reason": reason})
    for who, shown in (("mother", reason), ("head", None)):
        (row,) = story.read(who, f"{CASE}/deviations?kind=contact_despite_agreement")["items"]
        story.see(f"for {story.names[who]} the reason is {'there' if shown else 'null'}", row["reason"], shown)


def buddy_and_deputy(story: Story) -> None:
    viggo, dagmar = ({"user_id": story.things[who]} for who in ("second-coordinator", "deputy"))
    story.say("A buddy shares the responsibility for a complex case. Is this one?")
    etag = story.etag("head", CASE)
    story.ask("head", f"PUT {CASE}/buddy", viggo, wants=409, code="case-not-complex", if_match=etag)
    place = f"{CASE}/complexity"
    etag = story.etag("coordinator", place)
    rated = story.ask("coordinator", f"PUT {place}", {"rating": "high"}, if_match=etag).json()
    story.see("Karen says so, and a buddy is suggested", "buddy" in rated["suggests"])
    for role, who in (("buddy", viggo), ("deputy", dagmar)):
        given = story.ask("head", f"PUT {CASE}/{role}", who, if_match=story.etag("head", CASE)).json()
        story.see(f"{given['user_name']} is the {role}", given["role"], role)
    story.say("Karen is away until next week. The family has one to turn to all the same.")
    back = story.today() + timedelta(days=7)
    story.change("coordinator", "/v1/me", {"absent_until": back.isoformat()})
    card = _family_case(story)["contact"]
    story.see(f"{card['role']} {card['name']}, {card['hours']}", card["name"], DEPUTY)
    told = [one["code"] for one in story.read("second-coordinator", f"{CASE}/warnings")["items"]]
    story.see("those who work with the case are told", "coordinator_absent" in told)
    story.change("coordinator", "/v1/me", {"absent_until": None})
    story.see("and Karen is back", _family_case(story)["contact"]["name"], story.names["coordinator"])


def _family_case(story: Story) -> Any:
    """The case in the mother's app."""
    found = story.read("mother", "/v1/me/family")["cases"]
    return next(one for one in found if one["id"] == story.things["case"])


def the_handover(story: Story) -> None:
    story.say("Karen gets another job. Who knows the family already?")
    first, *_ = story.read("head", f"{CASE}/candidates")["candidates"]
    story.see(f"{first['name']}, the buddy, stands first", first["is_buddy"])
    etag = story.etag("head", CASE)
    viggo = {"user_id": story.things["second-coordinator"], "end_reason": "left_position"}
    story.ask("head", f"PUT {CASE}/coordinator", viggo, wants=422, code="validation-failed", if_match=etag)
    why = {"reason": "Karen har fået nyt arbejde.", "handover_note": NOTE}
    given = story.ask("head", f"PUT {CASE}/coordinator", viggo | why, if_match=etag).json()
    story.see("one coordinator, and it is Viggo", given["coordinator_name"], story.names["second-coordinator"])
    story.say("What is handed over is content: for the one who takes over and the family, not for the leader.")
    for who, shown in (("second-coordinator", NOTE), ("mother", NOTE), ("head", None)):
        rows = story.read(who, f"{CASE}/assignments?active=false")["items"]
        former = next(row for row in rows if row["user_id"] == story.things["coordinator"])
        story.see(f"for {story.names[who]} it is {'there' if shown else 'null'}", former["handover_note"], shown)
    story.say("What the department owns comes with the case. What was shared with Karen in person does not,")
    story.say("and the folder that the family keeps stays closed: Viggo begins with nothing of it.")
    story.read("second-coordinator", "/v1/documents/{document}")
    for kept in ("ppv", "letter"):
        story.ask("second-coordinator", f"GET /v1/documents/{{{kept}}}", wants=404, code="not-found")
    gaps = story.read("father", f"{CASE}/consent-gaps?user_id={{second-coordinator}}")["items"]
    lacks = sorted({lack["category"] for gap in gaps for lack in gap["lacks"]})
    story.see("Frederik sees what Viggo lacks: " + ", ".join(lacks), "school" in lacks)
    story.say("From the next request on, Karen has no way into the case.")
    story.ask("coordinator", f"GET {CASE}", wants=404, code="not-found")


def running_and_closing(story: Story) -> None:
    move, viggo = f"POST {CASE}/transitions", "second-coordinator"
    story.see("the case is running", story.ask(viggo, move, {"to": "running"}).json()["state"], "running")
    story.ask(viggo, move, {"to": "draft"}, wants=409, code="transition-not-allowed")
    story.say("It closes with a reason, where each goal ended, and a note to whoever takes over.")
    story.ask(viggo, move, {"to": "closed"}, wants=422, code="validation-failed")
    closed = {"to": "closed", "reason": "plan_completed", "closing": CLOSING}
    story.see("the goals' end state is kept", story.ask(viggo, move, closed).json()["closing"], CLOSING)
    story.say("From now on it can be read, and nothing else. The team is dissolved.")
    story.ask(viggo, f"POST {STEP}/7/start", wants=409, code="case-read-only")
    story.ask("psychologist", f"GET {CASE}", wants=404, code="not-found")
    refused = story.ask("mother", f"POST {CASE}/callbacks", wants=409, code="case-read-only", accept_language="en")
    story.see(refused.json()["title"], refused.json()["title"], "The case is closed and can only be read.")
