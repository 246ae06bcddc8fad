"""Sharing: one document or folder, one recipient, one purpose, and never without a basis in force (R281, R300, R301).

A share opens nothing by itself: reading asks the bases each time (`app/policy/documents.py`).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from app.db import Row, Transaction, columns
from app.errors import Conflict, ConsentMissing, Refusal
from app.models import Share
from app.policy import sharing as policies
from app.policy.actor import ACTOR, Actor
from app.policy.core import Page
from app.policy.documents import documents
from app.policy.folders import folders
from app.schemas.shares import ShareIn, ShareRevocation
from app.services.bases import Lack, covering, missing, naming_folder
from app.services.casework import require_open_around
from app.services.events import emit
from app.services.recipients import reached
from app.services.rows import add, change

share = columns(Share)


async def share_document(session: Transaction, actor: Actor, id: UUID, wanted: ShareIn) -> Row:
    """Share a document with one recipient for one purpose. Emits `document.shared`.

    Raises Invalid for a recipient that is not known or in use, ConsentMissing naming what lacks for which subject,
    Conflict when it has not been judged relevant (R296), is shared like that already, or the case is closed.
    """
    document = await documents.get(session, actor, id, "share")
    recipient = await reached(session, actor, document, wanted.recipient)
    rows = await covering(session, actor, recipient, wanted.purpose, document_id=id)
    bases = await _bases(session, actor, rows, wanted, Refusal("document", "share", id, document.case_id))
    require_open_around(document)
    if document.relevance != "relevant":
        raise Conflict("document-unreviewed")
    return await _shared(session, actor, document, wanted, bases, document_id=id)


async def share_folder(session: Transaction, actor: Actor, id: UUID, wanted: ShareIn) -> Row:
    """Share a folder, and what lies in it, with one recipient for one purpose. Emits `folder.shared`.

    The bases must cover each document in it that the sharer may read and that was judged relevant; for an empty folder
    one must name it. What comes later is opened only by what covers it then. Raises as `share_document`.
    """
    folder = await folders.get(session, actor, id, "share_folder")
    recipient = await reached(session, actor, folder, wanted.recipient)
    refusal = Refusal("folder", "share_folder", id, folder.case_id)
    inside = await covering(session, actor, recipient, wanted.purpose, folder_id=id)
    reviewed = [row for row in inside if row.relevance == "relevant"]
    covered = await _bases(session, actor, reviewed, wanted, refusal)
    bases = covered or await naming_folder(session, actor, recipient, folder, wanted.purpose)
    if not bases:
        raise ConsentMissing("/recipient/id", refusal=refusal)
    require_open_around(folder)
    return await _shared(session, actor, folder, wanted, bases, folder_id=id)


async def revoke(session: Transaction, actor: Actor, id: UUID, wanted: ShareRevocation) -> Row:
    """End a share, at once and on every path. Emits `document.unshared` or `folder.unshared`.

    Raises Conflict when it was revoked before. A closed case is no reason to go on sharing.
    """
    row = await policies.shares.get(session, actor, id, "revoke")
    if row.revoked_at is not None:
        raise Conflict("share-revoked")
    await change(session, actor, Share, id, revoked_at=actor.at, revoked_by=actor.user, revoke_reason=wanted.reason)
    await _tell(session, actor, "unshared", row)
    return await policies.shares.get(session, actor, id)


async def of_case(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    """The shares in a case of what the reader may read."""
    return await policies.shares.page(session, actor, case_id=case_id, **page)


async def of_document(session: Transaction, actor: Actor, document_id: UUID, **page: Any) -> Page:
    """The shares of a document. Raises NotFound when the reader may not read it."""
    await documents.require(session, actor, document_id)
    return await policies.shares.page(session, actor, document_id=document_id, **page)


async def of_folder(session: Transaction, actor: Actor, folder_id: UUID, **page: Any) -> Page:
    """The shares of a folder. Raises NotFound when the reader may not read it."""
    await folders.require(session, actor, folder_id)
    return await policies.shares.page(session, actor, folder_id=folder_id, **page)


async def _bases(
    session: Transaction, actor: Actor, rows: Sequence[Row], wanted: ShareIn, refusal: Refusal
) -> list[UUID]:
    """The bases that cover every subject of every document. Raises ConsentMissing, naming those that none covers."""
    lacks = [Lack(row, row.subject_id, row.category, row.document_id) for row in rows if row.basis_id is None]
    if lacks:
        about = {"purpose": wanted.purpose, "party_kind": wanted.recipient.kind, "party_id": wanted.recipient.id}
        found = await missing(session, actor, lacks, **about)
        raise ConsentMissing("/recipient/id", *found, refusal=refusal)
    return sorted({row.basis_id for row in rows})


async def _shared(
    session: Transaction, actor: Actor, thing: Row, wanted: ShareIn, bases: Sequence[UUID], **what: UUID
) -> Row:
    """Keep the share with what makes it lawful. Raises Conflict when the same stands already.

    A share that the family is told of later is no conflict to the family: that would tell.
    """
    recipient = {
        "recipient_kind": wanted.recipient.kind,
        "recipient_id": wanted.recipient.id,
        "purpose": wanted.purpose,
    }
    alike = [share[name] == value for name, value in {**recipient, **what}.items()]
    known = (ACTOR.kind != "citizen") | policies.family_has_been_told.holds
    stands = exists().where(share.municipality_id == actor.municipality, share.revoked_at.is_(None), known, *alike)
    if (await session.execute(select(stands), actor.parameters)).scalar_one():
        raise Conflict("already-shared")
    made = {"bases": list(bases), "created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Share, case_id=thing.case_id, **what, **recipient, **made)
    row = await policies.shares.get(session, actor, id)
    await _tell(session, actor, "shared", row)
    return row


async def _tell(session: Transaction, actor: Actor, verb: str, row: Row) -> None:
    """The event is about the share: whoever may not know of that one, or not yet, does not hear of it."""
    what = "folder" if row.document_id is None else "document"
    await emit(session, actor, f"{what}.{verb}", row.id, case_id=row.case_id, member_id=row.about)
