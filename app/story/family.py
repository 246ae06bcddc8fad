"""The family: who belongs to it, who decides for whom, who can sign in, and what is shown to which of them."""

import secrets
from typing import Final

from app.config import TRYOUT_ISSUER
from app.story.teller import Story

MEMBERS: Final = "/v1/families/{family}/members"
CUSTODIES: Final = "/v1/families/{family}/custodies"
ALMA: Final = "/v1/members/{alma}"


def registering_the_family(story: Story) -> None:
    story.say("Karen registers a family: Alma, who shows with picture cards what she means, and her parents.")
    home = {"owner_department_id": story.things["coordinator's department"]}
    story.make("coordinator", "/v1/families", home, key="family")
    alma = {"kind": "child", "relation": "child", "name": "Alma Prøvesen", "birth_date": "2016-04-12"}
    mette = {"kind": "adult", "relation": "mother", "name": "Mette Prøvesen", "login": _login("mother")}
    frederik = {"kind": "adult", "relation": "father", "name": "Frederik Prøvesen"}
    for key, member in (("alma", alma), ("mette", mette), ("frederik", frederik)):
        story.make("coordinator", MEMBERS, member, key=key)
    for holder in ("mette", "frederik"):
        story.make("coordinator", CUSTODIES, _custody(story, "alma", holder, "joint"))
    story.say("A child has a birth date; what is wrong is named by its place, and nothing that was sent comes back.")
    bo = {"kind": "child", "relation": "sibling", "name": "Bo"}
    wrong = story.ask("coordinator", f"POST {MEMBERS}", bo, wants=422, code="validation-failed")
    story.see("the problem points at /birth_date", wrong.json()["errors"][0]["pointer"], "/birth_date")


def _login(who: str) -> dict[str, str]:
    return {"issuer": TRYOUT_ISSUER, "subject": who}


def _custody(story: Story, child: str, holder: str, kind: str) -> dict[str, str]:
    between = {"child_id": story.things[child], "holder_id": story.things[holder], "kind": kind}
    return between | {"source": "civil_registry", "valid_from": "2016-04-12"}


def signing_in(story: Story) -> None:
    story.say("Frederik is registered, and nobody signs in as him yet.")
    story.ask("father", f"GET {ALMA}", wants=404, code="not-found")
    put, place = "PUT /v1/members/{frederik}/login", "/v1/members/{frederik}"
    etag = story.etag("coordinator", place)
    story.say("A sign-in of the staff is nobody in a family.")
    story.ask("coordinator", put, _login("psychologist"), wants=422, code="unknown-reference", if_match=etag)
    bound = story.ask("coordinator", put, _login("father"), if_match=etag).json()
    story.see("his own sign-in is bound to him", bound["has_login"])
    story.read("father", ALMA)


def half_siblings(story: Story) -> None:
    story.say("Alma has a half-brother, Villads. Mette alone has custody of him.")
    villads = {"kind": "child", "relation": "child", "name": "Villads Prøvesen", "birth_date": "2013-09-03"}
    story.make("coordinator", MEMBERS, villads, key="villads")
    related = {"from_id": story.things["villads"], "to_id": story.things["alma"], "kind": "half_sibling"}
    story.make("coordinator", "/v1/families/{family}/relations", related)
    story.make("coordinator", CUSTODIES, _custody(story, "villads", "mette", "sole"))
    beside = _custody(story, "villads", "frederik", "joint")
    story.ask("coordinator", f"POST {CUSTODIES}", beside, wants=409, code="custody-not-joint")
    story.read("mother", "/v1/members/{villads}")
    story.say("For Frederik, in the same family, there is Alma and no Villads.")
    story.read("father", ALMA)
    story.ask("father", "GET /v1/members/{villads}", wants=404, code="not-found")


def where_and_who(story: Story) -> None:
    story.say("Alma's address is protected. It is shown to the person and to the coordinator, and to nobody else.")
    hidden = {"address": "Prøvevej 7, 0998 Prøveby", "address_protected": True}
    story.see("Karen sees it", story.change("coordinator", ALMA, hidden)["address"], hidden["address"])
    alma = story.read("father", ALMA)
    nothing = (alma["address"], alma["address_protected"])
    story.see("Frederik sees neither the address nor that it is protected", nothing, (None, None))
    story.say("A CPR number is kept encrypted and shown masked; one that fits no birth date is refused.")
    etag = story.etag("coordinator", ALMA)
    other = {"cpr_number": "710416-0000"}
    story.ask("coordinator", f"PATCH {ALMA}", other, wants=422, code="cpr-birth-date", if_match=etag)
    number = f"720416-{secrets.randbelow(10_000):04}"
    answer = story.ask("coordinator", f"PATCH {ALMA}", {"cpr_number": number}, if_match=etag)
    story.see(answer.json()["cpr_masked"], answer.json()["cpr_masked"], "720416-****")
    story.see("the number itself never comes back", number in answer.text, False)
    story.see("Frederik does not see that there is one", story.read("father", ALMA)["cpr_masked"], None)
    story.say("It is found again by exactly that number, which stands in the body and never in an address.")
    search, whom = "POST /v1/members/search", {"cpr_number": number}
    found = story.ask("coordinator", search, whom).json()["items"]
    story.see("Alma is found", story.things["alma"] in [one["id"] for one in found])
    nobody = story.ask("psychologist", search, whom).json()["items"]
    story.see("the psychologist may search, and finds nobody", nobody, [])
    story.ask("mother", search, whom, wants=403, code="forbidden")


def the_network(story: Story) -> None:
    story.say("Mette names somebody who helps: her own mother. That is hers to tell.")
    musse = {"kind": "network", "relation": "grandparent", "name": "Musse Prøvesen", "phone": "70 00 00 51"}
    story.make("coordinator", MEMBERS, musse | {"named_by": story.things["mette"]}, key="musse")
    named = [one["id"] for one in story.read("mother", "/v1/me/family")["network"]]
    story.see("Mette sees her in the app", story.things["musse"] in named)
    story.ask("father", "GET /v1/members/{musse}", wants=404, code="not-found")
