"""The family decides who sees what: a document, a consent, a share, and what they are worth once it is taken back.

Being on the team is not access. A share opens nothing by itself, and neither does a consent; both together do.
"""

from datetime import timedelta
from typing import Any, Final

from app.story.beginning import CASE
from app.story.teller import Story

PDF: Final = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PAGE: Final = b"<!DOCTYPE html><html><body><script>alert('hej')</script></body></html>"
DOCUMENT: Final = "/v1/documents/{document}"
FAMILY: Final = "/v1/me/family"
TEXT: Final = (
    "PPR-psykolog Pernille Psykolog må se det, der ligger i mappen Udredning, også det, der kommer til senere, mens vi"
    " finder ud af, hvilken hjælp Alma har brug for."
)


def in_a_year(story: Story) -> str:
    return (story.today() + timedelta(days=300)).isoformat()


def on_the_team_and_yet_nothing(story: Story) -> None:
    story.say("Karen writes down what the first meeting showed. What a file is, its content says and not its name.")
    story.make("coordinator", f"{CASE}/folders", {"name": "Udredning"}, key="folder")
    details = {"title": "Det første møde med familien", "category": "report", "folder_id": story.things["folder"]}
    story.refused_upload("coordinator", f"{CASE}/documents", details, PAGE, 422, "media-type-refused")
    made = story.upload("coordinator", f"{CASE}/documents", details, PDF, key="document")
    story.see(f"document {made['number']}, about Alma", made["subjects"], [story.things["alma"]])
    story.see("nobody has judged whether it is relevant to share", made["relevance"], "unreviewed")
    story.say("Pernille is in the core team. That is no access: for her there is no document, by id or in the list.")
    story.ask("psychologist", f"GET {DOCUMENT}", wants=404, code="not-found")
    story.see("an empty list", story.read("psychologist", f"{CASE}/documents")["items"], [])
    story.say("The parents read it. What concerns their child is theirs to see.")
    story.read("mother", DOCUMENT)
    story.ask("head", f"GET {DOCUMENT}", wants=404, code="not-found")
    judged = {"relevance": "relevant", "note": "Beskriver, hvad der fylder i skolen."}
    story.ask("coordinator", f"POST {DOCUMENT}/relevance", judged)
    story.say("It is relevant now, and still not to be shared: nobody has consented.")
    refused = story.ask("coordinator", f"POST {DOCUMENT}/shares", to_pernille(story), wants=403, code="consent-missing")
    (lacks,) = refused.json()["missing"]
    story.see("what is missing, as codes", (lacks["category"], lacks["state"]), ("report", "not_asked"))
    story.see(refused.json()["errors"][0]["detail"], lacks["subject_id"], story.things["alma"])


def to_pernille(story: Story) -> dict[str, Any]:
    """A share with Pernille, for the assessment."""
    return {"recipient": {"kind": "user", "id": story.things["psychologist"]}, "purpose": "assessment"}


def shown(story: Story, who: str, part: str) -> list[dict[str, Any]]:
    """A part of somebody's family view, of what this telling is about: an earlier one's family is Mette's too."""
    return [one for one in story.read(who, FAMILY)[part] if one["case_id"] == story.things["case"]]


def sentence(log: list[dict[str, Any]], name: str, value: str) -> str:
    """What the family's log says in words of the newest such row."""
    return next((str(one["text"]) for one in log if one[name] == value), "nothing")


def the_family_is_asked(story: Story) -> None:
    story.say("Karen drafts a consent: whom, what for, how much of it, until when, and the very words that are shown.")
    draft = {"subject_id": story.things["alma"], "purpose": "assessment", "text": TEXT, "covers_later": True}
    draft |= {"recipients": [to_pernille(story)["recipient"]], "expires_on": in_a_year(story)}
    nothing = story.ask("coordinator", f"POST {CASE}/consents", draft, wants=422, code="validation-failed").json()
    story.see('there is no "everything": ' + nothing["errors"][0]["detail"], bool(nothing["errors"]))
    scope = {"folder_ids": [story.things["folder"]]}
    story.make("coordinator", f"{CASE}/consents", draft | scope, key="consent")
    story.say("A draft is its author's alone. It is put to those who must sign: both parents, since both have custody.")
    story.ask("mother", "GET /v1/consents/{consent}", wants=404, code="not-found")
    asked = story.ask("coordinator", "POST /v1/consents/{consent}/request").json()
    names = sorted(one["name"] for one in asked["signers"] if one["required"])
    story.see(" and ".join(names), names, ["Frederik Prøvesen", "Mette Prøvesen"])
    waiting = shown(story, "mother", "consents_waiting")
    story.see("Mette's app says that it waits for her", [one["id"] for one in waiting], [story.things["consent"]])
    sign = "/v1/consents/{consent}/signatures"
    signed = story.make("mother", sign, {"answer": "approved"})
    story.see("she approves; one of two is not enough", (signed["state"], signed["in_force"]), ("requested", False))
    story.ask("psychologist", f"GET {DOCUMENT}", wants=404, code="not-found")
    early = story.ask("coordinator", f"POST {DOCUMENT}/shares", to_pernille(story), wants=403, code="consent-missing")
    awaits = early.json()["missing"][0]["awaits"]
    story.see("whose signature is missing: Frederik's", awaits, [story.things["frederik"]])
    story.ask("mother", f"POST {sign}", {"answer": "approved"}, wants=409, code="already-answered")
    signed = story.make("father", sign, {"answer": "approved"})
    story.see("he approves, and it is in force", (signed["state"], signed["in_force"]), ("active", True))
    story.say("A consent alone opens nothing either.")
    story.ask("psychologist", f"GET {DOCUMENT}", wants=404, code="not-found")


def shared_and_read(story: Story) -> None:
    share = story.make("coordinator", f"{DOCUMENT}/shares", to_pernille(story), key="share")
    story.see("the share names what makes it lawful", share["bases"], [story.things["consent"]])
    story.ask("coordinator", f"POST {DOCUMENT}/shares", to_pernille(story), wants=409, code="already-shared")
    story.say("Pernille reads it, and downloads it: to be saved, never to be shown by a browser.")
    story.read("psychologist", DOCUMENT)
    file = story.ask("psychologist", f"GET {DOCUMENT}/content")
    told = (file.headers["content-disposition"].partition(";")[0], file.headers["x-content-type-options"])
    story.see("an attachment of a type that is not guessed anew", told, ("attachment", "nosniff"))
    story.see("byte for byte what was put there", file.content, PDF)
    why = story.read("psychologist", f"{DOCUMENT}/explanation", accept_language="en")["items"]
    reasons = next(one["reasons"] for one in why if one["action"] == "read")
    story.see("why she may: " + ", ".join(reasons), bool(reasons))
    story.say("Frederik sees who has access, and until when; Mette that it was used, and on which consent.")
    readers = story.read("father", f"{CASE}/access")["items"]
    pernille = next(one for one in readers if one["id"] == story.things["psychologist"])
    story.see(f"{pernille['name']}, until {pernille['until'][:10]}", bool(pernille["until"]))
    text = sentence(shown(story, "mother", "looks"), "action", "download")
    story.see(text, "jeres samtykke" in text)
    story.say("Why may Signe, the health visitor, not? She is not on the case; the explanation names each thing.")
    ask = f"{DOCUMENT}/explanation?user_id={{health-visitor}}"
    closed = story.read("coordinator", ask, accept_language="en")
    missing = [one["reason"] for one in closed["not_met"]]
    story.see("she is not one who " + ", nor one who ".join(missing), bool(missing))


def the_one_who_comes_later(story: Story) -> None:
    story.say("Signe joins the team. She begins with nothing, and Karen sees what she lacks.")
    signe = {"user_id": story.things["health-visitor"], "department_id": story.things["health-visitor's department"]}
    story.make("coordinator", f"{CASE}/team", signe)
    story.ask("health-visitor", f"GET {DOCUMENT}", wants=404, code="not-found")
    gaps = f"{CASE}/consent-gaps?user_id={{health-visitor}}&purpose=assessment"
    (gap,) = story.read("coordinator", gaps)["items"]
    story.see(f"{gap['user_name']}: {gap['lacks'][0]['state_label']}", gap["lacks"][0]["state"], "other_scope")
    story.say("The consent to ask for is ready, and posted as it is. This time Frederik says no.")
    story.make("coordinator", f"{CASE}/consents", gap["request"], key="later consent")
    story.ask("coordinator", "POST /v1/consents/{later consent}/request")
    sign = "/v1/consents/{later consent}/signatures"
    story.make("mother", sign, {"answer": "approved"})
    declined = story.make("father", sign, {"answer": "declined", "note": "Ikke før vi har talt med Signe."})
    story.see("one no is a no, and work goes on with what there is", declined["state"], "declined")
    story.say("Why he said no is not for Mette.")
    notes = {one["member_id"]: one["note"] for one in story.read("mother", sign)["items"]}
    story.see("for her the note is null", notes[story.things["frederik"]], None)


def taken_back(story: Story) -> None:
    story.say("Frederik takes his consent for Pernille back. He may do so alone, and gives no reason.")
    story.read("psychologist", DOCUMENT)
    ended = story.make("father", "/v1/consents/{consent}/withdrawal", {})
    story.see("it has ended", (ended["state"], ended["in_force"]), ("withdrawn", False))
    story.say("On the very next request, on every path:")
    for place in (DOCUMENT, f"{DOCUMENT}/content", f"{DOCUMENT}/explanation"):
        story.ask("psychologist", f"GET {place}", wants=404, code="not-found")
    for place in (f"{CASE}/documents", "/v1/documents"):
        seen = [one["id"] for one in story.read("psychologist", place)["items"]]
        story.see("not there", story.things["document"] in seen, False)
    story.say("The past is not rewritten: the looks stay in the log, and what Pernille has filed stays with her.")
    text = sentence(story.read("mother", f"{CASE}/access-log?limit=200")["items"], "action", "download")
    story.see(text, "jeres samtykke" in text)
    happened = [one["type"] for one in story.read("mother", f"{CASE}/timeline?limit=200")["items"]]
    story.see("the timeline tells of it", "consent.withdrawn" in happened)
    story.read("coordinator", DOCUMENT)
