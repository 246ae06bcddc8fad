"""How a case begins: an early concern, a model, a coordinator, a core team, the first contact, the first steps."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.story.municipality import SETS
from app.story.teller import Story

CASE: Final = "/v1/cases/{case}"
STEP: Final = "/v1/cases/{case}/steps"
TEAM: Final = "/v1/cases/{case}/team"
PERSPECTIVES: Final = "Alma har vist med billedkort, at skolen fylder mest. Forældrene ønsker sig rolige morgener."
INTAKE: Final = {
    "impairment": "significant_and_lasting",
    "several_kinds_of_help": True,
    "cross_sector": True,
    "complex": False,
    "note": "Sundhedsplejen og skolen er bekymrede hver for sig.",
}


def an_early_concern(story: Story) -> None:
    story.say("A worry is enough to open a light case: a space for the family, with no model and no steps yet.")
    wanted = {"family_id": story.things["family"], "child_id": story.things["alma"], "early_concern": True}
    wanted |= {"owner_department_id": story.things["coordinator's department"], "intake": INTAKE}
    story.ask("coordinator", "POST /v1/cases", wanted | {"model": "efei"}, wants=422, code="validation-failed")
    case = story.make("coordinator", "/v1/cases", wanted, key="case")
    story.see(f"case {case['number']} is a draft: nobody has the task yet", case["state"], "draft")
    group = case["intake"]["target_group"]
    story.see("what speaks for the target group is an aid, never a decision: " + group, group, "inside")
    story.see("no steps", story.read("coordinator", STEP)["items"], [])
    story.say("Several kinds of help are needed: the case is to follow One family – one way in.")
    upgraded = story.ask("coordinator", f"POST {CASE}/upgrade", {"model": "efei"}).json()
    story.see("it is no light case any more", (upgraded["model"], upgraded["early_concern"]), ("efei", False))
    again = {"model": "sof"}
    story.ask("coordinator", f"POST {CASE}/upgrade", again, wants=409, code="case-follows-model")
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
    pernille = _place(story, "psychologist")
    story.make("coordinator", TEAM, pernille)
    story.ask("coordinator", f"POST {TEAM}", pernille, wants=409, code="already-member")
    story.say("Pernille reads the case from now on. She does not run it.")
    story.read("psychologist", CASE)
    story.ask("psychologist", f"POST {STEP}/1/start", wants=403, code="forbidden")
    story.say("Does the team cover what the case needs? Nobody in it works with employment, so not without a reason.")
    check = f"POST {TEAM}/coverage"
    story.ask("coordinator", check, {"covered": True}, wants=422, code="paragraph-sets-missing")
    silent = story.ask("coordinator", check, {"covered": False}, wants=422, code="validation-failed")
    story.see("what is done about it is asked for", silent.json()["errors"][0]["pointer"], "/action")
    gap = story.make("coordinator", f"{TEAM}/coverage", {"covered": False, "action": "Jobcentret inviteres med."})
    missing = gap["missing_paragraph_sets"]
    story.see("missing: " + ", ".join(missing), missing, [SETS[1]])
    story.say("Jens, who could not be coordinator, joins the team. Now it is covered.")
    story.make("coordinator", TEAM, _place(story, "job-adviser"))
    covered = story.make("coordinator", f"{TEAM}/coverage", {"covered": True})
    story.see("nothing is missing", covered["missing_paragraph_sets"], [])


def _place(story: Story, who: str) -> dict[str, str]:
    return {"user_id": story.things[who], "department_id": story.things[f"{who}'s department"]}


def first_contact(story: Story) -> None:
    waiting = story.read("coordinator", "/v1/me/work")["first_contacts"]
    story.see("Karen's work says who waits to hear from her", _has(waiting, "case_id", story.things["case"]))
    call = {"kind": "first_contact", "channel": "phone", "took_place_at": _now(), "note": "Aftalt et besøg på torsdag."}
    story.make("coordinator", f"{CASE}/contacts", call)
    later = call | {"took_place_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    story.ask("coordinator", f"POST {CASE}/contacts", later, wants=422, code="validation-failed")
    days = story.read("coordinator", f"{CASE}/overview")["days_to_first_contact"]
    story.see(f"days from allocation to first contact: {days}", days, 0)
    story.say("How worried is one about Alma? A rating is for those who work with her, not for the leader.")
    story.make("coordinator", f"{CASE}/concerns", {"level": "medium", "note": "Alma sover dårligt."})
    levels = [story.read(who, CASE)["concern_level"] for who in ("coordinator", "head")]
    story.see("Karen reads it, Holger does not", levels, ["medium", None])


def how_the_family_wants_it(story: Story) -> None:
    story.say("The family wants space: a call now and then, and to hear that it is no check of what they receive.")
    preferences, today = f"{CASE}/contact-preferences", story.today()
    space = {"intensity": "space", "reassure": True, "purpose_line": "Vi ringer kun for at høre, hvordan det går."}
    agreed = space | {"agreed_on": today.isoformat(), "review_on": (today + timedelta(days=180)).isoformat()}
    made = story.make("coordinator", preferences, agreed)
    story.see("by phone, since nobody said otherwise", made["channel"], "phone")
    story.say("Mette adds a wish of her own. She speaks for herself, and for nobody else.")
    wish = {"intensity": "normal", "channel": "app", "times": "Efter kl. 20"}
    own = {"member_id": story.things["mette"]}
    other = {"member_id": story.things["frederik"]}
    story.ask("mother", f"POST {preferences}", wish | other, wants=422, code="validation-failed")
    story.make("mother", preferences, wish | own)
    seen = [one["member_id"] for one in story.read("father", f"{preferences}?current=true")["items"]]
    story.see("Frederik sees what was agreed with them all, and not her wish", seen, [None])


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _has(rows: list[dict[str, Any]], name: str, value: str) -> bool:
    return any(row[name] == value for row in rows)


def the_first_steps(story: Story) -> None:
    story.say("Steps have an order. Step 2 waits for step 1.")
    story.ask("coordinator", f"POST {STEP}/2/start", wants=409, code="step-blocked")
    do(story, STEP, 1)
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


def help_not_too_soon(story: Story) -> None:
    story.say("Relief every other weekend is planned. Help can be planned early, and begins when one knows enough.")
    relief = {"title": "Aflastning hver anden weekend", "category": "compensating", "invasiveness": 2}
    whom = {"member_id": story.things["alma"], "provider_organisation_id": story.things["relief"]}
    story.make("coordinator", f"{CASE}/measures", relief | whom, key="measure")
    start = "POST /v1/measures/{measure}/start"
    early = story.ask("coordinator", start, wants=409, code="assessment-not-done").json()
    left = [flaw["code"] for flaw in early["errors"]]
    story.see("still to be done: " + ", ".join(left), left, ["step-2", "step-3"])
    story.ask("coordinator", f"POST {STEP}/2/complete")
    do(story, STEP, 3)
    story.see("now it has begun", story.ask("coordinator", start).json()["status"], "started")
    story.ask("head", "GET /v1/measures/{measure}", wants=404, code="not-found")


def do(story: Story, steps: str, number: int, wanted: Any = None) -> None:
    """Begin a step and finish it."""
    story.ask("coordinator", f"POST {steps}/{number}/start")
    story.ask("coordinator", f"POST {steps}/{number}/complete", wanted)


def filling_a_blank_cell(story: Story) -> None:
    place = f"{STEP}/5"
    etag = story.etag("coordinator", place)
    saturday = story.today()
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
    do(story, STEP, 5)
    story.say("Step 6 asks how the child's and the family's perspectives were brought in. Silence is no answer.")
    story.ask("coordinator", f"POST {STEP}/6/start")
    silent = story.ask("coordinator", f"POST {STEP}/6/complete", wants=409, code="step-requirements-missing")
    story.see("what is missing: perspectives", silent.json()["errors"][0]["code"], "perspectives")
    story.ask("coordinator", f"POST {STEP}/6/complete", {"perspectives": PERSPECTIVES})
    story.ask("coordinator", f"POST {CASE}/transitions", {"to": "running"}, wants=409, code="case-not-ready")
    do(story, STEP, 7)
