"""Where consent is not what opens: a rule of law used openly, minutes of emergency, a folder that is kept, a halt."""

from datetime import timedelta
from typing import Final

from app.story.beginning import CASE
from app.story.sharing import DOCUMENT, PDF, sentence, shown, to_pernille
from app.story.teller import Story

BASIS: Final = "/v1/statutory-bases/{basis}"
EMERGENCY: Final = "/v1/emergency-accesses/{emergency}"


def by_law_and_in_the_open(story: Story) -> None:
    story.say("Karen is worried, and cannot wait for a new consent. The law lets her share: openly, and not alone.")
    references = story.read("coordinator", "/v1/legal-references?use=share")["items"]
    law = next(one for one in references if one["code"] == "duty_to_report")
    story.see(f"{law['citation']}: {law['advice']}", bool(law["advice"]))
    week = (story.today() + timedelta(days=7)).isoformat()
    basis = {"subject_id": story.things["alma"], "purpose": "assessment", "categories": ["report"]}
    basis |= {"recipients": [to_pernille(story)["recipient"]], "legal_reference_id": law["id"], "expires_on": week}
    basis["reason"] = "Bekymring for Almas trivsel, som ikke kan vente på samtykke."
    story.make("coordinator", f"{CASE}/statutory-bases", basis, key="basis")
    story.say("It opens nothing before a second person has looked at it, and Karen is not that person.")
    story.ask("psychologist", f"GET {DOCUMENT}", wants=404, code="not-found")
    review = {"decision": "approved", "note": "Nødvendigt, og ikke bredere end nødvendigt."}
    story.ask("coordinator", f"POST {BASIS}/review", review, wants=403, code="forbidden")
    approved = story.ask("head", f"POST {BASIS}/review", review).json()
    story.see("Holger approves it; the share from before is covered again", approved["in_force"])
    story.read("psychologist", DOCUMENT)
    story.say("The family is told at once: the rule, the reason, the time limit, and each look.")
    told = story.read("father", BASIS)
    story.see(f"until {told['expires_on']}: {told['reason']}", told["citation"], law["citation"])
    text = sentence(shown(story, "mother", "looks"), "rule", "shared_on_statute")
    story.see(text, law["citation"] in text)
    story.ask("coordinator", f"POST {BASIS}/end", {"reason": "Vi har talt med familien."})
    story.ask("psychologist", f"GET {DOCUMENT}", wants=404, code="not-found")


def when_it_cannot_wait(story: Story) -> None:
    story.say("An evening, and Alma is in hospital. Jens of the team opens the case's documents for some minutes.")
    story.ask("job-adviser", f"GET {DOCUMENT}", wants=404, code="not-found")
    hour = {"reason": "Alma er indlagt, og lægen ringer.", "minutes": 600}
    story.ask("job-adviser", f"POST {CASE}/emergency-access", hour, wants=422, code="validation-failed")
    minutes = hour | {"minutes": 15}
    opened = story.make("job-adviser", f"{CASE}/emergency-access", minutes, key="emergency")
    story.see("a quarter of an hour", opened["open_now"])
    story.read("job-adviser", DOCUMENT)
    waiting = story.read("head", "/v1/me/work")["emergencies_to_review"]
    story.see("Holger has it on his list at once", story.things["emergency"] in [one["id"] for one in waiting])
    note = {"note": "Gennemgået med Jens. Det var nødvendigt."}
    story.ask("job-adviser", f"POST {EMERGENCY}/review", note, wants=403, code="forbidden")
    story.ask("head", f"POST {EMERGENCY}/review", note)
    story.ask("job-adviser", f"POST {EMERGENCY}/close")
    story.ask("job-adviser", f"GET {DOCUMENT}", wants=404, code="not-found")
    text = sentence(shown(story, "mother", "looks"), "rule", "emergency_access")
    story.see(text, "nødadgang" in text)


def what_the_family_keeps(story: Story) -> None:
    story.say("Mette puts a letter in a folder of its own, and asks that nobody reads it without her consent.")
    place = "/v1/folders/{own folder}"
    story.make("mother", f"{CASE}/folders", {"name": "Vores egne papirer"}, key="own folder")
    etag = story.etag("mother", place)
    story.ask("coordinator", f"PUT {place}/explicit-only", {"explicit_only": True}, 403, "forbidden", if_match=etag)
    story.ask("mother", f"PUT {place}/explicit-only", {"explicit_only": True}, if_match=etag)
    details = {"title": "Brev fra Almas farmor", "category": "own", "folder_id": story.things["own folder"]}
    story.upload("mother", f"{CASE}/documents", details, PDF, key="letter")
    story.say("Not even Karen reads it, though it lies in her department's case. The other parent does.")
    story.ask("coordinator", "GET /v1/documents/{letter}", wants=404, code="not-found")
    story.read("father", "/v1/documents/{letter}")


def a_halt(story: Story) -> None:
    story.say("The family disputes what was written. Until it is put right nobody reads the documents.")
    story.ask("coordinator", f"POST {CASE}/restriction", {"reason": "Uenighed."}, wants=403, code="forbidden")
    story.make("head", f"{CASE}/restriction", {"reason": "Familien bestrider, at oplysningerne er rigtige."})
    for who in ("coordinator", "mother"):
        story.ask(who, f"GET {DOCUMENT}", wants=404, code="not-found")
    story.ask("head", f"POST {CASE}/restriction/end", {"reason": "Oplysningerne er rettet."})
    story.read("coordinator", DOCUMENT)
