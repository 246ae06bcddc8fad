"""The chapters, in the order they are told. Each is a function of the teller, and keeps what it makes in `things`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from app.config import TRYOUT_ISSUER
from app.story.teller import NOBODY, Story

CASE: Final = "/v1/cases/{case}"
STEP: Final = "/v1/cases/{case}/steps"
PERSPECTIVES: Final = "Alma har vist med billedkort, at skolen fylder mest. Forældrene ønsker sig rolige morgener."
CLOSING: Final = {
    "goals": [
        {"goal": "Alma spiser frokost i skolen", "achieved": "achieved"},
        {"goal": "Rolige morgener derhjemme", "achieved": "partly"},
    ],
    "handover_note": "Skolen og sundhedsplejen følger op hvert halve år.",
}


def who_we_are(story: Story) -> None:
    karen = story.read("coordinator", "/v1/me")
    story.see(f"{karen['name']} works in {karen['municipality_name']}", karen["kind"], "professional")
    mette = story.read("mother", "/v1/me")
    story.see(f"{mette['name']} signs in as herself, and is no member of staff", mette["kind"], "citizen")
    story.say("Without a token nothing is looked up at all.")
    story.ask(NOBODY, "GET /v1/me", wants=401, code="token-missing")
    staff = story.read("coordinator", "/v1/users?limit=200")["items"]
    named = {user["name"]: user for user in staff}
    for who in ("head", "coordinator", "second-coordinator", "psychologist", "health-visitor", "job-adviser"):
        user = named[story.names[who]]
        story.things |= {who: user["id"], f"{who}'s department": user["positions"][0]["department_id"]}


def registering_the_family(story: Story) -> None:
    story.say("Karen registers a family: Alma, who shows with picture cards what she means, and her parents.")
    home = {"owner_department_id": story.things["coordinator's department"]}
    story.make("coordinator", "/v1/families", home, key="family")
    alma = {"kind": "child", "relation": "child", "name": "Alma Prøvesen", "birth_date": "2016-04-12"}
    mette = {"kind": "adult", "relation": "mother", "name": "Mette Prøvesen", "login": _login("mother")}
    frederik = {"kind": "adult", "relation": "father", "name": "Frederik Prøvesen", "login": _login("father")}
    for key, member in (("alma", alma), ("mette", mette), ("frederik", frederik)):
        story.make("coordinator", "/v1/families/{family}/members", member, key=key)
    for holder in ("mette", "frederik"):
        custody = {"child_id": story.things["alma"], "holder_id": story.things[holder], "source": "civil_registry"}
        story.make("coordinator", "/v1/families/{family}/custodies", custody | {"valid_from": "2016-04-12"})
    story.say("A child has a birth date; what is wrong is named by its place, and nothing that was sent comes back.")
    wrong = story.ask(
        "coordinator", "POST /v1/families/{family}/members", {"kind": "child", "relation": "sibling", "name": "Bo"},
        wants=422, code="validation-failed",
    )  # fmt: skip
    story.see("the problem points at /birth_date", wrong.json()["errors"][0]["pointer"], "/birth_date")


def _login(who: str) -> dict[str, str]:
    return {"issuer": TRYOUT_ISSUER, "subject": who}


def opening_the_case(story: Story) -> None:
    wanted = {"family_id": story.things["family"], "child_id": story.things["alma"]}
    case = story.make(
        "coordinator",
        "/v1/cases",
        wanted | {"owner_department_id": story.things["coordinator's department"]},
        key="case",
    )
    story.see(f"case {case['number']} is a draft: nobody has the task yet", case["state"], "draft")
    steps = story.read("coordinator", STEP)["items"]
    story.see("seven steps were copied from the template; later versions do not touch them", len(steps), 7)
    gaps = story.read("coordinator", f"{CASE}/overview")["unfilled"]
    story.see(
        "cells that the model leaves open are reported, never guessed: " + ", ".join(gaps), "1.participants" in gaps
    )


def allocation(story: Story) -> None:
    put = f"PUT {CASE}/coordinator"
    story.say("The coordinator is an adviser from child disability. Jens of the job centre cannot be.")
    etag = story.etag("head", CASE)
    jens = {"user_id": story.things["job-adviser"]}
    story.ask("head", put, jens, wants=422, code="coordinator-not-child-disability", if_match=etag)
    karen = {"user_id": story.things["coordinator"]}
    story.say("Nobody takes a case: it is given. Karen cannot appoint herself.")
    story.ask("coordinator", put, karen, wants=403, code="forbidden", if_match=story.etag("coordinator", CASE))
    story.say("Holger appoints her. He says which version he has seen, so that nobody is overwritten unseen.")
    story.ask("head", put, karen, wants=428, code="precondition-required")
    story.ask("head", put, karen, wants=412, code="precondition-failed", if_match='"an-old-version"')
    given = story.ask("head", put, karen, if_match=etag)
    story.see("the case is in start-up, and Karen is the one contact", given.json()["state"], "start_up")
    etag = given.headers["etag"]
    story.ask("head", put, karen, wants=409, code="coordinator-exists", if_match=etag)
    story.say("There is one coordinator at a time: a change needs a reason, and gives the task to the new one.")
    viggo = {"user_id": story.things["second-coordinator"]}
    story.ask("head", put, viggo, wants=422, code="validation-failed", if_match=etag)


def core_team(story: Story) -> None:
    pernille = {key: story.things[place] for key, place in _POSITION.items()}
    story.make("coordinator", f"{CASE}/team", pernille)
    story.ask("coordinator", f"POST {CASE}/team", pernille, wants=409, code="already-member")
    story.say("Pernille reads the case from now on. She does not run it.")
    story.read("psychologist", CASE)
    story.ask("psychologist", f"POST {STEP}/1/start", wants=403, code="forbidden")
    story.say("Does the team cover what the case needs? Karen answers, and says what is done about what is missing.")
    gap = {"covered": False, "missing_professions": ["speech_hearing_consultant"]}
    check = f"POST {CASE}/team/coverage"
    silent = story.ask("coordinator", check, gap, wants=422, code="validation-failed")
    story.see("what is done about it is asked for", silent.json()["errors"][0]["pointer"], "/action")
    story.make("coordinator", f"{CASE}/team/coverage", gap | {"action": "Vi inviterer en tale-hørekonsulent med."})


_POSITION: Final = {"user_id": "psychologist", "department_id": "psychologist's department"}


def first_contact(story: Story) -> None:
    waiting = story.read("coordinator", "/v1/me/work")["first_contacts"]
    story.see("Karen's work says who waits to hear from her", _has(waiting, "case_id", story.things["case"]))
    call = {"kind": "first_contact", "channel": "phone", "took_place_at": _now(), "note": "Aftalt et besøg på torsdag."}
    story.make("coordinator", f"{CASE}/contacts", call)
    later = call | {"took_place_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    story.ask("coordinator", f"POST {CASE}/contacts", later, wants=422, code="validation-failed")
    days = story.read("coordinator", f"{CASE}/overview")["days_to_first_contact"]
    story.see(f"days from allocation to first contact: {days}", days, 0)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _has(rows: list[dict[str, Any]], name: str, value: str) -> bool:
    return any(row[name] == value for row in rows)


def the_first_steps(story: Story) -> None:
    story.say("Steps have an order. Step 2 waits for step 1.")
    story.ask("coordinator", f"POST {STEP}/2/start", wants=409, code="step-blocked")
    _do(story, 1)
    story.say("Step 2, the assessment, begins with meeting the family; without that it is not done.")
    story.ask("coordinator", f"POST {STEP}/2/start")
    alone = story.ask("coordinator", f"POST {STEP}/2/complete", wants=409, code="step-requirements-missing")
    story.see("what is missing: family_meeting", alone.json()["errors"][0]["code"], "family_meeting")
    meeting = story.make(
        "coordinator", f"{CASE}/meetings", {"kind": "assessment", "planned_for": _now()}, key="meeting"
    )
    story.see("the coordinator chairs it", meeting["chair_name"], story.names["coordinator"])
    staff = [{"kind": "professional", "id": story.things[who]} for who in ("coordinator", "psychologist")]
    hold, held = "POST /v1/meetings/{meeting}/hold", {"held_at": _now(), "attendance": staff}
    story.ask("coordinator", hold, held, wants=422, code="no-family-participant")
    held["attendance"] = [*staff, {"kind": "family", "id": story.things["mette"]}]
    story.ask("coordinator", hold, held)
    story.ask("coordinator", f"POST {STEP}/2/complete")
    _do(story, 3)


def _do(story: Story, number: int, wanted: Any = None) -> None:
    story.ask("coordinator", f"POST {STEP}/{number}/start")
    story.ask("coordinator", f"POST {STEP}/{number}/complete", wanted)


def filling_a_blank_cell(story: Story) -> None:
    place = f"{STEP}/5"
    etag = story.etag("coordinator", place)
    saturday = datetime.now(UTC).date()
    saturday += timedelta(days=(5 - saturday.weekday()) % 7 + 7)
    late = {"due_on": saturday.isoformat()}
    story.ask("coordinator", f"PATCH {place}", late, wants=422, code="not-a-working-day", if_match=etag)
    filled = {"cells": {"participants": "Karen, Pernille og skolen"}, "holder_id": story.things["psychologist"]}
    step = story.ask("coordinator", f"PATCH {place}", filled, if_match=etag).json()
    story.see("the cell is the municipality's own now", step["cells"]["participants"]["suggestion"], False)
    gaps = story.read("coordinator", f"{CASE}/overview")["unfilled"]
    story.see("it is reported as open no longer", "5.participants" in gaps, False)


def the_last_steps(story: Story) -> None:
    story.say("Step 4 is optional, and is left out with a reason. The others cannot be.")
    story.ask("coordinator", f"POST {STEP}/4/skip", {"reason": "Udredningsmødet gav svar nok."})
    no = {"reason": "Vi når det ikke."}
    story.ask("coordinator", f"POST {STEP}/5/skip", no, wants=409, code="step-not-optional")
    _do(story, 5)
    story.say("Step 6 asks how the child's and the family's perspectives were brought in. Silence is no answer.")
    story.ask("coordinator", f"POST {STEP}/6/start")
    silent = story.ask("coordinator", f"POST {STEP}/6/complete", wants=409, code="step-requirements-missing")
    story.see("what is missing: perspectives", silent.json()["errors"][0]["code"], "perspectives")
    story.ask("coordinator", f"POST {STEP}/6/complete", {"perspectives": PERSPECTIVES})
    story.ask("coordinator", f"POST {CASE}/transitions", {"to": "running"}, wants=409, code="case-not-ready")
    _do(story, 7)


def the_mothers_view(story: Story) -> None:
    story.say("Mette opens her app: one call, one contact, and where things stand.")
    found = story.read("mother", "/v1/me/family")["cases"]
    (case,) = [one for one in found if one["id"] == story.things["case"]]
    card = case["contact"]
    story.see(f"one person to turn to: {card['role']} {card['name']}", card["name"], story.names["coordinator"])
    story.see(f"phone {card['phone']}, {card['hours']}", bool(card["phone"] and card["hours"]))
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


def running_and_closing(story: Story) -> None:
    move = f"POST {CASE}/transitions"
    story.see("the case is running", story.ask("coordinator", move, {"to": "running"}).json()["state"], "running")
    story.ask("coordinator", move, {"to": "draft"}, wants=409, code="transition-not-allowed")
    story.say("It closes with a reason, where each goal ended, and a note to whoever takes over.")
    story.ask("coordinator", move, {"to": "closed"}, wants=422, code="validation-failed")
    closed = {"to": "closed", "reason": "plan_completed", "closing": CLOSING}
    story.see("the goals' end state is kept", story.ask("coordinator", move, closed).json()["closing"], CLOSING)
    story.say("From now on it can be read, and nothing else. The team is dissolved.")
    story.ask("coordinator", f"POST {STEP}/7/start", wants=409, code="case-read-only")
    story.ask("psychologist", f"GET {CASE}", wants=404, code="not-found")
    refused = story.ask("mother", f"POST {CASE}/callbacks", wants=409, code="case-read-only", accept_language="en")
    story.see(refused.json()["title"], refused.json()["title"], "The case is closed and can only be read.")


CHAPTERS: Final[tuple[tuple[str, Callable[[Story], None]], ...]] = (
    ("Who are we?", who_we_are),
    ("A family is registered", registering_the_family),
    ("The case is opened", opening_the_case),
    ("The case is given to a coordinator", allocation),
    ("A core team", core_team),
    ("The first contact", first_contact),
    ("The first steps: allocation, assessment, information", the_first_steps),
    ("A blank cell is filled locally", filling_a_blank_cell),
    ("The last steps: towards one plan", the_last_steps),
    ("The mother's view", the_mothers_view),
    ("What has happened", the_timeline),
    ("Who does not see it", who_does_not_see),
    ("The journal system", the_journal_system),
    ("Who has looked, and why", who_has_looked),
    ("Running, and closing", running_and_closing),
)
