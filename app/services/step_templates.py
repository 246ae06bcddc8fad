"""The editor of the step templates: versions, what is unfilled, and what differs between them (R38, R39).

A version is never changed. Steps are followed from one version to the next by their keys, not by their numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import TEXT, Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Flaw, Invalid, NotFound, flaws, invalid
from app.models import Case, Step, StepTemplate
from app.policy import steps as policies
from app.policy.actor import Actor
from app.policy.cases import in_case
from app.policy.rules import mine
from app.policy.steps import step_templates
from app.schemas.step_templates import StepTemplateDocument, TemplateStep
from app.schemas.steps import StepTemplateIn
from app.services.catalogue import label
from app.services.events import emit
from app.services.rows import add

Difference = dict[str, Any]
COMPARED: Final = tuple(name for name in TemplateStep.model_fields if name not in ("key", "number"))


def _under_way() -> Select[Any]:
    """How many open cases are working on each of these steps now."""
    step, case = columns(Step), columns(Case)
    of_model = (case.model == bindparam("of_model", type_=TEXT)) & (case.state != "closed")
    these = step.key == any_(bindparam("keys", type_=ARRAY(TEXT)))
    return (
        select(step.key, func.count(step.case_id.distinct()).label("cases"))
        .select_from(in_case(table_of(Step)))
        .where(mine(table_of(Step)), of_model, these, step.status == "started", policies.current)
        .group_by(step.key)
        .order_by(step.key)
    )


UNDER_WAY: Final = _under_way()


async def publish(session: Transaction, actor: Actor, wanted: StepTemplateIn) -> Row:
    """A new version of a template, in force for cases opened from now on. Emits `step_template.published`.

    Administrators only. Raises Invalid where the document is not whole; Conflict when another version was published
    since the one that was edited, or when a step that is under way in open cases is no longer there: `step-in-use`,
    with the step's key and the number of cases.
    """
    page = await step_templates.page(session, actor, model=wanted.model, newest=True, limit=1)
    if not page.items:
        raise Conflict("no-template")
    before = await step_templates.get(session, actor, page.items[0].id, "configure")
    document = _whole(wanted, _steps(before), before.activities)
    if before.version != wanted.based_on:
        raise Conflict("template-changed")
    await _keeps_what_is_under_way(session, actor, before, document)
    stamped = {"version": wanted.based_on + 1, "published_at": actor.at, "published_by": actor.user}
    id = await add(session, actor, StepTemplate, **document.model_dump(mode="json"), **stamped)
    await emit(session, actor, "step_template.published", id)
    return await step_templates.get(session, actor, id)


def _whole(wanted: StepTemplateIn, before: Sequence[TemplateStep], activities: Sequence[Any]) -> StepTemplateDocument:
    """The template as one document: numbered 1, 2, 3 …, each step with its key. Raises Invalid, naming the place."""
    called = {step.number: step.key for step in before}
    keys = [step.key or called.get(step.number, f"step_{step.number}") for step in wanted.steps]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise invalid(f"/steps/{place}/key", "already-exists")
    steps = [step.model_dump() | {"key": key} for step, key in zip(wanted.steps, keys, strict=True)]
    going_on = activities if wanted.activities is None else [one.model_dump() for one in wanted.activities]
    document = {"model": wanted.model, "name": wanted.name, "steps": steps, "activities": going_on}
    try:
        return StepTemplateDocument.model_validate(document)
    except ValidationError as error:
        raise Invalid(None, *flaws(error.errors(include_input=False, include_url=False))) from None


async def _keeps_what_is_under_way(
    session: Transaction, actor: Actor, before: Row, document: StepTemplateDocument
) -> None:
    """Open cases keep their own steps, but a step that people are working on is not given up in silence."""
    gone = {step.key for step in _steps(before)} - {step.key for step in document.steps}
    found = await session.rows(UNDER_WAY, {**actor.parameters, "of_model": before.model, "keys": sorted(gone)})
    if found:
        raise Conflict("step-in-use", *(Flaw("/steps", row.key, str(row.cases)) for row in found))


async def gaps(session: Transaction, actor: Actor, id: UUID) -> list[dict[str, Any]]:
    """The cells of a template that must be filled locally (R39)."""
    template = await step_templates.get(session, actor, id)
    return [
        {"number": step.number, "title": step.title, "cell": name, "label": label("step_cell", name, actor.language)}
        for step in _steps(template)
        for name, cell in step.cells().items()
        if cell.text is None
    ]


async def differences(session: Transaction, actor: Actor, id: UUID, against: UUID | None) -> list[Difference]:
    """What a version changed, against another one of its model or, unless one is named, the version before it.

    The first version has none before it, and changed nothing. Raises Invalid for a version that is not there, or is of
    another model.
    """
    template = await step_templates.get(session, actor, id)
    other = await _other(session, actor, template, against)
    return [] if other is None else list(_compared(other, template))


async def _other(session: Transaction, actor: Actor, template: Row, against: UUID | None) -> Row | None:
    if against is None:
        before = template.version - 1
        page = await step_templates.page(session, actor, model=template.model, version=before, limit=1)
        return page.items[0] if page.items else None
    try:
        other = await step_templates.get(session, actor, against)
    except NotFound:
        raise invalid("?against", "unknown-reference", "unknown-reference") from None
    if other.model != template.model:
        raise invalid("?against", "another-model")
    return other


def _compared(before: Row, after: Row) -> Iterator[Difference]:
    """The name first, then the steps in order, those that are gone, and the activities."""
    if before.name != after.name:
        yield _difference("changed", field="name", before=before.name, after=after.name)
    former, latter = ({step.key: step for step in _steps(template)} for template in (before, after))
    for key, step in latter.items():
        if key in former:
            yield from _changed(former[key], step)
        else:
            yield _difference("added", step, after=step.model_dump(mode="json"))
    for key, step in former.items():
        if key not in latter:
            yield _difference("removed", step, before=step.model_dump(mode="json"))
    if before.activities != after.activities:
        yield _difference("changed", field="activities", before=before.activities, after=after.activities)


def _changed(before: TemplateStep, after: TemplateStep) -> Iterator[Difference]:
    """Another place, and each field that reads otherwise."""
    if before.number != after.number:
        yield _difference("moved", after, "number", before.number, after.number)
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for name in COMPARED:
        if old[name] != new[name]:
            yield _difference("changed", after, name, old[name], new[name])


def _difference(
    change: str, step: TemplateStep | None = None, field: str | None = None, before: Any = None, after: Any = None
) -> Difference:
    place = {"key": step and step.key, "number": step and step.number}
    return {**place, "change": change, "field": field, "before": before, "after": after}


def _steps(template: Row) -> list[TemplateStep]:
    """The steps of a stored version, each with its key."""
    return [TemplateStep.model_validate(step) for step in template.steps]
