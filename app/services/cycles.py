"""Steps that are taken again after a larger change (R60), and what goes on while a case is running (R59)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import INTEGER, Insert, any_, bindparam, cast, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Conflict, invalid
from app.models import Case, Cycle, Step
from app.policy import cycles as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.rules import UUID_TYPE, mine, word
from app.policy.steps import step_templates
from app.schemas.cycles import CycleIn
from app.services import steps
from app.services.casework import require_open
from app.services.events import emit
from app.services.rows import add, change

COPIED: Final = ("municipality_id", "case_id", "number", "key", "title", "stage", "optional", "repeatable", "requires")


def _again() -> Insert:
    """The insert of some of the case's steps once more, planned, as they stood in the first cycle, cells and all."""
    own = columns(Step)
    ids = func.coalesce(bindparam("step_ids", type_=ARRAY(UUID_TYPE)), type_=ARRAY(UUID_TYPE))  # a subscript needs it
    row = {
        **{name: own[name] for name in (*COPIED, "cells")},
        "id": ids[cast(func.row_number().over(order_by=own.number), INTEGER)],
        "cycle": bindparam("of_cycle", type_=INTEGER),
        "status": word("planned"),
    }
    these = own.number == any_(bindparam("numbers", type_=ARRAY(INTEGER)))
    here = (mine(table_of(Step)), own.case_id == bindparam("of_case", type_=UUID_TYPE), own.cycle == 1)
    return insert(table_of(Step)).from_select(list(row), select(*row.values()).where(*here, these))


AGAIN: Final = _again()


async def start(session: Transaction, actor: Actor, case_id: UUID, wanted: CycleIn) -> Row:
    """Take the repeatable steps again, or some of them, in a running case. Emits `case.cycle_started`.

    Raises Invalid, naming the place, for a step that the case does not have or that cannot be repeated; Conflict when
    the case is not running, or when none of the steps was begun since it last came: so of two who ask at once one wins.
    """
    case = await cases.get(session, actor, case_id, "work_step")
    if wanted.steps is not None:
        await _repeatable(session, actor, case_id, wanted.steps)
    require_open(case)
    if case.state != "running":
        raise Conflict("case-not-running")
    id = await begin(session, actor, case, wanted.reason, wanted.steps)
    if id is None:
        raise Conflict("nothing-to-repeat")
    return await policies.cycles.get(session, actor, id)


async def begin(
    session: Transaction, actor: Actor, case: Row, reason: str, numbers: Sequence[int] | None = None
) -> UUID | None:
    """The next cycle of a case that was locked for it: its repeatable steps again, or these of them.

    Emits `case.cycle_started`. Where there is nothing to repeat nothing is done. The steps of the cycle before stay as
    they are; where the coordinator is responsible for a step, the coordinator holds it.
    """
    current = (await steps.listed(session, actor, case.id)).items
    chosen = [step for step in current if step.repeatable and (numbers is None or step.number in numbers)]
    if all(step.status == "planned" for step in chosen):
        return None
    number = case.cycle + 1
    stamped = {"started_at": actor.at, "started_by": actor.user}
    id = await add(session, actor, Cycle, case_id=case.id, number=number, reason=reason, **stamped)
    again = {"of_case": case.id, "of_cycle": number, "numbers": [step.number for step in chosen]}
    await session.rows(AGAIN, {**actor.parameters, **again, "step_ids": [new_id() for _ in chosen]})
    if case.coordinator_id is not None:
        await steps.hand_over(session, actor, case.id, None, case.coordinator_id)
    await change(session, actor, Case, case.id, cycle=number)
    await emit(session, actor, "case.cycle_started", case.id, case_id=case.id)
    return id


async def listed(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    """The cycles of the case after the first, newest first."""
    return await policies.cycles.page(session, actor, case_id=case_id, **page)


async def activities(session: Transaction, actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """What goes on while the case is running, in the order and the words of the template that it follows (R59)."""
    done = await policies.activities.get(session, actor, case_id)
    return [
        {**one, "last_at": getattr(done, f"{one['code']}_at", None), "count": getattr(done, one["code"], None)}
        for one in await of_template(session, actor, done)
    ]


async def of_template(session: Transaction, actor: Actor, case: Row) -> Sequence[Mapping[str, str]]:
    """The activities of the template that the case follows; none where it follows none."""
    if case.template_id is None:
        return ()
    found: Sequence[Mapping[str, str]] = (await step_templates.get(session, actor, case.template_id)).activities
    return found


async def _repeatable(session: Transaction, actor: Actor, case_id: UUID, numbers: Sequence[int]) -> None:
    """Each number is once that of a step which can be repeated (R60: in SOF all but the first). Raises Invalid."""
    can = {step.number: step.repeatable for step in (await steps.listed(session, actor, case_id)).items}
    for place, number in enumerate(numbers):
        if number not in can:
            raise invalid(f"/steps/{place}", "unknown-reference", "unknown-reference")
        if not can[number]:
            raise invalid(f"/steps/{place}", "step-not-repeatable", "step-not-repeatable")
        if number in numbers[:place]:
            raise invalid(f"/steps/{place}", "already-exists")
