"""One call draws one screen: a case, what a professional holds, and a citizen's own view."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.db import Transaction
from app.errors import NotFound, Refusal
from app.policy import (
    agreements,
    applications,
    assignments,
    consents,
    documents,
    events,
    families,
    measures,
    preferences,
    requests,
    sharing,
    teams,
    voices,
)
from app.policy import cases as case_policies
from app.policy import contacts as contact_policies
from app.policy import steps as step_policies
from app.policy.actor import Actor
from app.policy.core import screen
from app.policy.screens import Part, Parts
from app.policy.warnings import case_warnings
from app.services import cases, steps
from app.services.assignments import awaits_deputy
from app.services.catalogue import label
from app.services.events import told as told_of
from app.services.progress import stages
from app.services.warnings import told
from app.wire import cursor

IN_CASE: Final = frozenset({"case_id"})
CURRENT: Final = IN_CASE | {"current"}
OVERVIEW: Final[Parts] = (
    ("case", Part(case_policies.cases, 1, alone=True)),
    ("steps", Part(step_policies.steps, 50, CURRENT)),
    ("assignments", Part(assignments.assignments, 10, IN_CASE | {"active"})),
    ("team", Part(teams.team_members, 200, IN_CASE | {"active"})),
    ("coverage", Part(teams.coverage_checks, 1, IN_CASE)),
    ("contact_preferences", Part(preferences.contact_preferences, 20, CURRENT)),
    ("role_agreements", Part(agreements.role_agreements, 50, CURRENT)),
    ("measures", Part(measures.measures, 50, CURRENT)),
    ("meetings", Part(contact_policies.meetings, 10, IN_CASE)),
    ("callbacks_waiting", Part(contact_policies.callbacks, 50, IN_CASE | {"status"})),
    ("warnings", Part(case_warnings, 1, IN_CASE | {"worked_on"})),
)
MOST_CASES: Final = 50
WORK: Final[Parts] = (
    ("cases", Part(case_policies.cases, MOST_CASES, frozenset({"coordinator_id", "open"}))),
    ("helping", Part(case_policies.cases, MOST_CASES, frozenset({"helper_id", "open"}))),
    ("waiting", Part(case_policies.cases, 200, frozenset({"coordinator_id", "open", "awaiting_contact"}))),
    ("steps", Part(step_policies.steps, 200, frozenset({"held_by"}))),
    ("callbacks", Part(contact_policies.callbacks, 200, frozenset({"status", "advised_by"}))),
    ("preferences_due", Part(preferences.contact_preferences, 50, frozenset({"coordinator_id", "review_due"}))),
    ("information_to_give", Part(requests.information_requests, 50, frozenset({"holder_ids", "open"}))),
    ("information_overdue", Part(requests.information_requests, 50, frozenset({"overdue_by"}))),
    ("reviews_waiting", Part(documents.documents, 50, frozenset({"unreviewed_of"}))),
    ("consents_to_remind", Part(consents.consents, 50, frozenset({"remind_due_of"}))),
    ("consents_ending", Part(consents.consents, 50, frozenset({"advised_by", "ending"}))),
    ("emergencies_to_review", Part(sharing.emergencies, 50, frozenset({"unreviewed_in"}))),
    ("bases_to_review", Part(consents.statutory_bases, 50, frozenset({"unreviewed_in"}))),
)
HERE: Final = frozenset({"case_ids"})
RECENTLY: Final = timedelta(days=30)
FAMILY: Final[Parts] = (
    ("steps", Part(step_policies.steps, 200, HERE | {"current"})),
    ("helpers", Part(assignments.assignments, 200, HERE | {"active"})),
    ("preferences", Part(preferences.contact_preferences, 200, HERE | {"current"})),
    ("callbacks", Part(contact_policies.callbacks, 50, HERE)),
    ("consents_waiting", Part(consents.consents, 50, frozenset({"awaiting_me"}))),
    ("consents_in_force", Part(consents.consents, 50, frozenset({"in_force"}))),
    ("documents", Part(documents.documents, 20)),
    ("information_requests", Part(requests.information_requests, 50, frozenset({"open"}))),
    ("applications", Part(applications.applications, 20)),
    ("statements", Part(voices.statements, 20, frozenset({"own"}))),
    ("looks", Part(events.access_log, 20, frozenset({"case_id", "since", "others_saw"}), each=True)),
)
BESIDE: Final = ("buddy", "deputy")


async def overview(session: Transaction, actor: Actor, case_id: UUID) -> dict[str, Any]:
    """The whole case on one screen, each part as this reader may see it. Raises NotFound for an unreadable case.

    Where a case may go, and which cells are blank, is for those who work with it: a citizen gets neither.
    """
    given = {"row_id": case_id, "case_id": case_id, "active": True, "current": True, "status": "waiting"}
    given["worked_on"] = True
    found = await screen(session, actor, OVERVIEW, **given)
    if not found["case"]:
        raise NotFound(refusal=Refusal("case", "read", case_id))
    case: Any = found["case"][0]
    rows, helpers = steps.in_order(found["steps"]), [row for row in found["assignments"] if row.role in BESIDE]
    joined = min((member.joined_at for member in found["team"]), default=None)
    there = None if joined is None or case.allocated_at is None else max(joined, case.allocated_at)
    moves, unfilled = [], []
    if actor.kind != "citizen":
        awaits = await awaits_deputy(session, actor, case)
        moves = cases.transitions(actor, case, steps.left(rows), awaits_deputy=awaits)
        unfilled = steps.unfilled(rows)
    return {
        **{name: found[name] for name in ("team", "contact_preferences", "role_agreements", "measures", "meetings")},
        "case": case,
        "contact": _contact(case, helpers, actor.language)[1],
        "stages": stages(case, rows, actor.language),
        "steps": rows,
        "helpers": helpers,
        "coverage": next(iter(found["coverage"]), None),
        "callbacks_waiting": found["callbacks_waiting"],
        "days_to_first_contact": _days(case.allocated_at, case.first_contact_at),
        "days_to_team": _days(case.opened_at, there),
        "transitions": moves,
        "unfilled": unfilled,
        "warnings": told(found["warnings"], actor.language),
    }


def _days(begin: datetime | None, end: datetime | None) -> int | None:
    """Whole days between two moments; None until both are known."""
    return None if begin is None or end is None else max((end - begin).days, 0)


def held(actor: Actor) -> dict[str, Any]:
    """What the lists of `WORK` are narrowed to for this professional."""
    flags = dict.fromkeys(("open", "awaiting_contact", "review_due", "ending"), True)
    mine = dict.fromkeys(
        ("coordinator_id", "helper_id", "held_by", "advised_by", "overdue_by", "remind_due_of"), actor.user
    )
    ours = {name: list(actor.departments) for name in ("holder_ids", "unreviewed_of")}
    return {**flags, **mine, **ours, "unreviewed_in": list(actor.leads), "status": "waiting"}


async def work(session: Transaction, actor: Actor) -> dict[str, Any]:
    """What a professional holds: cases, open steps, first contacts to make (R99), call-backs that wait (R98),
    agreements on contact to look at again (R141), information to give, and what is overdue from others (R317).

    Documents whose relevance is to be reviewed (R296), consents to remind of (R288), those that end within 30 days, and
    for the professional head the emergency accesses and the uses of a rule of law to review (R292).
    """
    found = await screen(session, actor, WORK, **held(actor))
    return {
        **found,
        "cases_next": cursor(found["cases"][-1].id if len(found["cases"]) == MOST_CASES else None),
        "first_contacts": [
            {
                "case_id": row.id,
                "case_number": row.number,
                "allocated_at": row.allocated_at,
                "days_since": (actor.at - row.allocated_at).days,
            }
            for row in found["waiting"]
        ],
    }


async def family_view(session: Transaction, actor: Actor) -> dict[str, Any]:
    """A citizen's own view: oneself, the children, the 20 newest cases with the one contact, own call-backs (R97).

    And what waits for the citizen's answer, what is in force and shared, who has looked in the last 30 days and why
    (R289, R290), what is asked of others, applied for, and said in the citizen's own words.
    """
    if actor.kind != "citizen":
        raise NotFound
    people = (await families.members.page(session, actor, limit=200)).items
    found = (await case_policies.cases.page(session, actor, limit=20)).items
    flags = dict.fromkeys(("active", "current", "awaiting_me", "in_force", "open", "own", "others_saw"), True)
    ids, since = [row.id for row in found], actor.at - RECENTLY
    drawn = await screen(session, actor, FAMILY, **flags, case_ids=ids, since=since)
    parts = {name: drawn.pop(name) for name in ("steps", "helpers", "preferences")}
    parts["steps"] = steps.in_order(parts["steps"])
    others = [row for row in people if row.id not in actor.persons]
    their = [(row, {name: _of(row, rows) for name, rows in parts.items()}) for row in found]
    their.sort(key=lambda one: one[0].state == "closed")
    return {
        **drawn,
        "looks": [told_of(row, actor.language) for row in drawn["looks"]],
        "me": [row for row in people if row.id in actor.persons],
        "children": [row for row in others if row.kind != "network"],
        "network": [row for row in others if row.kind == "network"],
        "cases": [_family_case(case, its, actor) for case, its in their],
    }


def _of(case: Any, rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if row.case_id == case.id]


def _family_case(case: Any, parts: dict[str, list[Any]], actor: Actor) -> dict[str, Any]:
    helpers = [row for row in parts["helpers"] if row.role in BESIDE]
    first, contact = _contact(case, helpers, actor.language)
    beside = {row.user_id: _card(row, "user", row.role, actor.language) for row in helpers if row.user_id != first}
    return {
        **case._mapping,
        "state_label": label("case_state", case.state, actor.language),
        "contact": contact,
        "beside": list(beside.values()),
        "contact_preferences": parts["preferences"],
        "steps": [{**row, "label": label("step_status", row["status"], actor.language)} for row in parts["steps"]],
    }


def _contact(case: Any, helpers: Sequence[Any], language: str) -> tuple[UUID | None, dict[str, Any] | None]:
    """The one person to turn to (R97), and the card: the deputy or buddy while the coordinator is away; None before
    there is one.
    """
    if case.coordinator_id is None:
        return None, None
    if not case.coordinator_available and helpers:
        stand_in = max(helpers, key=lambda row: row.role == "deputy")
        return stand_in.user_id, _card(stand_in, "user", stand_in.role, language)
    return case.coordinator_id, _card(case, "coordinator", case.coordinator_role, language)


def _card(row: Any, who: str, role: str, language: str) -> dict[str, Any]:
    known = {name: row[f"{who}_{name}"] for name in ("name", "title", "phone", "email", "hours")}
    return {**known, "role": label("assignment_role", role, language)}
