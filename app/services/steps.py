"""The steps of a case: planning, starting, completing and skipping them (R38–R46, R63, R64).

A step that was repeated stands in several cycles (R60). The current picture is, of each number, the newest: that is
what is listed, worked on and waited for; the others are history.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BOOLEAN,
    CTE,
    INTEGER,
    Insert,
    Select,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Flaw, NotFound, invalid
from app.models import Assignment, CoverageCheck, Cycle, Meeting, Position, Step, StepTemplate, TeamMember
from app.policy import steps as policies
from app.policy.actor import ACTOR, Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.rules import UUID_TYPE, is_one, mine, word
from app.schemas.steps import StepCompletion, StepPatch, StepSkip, StepStart
from app.services import preferences
from app.services.calendar import is_working_day
from app.services.casework import in_team_on, on_the_case, require_open
from app.services.catalogue import label
from app.services.deviations import deviate
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import change
from app.wire import Condition

own = columns(Step)
CELLS: Final = ("purpose", "content", "participants", "responsible")
OPEN: Final = ("planned", "started")
"""What a step is while it is still to be done."""
COORDINATORS: Final = own.holder_id.is_(None) & own.cells["responsible"]["parties"].contains([{"role": "coordinator"}])
"""Nobody holds the step, and the coordinator is responsible for it."""


def _left() -> Select[Any]:
    here = (mine(table_of(Step)), own.case_id == bindparam("of_case", type_=UUID_TYPE))
    undone = (policies.current, own.optional.is_(False), own.status != "done")
    return select(own.number).where(*here, *undone).order_by(own.number)


def _hand_over() -> Update:
    """The current open steps that somebody else held, or that nobody holds and the coordinator is responsible for."""
    former = own.holder_id == bindparam("former", type_=UUID_TYPE)
    here = (mine(table_of(Step)), own.case_id == bindparam("of_case", type_=UUID_TYPE))
    open_now = (policies.current, is_one(own.status, *OPEN))
    holder = bindparam("to", type_=UUID_TYPE)
    return update(table_of(Step)).where(*here, *open_now, COORDINATORS | former).values(holder_id=holder)


def _hand_out() -> Update:
    """The steps that the coordinator is responsible for, in cases that have just begun."""
    begun = func.unnest(bindparam("cases", type_=ARRAY(UUID_TYPE)), bindparam("holders", type_=ARRAY(UUID_TYPE)))
    given = begun.table_valued(column("case_id", UUID_TYPE), column("user_id", UUID_TYPE)).render_derived("given")
    here = (mine(table_of(Step)), own.case_id == given.c.case_id, COORDINATORS)
    return update(table_of(Step)).where(*here).values(holder_id=given.c.user_id)


LEFT: Final = _left()
HAND_OVER: Final = _hand_over()
HAND_OUT: Final = _hand_out()


async def listed(
    session: Transaction,
    actor: Actor,
    case_id: UUID,
    *,
    cycle: int | None = None,
    limit: int = 200,
    after: UUID | None = None,
) -> Page:
    """The current steps of the case, or those of one cycle, in order; all (at most 50) unless asked for less."""
    current = True if cycle is None else None
    page = await policies.steps.page(
        session, actor, case_id=case_id, cycle=cycle, current=current, limit=limit, after=after
    )
    return Page(in_order(page.items), page.next)


def in_order(rows: Sequence[Any]) -> list[Any]:
    """By number: a step that was repeated has a later id than those that were not."""
    return sorted(rows, key=lambda row: row.number)


async def one(session: Transaction, actor: Actor, case_id: UUID, number: int) -> Row:
    """The current step of a number. Raises NotFound when the case has none, or may not be read."""
    found = await policies.steps.page(session, actor, case_id=case_id, number=number, current=True, limit=1)
    if not found.items:
        raise NotFound
    return found.items[0]


async def plan(
    session: Transaction, actor: Actor, case_id: UUID, number: int, wanted: StepPatch, condition: Condition
) -> Row:
    """Set due date and holder, and fill cells locally (R39). Emits `step.changed`."""
    condition.demand()
    case = await cases.get(session, actor, case_id, "work_step")
    step = await one(session, actor, case_id, number)
    condition.check(step)
    values = wanted.model_dump(exclude_unset=True, exclude={"cells"})
    if values.get("due_on") not in (None, step.due_on):
        await _can_be_due(session, actor, step, values["due_on"])
    if values.get("holder_id") is not None:
        await _on_the_case(session, actor, case_id, values["holder_id"])
    if wanted.cells is not None:
        values["cells"] = _filled(step.cells, wanted.cells.model_dump(exclude_unset=True))
    require_open(case)
    if values:
        await change(session, actor, Step, step.id, **values)
        await emit(session, actor, "step.changed", step.id, case_id=case_id)
    return await one(session, actor, case_id, number)


async def start(session: Transaction, actor: Actor, case_id: UUID, number: int, wanted: StepStart) -> Row:
    """Begin a planned step. Emits `step.started`.

    Raises Conflict when it is not planned, or an earlier required step is not done: `step-blocked`. Where the setting
    `steps.blocking` is `warn`, a reason opens that, and is kept (R63).
    """
    case = await cases.get(session, actor, case_id, "work_step")
    step = await one(session, actor, case_id, number)
    require_status(case, step, "planned")
    if case.state == "draft":
        raise Conflict("coordinator-missing")
    blocking = [n for n in await required_left(session, actor, case_id) if n < number]
    if blocking and (wanted.reason is None or (await settings_now(session, actor)).steps.blocking != "warn"):
        raise Conflict("step-blocked", *(Flaw("", f"step-{n}") for n in blocking))
    reason = wanted.reason if blocking else None
    await change(session, actor, Step, step.id, status="started", started_at=actor.at, early_reason=reason)
    if reason is not None:
        await deviate(session, actor, "step_started_early", case_id, reason)
    await emit(session, actor, "step.started", step.id, case_id=case_id)
    return await one(session, actor, case_id, number)


async def complete(session: Transaction, actor: Actor, case_id: UUID, number: int, wanted: StepCompletion) -> Row:
    """Finish a started step. Emits `step.completed`.

    Raises Conflict when it is not started, or something that the step requires is missing (each named by its code).
    """
    case = await cases.get(session, actor, case_id, "work_step")
    step = await one(session, actor, case_id, number)
    if wanted.perspectives is not None and "perspectives" not in step.requires:
        raise invalid("/perspectives", "not-here")
    require_status(case, step, "started")
    missing = [guard for guard in step.requires if not await _met(session, actor, case, step, guard, wanted)]
    if missing:
        flaws = (Flaw("", guard, label("step_guard", guard, actor.language)) for guard in missing)
        raise Conflict("step-requirements-missing", *flaws)
    done = {"status": "done", "completed_at": actor.at, "completed_by": actor.user}
    await change(session, actor, Step, step.id, **done, perspectives=wanted.perspectives)
    await emit(session, actor, "step.completed", step.id, case_id=case_id)
    return await one(session, actor, case_id, number)


async def skip(session: Transaction, actor: Actor, case_id: UUID, number: int, wanted: StepSkip) -> Row:
    """Leave out an optional step, with the reason. Emits `step.skipped`. Conflict for a required or finished one."""
    case = await cases.get(session, actor, case_id, "work_step")
    step = await one(session, actor, case_id, number)
    require_status(case, step, "planned", "started")
    if not step.optional:
        raise Conflict("step-not-optional")
    await change(session, actor, Step, step.id, status="skipped", skipped_at=actor.at, skip_reason=wanted.reason)
    await emit(session, actor, "step.skipped", step.id, case_id=case_id)
    return await one(session, actor, case_id, number)


def left(rows: Sequence[Row]) -> list[int]:
    """The numbers of the required steps among these that are not done."""
    return [row.number for row in rows if not row.optional and row.status != "done"]


async def required_left(session: Transaction, actor: Actor, case_id: UUID) -> list[int]:
    """The numbers of the required steps that are not done, in order."""
    return [row.number for row in await session.rows(LEFT, {**actor.parameters, "of_case": case_id})]


def snapshot(opened: CTE) -> Insert:
    """The insert of a template's steps onto the case just `opened`: later versions do not touch it (R38)."""
    template = columns(StepTemplate)
    source = func.jsonb_array_elements(template.steps).table_valued(column("value", JSONB), with_ordinality="place")
    step = source.render_derived(name="step")
    value = step.c.value
    ids = func.coalesce(bindparam("step_ids", type_=ARRAY(UUID_TYPE)), type_=ARRAY(UUID_TYPE))
    cells = func.jsonb_build_object(*(part for name in CELLS for part in (literal_column(f"'{name}'"), value[name])))
    row = {
        "municipality_id": ACTOR.municipality,
        "id": ids[cast(step.c.place, INTEGER)],
        "case_id": opened.c.id,
        "number": cast(value["number"].astext, INTEGER),
        "key": func.coalesce(value["key"].astext, func.concat("step_", value["number"].astext)),
        "title": value["title"].astext,
        "stage": value["stage"].astext,
        "optional": cast(value["optional"].astext, BOOLEAN),
        "repeatable": cast(value["repeatable"].astext, BOOLEAN),
        "requires": value["requires"],
        "cells": cells,
        "status": word("planned"),
    }
    mine = (template.municipality_id == ACTOR.municipality, template.id == bindparam("template_id", type_=UUID_TYPE))
    chosen = select(*row.values()).select_from(table_of(StepTemplate)).join(opened, true()).join(step, true())
    return insert(table_of(Step)).from_select(list(row), chosen.where(*mine))


async def hand_over(session: Transaction, actor: Actor, case_id: UUID, former: UUID | None, to: UUID) -> None:
    """The coordinator's open steps: those whose responsible is the coordinator, and those the former one held."""
    await session.rows(HAND_OVER, {**actor.parameters, "of_case": case_id, "former": former, "to": to})


async def hand_out(session: Transaction, actor: Actor, coordinators: Mapping[UUID, UUID]) -> None:
    """In cases that have just begun: the coordinator's steps to each case's coordinator, in one go."""
    given = {"cases": list(coordinators), "holders": list(coordinators.values())}
    await session.rows(HAND_OUT, {**actor.parameters, **given})


def unfilled(steps: Sequence[Row]) -> list[str]:
    """The cells of a case's steps that are still blank, as `number.cell` (R39)."""
    return [f"{step.number}.{cell}" for step in steps for cell in CELLS if step.cells[cell]["text"] is None]


def _filled(cells: dict[str, Any], wanted: dict[str, str | None]) -> dict[str, Any]:
    """The cells with the municipality's own words in them: no suggestions any more. null is a blank again."""
    written = {name: {**cells[name], "text": text, "suggestion": text is None} for name, text in wanted.items()}
    for name in ("participants", "responsible"):
        if name in written and written[name]["text"] is None:
            written[name]["parties"] = []
    return {**cells, **written}


def require_status(case: Row, step: Row, *statuses: str) -> None:
    """The case is open, and the step is in one of these statuses. Raises Conflict otherwise."""
    require_open(case)
    if step.status not in statuses:
        raise Conflict("step-not-open")


async def _met(session: Transaction, actor: Actor, case: Row, step: Row, guard: str, wanted: StepCompletion) -> bool:
    """Whether what a step requires is there (R40, R45, R50). What was done for an earlier cycle does not count."""
    if guard == "coordinator":
        return case.coordinator_id is not None
    if guard == "perspectives":
        return wanted.perspectives is not None
    if guard == "contact_form":
        return await preferences.agreed(session, actor, case.id)
    if guard == "core_team":
        return await _team_is_cross_disciplinary(session, actor, case)
    if guard == "coverage":
        return await _any(session, actor, CoverageCheck, case.id, true())
    if guard == "deputy":
        beside = columns(Assignment)
        helps = beside.ended_at.is_(None) & beside.role.in_(("buddy", "deputy"))
        return await _any(session, actor, Assignment, case.id, helps)
    meeting = columns(Meeting)
    family = meeting.attendance.contains([{"kind": "family"}])
    held = (meeting.kind == "assessment") & (meeting.status == "held") & family
    began = await _began(session, actor, step)
    return await _any(session, actor, Meeting, case.id, held if began is None else held & (meeting.held_at >= began))


async def _began(session: Transaction, actor: Actor, step: Row) -> datetime | None:
    """When the cycle of a step began; None for the first one, which began with the case."""
    cycle = columns(Cycle)
    here = (cycle.municipality_id == actor.municipality, cycle.case_id == step.case_id, cycle.number == step.cycle)
    return (await session.execute(select(cycle.started_at).where(*here))).scalar_one_or_none()


async def _team_is_cross_disciplinary(session: Transaction, actor: Actor, case: Row) -> bool:
    """Beside the coordinator there is somebody of another profession, or from another department (R40, R80)."""
    team, held = columns(TeamMember), columns(Position)
    same = select(held.department_id).where(
        held.municipality_id == actor.municipality, held.user_id == case.coordinator_id, held.ended_at.is_(None)
    )
    other = (team.profession != "social_adviser") | team.department_id.not_in(same)
    return await _any(session, actor, TeamMember, case.id, in_team_on(actor.today) & team.relevant & other)


async def _any(session: Transaction, actor: Actor, model: Any, case_id: UUID, condition: Any) -> bool:
    table = columns(model)
    here = (table.municipality_id == actor.municipality, table.case_id == case_id, condition)
    return (await session.execute(select(table.id).where(*here).limit(1))).first() is not None


async def _can_be_due(session: Transaction, actor: Actor, step: Row, day: date) -> None:
    """What is still to be done is not due in the past, nor on a day when nobody is at work (R468). Raises Invalid."""
    if step.status in OPEN and day < actor.today:
        raise invalid("/due_on", "past")
    if not is_working_day(day, (await settings_now(session, actor)).calendar.holidays):
        raise invalid("/due_on", "not-a-working-day", "not-a-working-day")


async def _on_the_case(session: Transaction, actor: Actor, case_id: UUID, user_id: UUID) -> None:
    """A step's holder is the coordinator or in the core team now. Raises Invalid for anybody else."""
    if not await on_the_case(session, actor, case_id, user_id):
        raise invalid("/holder_id", "unknown-reference", "unknown-reference")
