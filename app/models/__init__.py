"""The tables, one module per feature. Importing this package makes the metadata complete."""

from app.models.cases import (
    Assignment,
    Case,
    Concern,
    Counter,
    Cycle,
    Deviation,
    RelatedCase,
    Restriction,
    TeamMember,
)
from app.models.consents import Basis, EmergencyAccess, LegalReference, Signature
from app.models.contacts import Callback, Contact, ContactPreference, Meeting
from app.models.departments import Department
from app.models.documents import Document, DocumentVersion, Folder, Guest, Share, Withholding
from app.models.events import AccessLog, Event, IdempotencyKey
from app.models.families import Custody, Family, Member, Relation
from app.models.imports import Import
from app.models.measures import Measure
from app.models.methods import Method, MethodReading
from app.models.municipalities import Municipality, SettingsVersion
from app.models.organisations import ContactPerson, Organisation
from app.models.requests import (
    Application,
    ApplicationStatus,
    InformationRequest,
    Statement,
    StatementVersion,
)
from app.models.steps import Step, StepTemplate
from app.models.teams import CoverageCheck, RoleAgreement, StandingTeam, TeamSeat
from app.models.users import Position, User

__all__ = [
    "AccessLog",
    "Application",
    "ApplicationStatus",
    "Assignment",
    "Basis",
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
    "Document",
    "DocumentVersion",
    "EmergencyAccess",
    "Event",
    "Family",
    "Folder",
    "Guest",
    "IdempotencyKey",
    "Import",
    "InformationRequest",
    "LegalReference",
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
    "Restriction",
    "RoleAgreement",
    "SettingsVersion",
    "Share",
    "Signature",
    "StandingTeam",
    "Statement",
    "StatementVersion",
    "Step",
    "StepTemplate",
    "TeamMember",
    "TeamSeat",
    "User",
    "Withholding",
]
