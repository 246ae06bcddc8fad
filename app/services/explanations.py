"""Why a row is open to its reader, in words."""

from typing import Any
from uuid import UUID

from app.db import Transaction
from app.policy.actor import Actor
from app.policy.core import Policy
from app.services.catalogue import label


async def explained(session: Transaction, actor: Actor, policy: Policy, id: UUID) -> dict[str, Any]:
    """For reading and for each action, the rules that open it to the actor. Raises NotFound when unreadable."""
    found = await policy.explain(session, actor, id)
    return {
        "items": [
            {
                "action": action,
                "label": label("action", action, actor.language),
                "rules": rules,
                "reasons": [label("rule", name, actor.language) for name in rules],
            }
            for action, rules in found.items()
        ]
    }
