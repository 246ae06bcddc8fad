"""Role agreements: who coordinates with those around the child."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy.agreements import role_agreements
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.agreements import RoleAgreementIn, RoleAgreementOut, RoleAgreementQuery
from app.schemas.base import PageOut
from app.services import agreements

router = routed("role agreements")


@router.post("/cases/{case_id}/role-agreements", status_code=201, response_model=RoleAgreementOut)
async def agree_roles(case_id: UUID, wanted: RoleAgreementIn, actor: CurrentActor, session: Session) -> Response:
    """Write down who coordinates with one of those around the child, as agreed with the family."""
    agreed = await agreements.agree_roles(session, actor, case_id, wanted)
    return created(RoleAgreementOut, agreed, "/v1/role-agreements")


@router.get("/cases/{case_id}/role-agreements", response_model=PageOut[RoleAgreementOut])
async def list_role_agreements(
    case_id: UUID, query: Annotated[RoleAgreementQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The role agreements of the case, newest first."""
    return many(RoleAgreementOut, await agreements.agreements(session, actor, case_id, **query.wanted()))


@router.get("/role-agreements/{agreement_id}", response_model=RoleAgreementOut)
async def get_role_agreement(agreement_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One role agreement."""
    return one(RoleAgreementOut, await role_agreements.get(session, actor, agreement_id))


@router.post("/role-agreements/{agreement_id}/end", response_model=RoleAgreementOut)
async def end_role_agreement(agreement_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """The agreement is in force no longer."""
    ended = await agreements.end_agreement(session, actor, agreement_id)
    return one(RoleAgreementOut, ended, place=f"/v1/role-agreements/{agreement_id}")
