"""Families on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr

from app.schemas.base import Day, Email, In, Line, Moment, Out, PageQuery, Phone, Text
from app.schemas.codes import CustodyKind, CustodySource, Employment, MemberKind, MemberRelation, RelationKind

CprNumber = Annotated[
    SecretStr,
    Field(min_length=1, max_length=32, description="`DDMMYY-SSSS` or ten digits; kept encrypted, never given back."),
]
Protection = Annotated[
    bool,
    Field(
        strict=True,
        description="Name and address protection: address, phone and email are shown to the person and the "
        "coordinator only, not to the other parent either.",
    ),
]
EmploymentField = Annotated[Employment | None, Field(description="An adult's place on the labour market (R35).")]


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

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"issuer": "https://login.invalid", "subject": "alma-proevesen"}]}
    )


class MemberIn(In):
    """A child or an adult of the family, or a person of its network (R23). A child has a birth date."""

    kind: MemberKind
    relation: MemberRelation
    name: Line
    birth_date: Day | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Line | None = None
    address_protected: Protection = False
    employment: EmploymentField = None
    named_by: UUID | None = Field(None, description="Who in the family named this person of the network.")
    cpr_number: CprNumber | None = None
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
    address: Line | None = None
    address_protected: Protection | None = None
    employment: EmploymentField = None
    cpr_number: CprNumber | None = None
    capability_notes: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "70 00 00 11"}]})


class MemberOut(Out):
    """A member of the family, as the reader may see it: what is not for the reader is null, as what is not known.

    `capability_notes` and `employment` are content; `cpr_masked`, such as `120416-****`, is for the person and the
    coordinator; so are `address`, `phone` and `email` of somebody with address protection.
    """

    id: UUID
    family_id: UUID
    kind: MemberKind
    relation: MemberRelation
    name: str
    birth_date: date | None
    phone: str | None
    email: str | None
    address: str | None
    address_protected: bool | None
    employment: Employment | None
    named_by: UUID | None
    cpr_masked: str | None
    capability_notes: str | None
    has_login: bool
    login_changed_at: Moment | None


class MemberSearch(In):
    """Whom to look for: exactly this CPR number. It stands in the body, since addresses end in logs."""

    cpr_number: CprNumber

    model_config = ConfigDict(json_schema_extra={"examples": [{"cpr_number": "120416-0000"}]})


class RelationIn(In):
    """How two members are related: `from_id` is the `kind` of `to_id`, such as the parent of a child (R22)."""

    from_id: UUID
    to_id: UUID
    kind: RelationKind

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a06",
                    "to_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "kind": "parent",
                }
            ]
        }
    )


class RelationOut(Out):
    id: UUID
    family_id: UUID
    from_id: UUID
    to_id: UUID
    kind: RelationKind
    created_at: Moment
    created_by: UUID
    ended_at: Moment | None


class RelationQuery(PageQuery):
    current: bool | None = Field(None, description="Those that stand, or those that have ended.")


class CustodyIn(In):
    """An adult's custody of a child from a day (and to a day, which is the first without custody)."""

    child_id: UUID
    holder_id: UUID
    kind: CustodyKind = "joint"
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
    kind: CustodyKind
    source: CustodySource
    valid_from: date
    valid_until: date | None
