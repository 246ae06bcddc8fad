"""Departments and accounts on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Email, In, Line, Out, PageQuery, Phone
from app.schemas.codes import ActorKind, DepartmentKind, Profession, Sector, UserRole


class DepartmentIn(In):
    """A department, in the tree under `parent_id` (R30)."""

    name: Line
    kind: DepartmentKind
    sector: Sector
    parent_id: UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "PPR", "kind": "school_psychology", "sector": "education"}]}
    )


class DepartmentPatch(In):
    name: Line | None = None
    sector: Sector | None = None
    parent_id: UUID | None = None
    active: bool | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "PPR og sundhed"}]})


class DepartmentOut(Out):
    id: UUID
    parent_id: UUID | None
    name: str
    kind: DepartmentKind
    sector: Sector
    active: bool


class DepartmentQuery(PageQuery):
    active: bool | None = None
    kind: DepartmentKind | None = None
    sector: Sector | None = None


class PositionIn(In):
    """A place in a department, with a role; `member` is no special role."""

    department_id: UUID
    role: UserRole = "member"


class PositionOut(Out):
    department_id: UUID
    department_name: str
    role: UserRole


Positions = Annotated[list[PositionIn], Field(max_length=20)]


class UserIn(In):
    """An account for a professional or a service. Citizens get theirs with the family member (`login`)."""

    kind: Annotated[ActorKind, Field(description="professional or service")]
    issuer: Line
    subject: Line
    name: Line
    title: Line | None = None
    profession: Profession | None = None
    email: Email | None = None
    phone: Phone | None = None
    contact_hours: Line | None = None
    positions: Positions = Field(default_factory=list)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "professional",
                    "issuer": "https://login.provekommune.invalid",
                    "subject": "karen",
                    "name": "Karen Koordinator",
                    "profession": "social_adviser",
                    "positions": [{"department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a04"}],
                }
            ]
        }
    )


class UserPatch(In):
    """What can be changed; `positions` replaces them all (the old ones are ended, and kept)."""

    name: Line | None = None
    title: Line | None = None
    profession: Profession | None = None
    email: Email | None = None
    phone: Phone | None = None
    contact_hours: Line | None = None
    active: bool | None = None
    positions: Positions | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_hours": "Hverdage 9–14"}]})


class UserOut(Out):
    id: UUID
    kind: ActorKind
    name: str
    title: str | None
    profession: Profession | None
    email: str | None
    phone: str | None
    contact_hours: str | None
    active: bool
    positions: list[PositionOut]


class UserQuery(PageQuery):
    department_id: UUID | None = Field(None, description="Those who work there now.")
    kind: ActorKind | None = None
    profession: Profession | None = None
    active: bool | None = None
