"""Departments, and the accounts of those who work in them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy.municipalities import departments as department_policy
from app.policy.users import users as user_policy
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.users import (
    DepartmentIn,
    DepartmentOut,
    DepartmentPatch,
    DepartmentQuery,
    NormIn,
    UserIn,
    UserOut,
    UserPatch,
    UserQuery,
)
from app.services import municipalities, users
from app.wire import Condition

router = routed("organisation")


@router.post("/departments", status_code=201, response_model=DepartmentOut)
async def add_department(wanted: DepartmentIn, actor: CurrentActor, session: Session) -> Response:
    """Add a department. Administrators only."""
    return created(DepartmentOut, await municipalities.add_department(session, actor, wanted), "/v1/departments")


@router.get("/departments", response_model=PageOut[DepartmentOut])
async def list_departments(
    query: Annotated[DepartmentQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The departments of the municipality."""
    return many(DepartmentOut, await department_policy.page(session, actor, **query.wanted()))


@router.get("/departments/{department_id}", response_model=DepartmentOut)
async def get_department(department_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One department."""
    return one(DepartmentOut, await department_policy.get(session, actor, department_id))


@router.patch("/departments/{department_id}", response_model=DepartmentOut)
async def change_department(
    department_id: UUID,
    wanted: DepartmentPatch,
    condition: Annotated[Condition, Depends(if_match(DepartmentOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Rename, move or close a department. Administrators only."""
    changed = await municipalities.change_department(session, actor, department_id, wanted, condition)
    return one(DepartmentOut, changed)


@router.post("/users", status_code=201, response_model=UserOut)
async def add_user(wanted: UserIn, actor: CurrentActor, session: Session) -> Response:
    """Add an account for a professional or a service. Administrators only."""
    return created(UserOut, await users.add_user(session, actor, wanted), "/v1/users")


@router.get("/users", response_model=PageOut[UserOut])
async def list_users(query: Annotated[UserQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The staff directory; a citizen sees only the own account."""
    return many(UserOut, await user_policy.page(session, actor, **query.wanted()))


@router.get("/users/{user_id}", response_model=UserOut)
async def get_user(user_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One account."""
    return one(UserOut, await user_policy.get(session, actor, user_id))


@router.patch("/users/{user_id}", response_model=UserOut)
async def change_user(
    user_id: UUID,
    wanted: UserPatch,
    condition: Annotated[Condition, Depends(if_match(UserOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change an account or its positions. Administrators only."""
    return one(UserOut, await users.change_user(session, actor, user_id, wanted, condition))


@router.put("/users/{user_id}/norm", response_model=UserOut)
async def set_caseload_norm(
    user_id: UUID,
    wanted: NormIn,
    condition: Annotated[Condition, Depends(if_match(UserOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Give an adviser a caseload norm of the person's own, with the reason; If-Match is of the account."""
    return one(UserOut, await users.set_norm(session, actor, user_id, wanted, condition))
