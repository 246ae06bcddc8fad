"""Deviations from the municipality's own rules: written where they happen, each with its reason (R456)."""

from uuid import UUID

from app.db import Transaction
from app.models import Deviation
from app.policy.actor import Actor
from app.schemas.codes import DeviationKind
from app.services.events import emit
from app.services.rows import add


async def deviate(
    session: Transaction,
    actor: Actor,
    kind: DeviationKind,
    case_id: UUID,
    reason: str,
    *,
    user_id: UUID | None = None,
) -> None:
    """Keep that a rule was not followed, and why. `user_id`: whom it is about. Emits `deviation.recorded`.

    How many cases an adviser has is between adviser and leader (R457): that event stands on no case's timeline.
    """
    values = {"kind": kind, "reason": reason, "user_id": user_id, "recorded_at": actor.at, "recorded_by": actor.user}
    id = await add(session, actor, Deviation, case_id=case_id, **values)
    await emit(session, actor, "deviation.recorded", id, case_id=None if kind == "caseload_over_norm" else case_id)
