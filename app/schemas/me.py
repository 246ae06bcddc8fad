"""Oneself on the wire: who I am, what I hold, and a citizen's own view."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.applications import ApplicationOut
from app.schemas.base import Day, Email, In, Line, Moment, Out, Phone
from app.schemas.cases import CaseOut
from app.schemas.codes import ActorKind, CaseState, StepStatus
from app.schemas.consents import ConsentOut
from app.schemas.contacts import CallbackOut
from app.schemas.documents import DocumentOut
from app.schemas.emergencies import EmergencyOut
from app.schemas.events import AccessOut
from app.schemas.families import MemberOut
from app.schemas.information_requests import InformationRequestOut
from app.schemas.overviews import ContactCard
from app.schemas.preferences import ContactPreferenceOut
from app.schemas.statements import StatementOut
from app.schemas.statutory_bases import StatutoryBasisOut
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
    """What I hold: my cases and steps, families to contact first, call-backs that wait, agreements to look at again.

    And information: what my departments are asked for, and what I wait for; documents to review for relevance, consents
    to remind of and those that end soon, and for a professional head the emergency accesses to review.
    """

    cases: list[CaseOut]
    cases_next: str | None = Field(description="Cursor of `GET /v1/cases` when there are more.")
    helping: list[CaseOut] = Field(description="Open cases where I am buddy or deputy (R4, R109).")
    steps: list[StepOut]
    first_contacts: list[FirstContactDue]
    callbacks: list[CallbackOut]
    preferences_due: list[ContactPreferenceOut] = Field(
        description="Agreements on contact in my cases whose day of asking again has come (R141)."
    )
    information_to_give: list[InformationRequestOut] = Field(
        description="Open requests for information to the departments where I work (R317)."
    )
    information_overdue: list[InformationRequestOut] = Field(
        description="What I asked of others and have not got in time (R317)."
    )
    reviews_waiting: list[DocumentOut] = Field(
        description="Documents of my departments, in cases where I work, whose relevance nobody has reviewed (R296)."
    )
    consents_to_remind: list[ConsentOut] = Field(
        description="Consents that I asked for and that wait, whose day to remind has come (R288)."
    )
    consents_ending: list[ConsentOut] = Field(
        description="Consents in force, in cases that I advise, that end within 30 days."
    )
    emergencies_to_review: list[EmergencyOut] = Field(
        description="Emergency accesses by others, in cases of departments that I lead, that await my review (R292)."
    )
    bases_to_review: list[StatutoryBasisOut] = Field(
        description="Uses of a rule of law without consent, by others in cases of departments that I lead, that open "
        "nothing until a second person has reviewed them (R292)."
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
    """A citizen's own view: oneself and the children one has custody of, their cases, and what is shared, with why.

    Who may see what is at `GET /v1/cases/{id}/access`; every look ever at `GET /v1/cases/{id}/access-log`.
    """

    me: list[MemberOut]
    children: list[MemberOut]
    network: list[MemberOut] = Field(description="The people of the family's network whom I named (R23).")
    cases: list[FamilyCase]
    callbacks: list[CallbackOut]
    consents_waiting: list[ConsentOut] = Field(
        description="What waits for your own answer; `remind_due` when it has for long (R288)."
    )
    consents_in_force: list[ConsentOut] = Field(description="About you and your children, in force now (R298).")
    documents: list[DocumentOut] = Field(description="The 20 newest that you may read.")
    looks: list[AccessOut] = Field(
        description="What others saw of your cases: the 20 newest looks of the last 30 days, each with why (R290)."
    )
    information_requests: list[InformationRequestOut] = Field(description="What others are asked for, and owe yet.")
    applications: list[ApplicationOut] = Field(description="The 20 newest, each with who has the ball (R308).")
    statements: list[StatementOut] = Field(description="Your own, the 20 newest (R316).")
