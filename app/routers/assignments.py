"""Who holds a case: the coordinator, buddy and deputy, and who could take over."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import many, one, plain
from app.policy import assignments as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.assignments import (
    AssignmentEnd,
    AssignmentOut,
    AssignmentQuery,
    CandidatesOut,
    CoordinatorIn,
    HelperIn,
)
from app.schemas.base import PageOut
from app.schemas.cases import CaseOut
from app.services import assignments
from app.wire import Condition

router = routed("people on a case")
Unchanged = Annotated[Condition, Depends(if_match(CaseOut))]


@router.put("/cases/{case_id}/coordinator", response_model=CaseOut)
async def appoint_coordinator(
    case_id: UUID, wanted: CoordinatorIn, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Appoint the case's one coordinator. The first appointment allocates the case."""
    return one(CaseOut, await assignments.appoint(session, actor, case_id, wanted, condition))


@router.put("/cases/{case_id}/buddy", response_model=AssignmentOut)
async def assign_buddy(
    case_id: UUID, wanted: HelperIn, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Give the coordinator of a complex case a buddy, who shares the responsibility. If-Match is the case's."""
    given = await assignments.assign_helper(session, actor, case_id, "buddy", wanted, condition)
    return one(AssignmentOut, given, place=f"/v1/assignments/{given.id}")


@router.put("/cases/{case_id}/deputy", response_model=AssignmentOut)
async def assign_deputy(
    case_id: UUID, wanted: HelperIn, condition: Unchanged, actor: CurrentActor, session: Session
) -> Response:
    """Name who stands in for the coordinator. If-Match is the case's."""
    given = await assignments.assign_helper(session, actor, case_id, "deputy", wanted, condition)
    return one(AssignmentOut, given, place=f"/v1/assignments/{given.id}")


@router.get("/cases/{case_id}/assignments", response_model=PageOut[AssignmentOut])
async def list_assignments(
    case_id: UUID, query: Annotated[AssignmentQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Everybody who has been coordinator, buddy or deputy of the case, newest first."""
    found = await assignments.assignments(session, actor, case_id, **query.wanted())
    return many(AssignmentOut, found)


@router.get("/assignments/{assignment_id}", response_model=AssignmentOut)
async def get_assignment(assignment_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One person's time with a case."""
    return one(AssignmentOut, await policies.assignments.get(session, actor, assignment_id))


@router.post("/assignments/{assignment_id}/end", response_model=AssignmentOut)
async def end_assignment(assignment_id: UUID, wanted: AssignmentEnd, actor: CurrentActor, session: Session) -> Response:
    """End a buddy's or a deputy's task, at once."""
    ended = await assignments.end_assignment(session, actor, assignment_id, wanted)
    return one(AssignmentOut, ended, place=f"/v1/assignments/{assignment_id}")


@router.get("/cases/{case_id}/candidates", response_model=CandidatesOut)
async def list_candidates(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """As head or adviser: who could take the case over, the buddy first."""
    return plain(CandidatesOut, await policies.candidates.get(session, actor, case_id))
