"""One call draws one screen: a case, what a professional holds, and a citizen's own view."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import NotFound
from app.models import Municipality
from app.policy import cases as case_policies
from app.policy import contacts as contact_policies
from app.policy import families, users
from app.policy import steps as step_policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.services import cases, contacts, steps, teams
from app.services.catalogue import label
from app.wire import cursor

START_UP: Final = ("team_established", "competence_and_funding", "assessment", "goals_and_plan")
RUNNING: Final = ("direction", "follow_up", "status_meetings")


async def overview(session: Transaction, actor: Actor, case_id: UUID) -> dict[str, Any]:
    """The whole case on one screen, each part as this reader may see it."""
    case = await case_policies.cases.get(session, actor, case_id)
    rows = (await steps.listed(session, actor, case_id)).items
    return {
        "case": case,
        "stages": stages(case, rows, actor.language),
        "steps": rows,
        "team": (await teams.team(session, actor, case_id, active=True, limit=200)).items,
        "meetings": (await contacts.meetings(session, actor, case_id, limit=10)).items,
        "callbacks_waiting": (await contacts.callbacks(session, actor, case_id, status="waiting")).items,
        "days_to_first_contact": _days(case.allocated_at, case.first_contact_at),
        "transitions": cases.transitions(actor, case, steps.left(rows)),
        "unfilled": steps.unfilled(rows),
    }


def _days(begin: datetime | None, end: datetime | None) -> int | None:
    """Whole days between two moments; None until both are known."""
    return None if begin is None or end is None else max((end - begin).days, 0)


async def me(session: Transaction, actor: Actor) -> dict[str, Any]:
    """The signed-in account."""
    here = columns(Municipality)
    name = (await session.execute(select(here.name).where(here.id == actor.municipality))).scalar_one()
    own = await users.users.get(session, actor, actor.user)
    return {
        **own._mapping,
        "municipality_id": actor.municipality,
        "municipality_name": name,
        "roles": sorted(actor.roles),
        "member_ids": actor.persons,
    }


async def work(session: Transaction, actor: Actor) -> dict[str, Any]:
    """What a professional holds: cases, open steps, first contacts to make (R99) and call-backs that wait (R98)."""
    own: Page = await case_policies.cases.page(session, actor, coordinator_id=actor.user, open=True)
    waiting = await case_policies.cases.page(
        session, actor, coordinator_id=actor.user, open=True, awaiting_contact=True, limit=200
    )
    held = await step_policies.steps.page(session, actor, holder_id=actor.user, open=True, limit=200)
    callbacks = await contact_policies.callbacks.page(session, actor, status="waiting", mine=True, limit=200)
    return {
        "cases": own.items,
        "cases_next": cursor(own.next),
        "steps": held.items,
        "first_contacts": [
            {
                "case_id": row.id,
                "case_number": row.number,
                "allocated_at": row.allocated_at,
                "days_since": (actor.at - row.allocated_at).days,
            }
            for row in waiting.items
        ],
        "callbacks": callbacks.items,
    }


async def family_view(session: Transaction, actor: Actor) -> dict[str, Any]:
    """A citizen's own view: oneself, the children, the 20 newest cases with the one contact, own call-backs (R97)."""
    if actor.kind != "citizen":
        raise NotFound
    people = (await families.members.page(session, actor, limit=200)).items
    found = (await case_policies.cases.page(session, actor, limit=20)).items
    mine = await step_policies.steps.page(session, actor, case_ids=[row.id for row in found], limit=200)
    return {
        "me": [row for row in people if row.id in actor.persons],
        "children": [row for row in people if row.id not in actor.persons],
        "cases": [_family_case(row, [s for s in mine.items if s.case_id == row.id], actor.language) for row in found],
        "callbacks": (await contact_policies.callbacks.page(session, actor, limit=50)).items,
    }


def _family_case(case: Row, rows: Sequence[Row], language: str) -> dict[str, Any]:
    return {
        **case._mapping,
        "state_label": label("case_state", case.state, language),
        "contact": _card(case, language),
        "steps": [{**row._mapping, "label": label("step_status", row.status, language)} for row in rows],
    }


def _card(case: Row, language: str) -> dict[str, Any] | None:
    """The one person to turn to (R97); None until somebody has the task."""
    if case.coordinator_id is None:
        return None
    return {
        "name": case.coordinator_name,
        "title": case.coordinator_title,
        "role": label("assignment_role", case.coordinator_role, language),
        "phone": case.coordinator_phone,
        "email": case.coordinator_email,
        "hours": case.coordinator_hours,
    }


def stages(case: Row, rows: Sequence[Row], language: str) -> list[dict[str, str]]:
    """The progress picture (R47, R48): each start-up field by its steps, the running fields by the case's state.

    Only for models whose steps are divided into fields; the others have no picture.
    """
    named = {row.stage for row in rows if row.stage}
    if not named:
        return []
    picture = [
        ("start_up", stage, _stage_status([r for r in rows if r.stage == stage]))
        for stage in START_UP
        if stage in named
    ]
    running = {"running": "current", "ordinary": "done", "transition": "done", "closed": "done"}
    started = case.allocated_at is not None and all(status == "done" for _, _, status in picture)
    status = running.get(case.state, "upcoming") if started or case.state == "running" else "upcoming"
    picture += [("running", stage, status) for stage in RUNNING]
    return [
        {"group": group, "stage": stage, "label": label("stage", stage, language), "status": status}
        for group, stage, status in picture
    ]


def _stage_status(rows: Sequence[Row]) -> str:
    if all(row.status in ("done", "skipped") for row in rows):
        return "done"
    return "upcoming" if all(row.status == "planned" for row in rows) else "current"
