"""The steps of a case, and the templates that they are made from."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response

from app.answers import created, many, one, plain
from app.policy.steps import step_templates
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.steps import (
    DifferenceQuery,
    DifferencesOut,
    GapsOut,
    StepCompletion,
    StepOut,
    StepPatch,
    StepQuery,
    StepSkip,
    StepStart,
    StepTemplateIn,
    StepTemplateOut,
    StepTemplateQuery,
)
from app.services import step_templates as templates
from app.services import steps
from app.wire import Condition

router = routed("steps")
Unchanged = Annotated[Condition, Depends(if_match(StepOut))]
Number = Annotated[int, Path(ge=1, le=50, description="The step's number in the case.")]

NOTHING_TO_START, NOTHING_TO_ADD = StepStart(), StepCompletion()


def place(case_id: UUID, number: int) -> str:
    return f"/v1/cases/{case_id}/steps/{number}"


@router.get("/cases/{case_id}/steps", response_model=PageOut[StepOut])
async def list_steps(
    case_id: UUID, query: Annotated[StepQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The steps of the case, in order: where one was repeated, the newest time round, or those of one cycle."""
    return many(StepOut, await steps.listed(session, actor, case_id, **query.wanted()))


@router.get("/cases/{case_id}/steps/{number}", response_model=StepOut)
async def get_step(case_id: UUID, number: Number, actor: CurrentActor, session: Session) -> Response:
    """One step."""
    return one(StepOut, await steps.one(session, actor, case_id, number))


@router.patch("/cases/{case_id}/steps/{number}", response_model=StepOut)
async def plan_step(
    case_id: UUID, number: Number, wanted: StepPatch, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Plan a step: due date, holder, and the cells that are filled locally."""
    return one(StepOut, await steps.plan(session, actor, case_id, number, wanted, condition))


@router.post("/cases/{case_id}/steps/{number}/start", response_model=StepOut)
async def start_step(
    case_id: UUID, number: Number, actor: CurrentActor, session: Session, wanted: StepStart = NOTHING_TO_START
) -> Response:
    """Begin a step. Earlier required steps must be done."""
    step = await steps.start(session, actor, case_id, number, wanted)
    return one(StepOut, step, place=place(case_id, number))


@router.post("/cases/{case_id}/steps/{number}/complete", response_model=StepOut)
async def complete_step(
    case_id: UUID, number: Number, actor: CurrentActor, session: Session, wanted: StepCompletion = NOTHING_TO_ADD
) -> Response:
    """Finish a step. What it requires must be there."""
    step = await steps.complete(session, actor, case_id, number, wanted)
    return one(StepOut, step, place=place(case_id, number))


@router.post("/cases/{case_id}/steps/{number}/skip", response_model=StepOut)
async def skip_step(case_id: UUID, number: Number, wanted: StepSkip, actor: CurrentActor, session: Session) -> Response:
    """Leave out an optional step, with a reason."""
    return one(StepOut, await steps.skip(session, actor, case_id, number, wanted), place=place(case_id, number))


@router.get("/step-templates", response_model=PageOut[StepTemplateOut])
async def list_step_templates(
    query: Annotated[StepTemplateQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The versions of the templates, newest first; the newest of a model is in force."""
    page = await step_templates.page(session, actor, **query.wanted())
    return many(StepTemplateOut, page)


@router.post("/step-templates", status_code=201, response_model=StepTemplateOut)
async def publish_step_template(wanted: StepTemplateIn, actor: CurrentActor, session: Session) -> Response:
    """Publish a new version of a template, for cases opened from now on."""
    return created(StepTemplateOut, await templates.publish(session, actor, wanted), "/v1/step-templates")


@router.get("/step-templates/{template_id}", response_model=StepTemplateOut)
async def get_step_template(template_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One version of a template."""
    return one(StepTemplateOut, await step_templates.get(session, actor, template_id))


@router.get("/step-templates/{template_id}/gaps", response_model=GapsOut)
async def list_gaps(template_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """The cells of a template that are still to be filled locally."""
    return plain(GapsOut, {"items": await templates.gaps(session, actor, template_id)})


@router.get("/step-templates/{template_id}/differences", response_model=DifferencesOut)
async def list_differences(
    template_id: UUID, query: Annotated[DifferenceQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What a version of a template changed, against the one before it or another of the same model."""
    return plain(DifferencesOut, {"items": await templates.differences(session, actor, template_id, query.against)})
