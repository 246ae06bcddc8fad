"""Cases: opening, allocating, changing, moving between states, closing (R37, R40, R78, R79)."""

import secrets
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import columns, new_id, table_of
from app.errors import Conflict, Flaw, invalid
from app.models import Case, Member, StepTemplate, TeamMember
from app.policy import cases as policies
from app.policy import families
from app.policy.actor import Actor
from app.schemas.cases import CaseIn, CasePatch, TransitionIn
from app.services import steps
from app.services.casework import for_work
from app.services.catalogue import label
from app.services.events import emit
from app.services.families import owning
from app.services.municipalities import settings_now
from app.services.rows import change
from app.wire import Condition

TRANSITIONS: Final = {
    "draft": ("start_up", "closed"),
    "start_up": ("running", "closed"),
    "running": ("ordinary", "transition", "closed"),
    "ordinary": ("running", "closed"),
    "transition": ("running", "closed"),
    "closed": (),
}
"""Where a case may go from each state (R79)."""


async def open_case(session: AsyncSession, actor: Actor, wanted: CaseIn) -> Row[Any]:
    """Open a case in draft, with the steps of the template in force as a snapshot. Emits `case.created`.

    Raises Invalid for a family, child or department that is not there for the actor, Forbidden where the actor may
    not open one, Conflict when the municipality has no template for the model.
    """
    await families.families.get(session, actor, wanted.family_id, "open_case")
    await owning(session, actor, wanted.owner_department_id)
    await _child_of(session, actor, wanted.family_id, wanted.child_id)
    model = wanted.model or (await settings_now(session, actor)).case.default_model
    template = await _template(session, actor, model)
    values = {
        "state": "draft",
        "model": model,
        "opened_at": actor.at,
        "opened_by": actor.user,
        "template_id": template and template.id,
        "template_version": template and template.version,
        **wanted.model_dump(mode="python", exclude={"model"}),
    }
    id = await _insert(session, actor, values)
    if template is not None:
        await steps.snapshot(session, actor, id, template.steps)
    await emit(session, actor, "case.created", id, case_id=id)
    return await policies.cases.get(session, actor, id)


async def change_case(
    session: AsyncSession, actor: Actor, id: UUID, wanted: CasePatch, condition: Condition
) -> Row[Any]:
    """Change the case's subject number or its references. Emits `case.changed`."""
    await for_work(session, actor, id, "change", condition)
    values = wanted.model_dump(exclude_unset=True)
    for field, value in values.items():
        if value is None:
            raise invalid(f"/{field}", "required")
    if values:
        await change(session, actor, Case, id, **values)
        await emit(session, actor, "case.changed", id, case_id=id)
    return await policies.cases.get(session, actor, id)


async def transitions(session: AsyncSession, actor: Actor, case: Row[Any]) -> list[dict[str, Any]]:
    """The states that the case may go to, each with what is still missing."""
    open_steps = await steps.required_left(session, actor, case.id)
    return [
        {
            "to": to,
            "label": label("case_state", to, actor.language),
            "blocked_by": _blocked(case, to, open_steps),
        }
        for to in TRANSITIONS[case.state]
    ]


async def move(session: AsyncSession, actor: Actor, id: UUID, wanted: TransitionIn) -> Row[Any]:
    """Take the case to another state. Emits `case.state_changed`, or `case.closed`.

    Raises Conflict when the state cannot be reached from here or something is missing, Invalid when the reason, the
    closing or the family's view that the state needs is left out.
    """
    case = await for_work(session, actor, id, "change_state")
    if wanted.to not in TRANSITIONS[case.state]:
        raise Conflict("transition-not-allowed")
    _complete(case, wanted)
    missing = _blocked(case, wanted.to, await steps.required_left(session, actor, id))
    if missing:
        raise Conflict("case-not-ready", *(Flaw("/to", code) for code in missing))
    values: dict[str, Any] = {"state": wanted.to}
    if wanted.to == "closed":
        closing = wanted.closing and wanted.closing.model_dump(mode="json")
        values |= {"closed_at": actor.at, "close_reason": wanted.reason, "closing": closing}
        await _dissolve_team(session, actor, id)
    if wanted.to == "ordinary":
        values |= {"family_view": wanted.family_view}
    await change(session, actor, Case, id, **values)
    event = "case.closed" if wanted.to == "closed" else "case.state_changed"
    await emit(session, actor, event, id, case_id=id)
    return await policies.cases.get(session, actor, id)


def _blocked(case: Row[Any], to: str, open_steps: Sequence[int]) -> list[str]:
    """What keeps the case from a state: codes of `step_guard`, and `step-N` for a required step that is not done."""
    if to == "start_up" and case.coordinator_id is None:
        return ["coordinator"]
    if to == "running" and case.state == "start_up":
        return [f"step-{number}" for number in open_steps]
    return []


def _complete(case: Row[Any], wanted: TransitionIn) -> None:
    """The request carries what its state needs, and nothing that belongs to another."""
    closing = wanted.to == "closed"
    needed = {"reason": closing, "closing": closing and case.state != "draft", "family_view": wanted.to == "ordinary"}
    for field, is_needed in needed.items():
        if is_needed and getattr(wanted, field) is None:
            raise invalid(f"/{field}", "required")
        if not is_needed and not closing and getattr(wanted, field) is not None:
            raise invalid(f"/{field}", "not-here")


async def _insert(session: AsyncSession, actor: Actor, values: dict[str, Any]) -> UUID:
    """The case under a number that tells nothing: the year and seven random digits, drawn again when taken."""
    table = table_of(Case)
    for _ in range(8):
        id = new_id()
        number = f"{actor.today.year}-{secrets.randbelow(9_000_000) + 1_000_000}"
        row = {"municipality_id": actor.municipality, "id": id, "number": number, **values}
        attempt = insert(table).on_conflict_do_nothing(constraint="uq_cases_number").returning(table.c.id)
        if (await session.execute(attempt, row)).first():
            return id
    raise Conflict("conflict")


async def _child_of(session: AsyncSession, actor: Actor, family_id: UUID, child_id: UUID) -> None:
    own = columns(Member)
    same = (own.municipality_id == actor.municipality, own.id == child_id, own.family_id == family_id)
    if (await session.execute(select(own.id).where(*same, own.kind == "child"))).first() is None:
        raise invalid("/child_id", "member-not-in-family", "member-not-in-family")


async def _template(session: AsyncSession, actor: Actor, model: str) -> Row[Any] | None:
    """The template in force for the model; None for cases that follow no model (R77)."""
    if model == "none":
        return None
    own = columns(StepTemplate)
    newest = select(own.id, own.version, own.steps).where(own.municipality_id == actor.municipality, own.model == model)
    found = (await session.execute(newest.order_by(own.version.desc()).limit(1))).one_or_none()
    if found is None:
        raise Conflict("no-template")
    return found


async def _dissolve_team(session: AsyncSession, actor: Actor, id: UUID) -> None:
    own = columns(TeamMember)
    here = (own.municipality_id == actor.municipality, own.case_id == id, own.left_at.is_(None))
    ended = update(table_of(TeamMember)).where(*here).values(left_at=actor.at, leave_reason="case_closed")
    await session.execute(ended)
