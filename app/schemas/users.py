"""Departments and accounts on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, Email, In, Line, Out, PageQuery, Phone, Tag, Text
from app.schemas.codes import ActorKind, DepartmentKind, Profession, Sector, UserRole
from app.schemas.settings.section import Several


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


class Competences(In):
    """What a professional knows and has done; an aid when a case is allocated, and shown to colleagues (R36, R107)."""

    years_in_area: int | None = Field(None, strict=True, ge=0, le=60)
    cross_administration: Several[Sector] = Field(
        (), description="The sectors whose administrations are known well (R107)."
    )
    child_conversations: bool = Field(False, description="Experienced in talking with disabled children.")
    tags: Several[Tag] = Field((), description="Free words, such as key employee (R25).")
    note: Text | None = None


class CompetencesOut(Out):
    years_in_area: int | None
    cross_administration: list[Sector]
    child_conversations: bool
    tags: list[str]
    note: str | None


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
    organisation_id: UUID | None = Field(
        None, description="The outside organisation that employs the professional, who then holds no position (R18)."
    )
    paragraph_sets: Several[Line] = Field((), description="Of those in the setting team.paragraph_sets (R84).")
    competences: Competences | None = None
    absent_until: Day | None = Field(None, description="The first day back at work.")
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
    organisation_id: UUID | None = None
    paragraph_sets: Several[Line] | None = None
    competences: Competences | None = None
    absent_until: Day | None = None
    active: bool | None = None
    positions: Positions | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_hours": "Hverdage 9–14"}]})


class NormIn(In):
    """An adviser's own caseload norm, and why; null in both is back to the municipality's (R125)."""

    max: int | None = Field(strict=True, ge=1, le=500)
    reason: Text | None

    model_config = ConfigDict(json_schema_extra={"examples": [{"max": 15, "reason": "Er også teamets tovholder."}]})


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
    organisation_id: UUID | None
    organisation_name: str | None
    paragraph_sets: list[str]
    competences: CompetencesOut | None = Field(description="null for IT systems.")
    absent_until: date | None
    caseload_max: int | None = Field(description="For oneself, one's leader and administrators; else null.")
    caseload_reason: str | None = Field(description="For oneself, one's leader and administrators; else null.")
    issuer: str | None = Field(description="Who signs the tokens of the account: for administrators; else null.")
    subject: str | None = Field(description="Whom those tokens name: for administrators; else null.")
    positions: list[PositionOut]


class UserQuery(PageQuery):
    """Filters of the staff directory; each narrows it, at most five at once."""

    department_id: UUID | None = Field(None, description="Those who work there now.")
    kind: ActorKind | None = None
    profession: Profession | None = None
    active: bool | None = None
    organisation_id: UUID | None = Field(None, description="Those whom this outside organisation employs.")
    paragraph_set: Line | None = Field(None, description="Those who cover this set of paragraphs.")
