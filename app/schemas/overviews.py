"""One screen about a case, on the wire."""

from pydantic import Field

from app.schemas.agreements import RoleAgreementOut
from app.schemas.assignments import AssignmentOut
from app.schemas.base import Out
from app.schemas.cases import CaseOut, TransitionOut
from app.schemas.codes import StageGroup, StageStatus
from app.schemas.contacts import CallbackOut, MeetingOut
from app.schemas.measures import MeasureOut
from app.schemas.preferences import ContactPreferenceOut
from app.schemas.steps import StepOut
from app.schemas.teams import CoverageOut, TeamMemberOut
from app.schemas.warnings import WarningOut


class ContactCard(Out):
    """The one person to turn to (R97), or another adviser of the case."""

    name: str
    title: str | None
    role: str
    phone: str | None
    email: str | None
    hours: str | None


class StageOut(Out):
    """One field of the progress picture (R47, R48)."""

    stage: str
    label: str
    group: StageGroup
    status: StageStatus


class OverviewOut(Out):
    """One screen: the case, its steps, its people, what is agreed, what is waiting, and how far it is."""

    case: CaseOut
    contact: ContactCard | None = Field(
        description="The one to turn to today: the deputy while the coordinator is away."
    )
    stages: list[StageOut]
    steps: list[StepOut]
    helpers: list[AssignmentOut] = Field(description="Buddy and deputy, where there are any (R4, R109).")
    team: list[TeamMemberOut]
    coverage: CoverageOut | None = Field(description="The newest answer to whether the team covers the case (R82).")
    contact_preferences: list[ContactPreferenceOut] = Field(description="Those that count now (R137).")
    role_agreements: list[RoleAgreementOut] = Field(description="Those in force (R112).")
    measures: list[MeasureOut] = Field(description="Those planned and those under way (R71).")
    meetings: list[MeetingOut]
    callbacks_waiting: list[CallbackOut]
    days_to_first_contact: int | None = Field(description="Days from allocation to first contact; null until then.")
    days_to_team: int | None = Field(
        description="Days from opening until coordinator and a first member were there (R96); null until then."
    )
    transitions: list[TransitionOut] = Field(description="Where the case may go; empty for citizens.")
    unfilled: list[str] = Field(
        description="Cells of the steps still to be filled locally, as `number.cell` (R39); empty for citizens."
    )
    warnings: list[WarningOut] = Field(description="What should be looked at; nothing is blocked by it.")
