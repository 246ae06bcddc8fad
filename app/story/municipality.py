"""The municipality: who is who, how it has chosen to work, its partners, and a list of staff that is brought in."""

from typing import Final
from uuid import uuid4

from app.config import TRYOUT_ISSUER
from app.story.teller import NOBODY, Story

HERE: Final = "/v1/municipality"
KAREN, JENS = "/v1/users/{coordinator}", "/v1/users/{job-adviser}"
SETS: Final = ("Børn og unge", "Beskæftigelse")
STAFF: Final = ("head", "coordinator", "second-coordinator", "psychologist", "health-visitor", "job-adviser")
DEPUTY: Final = "Dagmar Prøvesen"


def who_we_are(story: Story) -> None:
    karen = story.read("coordinator", "/v1/me")
    story.see(f"{karen['name']} works in {karen['municipality_name']}", karen["kind"], "professional")
    mette = story.read("mother", "/v1/me")
    story.see(f"{mette['name']} signs in as herself, and is no member of staff", mette["kind"], "citizen")
    story.say("Without a token nothing is looked up at all.")
    story.ask(NOBODY, "GET /v1/me", wants=401, code="token-missing")
    staff = story.read("coordinator", "/v1/users?limit=200")["items"]
    named = {user["name"]: user for user in staff}
    for who in STAFF:
        user = named[story.names[who]]
        story.things |= {who: user["id"], f"{who}'s department": user["positions"][0]["department_id"]}


def choosing_how_to_work(story: Story) -> None:
    story.say("Asta writes down how the municipality splits its advisers: by sets of paragraphs. It is kept, with why.")
    wanted = {"settings": {"team": {"paragraph_sets": SETS}}, "reason": "To paragrafsæt i børnehandicap."}
    story.ask("coordinator", f"PATCH {HERE}", wanted, 403, "forbidden", if_match=story.etag("coordinator", HERE))
    changed = story.change("administrator", HERE, wanted)["settings"]["team"]["paragraph_sets"]
    story.see(", ".join(changed), changed, list(SETS))
    wrong = {"paragraph_sets": ["Noget tredje"]}
    etag = story.etag("administrator", KAREN)
    story.ask("administrator", f"PATCH {KAREN}", wrong, 422, "paragraph-set-not-used", if_match=etag)
    for place, name in ((KAREN, SETS[0]), (JENS, SETS[1])):
        story.change("administrator", place, {"paragraph_sets": [name]})
    _back_to_usual(story)


def _back_to_usual(story: Story) -> None:
    """Karen is at work, and has the same norm as everybody; also where an earlier telling broke off."""
    story.change("coordinator", "/v1/me", {"absent_until": None})
    norm = {"max": None, "reason": None}
    story.ask("head", f"PUT {KAREN}/norm", norm, if_match=story.etag("head", KAREN))


def partners_outside(story: Story) -> None:
    story.say("Who can help with school life? The partners outside the municipality are one registry, found by theme.")
    (school,) = story.read("coordinator", "/v1/organisations?theme=skolegang")["items"]
    story.things["school"] = school["id"]
    people = story.read("coordinator", "/v1/organisations/{school}/contact-persons")["items"]
    story.see(f"{school['name']}, where one asks for {people[0]['name']}", people[0]["title"], "Skoleleder")
    twice = {"name": school["name"], "kind": "school"}
    story.ask("coordinator", "POST /v1/organisations", twice, 409, "already-exists")
    relief = {"name": f"Aflastningen Prøvely {uuid4().hex[:6]}", "kind": "relief_care", "themes": ["aflastning"]}
    story.make("coordinator", "/v1/organisations", relief, key="relief")
    story.ask("psychologist", "POST /v1/organisations", relief, 403, "forbidden")
    story.say("Fie works for one of the partners. She signs in, and has no business in the staff directory.")
    seen = [one["name"] for one in story.read("physiotherapist", "/v1/users")["items"]]
    story.see("she sees herself", seen, [story.names["physiotherapist"]])


def bringing_in_a_list(story: Story) -> None:
    story.say("Asta brings in a list of new staff. The first time a department is spelled wrongly: nothing happens.")
    bad = story.make("administrator", "/v1/imports?kind=users", _staff("Børnehandicp"))
    story.see("the list is refused", bad["status"], "refused")
    story.see("the report says row and column, and never what stood there", _places(bad), [(3, "department")])
    story.say("Put right, it is checked. That is all: to check is not to carry out.")
    good = story.make("administrator", "/v1/imports?kind=users", _staff("Børnehandicap"), key="import")
    known = good["creates"] + good["changes"] + good["unchanged"]
    story.see(f"it would add {good['creates']} of {known}", (good["status"], known), ("checked", 2))
    story.ask("head", "POST /v1/imports/{import}/run", wants=404, code="not-found")
    story.ask("administrator", "POST /v1/imports/{import}/run")
    story.ask("administrator", "POST /v1/imports/{import}/run", wants=409, code="import-finished")
    staff = story.read("head", "/v1/users?profession=social_adviser&limit=200")["items"]
    story.things["deputy"] = next(user["id"] for user in staff if user["name"] == DEPUTY)


def _staff(department: str) -> str:
    """Two new members of staff as a spreadsheet saves them; a second telling finds them there."""
    rows = (
        "issuer;subject;name;profession;phone;contact_hours;department",
        f"{TRYOUT_ISSUER};pia;Pia Prøvesen;speech_hearing_consultant;70 00 00 41;;PPR",
        f"{TRYOUT_ISSUER};dagmar;{DEPUTY};social_adviser;70 00 00 42;Hverdage 8–12;{department}",
    )
    return "\r\n".join(rows)


def _places(report: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    return [(flaw["row"], flaw["column"]) for flaw in report["errors"]]


def putting_things_back(story: Story) -> None:
    story.say("The municipality is as it was before. What was done is kept, in its history.")
    story.change("administrator", HERE, {"settings": {"team": {"paragraph_sets": None}}, "reason": "Tilbage igen."})
    story.change("coordinator", "/v1/organisations/{relief}", {"active": False})
    newest, before = story.read("administrator", f"{HERE}/history?limit=2")["items"]
    told = [one["reason"] for one in (newest, before)]
    story.see("who changed what, when and why", told, ["Tilbage igen.", "To paragrafsæt i børnehandicap."])
