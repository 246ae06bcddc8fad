"""The steps of a case: planning, starting, completing and skipping them (R38–R46, R63, R64); and their templates."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import (
    BOOLEAN,
    CTE,
    INTEGER,
    Insert,
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
from app.errors import Conflict, Flaw, Invalid, NotFound, flaws, invalid
from app.models import Meeting, Position, Step, StepTemplate, TeamMember
from app.policy import steps as policies
from app.policy.actor import ACTOR, Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.rules import UUID_TYPE, word
from app.schemas.step_templates import StepTemplateDocument
from app.schemas.steps import StepCompletion, StepPatch, StepSkip, StepStart, StepTemplateIn
from app.services.calendar import is_working_day
from app.services.casework import on_the_case, require_open
from app.services.catalogue import label
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change
from app.wire import Condition

own = columns(Step)
CELLS = ("purpose", "content", "participants", "responsible")


async def listed(session: Transaction, actor: Actor, case_id: UUID, *, limit: int = 200, **page: Any) -> Page:
    """The steps of the case, in order; all of them unless asked for less (a template holds at most 50)."""
    return await policies.steps.page(session, actor, case_id=case_id, limit=limit, **page)


async def one(session: Transaction, actor: Actor, case_id: UUID, number: int) -> Row:
    """One step by its number. Raises NotFound when the case has none, or may not be read."""
    found = await policies.steps.page(session, actor, case_id=case_id, number=number, limit=1)
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
    if values.get("due_on") is not None:
        await _on_a_working_day(session, actor, values["due_on"])
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
    missing = [guard for guard in step.requires if not await _met(session, actor, case, guard, wanted)]
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
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, ~own.optional, own.status != "done")
    return list((await session.execute(select(own.number).where(*here).order_by(own.number))).scalars())


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
    open_steps = (
        own.municipality_id == actor.municipality,
        own.case_id == case_id,
        own.status.in_(("planned", "started")),
    )
    theirs = own.holder_id.is_(None) & own.cells["responsible"]["parties"].contains([{"role": "coordinator"}])
    if former is not None:
        theirs = theirs | (own.holder_id == former)
    await session.execute(update(table_of(Step)).where(*open_steps, theirs).values(holder_id=to))


async def publish(session: Transaction, actor: Actor, wanted: StepTemplateIn) -> Row:
    """A new version of a template, in force for cases opened from now on. Emits `step_template.published`.

    Administrators only. Raises Conflict when another version was published since the one that was edited.
    """
    page = await policies.step_templates.page(session, actor, model=wanted.model, newest=True, limit=1)
    if not page.items:
        raise Conflict("no-template")
    await policies.step_templates.get(session, actor, page.items[0].id, "configure")
    if page.items[0].version != wanted.based_on:
        raise Conflict("template-changed")
    document = _whole(wanted)
    values = {"model": wanted.model, "name": wanted.name, "version": wanted.based_on + 1}
    stamped = {"published_at": actor.at, "published_by": actor.user}
    content = document.model_dump(mode="json")["steps"]
    id = await add(session, actor, StepTemplate, steps=content, **values, **stamped)
    await emit(session, actor, "step_template.published", id)
    return await policies.step_templates.get(session, actor, id)


def _whole(wanted: StepTemplateIn) -> StepTemplateDocument:
    """The template as one document: numbered 1, 2, 3 …. Raises Invalid, naming the place."""
    try:
        return StepTemplateDocument(model=wanted.model, name=wanted.name, steps=tuple(wanted.steps))
    except ValidationError as error:
        raise Invalid(None, *flaws(error.errors(include_input=False, include_url=False))) from None


async def template_gaps(session: Transaction, actor: Actor, id: UUID) -> list[dict[str, Any]]:
    """The cells of a template that must be filled locally (R39)."""
    template = await policies.step_templates.get(session, actor, id)
    return [
        {
            "number": step["number"],
            "title": step["title"],
            "cell": cell,
            "label": label("step_cell", cell, actor.language),
        }
        for step in template.steps
        for cell in CELLS
        if step[cell]["text"] is None
    ]


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


async def _met(session: Transaction, actor: Actor, case: Row, guard: str, wanted: StepCompletion) -> bool:
    """Whether what a step requires is there (R40, R45, R50)."""
    if guard == "coordinator":
        return case.coordinator_id is not None
    if guard == "perspectives":
        return wanted.perspectives is not None
    if guard == "core_team":
        return await _team_is_cross_disciplinary(session, actor, case)
    meeting = columns(Meeting)
    family = meeting.attendance.contains([{"kind": "family"}])
    return await _any(
        session, actor, Meeting, case.id, (meeting.kind == "assessment") & (meeting.status == "held") & family
    )


async def _team_is_cross_disciplinary(session: Transaction, actor: Actor, case: Row) -> bool:
    """Beside the coordinator there is somebody of another profession, or from another department (R40, R80)."""
    team, held = columns(TeamMember), columns(Position)
    same = select(held.department_id).where(
        held.municipality_id == actor.municipality, held.user_id == case.coordinator_id, held.ended_at.is_(None)
    )
    other = (team.profession != "social_adviser") | team.department_id.not_in(same)
    return await _any(session, actor, TeamMember, case.id, team.left_at.is_(None) & other)


async def _any(session: Transaction, actor: Actor, model: Any, case_id: UUID, condition: Any) -> bool:
    table = columns(model)
    here = (table.municipality_id == actor.municipality, table.case_id == case_id, condition)
    return (await session.execute(select(table.id).where(*here).limit(1))).first() is not None


async def _on_a_working_day(session: Transaction, actor: Actor, day: date) -> None:
    """A due date keeps clear of days when nobody is at work (R468). Raises Invalid otherwise."""
    if not is_working_day(day, (await settings_now(session, actor)).calendar.holidays):
        raise invalid("/due_on", "not-a-working-day", "not-a-working-day")


async def _on_the_case(session: Transaction, actor: Actor, case_id: UUID, user_id: UUID) -> None:
    """A step's holder is the coordinator or in the core team now. Raises Invalid for anybody else."""
    if not await on_the_case(session, actor, case_id, user_id):
        raise invalid("/holder_id", "unknown-reference", "unknown-reference")
