"""Who has the ball (R308): what is open in a case, and who has to act on it since when."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.db import Transaction
from app.errors import NotFound, Refusal
from app.policy import applications, cases, requests, steps
from app.policy.actor import Actor
from app.policy.core import screen
from app.policy.screens import Part, Parts
from app.services.actors import COPENHAGEN
from app.services.catalogue import label

OPEN: Final = frozenset({"case_id", "open"})
PARTS: Final[Parts] = (
    ("case", Part(cases.cases, 1, alone=True)),
    ("applications", Part(applications.applications, 50, OPEN)),
    ("requests", Part(requests.information_requests, 50, OPEN)),
    ("steps", Part(steps.steps, 50, frozenset({"case_id", "current"}))),
)


async def ball(session: Transaction, actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Open applications and requests, and steps under way, as this reader may see them: those that wait longest first.

    Raises NotFound for an unreadable case.
    """
    found = await screen(session, actor, PARTS, row_id=case_id, case_id=case_id, open=True, current=True)
    if not found["case"]:
        raise NotFound(refusal=Refusal("case", "read", case_id))
    items = [
        *_applications(found["applications"], actor),
        *_requests(found["requests"]),
        *_steps(found["steps"], actor),
    ]
    return {"items": sorted(items, key=lambda one: one["since"])}


def _applications(rows: list[Any], actor: Actor) -> Iterator[dict[str, Any]]:
    for row in rows:
        who = label("ball_with", row.ball_with, actor.language)
        yield _one("application", row, row.title, who, row.ball_since, row.deadline_on)


def _requests(rows: list[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        since = row.created_at.astimezone(COPENHAGEN).date()
        yield _one("information_request", row, row.what, row.holder_name, since, row.due_on)


def _steps(rows: list[Any], actor: Actor) -> Iterator[dict[str, Any]]:
    """Held by a person, or else by the coordinator."""
    for row in rows:
        if row.status == "started":
            who = row.holder_name or label("ball_with", "coordinator", actor.language)
            yield _one("step", row, row.title, who, row.started_at.astimezone(COPENHAGEN).date(), row.due_on)


def _one(kind: str, row: Any, title: str | None, who: str, since: date, due_on: date | None) -> dict[str, Any]:
    return {"kind": kind, "id": row.id, "title": title, "label": who, "since": since, "due_on": due_on}
