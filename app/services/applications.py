"""Applications of the family: how far they are, and who has the ball since when (R307, R308)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.db import Row, Transaction
from app.errors import Conflict, invalid
from app.models import Application, ApplicationStatus
from app.policy import applications as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.applications import ApplicationIn, ApplicationPatch, ApplicationStatusIn
from app.services.casework import require_member, require_open, require_open_around
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition

DECIDED: Final = ("granted", "partly_granted", "refused")
OF_THE_FAMILY: Final = ("draft", "submitted", "withdrawn")
"""What one of the family says of it; what the authority has done with it, those who advise the case write down."""
NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("submitted", "withdrawn"),
    "submitted": ("in_progress", "withdrawn"),
    "in_progress": (*DECIDED, "withdrawn"),
}
"""What may follow each status while it is open."""


async def make(session: Transaction, actor: Actor, case_id: UUID, wanted: ApplicationIn) -> Row:
    """Begin an application for the child of the case or an adult of its family. Emits `application.made`.

    Raises Invalid for anybody else, and for a citizen who neither is that person nor has custody.
    """
    case = await cases.get(session, actor, case_id, "keep_application", about=wanted.member_id)
    await _for_whom(session, actor, case, wanted.member_id)
    require_open(case)
    ball = wanted.ball_with or "family"
    values = {**wanted.model_dump(exclude={"ball_with"}), "status": "draft"}
    stamped = {"created_at": actor.at, "created_by": actor.user}
    since = {"ball_with": ball, "ball_since": actor.today}
    id = await add(session, actor, Application, case_id=case_id, **values, **since, **stamped)
    await _remember(session, actor, id, "draft", ball, None, actor.today)
    application = await policies.applications.get(session, actor, id)
    await _tell(session, actor, "application.made", application)
    return application


async def change_details(
    session: Transaction, actor: Actor, id: UUID, wanted: ApplicationPatch, condition: Condition
) -> Row:
    """Change title or deadline. Emits `application.changed`. Raises Conflict when it is decided or withdrawn."""
    application = await policies.applications.get(session, actor, id, "work_application", condition)
    values = wanted.model_dump(exclude_unset=True)
    if "title" in values and values["title"] is None:
        raise invalid("/title", "required")
    _still_open(application)
    if values:
        await change(session, actor, Application, id, **values)
        await _tell(session, actor, "application.changed", application)
    return await policies.applications.get(session, actor, id)


async def set_status(session: Transaction, actor: Actor, id: UUID, wanted: ApplicationStatusIn) -> Row:
    """Say how far it is, or pass the ball on. Emits `application.status_changed`; what was before is kept.

    Raises Invalid for a day to come, or before the ball was last passed on, for a ball that nobody can have any more,
    and for a citizen who says what is the authority's to do. Raises Conflict for a status that cannot follow, or where
    nothing would change.
    """
    application = await policies.applications.get(session, actor, id, "work_application")
    if actor.kind == "citizen" and wanted.status not in (*OF_THE_FAMILY, application.status):
        raise invalid("/status", "only-professionals")
    on, ball = wanted.on or actor.today, _ball(wanted)
    if on > actor.today:
        raise invalid("/on", "future")
    if on < application.ball_since:
        raise invalid("/on", "period-invalid", "period-invalid")
    _still_open(application)
    passed = ball != application.ball_with
    if wanted.status not in NEXT[application.status] and not (wanted.status == application.status and passed):
        raise Conflict("application-status-not-next")
    values: dict[str, Any] = {"status": wanted.status, "ball_with": ball}
    if passed:
        values["ball_since"] = on
    if wanted.status == "submitted" and application.status == "draft":
        values["submitted_on"] = on
    if wanted.status in DECIDED:
        values["decided_on"] = on
    await change(session, actor, Application, id, **values)
    await _remember(session, actor, id, wanted.status, ball, wanted.note, on)
    await _tell(session, actor, "application.status_changed", application)
    return await policies.applications.get(session, actor, id)


async def applications(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.applications.page(session, actor, case_id=case_id, **page)


async def history(session: Transaction, actor: Actor, id: UUID, **page: Any) -> Page:
    return await policies.application_statuses.page(session, actor, application_id=id, **page)


async def _for_whom(session: Transaction, actor: Actor, case: Row, member_id: UUID) -> None:
    """The case's own child, or an adult of the family; by a citizen the child, or oneself. Raises Invalid."""
    member = await require_member(session, actor, case, member_id, "/member_id")
    if member_id == case.child_id:
        return
    if member.kind != "adult":
        raise invalid("/member_id", "not-an-adult", "not-an-adult")
    if actor.kind == "citizen" and member_id not in actor.persons:
        raise invalid("/member_id", "not-yourself")


def _ball(wanted: ApplicationStatusIn) -> str:
    """Who has the ball then: nobody once it is over. Raises Invalid."""
    if wanted.status in (*DECIDED, "withdrawn"):
        if wanted.ball_with is not None:
            raise invalid("/ball_with", "not-here")
        return "nobody"
    return wanted.ball_with or ("family" if wanted.status == "draft" else "authority")


def _still_open(application: Row) -> None:
    require_open_around(application)
    if application.status not in NEXT:
        raise Conflict("application-closed")


async def _remember(
    session: Transaction, actor: Actor, id: UUID, status: str, ball: str, note: str | None, on: date
) -> None:
    values = {"status": status, "ball_with": ball, "note": note, "happened_on": on}
    await add(session, actor, ApplicationStatus, application_id=id, **values, set_at=actor.at, set_by=actor.user)


async def _tell(session: Transaction, actor: Actor, event: str, application: Row) -> None:
    """To those who may read of it: the whole family where it is for the case's child, else that adult alone."""
    about = None if application.member_id == application.case_child_id else application.member_id
    await emit(session, actor, event, application.id, case_id=application.case_id, member_id=about)
