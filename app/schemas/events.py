"""What happened, and who has looked, on the wire."""

from uuid import UUID

from pydantic import Field

from app.schemas.base import Moment, Out
from app.schemas.codes import AccessOutcome, ActorKind


class EventOut(Out):
    """Something that happened in the case. `text` is in the reader's language and names nobody of the family."""

    id: UUID
    at: Moment
    type: str
    text: str
    resource: str
    resource_id: UUID
    actor_kind: ActorKind
    actor_name: str | None
    step_number: int | None = Field(description="Of a step of the case: its number; else null.")
    step_title: str | None = Field(description="Of a step of the case: what it is called; else null.")


class AccessOut(Out):
    """Somebody read, wrote or was refused something about the case.

    `text` says it in plain language: who (unit and role; a name only where the municipality shows them), what, and
    why that was open to them. `rule` is the reason's code; empty on a refusal, and for a list that showed
    nothing.
    """

    id: UUID
    at: Moment
    outcome: AccessOutcome
    action: str
    resource: str
    rule: str
    actor_kind: ActorKind
    actor_roles: list[str]
    actor_departments: list[str]
    actor_name: str | None
    is_me: bool
    text: str
