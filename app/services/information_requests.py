"""Information asked of those who have it, inside and outside, under a basis that covers the source (R42, R282)."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from app.db import Row, Transaction
from app.errors import Conflict, ConsentMissing, Missing, NotFound, invalid
from app.media import Content
from app.models import InformationRequest
from app.policy import requests as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page, Policy
from app.policy.municipalities import departments
from app.policy.organisations import organisations
from app.schemas.information_requests import (
    Holder,
    InformationDocumentIn,
    InformationRequestEnd,
    InformationRequestIn,
    InformationRequestPatch,
)
from app.services import documents
from app.services.bases import covering_source
from app.services.casework import require_member, require_open, require_open_around, require_unsealed
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition

HOLDERS: Final[dict[str, Policy]] = {"department": departments, "organisation": organisations}


async def ask(session: Transaction, actor: Actor, case_id: UUID, wanted: InformationRequestIn) -> Row:
    """Ask a department or an outside organisation for what it knows of a child or adult. Emits `information.requested`.

    Raises Invalid for somebody else, a holder that is not known or in use, and days that have passed or do not fit.
    Raises ConsentMissing unless a basis in force covers source, subject, category and purpose (R282).
    """
    case = await cases.get(session, actor, case_id, "ask_information", about=wanted.subject_id)
    subject = await require_member(session, actor, case, wanted.subject_id, "/subject_id")
    if subject.kind == "network":
        raise invalid("/subject_id", "member-not-in-family", "member-not-in-family")
    await _known(session, actor, wanted.holder)
    _days(actor, wanted.due_on, wanted.remind_on)
    holder = (wanted.holder.kind, wanted.holder.id)
    covered = (case_id, wanted.subject_id, *holder, wanted.category, wanted.purpose)
    basis_id = await covering_source(session, actor, *covered)
    require_open(case)
    require_unsealed(case)
    values = wanted.model_dump(exclude={"holder"})
    asked = {"holder_kind": holder[0], "holder_id": holder[1], "basis_id": basis_id, "status": "requested"}
    stamped = {"created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, InformationRequest, case_id=case_id, **values, **asked, **stamped)
    request = await policies.information_requests.get(session, actor, id)
    await _tell(session, actor, "information.requested", request)
    return request


async def change_request(
    session: Transaction, actor: Actor, id: UUID, wanted: InformationRequestPatch, condition: Condition
) -> Row:
    """Change what is asked for, or the days, while it waits. Emits `information.changed`. Raises Conflict after."""
    request = await policies.information_requests.get(session, actor, id, "change_request", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("what", "due_on"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    meant = {"due_on": request.due_on, "remind_on": request.remind_on, **values}
    _days(actor, meant["due_on"], meant["remind_on"], chosen=values)
    _still_open(request)
    if values:
        await change(session, actor, InformationRequest, id, **values)
        await _tell(session, actor, "information.changed", request)
    return await policies.information_requests.get(session, actor, id)


async def may_fulfil(session: Transaction, actor: Actor, id: UUID) -> None:
    """Raises NotFound or Forbidden where the actor may not answer the request with a document."""
    await policies.information_requests.judge(session, actor, id, "fulfil_request")


async def fulfil(session: Transaction, actor: Actor, id: UUID, wanted: InformationDocumentIn, content: Content) -> Row:
    """Answer with a document of the case, which waits for its review (R296). Emits `information.fulfilled`.

    A department that is asked owns it; what an outside organisation sent is the case's department's. Raises
    ConsentMissing when the basis of a department's answer has ended since, Conflict when the request does not wait.
    """
    request = await policies.information_requests.get(session, actor, id, "fulfil_request")
    if request.holder_kind == "department":
        await _still_covered(session, actor, request)
    _still_open(request)
    if request.case_sealed:
        raise Conflict("case-restricted")
    owner = request.holder_id if request.holder_kind == "department" else request.case_department_id
    about = {"category": request.category, "subjects": [request.subject_id], "owner_department_id": owner}
    values = {"title": wanted.title, "dated_on": wanted.dated_on, **about}
    document_id = await documents.keep(session, actor, request.case_id, content, values)
    fulfilled = {"status": "fulfilled", "fulfilled_at": actor.at, "document_id": document_id}
    await change(session, actor, InformationRequest, id, **fulfilled)
    await _tell(session, actor, "information.fulfilled", request)
    return await policies.information_requests.get(session, actor, id)


async def decline(session: Transaction, actor: Actor, id: UUID, wanted: InformationRequestEnd) -> Row:
    """The holder does not give it, and why: said by the holder, or noted by those inside the case.

    Emits `information.declined`. Raises Conflict when it does not wait any more.
    """
    request = await policies.information_requests.get(session, actor, id, "decline_request")
    return await _close(session, actor, request, "declined", wanted)


async def cancel(session: Transaction, actor: Actor, id: UUID, wanted: InformationRequestEnd) -> Row:
    """It is not needed any more, and why. Emits `information.cancelled`. Raises Conflict when it does not wait."""
    request = await policies.information_requests.get(session, actor, id, "cancel_request")
    return await _close(session, actor, request, "cancelled", wanted)


async def requests(session: Transaction, actor: Actor, case_id: UUID | None = None, **page: Any) -> Page:
    return await policies.information_requests.page(session, actor, case_id=case_id, **page)


async def _known(session: Transaction, actor: Actor, holder: Holder) -> None:
    """The holder is known and in use. Raises Invalid."""
    try:
        in_use = (await HOLDERS[holder.kind].get(session, actor, holder.id)).active
    except NotFound:
        in_use = False
    if not in_use:
        raise invalid("/holder/id", "unknown-reference", "unknown-reference")


async def _still_covered(session: Transaction, actor: Actor, request: Row) -> None:
    """A basis in force covers it today. Raises ConsentMissing, which tells the holder nothing of who withdrew what."""
    party = {"party_kind": request.holder_kind, "party_id": request.holder_id}
    about = {"subject_id": request.subject_id, "category": request.category, "purpose": request.purpose}
    holder = (request.holder_kind, request.holder_id)
    asked = (request.case_id, request.subject_id, *holder, request.category, request.purpose)
    try:
        await covering_source(session, actor, *asked)
    except ConsentMissing as refused:
        raise ConsentMissing("", Missing(state="ended", **about, **party), refusal=refused.refusal) from None


def _days(actor: Actor, due_on: date, remind_on: date | None, chosen: Any = ("due_on", "remind_on")) -> None:
    """The days that are chosen now are not over, and the reminder comes before the answer is due. Raises Invalid."""
    if "due_on" in chosen and due_on < actor.today:
        raise invalid("/due_on", "past")
    if remind_on is None:
        return
    if "remind_on" in chosen and remind_on < actor.today:
        raise invalid("/remind_on", "past")
    if remind_on > due_on:
        raise invalid("/remind_on", "period-invalid", "period-invalid")


def _still_open(request: Row) -> None:
    require_open_around(request)
    if request.status != "requested":
        raise Conflict("information-request-closed")


async def _close(session: Transaction, actor: Actor, request: Row, status: str, wanted: InformationRequestEnd) -> Row:
    _still_open(request)
    await change(session, actor, InformationRequest, request.id, status=status, closing_note=wanted.note)
    await _tell(session, actor, f"information.{status}", request)
    return await policies.information_requests.get(session, actor, request.id)


async def _tell(session: Transaction, actor: Actor, event: str, request: Row) -> None:
    """To those who may read of it: the whole family where it is about the case's child, else that person alone."""
    about = None if request.subject_id == request.case_child_id else request.subject_id
    await emit(session, actor, event, request.id, case_id=request.case_id, member_id=about)
