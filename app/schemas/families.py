"""Families on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, Email, In, Line, Moment, Out, PageQuery, Phone, Text
from app.schemas.codes import CustodySource, MemberKind, MemberRelation


class FamilyIn(In):
    """A family to register, in a child disability department of the writer's."""

    owner_department_id: UUID

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"owner_department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a04"}]}
    )


class FamilyOut(Out):
    id: UUID
    owner_department_id: UUID
    created_at: Moment
    created_by: UUID


class Login(In):
    """How a member of the family signs in: the issuer and subject of that person's token."""

    issuer: Line
    subject: Line


class MemberIn(In):
    """A child or an adult of the family. A child has a birth date."""

    kind: MemberKind
    relation: MemberRelation
    name: Line
    birth_date: Day | None = None
    phone: Phone | None = None
    email: Email | None = None
    capability_notes: Text | None = Field(None, description="What helps the person to take part (R21).")
    login: Login | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "child", "relation": "child", "name": "Alma Prøvesen", "birth_date": "2016-04-12"}]
        }
    )


class MemberPatch(In):
    """What can be changed on a member; null clears, fields left out stay."""

    relation: MemberRelation | None = None
    name: Line | None = None
    birth_date: Day | None = None
    phone: Phone | None = None
    email: Email | None = None
    capability_notes: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "70 00 00 11"}]})


class MemberOut(Out):
    """A member of the family; `capability_notes` is content: null for those who only follow progress."""

    id: UUID
    family_id: UUID
    kind: MemberKind
    relation: MemberRelation
    name: str
    birth_date: date | None
    phone: str | None
    email: str | None
    capability_notes: str | None
    has_login: bool


class CustodyIn(In):
    """An adult's custody of a child from a day (and to a day, which is the first without custody)."""

    child_id: UUID
    holder_id: UUID
    source: CustodySource
    valid_from: Day
    valid_until: Day | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "child_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "holder_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a06",
                    "source": "civil_registry",
                    "valid_from": "2016-04-12",
                }
            ]
        }
    )


class CustodyEnd(In):
    valid_until: Annotated[Day, Field(description="The first day without custody.")]

    model_config = ConfigDict(json_schema_extra={"examples": [{"valid_until": "2026-12-01"}]})


class CustodyOut(Out):
    id: UUID
    family_id: UUID
    child_id: UUID
    holder_id: UUID
    source: CustodySource
    valid_from: date
    valid_until: date | None


class FamilyQuery(PageQuery):
    pass
