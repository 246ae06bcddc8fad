"""The half-brother's case follows the other model, Together around the family: eight steps that can be taken again."""

from typing import Final

from app.story.beginning import do
from app.story.municipality import KAREN
from app.story.standing_by import CLOSING
from app.story.teller import Story

CASE: Final = "/v1/cases/{villads-case}"
STEP: Final = "/v1/cases/{villads-case}/steps"
MOVE: Final = "POST /v1/cases/{villads-case}/transitions"


def one_case_too_many(story: Story) -> None:
    story.say("Villads gets a case too, by the other model. It is not Frederik's to see.")
    wanted = {"family_id": story.things["family"], "child_id": story.things["villads"], "model": "sof"}
    wanted |= {"owner_department_id": story.things["coordinator's department"]}
    story.make("coordinator", "/v1/cases", wanted, key="villads-case")
    story.read("mother", CASE)
    story.ask("father", f"GET {CASE}", wants=404, code="not-found")
    load = _karens_row(story)["load"]
    story.say(f"Karen has {load} open, and that is what she can carry. Holger gives her a norm of her own, with why.")
    norm = {"max": load, "reason": "Karen er også teamets tovholder."}
    story.ask("head", f"PUT {KAREN}/norm", norm, if_match=story.etag("head", KAREN))
    put, karen = f"PUT {CASE}/coordinator", {"user_id": story.things["coordinator"]}
    etag = story.etag("head", CASE)
    story.ask("head", put, karen, wants=409, code="caseload-over-norm", if_match=etag)
    why = {"override_reason": "Karen kender familien."}
    given = story.ask("head", put, karen | why, if_match=etag).json()
    story.see("with a reason it can be done; in this model she is", given["coordinator_role"], "primary_adviser")
    newest, *_ = story.read("head", "/v1/deviations?kind=caseload_over_norm")["items"]
    listed = (newest["case_id"], newest["reason"])
    story.see("it is listed as a deviation", listed, (story.things["villads-case"], why["override_reason"]))
    story.see("and the figures say it", _karens_row(story)["over"])
    usual = {"max": None, "reason": None}
    story.ask("head", f"PUT {KAREN}/norm", usual, if_match=story.etag("head", KAREN))


def _karens_row(story: Story) -> dict[str, int]:
    rows = story.read("head", "/v1/caseload?limit=200")["items"]
    return next(row for row in rows if row["id"] == story.things["coordinator"])


def a_standing_team(story: Story) -> None:
    story.say("A standing team comes in as a whole. Nobody comes in by her own hand.")
    teams = story.read("coordinator", "/v1/teams")["items"]
    north = next(team for team in teams if team["name"] == "Team Nord")
    joined = story.ask("coordinator", f"POST {CASE}/team/standing", {"team_id": north["id"]}).json()["items"]
    names = [one["user_name"] for one in joined]
    story.see(", ".join(names), names, [story.names["psychologist"], story.names["health-visitor"]])
    story.see("the family has their names, and one number to call", _phones(story, "mother"), {None})


def _phones(story: Story, who: str) -> set[str | None]:
    return {one["user_phone"] for one in story.read(who, f"{CASE}/team")["items"]}


def eight_steps(story: Story) -> None:
    for number in (1, 2):
        do(story, STEP, number)
    story.say("The start conversation is not done before it is agreed how the family wants to be contacted.")
    story.ask("coordinator", f"POST {STEP}/3/start")
    complete = f"POST {STEP}/3/complete"
    early = story.ask("coordinator", complete, wants=409, code="step-requirements-missing").json()
    story.see("what is missing: contact_form", early["errors"][0]["code"], "contact_form")
    agreed = {"intensity": "close", "channel": "visit", "agreed_on": story.today().isoformat()}
    story.make("coordinator", f"{CASE}/contact-preferences", agreed)
    story.ask("coordinator", complete)
    for number in range(4, 9):
        do(story, STEP, number)
    story.see("the case is running", story.ask("coordinator", MOVE, {"to": "running"}).json()["state"], "running")


def a_larger_change(story: Story) -> None:
    story.say("Villads is to change school: a larger change. The steps are taken again, all but the allocation.")
    begin, change = f"POST {CASE}/cycles", {"reason": "Villads skal skifte skole."}
    first = change | {"steps": [1]}
    story.ask("coordinator", begin, first, wants=422, code="step-not-repeatable")
    cycle = story.make("coordinator", f"{CASE}/cycles", change)
    steps = story.read("coordinator", STEP)["items"]
    rounds = [step["cycle"] for step in steps]
    story.see(f"round {cycle['number']}: steps 2–8 anew, step 1 as it was", rounds, [1] + [2] * 7)
    story.ask("coordinator", begin, change, wants=409, code="nothing-to-repeat")
    story.ask("coordinator", f"POST {STEP}/2/start")


def to_ordinary_operation_and_back(story: Story) -> None:
    story.say("The family needs close contact no longer. That takes the reason, and the family's own view.")
    silent = story.ask("coordinator", MOVE, {"to": "ordinary"}, wants=422, code="validation-failed").json()
    missing = [flaw["pointer"] for flaw in silent["errors"]]
    story.see("asked for: " + ", ".join(missing), missing, ["/explanation", "/family_view"])
    out = {"to": "ordinary", "explanation": "Behovet for tæt kontakt er ophørt.", "family_view": "Vi klarer det selv."}
    story.see("the view is kept", story.ask("coordinator", MOVE, out).json()["family_view"], out["family_view"])
    story.see("for Holger it is null", story.read("head", CASE)["family_view"], None)
    story.say("And when the need comes back, so do the steps; coordinator and team have stayed.")
    back = {"to": "running", "explanation": "Skolestarten blev svær."}
    returned = story.ask("coordinator", MOVE, back).json()
    story.see("round 3, the same adviser", (returned["cycle"], returned["coordinator_role"]), (3, "primary_adviser"))
    closed = {"to": "closed", "reason": "other", "closing": CLOSING}
    story.see("in the end it closes", story.ask("coordinator", MOVE, closed).json()["state"], "closed")
