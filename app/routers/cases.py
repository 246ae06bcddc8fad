"""Cases: open, list, read, change, allocate, move between states."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one, plain
from app.policy.cases import cases as policy
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.cases import (
    CaseIn,
    CaseOut,
    CasePatch,
    CaseQuery,
    ComplexityIn,
    ComplexityOut,
    ExplanationsOut,
    IntakeIn,
    TransitionIn,
    TransitionsOut,
    UpgradeIn,
)
from app.schemas.events import AccessOut, EventOut
from app.schemas.overviews import OverviewOut
from app.services import cases, complexity, events, overviews
from app.services.explanations import explained
from app.wire import Condition

router = routed("cases")
Unchanged = Annotated[Condition, Depends(if_match(CaseOut))]


@router.post("/cases", status_code=201, response_model=CaseOut)
async def open_case(wanted: CaseIn, actor: CurrentActor, session: Session) -> Response:
    """Open a case for a child. It begins in draft, with the steps of the template that is in force."""
    return created(CaseOut, await cases.open_case(session, actor, wanted), "/v1/cases")


@router.get("/cases", response_model=PageOut[CaseOut])
async def list_cases(query: Annotated[CaseQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The cases that you may read, newest first."""
    return many(CaseOut, await cases.listed(session, actor, **query.wanted()))


@router.get("/cases/{case_id}", response_model=CaseOut)
async def get_case(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One case."""
    return one(CaseOut, await policy.get(session, actor, case_id))


@router.patch("/cases/{case_id}", response_model=CaseOut)
async def change_case(
    case_id: UUID, wanted: CasePatch, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Change the subject number or the references of a case."""
    return one(CaseOut, await cases.change_case(session, actor, case_id, wanted, condition))


@router.post("/cases/{case_id}/upgrade", response_model=CaseOut)
async def upgrade_case(case_id: UUID, wanted: UpgradeIn, actor: CurrentActor, session: Session) -> Response:
    """Let a case without a model follow one from now on, such as a light case."""
    return one(CaseOut, await cases.upgrade(session, actor, case_id, wanted), place=f"/v1/cases/{case_id}")


@router.put("/cases/{case_id}/intake", response_model=CaseOut)
async def set_intake(
    case_id: UUID, wanted: IntakeIn, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Say what speaks for the target group."""
    return one(CaseOut, await cases.set_intake(session, actor, case_id, wanted, condition))


@router.get("/cases/{case_id}/complexity", response_model=ComplexityOut)
async def get_complexity(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """How complex the case is, and what may help. For those who work in it."""
    return one(ComplexityOut, await complexity.shown(session, actor, case_id))


@router.put("/cases/{case_id}/complexity", response_model=ComplexityOut)
async def rate_complexity(
    case_id: UUID,
    wanted: ComplexityIn,
    condition: Annotated[Condition, Depends(if_match(ComplexityOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Rate yourself how complex the case is, or take the rating back."""
    return one(ComplexityOut, await complexity.rate(session, actor, case_id, wanted, condition))


@router.get("/cases/{case_id}/overview", response_model=OverviewOut)
async def get_overview(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Everything that one screen about the case needs."""
    return plain(OverviewOut, await overviews.overview(session, actor, case_id))


@router.get("/cases/{case_id}/explanation", response_model=ExplanationsOut)
async def explain_case(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Why you may read the case, and which actions are open to you."""
    return plain(ExplanationsOut, await explained(session, actor, policy, case_id))


@router.get("/cases/{case_id}/timeline", response_model=PageOut[EventOut])
async def list_timeline(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What has happened in the case, newest first."""
    items, page = await events.timeline(session, actor, case_id, **query.wanted())
    return many(EventOut, page, items)


@router.get("/cases/{case_id}/access-log", response_model=PageOut[AccessOut])
async def list_access(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Who has looked, when, as what and why: for the family, and for the municipality's auditor."""
    items, page = await events.access_log(session, actor, case_id, **query.wanted())
    return many(AccessOut, page, items)


@router.get("/cases/{case_id}/transitions", response_model=TransitionsOut)
async def list_transitions(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """The states that the case may go to now, and what is still missing for each."""
    return plain(TransitionsOut, await cases.served_transitions(session, actor, case_id))


@router.post("/cases/{case_id}/transitions", response_model=CaseOut)
async def move_case(case_id: UUID, wanted: TransitionIn, actor: CurrentActor, session: Session) -> Response:
    """Take the case to another state; closing is one of them."""
    return one(CaseOut, await cases.move(session, actor, case_id, wanted), place=f"/v1/cases/{case_id}")
