"""Who sees what: the mother's view, the timeline, those for whom there is nothing, the journal system, the log."""

from uuid import uuid4

from app.story.beginning import CASE, PERSPECTIVES, STEP
from app.story.teller import Story


def the_mothers_view(story: Story) -> None:
    story.say("Mette opens her app: one call, one contact, and where things stand.")
    found = story.read("mother", "/v1/me/family")["cases"]
    (case,) = [one for one in found if one["id"] == story.things["case"]]
    card = case["contact"]
    story.see(f"one person to turn to: {card['role']} {card['name']}", card["name"], story.names["coordinator"])
    story.see(f"phone {card['phone']}, {card['hours']}", bool(card["phone"] and card["hours"]))
    picture = story.ask("mother", f"GET {CASE}/progress.svg")
    story.see("how far it is, as a picture", picture.headers["content-type"].startswith("image/svg+xml"))
    story.say("She asks to be called. The line drops, and her app sends the same request again: it has one effect.")
    key, wish = uuid4().hex, {"wish": "Gerne efter kl. 15."}
    first = story.make("mother", f"{CASE}/callbacks", wish, key="callback", idempotency_key=key)
    again = story.ask("mother", f"POST {CASE}/callbacks", wish, wants=201, idempotency_key=key)
    story.see("the second answer is the first wish, marked as a replay", again.json()["id"], first["id"])
    story.see("Idempotency-Replayed: true", again.headers.get("idempotency-replayed"), "true")
    other = {"wish": "Noget andet."}
    story.ask("mother", f"POST {CASE}/callbacks", other, wants=422, code="idempotency-key-reused", idempotency_key=key)
    story.see("there is one wish", len(story.read("coordinator", f"{CASE}/callbacks")["items"]), 1)
    answered = story.ask("coordinator", "POST /v1/callbacks/{callback}/answer").json()
    story.see(f"Karen called back after {answered['minutes_waited']} minutes", answered["status"], "answered")
    answer = "POST /v1/callbacks/{callback}/answer"
    story.ask("coordinator", answer, wants=409, code="callback-already-answered")


def the_timeline(story: Story) -> None:
    danish = story.read("mother", f"{CASE}/timeline?limit=200")["items"]
    allocated = next(event["text"] for event in danish if event["type"] == "case.allocated")
    story.see(allocated, allocated, "Sagen er fordelt, og familien har fået en fast kontaktperson")
    english = story.read("mother", f"{CASE}/timeline?limit=200", accept_language="en")["items"]
    allocated = next(event["text"] for event in english if event["type"] == "case.allocated")
    story.see(allocated, allocated, "The case was allocated, and the family has its one contact person")


def who_does_not_see(story: Story) -> None:
    story.say("The neighbour municipality, a health visitor outside the team, another parent: there is no case.")
    absent = f"/v1/cases/{uuid4()}"
    for who in ("neighbour", "health-visitor", "other-parent"):
        hidden = story.ask(who, f"GET {CASE}", wants=404, code="not-found")
        nothing = story.client.get(absent, headers=story.signed_in(who))
        story.see("the same answer as for a case that never was", hidden.content, nothing.content)
    story.say("A leader follows progress, and does not read what the child said.")
    story.see("for Karen it is there", story.read("coordinator", f"{STEP}/6")["perspectives"], PERSPECTIVES)
    story.see("for Holger it is null", story.read("head", f"{STEP}/6")["perspectives"], None)
    story.ask("head", "GET /v1/meetings/{meeting}", wants=404, code="not-found")


def the_journal_system(story: Story) -> None:
    story.say("The journal system reads what its department may, under its own name, and no content.")
    story.see("it finds the case", story.read("journal", CASE)["id"], story.things["case"])
    story.see("without the perspectives", story.read("journal", f"{STEP}/6")["perspectives"], None)
    story.say("A service repeats itself sooner or later: every POST of one carries a key.")
    ask = f"POST {CASE}/callbacks"
    story.ask("journal", ask, wants=400, code="idempotency-key-required")
    story.ask("journal", ask, wants=403, code="forbidden", idempotency_key=uuid4().hex)


def who_has_looked(story: Story) -> None:
    story.say("Mette sees who has looked, as what, and why. In plain Danish, and in English for those who ask for it.")
    story.read("psychologist", CASE)
    danish = story.read("mother", f"{CASE}/access-log?limit=200")["items"]
    for rule, words in (("coordinator_of_case", "er jeres familiekoordinator"), ("core_team_member", "kerneteam")):
        text = next((entry["text"] for entry in danish if entry["rule"] == rule), "nothing")
        story.see(text, words in text)
    story.see("by unit and role, not by name", any(one["actor_name"] for one in danish if not one["is_me"]), False)
    english = story.read("mother", f"{CASE}/access-log?limit=200", accept_language="en")["items"]
    text = next(entry["text"] for entry in english if entry["rule"] == "coordinator_of_case")
    story.see(text, "is your family coordinator" in text)
    story.say("The log is the family's and the auditor's. The leader does not read it.")
    story.see("for Holger it is empty", story.read("head", f"{CASE}/access-log")["items"], [])
    story.read("auditor", f"{CASE}/access-log")
