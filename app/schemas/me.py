"""Oneself on the wire: who I am, what I hold, and a citizen's own view."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, Email, In, Line, Moment, Out, Phone
from app.schemas.cases import CaseOut
from app.schemas.codes import ActorKind, CaseState, StepStatus
from app.schemas.contacts import CallbackOut
from app.schemas.families import MemberOut
from app.schemas.overviews import ContactCard
from app.schemas.preferences import ContactPreferenceOut
from app.schemas.steps import StepOut
from app.schemas.users import PositionOut


class MeOut(Out):
    """The signed-in account, as this municipality knows it."""

    id: UUID
    kind: ActorKind
    name: str
    title: str | None
    phone: str | None
    email: str | None
    contact_hours: str | None
    absent_until: date | None
    organisation_id: UUID | None
    organisation_name: str | None
    municipality_id: UUID
    municipality_name: str
    roles: list[str]
    positions: list[PositionOut]
    member_ids: list[UUID] = Field(description="The family members that I am.")


class MePatch(In):
    """What a professional keeps up to date oneself; fields left out stay as they are."""

    title: Line | None = None
    phone: Phone | None = None
    email: Email | None = None
    contact_hours: Line | None = Field(None, description="When one can be called, as the families read it (R150).")
    absent_until: Day | None = Field(None, description="The first day back at work.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_hours": "Hverdage 8–10 og torsdag til 17"}]})


class FirstContactDue(Out):
    """The family of a case allocated to me that I have not been in contact with yet (R99)."""

    case_id: UUID
    case_number: str
    allocated_at: Moment
    days_since: int


class WorkOut(Out):
    """What I hold: my cases and steps, families to contact first, call-backs that wait, agreements to look at again."""

    cases: list[CaseOut]
    cases_next: str | None = Field(description="Cursor of `GET /v1/cases` when there are more.")
    helping: list[CaseOut] = Field(description="Open cases where I am buddy or deputy (R4, R109).")
    steps: list[StepOut]
    first_contacts: list[FirstContactDue]
    callbacks: list[CallbackOut]
    preferences_due: list[ContactPreferenceOut] = Field(
        description="Agreements on contact in my cases whose day of asking again has come (R141)."
    )


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
    beside: list[ContactCard] = Field(description="The contact's buddy or deputy, who can help too (R120).")
    contact_preferences: list[ContactPreferenceOut] = Field(
        description="How you are contacted: what was agreed for the family as a whole, and what you have said yourself."
    )
    steps: list[FamilyStep]


class FamilyViewOut(Out):
    """A citizen's own view: oneself and the children one has custody of, and their cases."""

    me: list[MemberOut]
    children: list[MemberOut]
    network: list[MemberOut] = Field(description="The people of the family's network whom I named (R23).")
    cases: list[FamilyCase]
    callbacks: list[CallbackOut]
