"""Documents: uploaded, changed, given new contents, reviewed for relevance and approved (R296, R302, R304, R322)."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Conflict, Forbidden, NotFound, Refusal, invalid
from app.media import Content
from app.models import Document, DocumentVersion, Member
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.contents import document_versions
from app.policy.core import Page
from app.policy.documents import documents as policy
from app.schemas.documents import DocumentIn, DocumentPatch, RelevanceIn, VersionIn
from app.services import filing
from app.services.casework import require_open, require_open_around, require_unsealed
from app.services.events import emit
from app.services.rows import add, change
from app.storage import id_of
from app.wire import Condition

PLACING: Final = ("folder_id", "category", "subjects")
"""What decides which consent covers it: chosen anew, it is as if it came now (P2)."""
DESCRIBING: Final = ("category", "subjects")
"""What a review, and a consent that names the document, took it to be: chosen anew, neither holds."""
UNREVIEWED: Final = {"relevance": "unreviewed", "relevance_note": None, "reviewed_at": None, "reviewed_by": None}
REQUIRED: Final = ("title", "category", "subjects", "author_only", "shows_address_of", "external_references")


async def may_upload(session: Transaction, actor: Actor, case_id: UUID) -> None:
    """Raises NotFound or Forbidden where the actor may not add a document to the case."""
    await cases.judge(session, actor, case_id, "add_document")


async def may_replace(session: Transaction, actor: Actor, id: UUID) -> None:
    """Raises NotFound or Forbidden where the actor may not add a version to the document."""
    await policy.judge(session, actor, id, "add_version")


async def upload(session: Transaction, actor: Actor, case_id: UUID, wanted: DocumentIn, content: Content) -> Row | None:
    """Add a document to a case: its row where the uploader may read it. Emits `document.added`.

    What the family brings is owned by the case's department, and waits for its review as all else does. Raises Invalid
    for subjects who are not of the family (or, for a citizen, not one's own), a folder of another case, and a
    department where the actor does not work.
    """
    about = wanted.subjects[0] if wanted.subjects and len(wanted.subjects) == 1 else None
    case = await cases.get(session, actor, case_id, "add_document", about=about)
    given = wanted.model_dump() | {"subjects": wanted.subjects or [case.child_id]}
    values = await filing.judged(session, actor, case_id, case.family_id, given)
    values["owner_department_id"] = filing.owner(actor, case, wanted.owner_department_id)
    require_open(case)
    require_unsealed(case)
    id = await keep(session, actor, case_id, content, values)
    return await _shown(session, actor, id)


async def keep(session: Transaction, actor: Actor, case_id: UUID, content: Content, values: Mapping[str, Any]) -> UUID:
    """Write a document of these values with its first version, for who may do so. Emits `document.added`.

    `values` are at least title, category, subjects and owner_department_id, each judged before.
    """
    blank = {"path": [], "author_only": False, "version": 1, **UNREVIEWED, **_anew(actor)}
    stamped = {"case_id": case_id, "created_at": actor.at, "created_by": actor.user}
    id = await _numbered(session, actor, {**blank, **values, **stamped})
    await _version(session, actor, id, case_id, 1, content)
    await _tell(session, actor, "document.added", id, case_id, values["subjects"])
    return id


async def replace(session: Transaction, actor: Actor, id: UUID, wanted: VersionIn, content: Content) -> Row:
    """Give a document a new content; the one before stays as a version. Emits `document.version_added`.

    Nobody has judged whether the new content is relevant to share: until then it is shared no more (R296); nor does
    what was asked for before speak of it, unless its text covers what comes later (P2).

    Raises Conflict when it is approved (R322), and when `based_on` is not its newest version.
    """
    document = await policy.get(session, actor, id, "add_version")
    require_open_around(document)
    _still_open(document)
    if wanted.based_on != document.version:
        raise Conflict("document-version-changed")
    number = document.version + 1
    await _version(session, actor, id, document.case_id, number, content)
    await change(session, actor, Document, id, version=number, **UNREVIEWED, **_anew(actor))
    await _tell(session, actor, "document.version_added", id, document.case_id, document.subjects)
    return await document_versions.get(session, actor, id_of(content.key))


async def change_document(
    session: Transaction, actor: Actor, id: UUID, wanted: DocumentPatch, condition: Condition
) -> Row | None:
    """Change what is said of a document; its row where the actor may still read it. Emits `document.changed`.

    With another category or other subjects it is reviewed anew (R296), and what named it before names it no more.

    Raises Forbidden for what the actor does not see, and for making a note of what somebody else wrote; Conflict when
    it is approved, but for where it lies (R322), and when it would leave a folder that the family keeps (X33).
    """
    document = await policy.get(session, actor, id, "change_document", condition)
    given = wanted.model_dump(exclude_unset=True)
    _require_seen(actor, document, given)
    for field in REQUIRED:
        if field in given and given[field] is None:
            raise invalid(f"/{field}", "required")
    values = await filing.judged(session, actor, document.case_id, document.family_id, given)
    require_open_around(document)
    if given.keys() - {"folder_id"}:
        _still_open(document)
    if "folder_id" in given:
        await filing.may_leave(session, actor, document, given["folder_id"])
    changed = {field for field, value in values.items() if field in PLACING and value != document[field]}
    if changed:
        values["placed_at"] = actor.at
    if changed.intersection(DESCRIBING):
        values |= {**UNREVIEWED, **_anew(actor)}
    if values:
        await change(session, actor, Document, id, **values)
        subjects = values.get("subjects", document.subjects)
        await _tell(session, actor, "document.changed", id, document.case_id, subjects)
    return await _shown(session, actor, id)


async def review(session: Transaction, actor: Actor, id: UUID, wanted: RelevanceIn) -> Row:
    """Judge whether it is relevant to share: for the department that owns it (R296). Emits `document.reviewed`.

    What the family brought to a folder that it keeps, no department reads: those whose own it is judge it (X33).
    """
    document = await policy.get(session, actor, id, "review_relevance")
    require_open_around(document)
    judged = {"relevance": wanted.relevance, "relevance_note": wanted.note}
    await change(session, actor, Document, id, **judged, reviewed_at=actor.at, reviewed_by=actor.user)
    await _tell(session, actor, "document.reviewed", id, document.case_id, document.subjects)
    return await policy.get(session, actor, id)


async def approve(session: Transaction, actor: Actor, id: UUID) -> Row:
    """Make it final (R322). Emits `document.approved`. Raises Conflict when it is already."""
    document = await policy.get(session, actor, id, "approve_document")
    require_open_around(document)
    _still_open(document)
    await change(session, actor, Document, id, approved_at=actor.at, approved_by=actor.user)
    await _tell(session, actor, "document.approved", id, document.case_id, document.subjects)
    return await policy.get(session, actor, id)


async def documents(session: Transaction, actor: Actor, **asked: Any) -> Page:
    """The documents of a case, or without `case_id` of all cases that the actor has to do with."""
    return await policy.page(session, actor, **asked)


async def versions(session: Transaction, actor: Actor, id: UUID, **page: Any) -> Page:
    return await document_versions.page(session, actor, document_id=id, **page)


def _anew(actor: Actor) -> dict[str, Any]:
    """It is as if it came now, for every consent."""
    return {"placed_at": actor.at, "described_at": actor.at}


async def _shown(session: Transaction, actor: Actor, id: UUID) -> Row | None:
    """The document, or None for who may write it and not read it: what shows an address that is hidden from oneself."""
    try:
        return await policy.get(session, actor, id)
    except NotFound:
        return None


async def _numbered(session: Transaction, actor: Actor, values: Mapping[str, Any]) -> UUID:
    """A row under a random number that is free (ADR 0005); its id."""
    own = table_of(Document)
    for _ in range(8):
        number = f"D{actor.today.year}-{secrets.randbelow(90_000_000) + 10_000_000}"
        row = {"municipality_id": actor.municipality, "id": new_id(), "number": number, **values}
        written = insert(own).values(row).on_conflict_do_nothing(constraint="uq_documents_number").returning(own.c.id)
        if (await session.execute(written)).first():
            return row["id"]
    raise Conflict("conflict")


async def _version(session: Transaction, actor: Actor, id: UUID, case_id: UUID, number: int, content: Content) -> None:
    """The row of a content, under the id that the content is kept by: so it can be told that something speaks of it."""
    told = {name: getattr(content, name) for name in ("file_name", "media_type", "size", "sha256")}
    place = {"id": id_of(content.key), "document_id": id, "case_id": case_id, "number": number}
    stamped = {"storage_key": content.key, "created_at": actor.at, "created_by": actor.user}
    await add(session, actor, DocumentVersion, **place, **told, **stamped)


def _require_seen(actor: Actor, document: Row, given: Mapping[str, Any]) -> None:
    """Raises Forbidden for what the family does not see, and for making a note of what somebody else wrote."""
    closed = {"shows_address_of"} if actor.kind == "citizen" else set()
    closed |= set() if document.created_by == actor.user else {"author_only"}
    if closed & given.keys():
        raise Forbidden(refusal=Refusal("document", "change_document", document.id, document.case_id))


def _still_open(document: Row) -> None:
    if document.approved_at is not None:
        raise Conflict("document-approved")


async def _tell(
    session: Transaction, actor: Actor, event: str, id: UUID, case_id: UUID, subjects: Sequence[UUID]
) -> None:
    """An event, about the one adult whom the document is about where that is one alone."""
    member, own = columns(Member), subjects[0]
    this = (member.municipality_id == actor.municipality, member.id == own, member.kind == "adult")
    adult = len(subjects) == 1 and (await session.execute(select(member.id).where(*this))).first() is not None
    await emit(session, actor, event, id, case_id=case_id, member_id=own if adult else None)
