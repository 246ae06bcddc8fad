"""The tables, one module per feature. Importing this package makes the metadata complete."""

from app.models.cases import Assignment, Case, Concern, Counter, Cycle, Deviation, RelatedCase, TeamMember
from app.models.contacts import Callback, Contact, ContactPreference, Meeting
from app.models.departments import Department
from app.models.events import AccessLog, Event, IdempotencyKey
from app.models.families import Custody, Family, Member, Relation
from app.models.imports import Import
from app.models.measures import Measure
from app.models.methods import Method, MethodReading
from app.models.municipalities import Municipality, SettingsVersion
from app.models.organisations import ContactPerson, Organisation
from app.models.steps import Step, StepTemplate
from app.models.teams import CoverageCheck, RoleAgreement, StandingTeam, TeamSeat
from app.models.users import Position, User

__all__ = [
    "AccessLog",
    "Assignment",
    "Callback",
    "Case",
    "Concern",
    "Contact",
    "ContactPerson",
    "ContactPreference",
    "Counter",
    "CoverageCheck",
    "Custody",
    "Cycle",
    "Department",
    "Deviation",
    "Event",
    "Family",
    "IdempotencyKey",
    "Import",
    "Measure",
    "Meeting",
    "Member",
    "Method",
    "MethodReading",
    "Municipality",
    "Organisation",
    "Position",
    "RelatedCase",
    "Relation",
    "RoleAgreement",
    "SettingsVersion",
    "StandingTeam",
    "Step",
    "StepTemplate",
    "TeamMember",
    "TeamSeat",
    "User",
]
