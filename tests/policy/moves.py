"""What may happen next in a case that goes on: each throws the die for who does what to whom."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app.schemas.base import In
from app.schemas.consents import CancellationIn, ConsentIn, SignatureIn, WithdrawalIn
from app.schemas.documents import WithholdingIn
from app.schemas.emergencies import EmergencyIn
from app.schemas.guests import GuestIn
from app.schemas.restrictions import RestrictionEnd, RestrictionIn
from app.schemas.shares import ShareIn, ShareRevocation
from app.schemas.statutory_bases import BasisEnd, BasisReview, StatutoryBasisIn
from app.schemas.teams import TeamLeave
from app.services import (
    consents,
    emergencies,
    guests,
    restrictions,
    settling,
    shares,
    signing,
    statutory_bases,
    teams,
    withholdings,
)
from tests.policy.oracle_documents import speaks_of
from tests.policy.play import COPENHAGEN, PPR, Play
from tests.policy.random_documents import SECOND, Dice, add_document, add_share
from tests.policy.random_worlds import (
    DEPARTMENTS,
    DISABILITY,
    Row,
    add_custody,
)


async def consent(play: Play, dice: Dice, who: str = "") -> None:
    """Somebody asks for a consent, and mostly all sign it at once."""
    subject = play.family[who or dice.choice(["girl", "girl", "girl", "mother", "father"])]
    wanted = {"subject_id": subject["id"], "purpose": "planning", "recipients": [_to(play, dice)], **_scope(play, dice)}
    wanted |= {"text": "Må vi dele det?", "covers_later": dice.one_in(3)}
    wanted["expires_on"] = play.facts.today + timedelta(days=dice.choice([2, 5, 12, 60]))
    by = await play.actor(dice.choice(["coordinator", "psychologist", "mother"]))
    drafted = await play.attempt("draft", consents.draft, by, play.case["id"], _made(ConsentIn, wanted))
    asked = drafted and await play.attempt("request", consents.request, by, drafted.id)
    for id in asked.signer_ids if asked and not dice.one_in(4) else ():
        await _answer(play, dice, asked.id, id)


async def sign(play: Play, dice: Dice) -> None:
    """One of those who are still awaited answers."""
    waiting = [one for one in play.facts["bases"] if one["state"] in ("requested", "renewal_needed") and one["signers"]]
    if waiting:
        one = dice.choice(waiting)
        await _answer(play, dice, one["id"], dice.choice(one["signers"]))


async def _answer(play: Play, dice: Dice, id: UUID, member: UUID) -> None:
    answer = _made(SignatureIn, {"answer": dice.either("approved", ["declined"])})
    await play.attempt("sign", signing.sign, await play.actor(_login(play, member)), id, answer)


def _login(play: Play, member: UUID) -> str:
    return next(who for who, row in play.family.items() if row["id"] == member)


async def withdraw(play: Play, dice: Dice) -> None:
    running = [one for one in play.facts["bases"] if one["kind"] == "consent" and one["active_from"] is not None]
    if running:
        one = dice.choice(running)
        by = await play.actor(_login(play, dice.choice(one["signers"])))
        await play.attempt("withdraw", signing.withdraw, by, one["id"], WithdrawalIn())


async def cancel(play: Play, dice: Dice) -> None:
    """A draft, or something that was asked for, is taken back: too late where all have signed."""
    given = [one for one in play.facts["bases"] if one["kind"] == "consent"]
    waiting = [one for one in given if one["state"] in ("draft", "requested")]
    if given:
        one = dice.choice(dice.either(waiting, [given]) or given)
        by = await play.actor(dice.choice(["coordinator", "psychologist", "mother"]))
        await play.attempt("cancel", consents.cancel, by, one["id"], CancellationIn())


async def statute(play: Play, dice: Dice) -> None:
    """The law is used, and a second person looks at it; or one that was used is ended."""
    used = [one for one in play.facts["bases"] if one["kind"] == "statute" and one["state"] == "active"]
    if used and dice.one_in(2):
        by = await play.actor("coordinator")
        await play.attempt("end", statutory_bases.end, by, dice.choice(used)["id"], BasisEnd(reason="Ikke længere."))
        return
    wanted = {"subject_id": play.family["girl"]["id"], "purpose": "planning", "recipients": [_to(play, dice)]}
    wanted |= {"legal_reference_id": play.facts.reference, "reason": "Det haster.", **_scope(play, dice)}
    wanted["expires_on"] = play.facts.today + timedelta(days=dice.choice([1, 3, 12]))
    by, second = await play.actor("psychologist"), await play.actor(dice.either("coordinator", ["psychologist"]))
    made = await play.attempt("statute", statutory_bases.record, by, play.case["id"], _made(StatutoryBasisIn, wanted))
    if made:
        decided = _made(BasisReview, {"decision": dice.either("approved", ["rejected"]), "note": "Set."})
        await play.attempt("review", statutory_bases.review, second, made.id, decided)


def _to(play: Play, dice: Dice) -> Row:
    people = [{"kind": "user", "id": play.people[who]["id"]} for who in ("psychologist", "psychologist", "teacher")]
    people += [{"kind": "department", "id": PPR}, {"kind": "department", "id": PPR}]
    people += [{"kind": "member", "id": play.family[who]["id"]} for who in ("mother", "grandmother")]
    return dice.choice([*people, {"kind": "department", "id": DISABILITY}])  # type: ignore[no-any-return]


def _scope(play: Play, dice: Dice) -> Row:
    """A category or two, a folder, or a document."""
    by = dice.choice(["categories", "categories", "folder_ids", "document_ids"])
    if by == "categories":
        return {by: dice.some(["school", "health", "social"], 3)}
    return {by: [dice.choice(play.facts["folders" if by == "folder_ids" else "documents"])["id"]]}


async def share(play: Play, dice: Dice) -> None:
    """What a basis covers with whom it names, mostly; by a verb that refuses what none covers, or by nobody's leave."""
    asked = [one for one in play.facts["bases"] if one["requested_at"] is not None]
    running = [one for one in asked if one["active_from"] is not None]
    to, thing = _to(play, dice), dice.choice(play.facts["documents"])
    if asked and not dice.one_in(8):
        one = dice.choice(dice.either(running, [asked]) or asked)
        to = {"kind": one["recipient_kinds"][0], "id": one["recipients"][0]}
        covered = [d for d in play.facts["documents"] if one["subject_id"] in d["subjects"] and speaks_of(d, one)]
        alone = [d for d in covered if len(d["subjects"]) == 1]
        thing = dice.choice(alone or covered or [thing])
    folder = bool(thing["path"]) and dice.one_in(3)
    id = dice.choice(thing["path"]) if folder else thing["id"]
    if not dice.one_in(3):
        what = {"folder_id" if folder else "document_id": id}
        add_share(play.facts, play.case, (to["kind"], to["id"]), **what)
        await play.write("shares")
        play.done.append("share without leave")
        return
    verb = shares.share_folder if folder else shares.share_document
    by = await play.actor(dice.choice(["coordinator", "psychologist", "mother"]))
    await play.attempt("share", verb, by, id, _made(ShareIn, {"recipient": to, "purpose": "planning"}))


async def revoke(play: Play, dice: Dice) -> None:
    standing = [one for one in play.facts["shares"] if one["revoked_at"] is None]
    if standing:
        by, why = await play.actor("coordinator"), ShareRevocation(reason="Ikke længere.")
        await play.attempt("revoke", shares.revoke, by, dice.choice(standing)["id"], why)


async def wait(play: Play, dice: Dice) -> None:
    """A second, a day, or to the very instant at which something begins or ends; or one second before it."""
    days = {one["expires_on"] for one in play.facts["bases"]} | {date(2027, 6, 25)}
    days |= {one["valid_until"] for one in play.facts["custodies"] if one["valid_until"] is not None}
    edges = [datetime.combine(day, time(), COPENHAGEN).astimezone(UTC) for day in days]
    edges += [one["closes_at"] for name in ("guests", "emergency_accesses") for one in play.facts[name]]
    ahead = sorted(edge for edge in edges if edge > play.facts.at + SECOND)
    chosen = [play.facts.at + SECOND, play.facts.at + timedelta(days=1)]
    if ahead:
        chosen += [ahead[0] - SECOND, ahead[0], ahead[0], ahead[0] + SECOND]
    play.facts.at = dice.choice(chosen)
    play.done.append(f"wait until {play.facts.at}")


async def custody(play: Play, dice: Dice) -> None:
    """One parent's custody ends today or soon, or begins again; the consents are settled by the same request."""
    holder, girl = play.family[dice.choice(["mother", "father"])]["id"], play.family["girl"]
    day = play.facts.today + timedelta(days=dice.choice([0, 1, 3]))
    now = [c for c in play.facts["custodies"] if c["holder_id"] == holder and c["valid_until"] is None]
    if now:
        await play.write("custodies", now[0], valid_until=max(day, now[0]["valid_from"]))
    else:
        last = max(c["valid_until"] for c in play.facts["custodies"] if c["holder_id"] == holder)
        add_custody(play.facts, girl, {"id": holder}, max(day, last), None)
        await play.write("custodies")
    by = await play.actor("coordinator")
    for ids in (await settling.about(play.session, by, {girl["id"]})).values():
        await settling.settle(play.session, by, ids)
    play.done.append("custody")


async def team(play: Play, dice: Dice) -> None:
    """The psychologist leaves the team, or joins it again, or somebody moves to another department, or comes back."""
    kind = dice.choice(["leave", "job", "job"])
    joined = [one for one in play.facts["team_members"] if one["left_at"] is None]
    if kind == "leave" and joined:
        by = await play.actor("coordinator")
        await play.attempt("leave", teams.leave_team, by, joined[0]["id"], TeamLeave(reason="Ny opgave."))
    elif kind == "leave":
        row = {"user_id": play.people["psychologist"]["id"], "department_id": PPR, "profession": "other"}
        row |= {"added_by": play.people["coordinator"]["id"], "joined_at": play.facts.at, "left_at": None}
        play.facts.add("team_members", case_id=play.case["id"], **row, ends_on=None, relevant=True)
        await play.write("team_members")
        play.done.append("join")
    else:
        held = [one for one in play.facts["positions"] if one["role"] == "member"]
        one = dice.choice(held)
        await play.write("positions", one, ended_at=None if one["ended_at"] else play.facts.at)
        play.done.append("job")


async def visit(play: Play, dice: Dice) -> None:
    by, now = await play.actor("coordinator"), play.facts.at
    there = [one for one in play.facts["guests"] if one["ended_at"] is None]
    if there and dice.one_in(3):
        await play.attempt("end visit", guests.end, by, dice.choice(there)["id"])
        return
    begin, end = dice.choice([(now, now + SECOND), (now, now + timedelta(days=2)), (now + SECOND, now + 2 * SECOND)])
    wanted = {"user_id": play.people[dice.choice(["teacher", "colleague"])]["id"], "kind": "network", "reason": "Møde."}
    wanted |= {"opens_at": begin, "closes_at": end}
    await play.attempt("visit", guests.invite, by, play.case["id"], _made(GuestIn, wanted))


async def close(play: Play, dice: Dice) -> None:
    """Something is withheld, sealed, marked or hidden; or that is over."""
    kind = dice.choice(["withhold", "seal", "explicit", "file", "note"])
    by, head = await play.actor("coordinator"), await play.actor("head")
    if kind == "withhold":
        kept = [one for one in play.facts["withholdings"] if one["ended_at"] is None]
        if kept and dice.one_in(2):
            await play.attempt("show again", withholdings.end, by, kept[0]["id"])
        else:
            law = play.facts["legal_references"][-1]["id"]
            wanted = {"member_id": play.family[dice.choice(["mother", "girl"])]["id"], "legal_reference_id": law}
            which = dice.choice(play.facts["documents"])["id"]
            await play.attempt(
                "withhold", withholdings.withhold, by, which, _made(WithholdingIn, wanted | {"reason": "Hensyn."})
            )
    elif kind == "seal" and play.case["sealed"]:
        await play.attempt("lift", restrictions.lift, head, play.case["id"], RestrictionEnd(reason="Ovre."))
    elif kind == "seal":
        await play.attempt("seal", restrictions.restrict, head, play.case["id"], RestrictionIn(reason="Indsigelse."))
    elif kind == "explicit":
        folder = dice.choice(play.facts["folders"])
        await play.write("folders", folder, marked_by=[] if folder["marked_by"] else [play.case["opened_by"]])
    elif kind == "note":
        one = dice.choice(play.facts["documents"])
        await play.write("documents", one, author_only=not one["author_only"])
    else:
        one, folder = dice.choice(play.facts["documents"]), dice.choice([None, *play.facts["folders"]])
        where = {"folder_id": folder and folder["id"], "path": folder["path"] if folder else []}
        await play.write("documents", one, **where, placed_at=play.facts.at)
    play.done.append(kind)


async def emergency(play: Play, dice: Dice) -> None:
    by = await play.actor(dice.choice(["psychologist", "coordinator"]))
    mine = [one for one in play.facts["emergency_accesses"] if one["user_id"] == by.user]
    if mine and dice.one_in(2):
        await play.attempt("close", emergencies.close, by, mine[-1]["id"])
    else:
        wanted = EmergencyIn(reason="Akut.", minutes=5)
        await play.attempt("emergency", emergencies.open_, by, play.case["id"], wanted)


async def add(play: Play, dice: Dice) -> None:
    """One more document, later than what was consented to."""
    subjects = dice.choice([["girl"], ["girl", "father"], ["mother"]])
    more = {"folder": dice.choice([None, *play.facts["folders"]]), "category": dice.choice(["school", "health"])}
    more |= {"owner_department_id": dice.choice(DEPARTMENTS), "placed_at": play.facts.at}
    more |= {"described_at": play.facts.at}
    if len(play.facts["documents"]) < 7:
        add_document(play.facts, play.case, [play.family[who]["id"] for who in subjects], **more)
        await play.write("documents")
        play.facts.rows["document_versions"].pop()
        await play.write("document_versions")
        await play.write("documents", play.facts["documents"][-1], version=1)
        play.done.append("add")


MOVES: Sequence[Callable[..., Awaitable[None]]] = (
    *(consent, consent, consent, sign, withdraw, statute, share, share, share, revoke, wait, wait, wait),
    *(custody, team, visit, close, close, emergency, add, cancel),
)


async def prologue(play: Play, dice: Dice) -> None:
    """Enough that something is open: a consent about the girl, one about her mother, and what they cover is shared."""
    for who in ("girl", "girl", "mother", "father"):
        await consent(play, dice, who)
        await play.look()
        await share(play, dice)
        await play.look()


def _made(shape: type[In], values: Row) -> Any:
    return shape.model_validate(values)
