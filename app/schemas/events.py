"""What happened, and who has looked, on the wire."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.schemas.base import Moment, Out
from app.schemas.codes import AccessOutcome, ActorKind, BasisKind, SharePurpose


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


class GroundOut(Out):
    """A consent or statutory basis that opened something."""

    id: UUID
    kind: BasisKind
    purpose: SharePurpose
    since: date | None = Field(description="The first day on which it was in force.")
    citation: str | None = Field(description="Of a statutory basis: where the law stands.")


class AccessOut(Out):
    """Somebody read, wrote or was refused something about the case.

    Or what was open to them could not be done (`failed`: another was first, or the case was not in a state for it).

    `text` says it in plain language: who (unit and role; a name only where the municipality shows them), what, and
    why that was open to them, with the consent or the rule of law where that is one. `rule` is the reason's code; empty
    on a refusal, and for a list that showed nothing.
    """

    id: UUID
    case_id: UUID
    at: Moment
    outcome: AccessOutcome
    action: str
    resource: str
    rule: str
    actor_kind: ActorKind
    actor_roles: list[str]
    actor_departments: list[str]
    actor_organisation: str | None = Field(description="The organisation outside the municipality that they come from.")
    actor_name: str | None
    is_me: bool
    purpose: str | None = Field(description="What the reader gave in `X-Purpose`; for the auditor alone.")
    grounds: list[GroundOut] = Field(
        description="The consents and statutory bases that opened it, of those that you may read yourself."
    )
    text: str
