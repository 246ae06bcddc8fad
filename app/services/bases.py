"""What makes sharing lawful, asked before anything is shared or obtained: which basis covers it, or what is lacking.

Reading asks the same expressions again each time (`app/policy/documents.py`); here they are asked of a recipient that
is named, and about the purpose that is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, BindParameter, ColumnElement, Select, any_, bindparam, false, func, select, true
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from app.db import Row, Transaction, columns, table_of
from app.errors import ConsentMissing, Missing
from app.models import Basis, Document, Share, Signature
from app.policy.actor import ACTOR, Actor, Kind
from app.policy.documents import (
    documents,
    in_force,
    named_the_document_before,
    names_the_recipient,
    speaks_of,
)
from app.policy.reading import instead, told
from app.policy.rules import UUID_TYPE, Expression, empty, is_one, mine, probed, word
from app.services.signatories import signatories

basis, signature, document, share = columns(Basis), columns(Signature), columns(Document), columns(Share)
ASK_AGAIN: Final = frozenset({"not_asked", "other_scope", "newer_content", "ended"})
"""Where one may ask: a "no" is an answer, and what waits for a signature has been asked for."""
PURPOSE: Final[BindParameter[str]] = bindparam("wanted_purpose", type_=TEXT)

NAMED: Final = {
    ACTOR.user: bindparam("wanted_person", type_=UUID_TYPE),
    ACTOR.recipients: bindparam("wanted_reach", type_=ARRAY(UUID_TYPE)),
    share.recipient_id: bindparam("wanted_recipient", type_=UUID_TYPE),
    share.purpose: PURPOSE,
}
"""The recipient and the purpose that are named, where the rules speak of a share and its reader."""


def lowest(*conditions: Expression) -> ColumnElement[Any]:
    """The basis in force such that …: a consent before a statutory basis."""
    rows = select(basis.id).where(mine(table_of(Basis)), in_force(), told(), *conditions)
    return rows.order_by(basis.kind, basis.id).limit(1).correlate_except(table_of(Basis)).scalar_subquery()


def awaited() -> ColumnElement[Any]:
    """Those who must sign the consent, and have not approved it, or no longer do."""
    signer: Any = func.unnest(basis.signers).column_valued("signer")
    own = table_of(Signature)
    its = (signature.basis_id == basis.id) & (signature.member_id == signer) & signature.binding
    answers = select(signature.answer).where(mine(own), its)
    newest = answers.order_by(signature.id.desc()).limit(1).correlate_except(own).scalar_subquery()
    rows = select(signer).where(newest.is_distinct_from("approved")).correlate_except(signer.scalar_alias)
    return func.array(rows.scalar_subquery(), type_=ARRAY(UUID_TYPE))


def nearest(fits: Expression, *conditions: Expression, before: Expression | None = None) -> LateralFromClause:
    """How far it is from a consent such that …, that also `fits`: its `state`, the consent, and who has yet to sign.

    One row, also where there is no consent at all. A draft is nobody's yet, and what was taken back was never asked;
    what fits not, counts while in force: first what did fit `before` the content was as it is.
    """
    did_fit = false() if before is None else before
    put = ~is_one(basis.state, "draft", "cancelled")
    open_now = is_one(basis.state, "requested", "renewal_needed")
    state = when(
        (fits.is_not(True) & did_fit, word("newer_content")),
        (fits.is_not(True), word("other_scope")),
        (open_now, word("awaiting_signatures")),
        (basis.state == "declined", word("declined")),
        else_=word("ended"),
    )
    rows = select(
        state.label("state"),
        basis.id.label("consent_id"),
        when((fits & open_now, awaited()), else_=empty(UUID_TYPE)).label("awaits"),
    ).where(mine(table_of(Basis)), basis.kind == "consent", put, fits | in_force(), *conditions)
    rows = rows.order_by(
        (fits & open_now).is_(True).desc(), fits.is_(True).desc(), did_fit.is_(True).desc(), basis.id.desc()
    ).limit(1)
    found = rows.correlate_except(table_of(Basis)).lateral("near")
    none = select(word("not_asked").label("state")).subquery("none")
    return (
        select(
            func.coalesce(found.c.state, none.c.state).label("state"),
            found.c.consent_id,
            func.coalesce(found.c.awaits, empty(UUID_TYPE)).label("awaits"),
        )
        .select_from(none.join(found, true(), isouter=True))
        .lateral("nearest")
    )


@cache
def _of_source() -> Select[Any]:
    """Whether one subject's information of one category may be obtained from one holder for one purpose."""
    of_subject = (basis.case_id == bindparam("wanted_case", type_=UUID_TYPE)) & (
        basis.subject_id == bindparam("wanted_subject", type_=UUID_TYPE)
    )
    from_holder = bindparam("wanted_holder", type_=UUID_TYPE) == any_(basis.sources)
    of_kind = bindparam("wanted_category", type_=TEXT) == any_(basis.categories)
    fits = from_holder & of_kind & (basis.purpose == PURPOSE)
    near = nearest(fits, of_subject, func.cardinality(basis.sources) > 0)
    return select(lowest(of_subject, fits).label("basis_id"), *near.c).select_from(near)


def of_subjects() -> Any:
    """The subjects of a document, one by one."""
    return func.unnest(document.subjects).column_valued("subject")


@cache
def _of_documents(kind: Kind) -> Select[Any]:
    """For each subject of a document, or of those that lie in a folder, which basis covers it or what is lacking.

    Of a folder's documents those that the sharer may read. The share stands for all that lies in the folder: each of
    the others is guarded by the owner department's review of it, and by a basis for each of its subjects, as ever.
    """
    subject = of_subjects()
    fits = instead(speaks_of(subject), NAMED)
    of_subject = (basis.case_id == document.case_id) & (basis.subject_id == subject)
    near = nearest(fits, of_subject, before=instead(speaks_of(subject, named_the_document_before), NAMED))
    wanted = (document.id == bindparam("wanted_document", type_=UUID_TYPE)) | (
        bindparam("wanted_folder", type_=UUID_TYPE) == any_(document.path)
    )
    return (
        select(
            document.id.label("document_id"),
            document.category,
            document.relevance,
            subject.label("subject_id"),
            lowest(fits).label("basis_id"),
            *near.c,
        )
        .select_from(documents.ground.join(subject.scalar_alias, true()).join(near, true()))
        .where(mine(table_of(Document)), wanted, probed(documents.grant(kind, "read").where))
        .order_by(document.id, subject)
    )


@dataclass(frozen=True)
class Recipient:
    """Whom something is to be shared with, and the ids by which a basis reaches that recipient."""

    kind: str
    id: UUID
    reach: Sequence[UUID]

    @property
    def values(self) -> dict[str, Any]:
        person = self.id if self.kind == "user" else None
        return {"wanted_recipient": self.id, "wanted_person": person, "wanted_reach": list(self.reach)}


async def covering(
    session: Transaction,
    actor: Actor,
    recipient: Recipient,
    purpose: str,
    *,
    document_id: UUID | None = None,
    folder_id: UUID | None = None,
) -> Sequence[Row]:
    """A row for each subject of each document: `basis_id`, or how far it is from a consent (`state`, `awaits`)."""
    wanted = {"wanted_document": document_id, "wanted_folder": folder_id, "wanted_purpose": purpose}
    return await session.rows(_of_documents(actor.kind), {**actor.parameters, **wanted, **recipient.values})


def _naming_folder() -> Select[Any]:
    here = (basis.case_id == bindparam("wanted_case", type_=UUID_TYPE)) & (basis.purpose == PURPOSE)
    named = basis.folders.overlap(bindparam("wanted_path", type_=ARRAY(UUID_TYPE)))
    rows = select(basis.id).where(mine(table_of(Basis)), in_force(), told(), here, named)
    return rows.where(instead(names_the_recipient(), NAMED)).order_by(basis.id)


NAMING_FOLDER: Final = _naming_folder()


async def naming_folder(
    session: Transaction, actor: Actor, recipient: Recipient, folder: Row, purpose: str
) -> Sequence[UUID]:
    """The bases in force that name the folder, or one that it lies in, for this recipient and purpose."""
    wanted = {"wanted_case": folder.case_id, "wanted_path": folder.path, "wanted_purpose": purpose}
    found = await session.rows(NAMING_FOLDER, {**actor.parameters, **wanted, **recipient.values})
    return [row.id for row in found]


async def covering_source(
    session: Transaction,
    actor: Actor,
    case_id: UUID,
    subject_id: UUID,
    holder_kind: str,
    holder_id: UUID,
    category: str,
    purpose: str,
    *,
    pointer: str = "/holder/id",
) -> UUID:
    """The basis in force under which this may be obtained from that holder (R282): a consent where there is one.

    Raises ConsentMissing, naming what is missing, when none covers it. `pointer` is where the body names the holder.
    """
    wanted = {"wanted_case": case_id, "wanted_subject": subject_id, "wanted_holder": holder_id}
    values = {**actor.parameters, **wanted, "wanted_category": category, "wanted_purpose": purpose}
    (row,) = await session.rows(_of_source(), values)
    if row.basis_id is None:
        about = {"purpose": purpose, "party_kind": holder_kind, "party_id": holder_id}
        one = Lack(row, subject_id, category)
        refusal = session.judged[-1] if session.judged else None
        raise ConsentMissing(pointer, *await missing(session, actor, [one], **about), refusal=refusal)
    found: UUID = row.basis_id
    return found


@dataclass(frozen=True)
class Lack:
    """A row of `nearest`, and what it is about."""

    row: Row
    subject_id: UUID
    category: str
    document_id: UUID | None = None


async def missing(session: Transaction, actor: Actor, lacks: Sequence[Lack], **about: Any) -> list[Missing]:
    """What is missing, and whose signature: of a consent that is open, or one that would have to be asked for."""
    unasked = {(one.subject_id, one.category) for one in lacks if one.row.state in ASK_AGAIN}
    signers = await signatories(session, actor, unasked)
    return [
        Missing(
            subject_id=one.subject_id,
            category=one.category,
            document_id=one.document_id,
            state=one.row.state,
            consent_id=one.row.consent_id,
            awaits=tuple(one.row.awaits or signers.get((one.subject_id, one.category), ())),
            **about,
        )
        for one in lacks
    ]
