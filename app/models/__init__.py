"""The tables, one module per feature. Importing this package makes the metadata complete."""

from app.models.cases import Assignment, Case, Counter, TeamMember
from app.models.contacts import Callback, Contact, Meeting
from app.models.departments import Department
from app.models.events import AccessLog, Event, IdempotencyKey
from app.models.families import Custody, Family, Member
from app.models.municipalities import Municipality, SettingsVersion
from app.models.steps import Step, StepTemplate
from app.models.users import Position, User

__all__ = [
    "AccessLog",
    "Assignment",
    "Callback",
    "Case",
    "Contact",
    "Counter",
    "Custody",
    "Department",
    "Event",
    "Family",
    "IdempotencyKey",
    "Meeting",
    "Member",
    "Municipality",
    "Position",
    "SettingsVersion",
    "Step",
    "StepTemplate",
    "TeamMember",
    "User",
]
