"""Cases: opening, allocating, changing, moving between states, closing (R37, R40, R78, R79)."""

import secrets
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, Select, bindparam, func, select, true, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Conflict, Flaw, invalid
from app.models import Case, Member, SettingsVersion, StepTemplate, TeamMember
from app.policy import cases as policies
from app.policy import families
from app.policy.actor import ACTOR, Actor
from app.policy.rules import UUID_TYPE, some
from app.schemas.cases import CaseIn, CasePatch, TransitionIn
from app.services import steps
from app.services.casework import require_open
from app.services.catalogue import label
from app.services.events import emit, in_case, of_event
from app.services.families import owning
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

ASKED: Final = {"family_id", "child_id", "model"}


def _ready() -> Select[Any]:
    """What opening needs to know: that the child is the family's, the model, and the template in force for it."""
    child, settings, template = columns(Member), columns(SettingsVersion), columns(StepTemplate)
    its = (child.id == bindparam("child_id"), child.family_id == bindparam("family_id"), child.kind == "child")
    newest = (
        select(settings.document["case"]["default_model"].astext.label("model"))
        .where(settings.municipality_id == ACTOR.municipality)
        .order_by(settings.version.desc())
        .limit(1)
        .subquery("newest")
    )
    model = func.coalesce(bindparam("model", type_=TEXT), newest.c.model)
    chosen = (
        select(template.id, template.version, func.jsonb_array_length(template.steps).label("steps"))
        .where(template.municipality_id == ACTOR.municipality, template.model == model)
        .order_by(template.version.desc())
        .limit(1)
        .lateral("chosen")
    )
    return select(
        some(table_of(Member), *its).label("child"),
        model.label("model"),
        chosen.c.id.label("template_id"),
        chosen.c.version,
        func.coalesce(chosen.c.steps, 0).label("steps"),
    ).select_from(newest.outerjoin(chosen, true()))


def _open() -> Select[Any]:
    """The case, its steps, and the event that it was created, in one statement.

    The number tells nothing: the year and seven random digits. When it is taken nothing is written, and no row comes.
    """
    case, given = columns(Case), ("number", "family_id", "child_id", "owner_department_id", "kle_code", "model")
    values = {name: bindparam(name, type_=case[name].type) for name in (*given, "template_id", "template_version")}
    opened = (
        insert(table_of(Case))
        .values(
            **values,
            municipality_id=ACTOR.municipality,
            id=bindparam("id", type_=UUID_TYPE),
            state="draft",
            external_references=bindparam("external_references", type_=JSONB),
            opened_at=ACTOR.at,
            opened_by=ACTOR.user,
        )
        .on_conflict_do_nothing(constraint="uq_cases_number")
        .returning(case.id)
        .cte("opened")
    )
    steps_of = steps.snapshot(opened).cte("snapshot")
    return select(opened.c.id).add_cte(steps_of, in_case(opened).cte("event"))


READY: Final = _ready()
OPEN: Final = _open()


async def open_case(session: Transaction, actor: Actor, wanted: CaseIn) -> Row:
    """Open a case in draft, with the steps of the template in force as a snapshot (R38). Emits `case.created`.

    Raises NotFound for a family that the actor cannot read, Invalid for a child or department that is not there,
    Forbidden where the actor may not open a case, Conflict when the municipality has no template for the model.
    """
    await families.families.get(session, actor, wanted.family_id, "open_case")
    await owning(session, actor, wanted.owner_department_id)
    (found,) = await session.rows(READY, {**actor.parameters, **wanted.model_dump(include=ASKED)})
    if not found.child:
        raise invalid("/child_id", "member-not-in-family", "member-not-in-family")
    if found.model != "none" and found.template_id is None:
        raise Conflict("no-template")
    values = {
        **wanted.model_dump(exclude={"model"}),
        "model": found.model,
        "step_ids": [new_id() for _ in range(found.steps)],
    }
    values |= {"template_id": found.template_id, "template_version": found.version}
    for _ in range(8):
        id = new_id()
        drawn = {"id": id, "number": f"{actor.today.year}-{secrets.randbelow(9_000_000) + 1_000_000}"}
        parameters = {**actor.parameters, **values, **drawn, **of_event("case.created", id, id)}
        if await session.rows(OPEN, parameters):
            return await policies.cases.get(session, actor, id)
    raise Conflict("conflict")


async def change_case(session: Transaction, actor: Actor, id: UUID, wanted: CasePatch, condition: Condition) -> Row:
    """Change the case's subject number or its references. Emits `case.changed`."""
    case = await policies.cases.get(session, actor, id, "change", condition)
    values = wanted.model_dump(exclude_unset=True)
    for field, value in values.items():
        if value is None:
            raise invalid(f"/{field}", "required")
    require_open(case)
    if values:
        await change(session, actor, Case, id, **values)
        await emit(session, actor, "case.changed", id, case_id=id)
    return await policies.cases.get(session, actor, id)


def transitions(actor: Actor, case: Row, open_steps: Sequence[int]) -> list[dict[str, Any]]:
    """The states that the case may go to, each with what is still missing; `open_steps` are required and not done."""
    return [
        {
            "to": to,
            "label": label("case_state", to, actor.language),
            "blocked_by": _blocked(case, to, open_steps),
        }
        for to in TRANSITIONS[case.state]
    ]


async def served_transitions(session: Transaction, actor: Actor, id: UUID) -> dict[str, Any]:
    """The state of the case, and where it may go from there (R79)."""
    case = await policies.cases.get(session, actor, id)
    return {"state": case.state, "transitions": transitions(actor, case, await steps.required_left(session, actor, id))}


async def move(session: Transaction, actor: Actor, id: UUID, wanted: TransitionIn) -> Row:
    """Take the case to another state. Emits `case.state_changed`, or `case.closed`.

    Raises Conflict when the state cannot be reached from here or something is missing, Invalid when the reason, the
    closing or the family's view that the state needs is left out.
    """
    case = await policies.cases.get(session, actor, id, "change_state")
    _complete(case, wanted)
    require_open(case)
    if wanted.to not in TRANSITIONS[case.state]:
        raise Conflict("transition-not-allowed")
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


def _blocked(case: Row, to: str, open_steps: Sequence[int]) -> list[str]:
    """What keeps the case from a state: codes of `step_guard`, and `step-N` for a required step that is not done."""
    if to == "start_up" and case.coordinator_id is None:
        return ["coordinator"]
    if to == "running" and case.state == "start_up":
        return [f"step-{number}" for number in open_steps]
    return []


def _complete(case: Row, wanted: TransitionIn) -> None:
    """The request carries what its state needs, and nothing that belongs to another."""
    closing = wanted.to == "closed"
    needed = {"reason": closing, "closing": closing and case.state != "draft", "family_view": wanted.to == "ordinary"}
    for field, is_needed in needed.items():
        if is_needed and getattr(wanted, field) is None:
            raise invalid(f"/{field}", "required")
        if not is_needed and not closing and getattr(wanted, field) is not None:
            raise invalid(f"/{field}", "not-here")


async def _dissolve_team(session: Transaction, actor: Actor, id: UUID) -> None:
    own = columns(TeamMember)
    here = (own.municipality_id == actor.municipality, own.case_id == id, own.left_at.is_(None))
    ended = update(table_of(TeamMember)).where(*here).values(left_at=actor.at, leave_reason="case_closed")
    await session.execute(ended)
