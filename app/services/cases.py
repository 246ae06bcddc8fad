"""Cases: opening, upgrading, changing, moving between states, closing (R33, R37, R61, R62, R75, R78, R79)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, ColumnElement, Insert, Select, bindparam, cast, func, select, true, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Conflict, Flaw, Invalid, invalid
from app.models import Assignment, Case, Member, SettingsVersion, StepTemplate, TeamMember
from app.policy import cases as policies
from app.policy import families
from app.policy.actor import ACTOR, Actor
from app.policy.core import Page
from app.policy.rules import UUID_TYPE, some
from app.schemas.cases import CaseIn, CasePatch, IntakeIn, TransitionIn, UpgradeIn
from app.schemas.settings import CaseSettings
from app.services import assignments, cycles, settling, steps
from app.services.casework import require_open
from app.services.catalogue import label
from app.services.events import emit, in_case, of_event
from app.services.families import owning
from app.services.municipalities import settings_now
from app.services.rows import change, end_of
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
    """What opening needs to know: that the child is the family's, the model, the template in force, the settings."""
    child, settings = columns(Member), columns(SettingsVersion)
    its = (child.id == bindparam("child_id"), child.family_id == bindparam("family_id"), child.kind == "child")
    newest = (
        select(
            settings.document["case"]["default_model"].astext.label("model"), settings.document["case"].label("case")
        )
        .where(settings.municipality_id == ACTOR.municipality)
        .order_by(settings.version.desc())
        .limit(1)
        .subquery("newest")
    )
    model = func.coalesce(bindparam("model", type_=TEXT), newest.c.model)
    chosen = _template(model).lateral("chosen")
    return select(
        some(table_of(Member), *its).label("child"),
        model.label("model"),
        chosen.c.id.label("template_id"),
        chosen.c.version,
        func.coalesce(chosen.c.steps, 0).label("steps"),
        newest.c.case,
    ).select_from(newest.outerjoin(chosen, true()))


def _template(model: ColumnElement[str]) -> Select[Any]:
    """The template that is in force for a model."""
    template = columns(StepTemplate)
    return (
        select(template.id, template.version, func.jsonb_array_length(template.steps).label("steps"))
        .where(template.municipality_id == ACTOR.municipality, template.model == model)
        .order_by(template.version.desc())
        .limit(1)
    )


def _steps_of_one() -> Insert:
    """The steps of a template onto one case that had none."""
    case = columns(Case)
    this = (case.municipality_id == ACTOR.municipality, case.id == bindparam("case_id", type_=UUID_TYPE))
    return steps.snapshot(select(case.id).where(*this).cte("upgraded"))


def _open() -> Select[Any]:
    """The case, its steps, and the event that it was created, in one statement.

    The number tells nothing: the year and seven random digits. When it is taken nothing is written, and no row comes.
    """
    case, given = columns(Case), ("number", "family_id", "child_id", "owner_department_id", "kle_code", "model")
    more = ("early_concern", "intake", "template_id", "template_version")
    values = {name: bindparam(name, type_=case[name].type) for name in (*given, *more)}
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
TEMPLATE: Final = _template(bindparam("model", type_=TEXT))
STEPS_OF_ONE: Final = _steps_of_one()


async def open_case(session: Transaction, actor: Actor, wanted: CaseIn) -> Row:
    """Open a case in draft, with the steps of the template in force as a snapshot (R38). Emits `case.created`.

    From an early concern it opens as a light case, which follows no model, where the municipality has those (R75, X25).
    Raises NotFound for a family that the actor cannot read, Invalid for a child or department that is not there,
    Forbidden where the actor may not open a case, Conflict when the municipality has no template for the model.
    """
    await families.families.get(session, actor, wanted.family_id, "open_case")
    await owning(session, actor, wanted.owner_department_id)
    asked = wanted.model_dump(include=ASKED) | ({"model": "none"} if wanted.early_concern else {})
    (found,) = await session.rows(READY, {**actor.parameters, **asked})
    if not found.child:
        raise invalid("/child_id", "member-not-in-family", "member-not-in-family")
    settings = CaseSettings.model_validate(found.case)
    if wanted.early_concern and not settings.light:
        raise invalid("/early_concern", "light-cases-not-used", "light-cases-not-used")
    if wanted.early_concern and wanted.model not in (None, "none"):
        raise invalid("/model", "not-here")
    kle_code = wanted.kle_code or settings.default_kle_code
    _in_use(settings, kle_code)
    if found.model != "none" and found.template_id is None:
        raise Conflict("no-template")
    values = {
        **wanted.model_dump(exclude={"model"}),
        "model": found.model,
        "kle_code": kle_code,
        "step_ids": [new_id() for _ in range(found.steps)],
    }
    values |= {"template_id": found.template_id, "template_version": found.version}
    return await policies.cases.get(session, actor, await begin(session, actor, values))


async def begin(session: Transaction, actor: Actor, values: Mapping[str, Any]) -> UUID:
    """A new case of these values in draft, under a number that is free; its id. Emits `case.created`."""
    for _ in range(8):
        id = new_id()
        drawn = {"id": id, "number": f"{actor.today.year}-{secrets.randbelow(9_000_000) + 1_000_000}"}
        parameters = {**actor.parameters, **values, **drawn, **of_event("case.created", id, id)}
        if await session.rows(OPEN, parameters):
            return id
    raise Conflict("conflict")


async def upgrade(session: Transaction, actor: Actor, id: UUID, wanted: UpgradeIn) -> Row:
    """Let a case without a model follow one: its start-up begins, with the steps of the template in force (R75).

    A light case is none any more. Emits `case.upgraded`. Raises Conflict when the case follows a model already.
    """
    case = await policies.cases.get(session, actor, id, "change")
    require_open(case)
    if case.model != "none":
        raise Conflict("case-follows-model")
    template = await session.rows(TEMPLATE, {**actor.parameters, "model": wanted.model})
    if not template:
        raise Conflict("no-template")
    chosen = {"template_id": template[0].id, "template_version": template[0].version}
    state = "draft" if case.state == "draft" else "start_up"
    await change(session, actor, Case, id, model=wanted.model, early_concern=False, state=state, **chosen)
    ids = {"case_id": id, "step_ids": [new_id() for _ in range(template[0].steps)]}
    await session.rows(STEPS_OF_ONE, {**actor.parameters, **chosen, **ids})
    if case.coordinator_id is not None:
        await _name_adviser(session, actor, id, wanted.model)
        await steps.hand_over(session, actor, id, None, case.coordinator_id)
    await emit(session, actor, "case.upgraded", id, case_id=id)
    return await policies.cases.get(session, actor, id)


async def set_intake(session: Transaction, actor: Actor, id: UUID, wanted: IntakeIn, condition: Condition) -> Row:
    """Say what speaks for the target group (R33). Emits `case.intake_changed`.

    The note is content: only those who could read it write it, and one that is left out stays.
    """
    action = "note_intake" if "note" in wanted.model_fields_set else "change"
    case = await policies.cases.get(session, actor, id, action, condition)
    require_open(case)
    said = cast(wanted.model_dump(exclude_unset=True), JSONB)
    intake = func.coalesce(columns(Case).intake, cast({}, JSONB)).op("||", return_type=JSONB())(said)
    await change(session, actor, Case, id, intake=intake)
    await emit(session, actor, "case.intake_changed", id, case_id=id)
    return await policies.cases.get(session, actor, id)


async def listed(session: Transaction, actor: Actor, *, stalled: bool | None = None, **query: Any) -> Page:
    """The cases that the actor may read. `stalled` ones are still: nothing in them for as long as the setting says."""
    if stalled is not None:
        quiet = timedelta(days=(await settings_now(session, actor)).case.stalled_after_days)
        query["quiet_since" if stalled else "stirred_since"] = actor.at - quiet
    return await policies.cases.page(session, actor, **query)


async def change_case(session: Transaction, actor: Actor, id: UUID, wanted: CasePatch, condition: Condition) -> Row:
    """Change the case's subject number or its references. Emits `case.changed`."""
    case = await policies.cases.get(session, actor, id, "change", condition)
    values = wanted.model_dump(exclude_unset=True)
    for field, value in values.items():
        if value is None:
            raise invalid(f"/{field}", "required")
    if values.get("kle_code", case.kle_code) != case.kle_code:
        _in_use((await settings_now(session, actor)).case, values["kle_code"])
    require_open(case)
    if values:
        await change(session, actor, Case, id, **values)
        await emit(session, actor, "case.changed", id, case_id=id)
    return await policies.cases.get(session, actor, id)


def _in_use(settings: CaseSettings, kle_code: str) -> None:
    """The municipality uses the subject number. Raises Invalid otherwise."""
    if not settings.uses(kle_code):
        raise invalid("/kle_code", "kle-code-not-used", "kle-code-not-used")


def transitions(actor: Actor, case: Row, open_steps: Sequence[int], *, awaits_deputy: bool) -> list[dict[str, Any]]:
    """The states that the case may go to, each with what is still missing; `open_steps` are required and not done."""
    return [
        {
            "to": to,
            "label": label("case_state", to, actor.language),
            "blocked_by": _blocked(case, to, open_steps, awaits_deputy=awaits_deputy),
            "needs": _needs(case, to),
        }
        for to in TRANSITIONS[case.state]
    ]


async def served_transitions(session: Transaction, actor: Actor, id: UUID) -> dict[str, Any]:
    """The state of the case, and where it may go from there (R79)."""
    case = await policies.cases.get(session, actor, id)
    missing = await steps.required_left(session, actor, id)
    awaits = await assignments.awaits_deputy(session, actor, case)
    return {"state": case.state, "transitions": transitions(actor, case, missing, awaits_deputy=awaits)}


async def move(session: Transaction, actor: Actor, id: UUID, wanted: TransitionIn) -> Row:
    """Take the case to another state. Emits the event of that move; closing it ends its consents (R78).

    Back from ordinary operation the repeatable steps begin again; coordinator and plan stay (R62). Raises Conflict when
    the state cannot be reached from here or something is missing, Invalid when a field that it needs is left out.
    """
    case = await policies.cases.get(session, actor, id, "change_state")
    _complete(case, wanted)
    require_open(case)
    if wanted.to not in TRANSITIONS[case.state]:
        raise Conflict("transition-not-allowed")
    open_steps = await steps.required_left(session, actor, id)
    awaits = await assignments.awaits_deputy(session, actor, case)
    missing = _blocked(case, wanted.to, open_steps, awaits_deputy=awaits)
    if missing:
        raise Conflict("case-not-ready", *(Flaw("/to", code) for code in missing))
    values: dict[str, Any] = {"state": wanted.to}
    if wanted.to == "closed":
        closing = wanted.closing and wanted.closing.model_dump(mode="json")
        values |= {"closed_at": actor.at, "close_reason": wanted.reason, "closing": closing}
        await _dissolve_team(session, actor, id)
        await assignments.end_helpers(session, actor, id)
    if wanted.to == "ordinary":
        values |= {"family_view": wanted.family_view}
    if wanted.explanation is not None:
        values |= {"exit_reason": wanted.explanation}
    await change(session, actor, Case, id, **values)
    if wanted.to == "closed":
        await settling.close(session, actor, id)
    await emit(session, actor, _event(case, wanted.to), id, case_id=id)
    if case.state == "ordinary" and wanted.explanation is not None:
        await cycles.begin(session, actor, case, wanted.explanation)
    return await policies.cases.get(session, actor, id)


def _event(case: Row, to: str) -> str:
    if case.state == "ordinary" and to == "running":
        return "case.returned"
    return {"closed": "case.closed", "ordinary": "case.moved_to_ordinary"}.get(to, "case.state_changed")


def _blocked(case: Row, to: str, open_steps: Sequence[int], *, awaits_deputy: bool) -> list[str]:
    """What keeps the case from a state: codes of `step_guard`, and `step-N` for a required step that is not done."""
    if to == "start_up" and case.coordinator_id is None:
        return ["coordinator"]
    if to == "running" and case.state == "start_up":
        return [*(f"step-{number}" for number in open_steps), *(["deputy"] if awaits_deputy else [])]
    return []


def _needs(case: Row, to: str) -> list[str]:
    """The fields of the request that a state takes, coming from the one the case is in."""
    if to == "closed":
        return ["reason"] if case.state == "draft" else ["reason", "closing"]
    if to == "ordinary":
        return ["explanation", "family_view"]
    return ["explanation"] if (case.state, to) == ("ordinary", "running") else []


def _complete(case: Row, wanted: TransitionIn) -> None:
    """The request carries what its state needs, and nothing that belongs to another. Raises Invalid, naming each."""
    given = wanted.model_dump(exclude={"to"}, exclude_none=True)
    needs = _needs(case, wanted.to)
    welcome = {*needs, "closing"} if wanted.to == "closed" else {*needs}
    wrong = [Flaw(f"/{field}", "required") for field in needs if field not in given]
    wrong += [Flaw(f"/{field}", "not-here") for field in given if field not in welcome]
    if wrong:
        raise Invalid(None, *wrong)


async def _name_adviser(session: Transaction, actor: Actor, id: UUID, model: str) -> None:
    """The one adviser is called by what the model calls that role (R1, R3)."""
    held = columns(Assignment)
    here = (held.municipality_id == actor.municipality, held.case_id == id, held.ended_at.is_(None))
    leading = held.role.in_(policies.LEADING_ROLES)
    role = "primary_adviser" if model == "sof" else "coordinator"
    await session.execute(update(table_of(Assignment)).where(*here, leading).values(role=role))


async def _dissolve_team(session: Transaction, actor: Actor, id: UUID) -> None:
    own = columns(TeamMember)
    here = (own.municipality_id == actor.municipality, own.case_id == id, own.left_at.is_(None))
    ended = {"left_at": end_of(actor, own.joined_at), "leave_reason": "case_closed"}
    await session.execute(update(table_of(TeamMember)).where(*here).values(ended))
