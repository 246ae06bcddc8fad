"""Statements of the family in their own words."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import voices as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.statements import (
    StatementIn,
    StatementOut,
    StatementPatch,
    StatementQuery,
    StatementVersionOut,
    Words,
)
from app.services import statements
from app.wire import Condition

router = routed("statements")


@router.post("/cases/{case_id}/statements", status_code=201, response_model=StatementOut)
async def make_statement(case_id: UUID, wanted: StatementIn, actor: CurrentActor, session: Session) -> Response:
    """Say something in your own words, or, as a professional, write down what a child or an adult told you."""
    return created(StatementOut, await statements.make(session, actor, case_id, wanted), "/v1/statements")


@router.get("/cases/{case_id}/statements", response_model=PageOut[StatementOut])
async def list_statements(
    case_id: UUID, query: Annotated[StatementQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The statements of the case that are meant for you, newest first."""
    return many(StatementOut, await statements.statements(session, actor, case_id, **query.wanted()))


@router.get("/statements", response_model=PageOut[StatementOut])
async def list_my_statements(query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """Your own statements, and those that are meant for you, across the cases, newest first."""
    return many(StatementOut, await statements.statements(session, actor, **query.wanted()))


@router.get("/statements/{statement_id}", response_model=StatementOut)
async def get_statement(statement_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One statement with its newest words."""
    return one(StatementOut, await policies.statements.get(session, actor, statement_id))


@router.patch("/statements/{statement_id}", response_model=StatementOut)
async def set_statement_scope(
    statement_id: UUID,
    wanted: StatementPatch,
    condition: Annotated[Condition, Depends(if_match(StatementOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Choose who reads it from now on: for its author alone to do."""
    return one(StatementOut, await statements.set_scope(session, actor, statement_id, wanted, condition))


@router.post("/statements/{statement_id}/versions", response_model=StatementOut)
async def add_statement_words(statement_id: UUID, wanted: Words, actor: CurrentActor, session: Session) -> Response:
    """Say it anew. What was said before stays as it was."""
    added = await statements.add_words(session, actor, statement_id, wanted)
    return one(StatementOut, added, place=f"/v1/statements/{statement_id}")


@router.get("/statements/{statement_id}/versions", response_model=PageOut[StatementVersionOut])
async def list_statement_versions(
    statement_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The words as they were said each time, newest first."""
    return many(StatementVersionOut, await statements.versions(session, actor, statement_id, **query.wanted()))
