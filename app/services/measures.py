"""Measures: planned, started, ended or dropped, and never started before what has to come first (R49, R71, X4)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Conflict, Flaw, NotFound, invalid
from app.models import Measure, Member
from app.policy import measures as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.contacts import meetings
from app.policy.core import Page
from app.policy.municipalities import departments
from app.policy.organisations import organisations
from app.schemas.measures import MeasureDrop, MeasureEnd, MeasureIn, MeasurePatch, MeasureStart
from app.services import steps
from app.services.casework import require_member, require_open
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change
from app.wire import Condition

PROVIDERS = {"provider_department_id": departments, "provider_organisation_id": organisations}


async def plan(session: Transaction, actor: Actor, case_id: UUID, wanted: MeasureIn) -> Row:
    """Plan help for the child of the case or an adult of its family (R71). Emits `measure.planned`.

    Raises Invalid for anybody else, for two providers or one that is not known or in use, and for a day of planning
    that is to come.
    """
    case = await cases.get(session, actor, case_id, "plan_measure", about=wanted.member_id)
    values = wanted.model_dump()
    values["planned_on"] = wanted.planned_on or actor.today
    await _for_whom(session, actor, case, wanted.member_id)
    _one_provider(values)
    await _fits(session, actor, values)
    require_open(case)
    stamped = {"status": "planned", "created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Measure, case_id=case_id, **values, **stamped)
    await _tell(session, actor, "measure.planned", id, case, wanted.member_id)
    return await policies.measures.get(session, actor, id)


async def change_plan(session: Transaction, actor: Actor, id: UUID, wanted: MeasurePatch, condition: Condition) -> Row:
    """Change a measure before it starts. Emits `measure.changed`. Raises Conflict when it is planned no more."""
    measure = await policies.measures.get(session, actor, id, "work_measure", condition)
    case = await cases.get(session, actor, measure.case_id)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("title", "category", "planned_on"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    _one_provider({**measure._mapping, **values})
    await _fits(session, actor, values)
    _still(case, measure, "planned")
    if values:
        await change(session, actor, Measure, id, **values)
        await _tell(session, actor, "measure.changed", id, case, measure.member_id)
    return await policies.measures.get(session, actor, id)


async def start(session: Transaction, actor: Actor, id: UUID, wanted: MeasureStart) -> Row:
    """The help has begun. Emits `measure.started`.

    Raises Conflict when it is not planned, and in an EFEI case before what has to come first: `assessment-not-done`
    (R49) or `analysis-meeting-missing` (X4). No reason and no setting of the steps opens that.
    """
    measure = await policies.measures.get(session, actor, id, "work_measure")
    case = await cases.get(session, actor, measure.case_id)
    started_on = wanted.started_on or actor.today
    if started_on > actor.today:
        raise invalid("/started_on", "future")
    _still(case, measure, "planned")
    if case.model == "efei":
        await _require_assessment(session, actor, case.id)
        await _require_analysis(session, actor, case.id)
    await change(session, actor, Measure, id, status="started", starts_on=started_on)
    await _tell(session, actor, "measure.started", id, case, measure.member_id)
    return await policies.measures.get(session, actor, id)


async def end(session: Transaction, actor: Actor, id: UUID, wanted: MeasureEnd) -> Row:
    """The help is over, and why. Emits `measure.ended`. Raises Conflict when it had not started, or was over."""
    measure = await policies.measures.get(session, actor, id, "work_measure")
    case = await cases.get(session, actor, measure.case_id)
    if wanted.ended_on > actor.today:
        raise invalid("/ended_on", "future")
    if measure.status == "started" and wanted.ended_on < measure.starts_on:
        raise invalid("/ended_on", "period-invalid", "period-invalid")
    _still(case, measure, "started")
    ended = {"status": "ended", "ended_on": wanted.ended_on, "end_reason": wanted.reason}
    await change(session, actor, Measure, id, **ended)
    await _tell(session, actor, "measure.ended", id, case, measure.member_id)
    return await policies.measures.get(session, actor, id)


async def drop(session: Transaction, actor: Actor, id: UUID, wanted: MeasureDrop) -> Row:
    """What was planned will not be done, and why. Emits `measure.dropped`. Raises Conflict when it is not planned."""
    measure = await policies.measures.get(session, actor, id, "work_measure")
    case = await cases.get(session, actor, measure.case_id)
    _still(case, measure, "planned")
    await change(session, actor, Measure, id, status="dropped", end_reason=wanted.reason)
    await _tell(session, actor, "measure.dropped", id, case, measure.member_id)
    return await policies.measures.get(session, actor, id)


async def measures(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.measures.page(session, actor, case_id=case_id, **page)


async def _require_assessment(session: Transaction, actor: Actor, case_id: UUID) -> None:
    """The required steps of the assessment are done (R49), as the case stands now: a repeated one counts again.

    They are those of that stage; where the case's template has none, those that need a meeting with the family.
    """
    rows = (await steps.listed(session, actor, case_id)).items
    assessing = [row for row in rows if row.stage == "assessment"]
    left = steps.left(assessing or [row for row in rows if "family_meeting" in row.requires])
    if left:
        raise Conflict("assessment-not-done", *(Flaw("", f"step-{number}") for number in left))


async def _require_analysis(session: Transaction, actor: Actor, case_id: UUID) -> None:
    """Where the municipality requires an analysis meeting, one has been held (X4)."""
    if (await settings_now(session, actor)).analysis_meeting != "required":
        return
    held = await meetings.page(session, actor, case_id=case_id, kind="analysis", status="held", limit=1)
    if not held.items:
        raise Conflict("analysis-meeting-missing")


async def _for_whom(session: Transaction, actor: Actor, case: Row, member_id: UUID) -> None:
    """The case's own child, or an adult of the family: another child's help belongs to that child's case."""
    await require_member(session, actor, case, member_id, "/member_id")
    member = columns(Member)
    this = (member.municipality_id == actor.municipality, member.id == member_id)
    kind = (await session.execute(select(member.kind).where(*this))).scalar_one()
    if member_id != case.child_id and kind != "adult":
        raise invalid("/member_id", "not-an-adult", "not-an-adult")


def _one_provider(values: Mapping[str, Any]) -> None:
    """A department or an organisation, or nobody yet. Raises Invalid for both."""
    if all(values[field] is not None for field in PROVIDERS):
        raise invalid("/provider_organisation_id", "not-here")


async def _fits(session: Transaction, actor: Actor, values: Mapping[str, Any]) -> None:
    """What is said of it makes sense: planned by today, and from somebody known and in use. Raises Invalid."""
    if values.get("planned_on") is not None and values["planned_on"] > actor.today:
        raise invalid("/planned_on", "future")
    for field, policy in PROVIDERS.items():
        if values.get(field) is None:
            continue
        try:
            in_use = (await policy.get(session, actor, values[field])).active
        except NotFound:
            in_use = False
        if not in_use:
            raise invalid(f"/{field}", "unknown-reference", "unknown-reference")


def _still(case: Row, measure: Row, status: str) -> None:
    require_open(case)
    if measure.status != status:
        raise Conflict(f"measure-not-{status}")


async def _tell(session: Transaction, actor: Actor, event: str, id: UUID, case: Row, member_id: UUID) -> None:
    """To those who may read of it: the whole family where it is for the case's child, else that adult alone."""
    about = None if member_id == case.child_id else member_id
    await emit(session, actor, event, id, case_id=case.id, member_id=about)
