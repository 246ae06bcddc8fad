"""What is asked of others, what the family applies for, and what its members say in their own words."""

from datetime import timedelta
from typing import Any, Final

from app.story.beginning import CASE
from app.story.sharing import FAMILY, PDF, in_a_year, shown
from app.story.teller import Story

REQUEST: Final = "/v1/information-requests/{request}"
STATEMENT: Final = "/v1/statements/{words}"
PARTS: Final = ("consents_waiting", "consents_in_force", "documents", "looks")
OBTAIN: Final = (
    "Karen Koordinator må hente den pædagogisk-psykologiske vurdering af Alma hos PPR og bruge den i udredningen."
)


def information_from_others(story: Story) -> None:
    story.say(
        "There is an assessment at the school psychology service. Asking for it takes consent too: to that source."
    )
    in_a_week = (story.today() + timedelta(days=7)).isoformat()
    wanted: dict[str, Any] = {
        "subject_id": story.things["alma"],
        "what": "Pædagogisk-psykologisk vurdering",
        "category": "school",
    }
    wanted |= {"holder": {"kind": "department", "id": story.things["psychologist's department"]}, "due_on": in_a_week}
    wanted |= {"why": "Til udredningen af, hvad der hjælper i skolen.", "purpose": "assessment"}
    story.ask("coordinator", f"POST {CASE}/information-requests", wanted, wants=403, code="consent-missing")
    draft: dict[str, Any] = {
        "subject_id": story.things["alma"],
        "purpose": "assessment",
        "categories": ["school"],
        "text": OBTAIN,
    }
    draft |= {"recipients": [{"kind": "user", "id": story.things["coordinator"]}], "sources": [wanted["holder"]]}
    draft |= {"covers_later": True, "expires_on": in_a_year(story)}
    story.make("coordinator", f"{CASE}/consents", draft, key="source consent")
    story.ask("coordinator", "POST /v1/consents/{source consent}/request")
    story.say("Mette signs in the app. Frederik says yes on the phone: Karen writes down how, and who heard it.")
    sign = "/v1/consents/{source consent}/signatures"
    story.make("mother", sign, {"answer": "approved"})
    spoken = {"answer": "approved", "given": "oral", "member_id": story.things["frederik"]}
    story.ask("coordinator", f"POST {sign}", spoken, wants=422, code="validation-failed")
    story.make("coordinator", sign, spoken | {"note": "I telefonen kl. 10. Viggo hørte med."})
    story.make("coordinator", f"{CASE}/information-requests", wanted, key="request")
    asked = story.read("psychologist", "/v1/me/work")["information_to_give"]
    story.see("Pernille finds it in her work", story.things["request"] in [one["id"] for one in asked])
    open_ = [one["id"] for one in shown(story, "father", "information_requests")]
    story.see("and the family sees what was asked of whom", open_, [story.things["request"]])
    story.upload("psychologist", f"{REQUEST}/documents", {"title": "PPV"}, PDF)
    came = story.read("psychologist", REQUEST)
    story.things["ppv"] = came["document_id"]
    story.see("it is answered", came["status"], "fulfilled")


def not_before_it_is_reviewed(story: Story) -> None:
    place = "/v1/documents/{ppv}"
    story.say("It is the service's own document. Until they have judged it relevant to share, Karen does not read it.")
    story.ask("coordinator", f"GET {place}", wants=404, code="not-found")
    to_karen = {"recipient": {"kind": "user", "id": story.things["coordinator"]}, "purpose": "assessment"}
    story.ask("psychologist", f"POST {place}/shares", to_karen, wants=409, code="document-unreviewed")
    waiting = [one["id"] for one in story.read("psychologist", "/v1/me/work")["reviews_waiting"]]
    story.see("it stands in Pernille's work", story.things["ppv"] in waiting)
    story.ask("psychologist", f"POST {place}/relevance", {"relevance": "relevant"})
    story.make("psychologist", f"{place}/shares", to_karen)
    story.read("coordinator", place)
    story.say("Approved, it is final: nothing of it can be changed.")
    story.ask("psychologist", f"POST {place}/approval")
    etag = story.etag("psychologist", place)
    other = {"title": "PPV, rettet"}
    story.ask("psychologist", f"PATCH {place}", other, wants=409, code="document-approved", if_match=etag)


def in_their_own_words(story: Story) -> None:
    story.say(
        "Alma shows Karen with her picture cards what matters. They are her words, and she chooses who reads them."
    )
    words: dict[str, Any] = {
        "title": "Det, der er vigtigt for mig",
        "body": "Jeg vil gerne sidde ved vinduet.",
        "given": "with_aids",
    }
    words |= {"author_id": story.things["alma"], "audience": "coordinator", "for_custody": False}
    story.make("coordinator", f"{CASE}/statements", words, key="words")
    for who in ("psychologist", "mother", "head"):
        story.ask(who, f"GET {STATEMENT}", wants=404, code="not-found")
    story.ask("coordinator", f"POST {STATEMENT}/versions", {"body": "Og tæt på døren.", "given": "told"})
    said = [one["body"] for one in story.read("coordinator", f"{STATEMENT}/versions")["items"]]
    story.see("what was said is never written over", said, ["Og tæt på døren.", words["body"]])
    story.say("Mette writes for herself, to all who work on the case. It is not Frederik's to read.")
    own = {"title": "Om morgenerne", "body": "Vi har brug for ro, før bussen kommer.", "audience": "team"}
    story.make("mother", f"{CASE}/statements", own, key="words")
    story.read("psychologist", STATEMENT)
    story.ask("father", f"GET {STATEMENT}", wants=404, code="not-found")
    mine = [one["id"] for one in shown(story, "mother", "statements")]
    story.see("in her app there are her own words, and nobody else's", mine, [story.things["words"]])


def what_the_family_applies_for(story: Story) -> None:
    story.say("Mette applies for additional costs. Who has the ball?")
    application = {"member_id": story.things["alma"], "title": "Merudgifter", "authority": "Børnehandicap"}
    made = story.make("mother", f"{CASE}/applications", application, key="application")
    story.see("while it is a draft: the family", (made["status"], made["ball_with"]), ("draft", "family"))
    move = "POST /v1/applications/{application}/status"
    story.ask("coordinator", move, {"status": "granted"}, wants=409, code="application-status-not-next")
    sent = story.ask("mother", move, {"status": "submitted", "note": "Sendt med digital post."}).json()
    story.see("once it is sent: the authority", sent["ball_with"], "authority")
    balls = story.read("father", f"{CASE}/ball")["items"]
    story.see("Frederik sees it too", any(one["id"] == story.things["application"] for one in balls))
    story.ask("head", "GET /v1/applications/{application}", wants=404, code="not-found")


def one_picture(story: Story) -> None:
    story.say("All of it is one screen in Mette's app: what waits, what is in force, what is shared, and who looked.")
    found, case = story.read("mother", FAMILY), story.things["case"]
    own = {part: [one for one in found[part] if one["case_id"] == case] for part in PARTS}
    in_force = [one["id"] for one in own["consents_in_force"]]
    asking = [story.things["source consent"]]
    story.see("one consent in force: the one to ask the school psychologists", in_force, asking)
    story.see("nothing waits for her", own["consents_waiting"], [])
    titles = sorted({one["title"] for one in own["documents"]})
    story.see("documents: " + ", ".join(titles), {"PPV", "Brev fra Almas farmor"} <= set(titles))
    looks = own["looks"]
    story.see("who looked, each time with why:", bool(looks) and all(one["rule"] for one in looks))
    for one in looks[:3]:
        story.say(f"  – {one['text']}")
    story.see("Frederik's own view has none of her words", shown(story, "father", "statements"), [])
