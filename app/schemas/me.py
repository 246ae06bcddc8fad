"""Oneself on the wire: who I am, what I hold, and a citizen's own view."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.schemas.base import Moment, Out
from app.schemas.cases import CaseOut
from app.schemas.codes import ActorKind, CaseState, StepStatus
from app.schemas.contacts import CallbackOut
from app.schemas.families import MemberOut
from app.schemas.steps import StepOut
from app.schemas.users import PositionOut


class MeOut(Out):
    """The signed-in account, as this municipality knows it."""

    id: UUID
    kind: ActorKind
    name: str
    title: str | None
    municipality_id: UUID
    municipality_name: str
    roles: list[str]
    positions: list[PositionOut]
    member_ids: list[UUID] = Field(description="The family members that I am.")


class FirstContactDue(Out):
    """The family of a case allocated to me that I have not been in contact with yet (R99)."""

    case_id: UUID
    case_number: str
    allocated_at: Moment
    days_since: int


class WorkOut(Out):
    """What I hold: my cases, the steps in my hands, families to contact first, and call-backs that wait."""

    cases: list[CaseOut]
    cases_next: str | None = Field(description="Cursor of `GET /v1/cases` when there are more.")
    steps: list[StepOut]
    first_contacts: list[FirstContactDue]
    callbacks: list[CallbackOut]


class ContactCard(Out):
    """The one person to turn to (R97)."""

    name: str
    title: str | None
    role: str
    phone: str | None
    email: str | None
    hours: str | None


class FamilyStep(Out):
    number: int
    title: str
    status: StepStatus
    label: str
    due_on: date | None


class FamilyCase(Out):
    """A child's case as the family sees it."""

    id: UUID
    number: str
    child_name: str
    state: CaseState
    state_label: str
    contact: ContactCard | None
    steps: list[FamilyStep]


class FamilyViewOut(Out):
    """A citizen's own view: oneself and the children one has custody of, and their cases."""

    me: list[MemberOut]
    children: list[MemberOut]
    cases: list[FamilyCase]
    callbacks: list[CallbackOut]
