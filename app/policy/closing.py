"""What closes a document, whatever opens it. The family's mark on a folder alone gives way, to a share on consent."""

from sqlalchemy import any_, func

from app.db import columns, table_of
from app.models import Basis, Document, Folder, InformationRequest, Member, Withholding
from app.policy.actor import ACTOR
from app.policy.cases import ADVISERS, case
from app.policy.rules import Expression, rule, some

document, folder, basis = columns(Document), columns(Folder), columns(Basis)
member, withholding = columns(Member), columns(Withholding)


@rule
def sealed_case() -> Expression:
    """The case is restricted (GDPR art. 18): its documents are kept, and nobody reads them."""
    return case.sealed


@rule
def anothers_own_note() -> Expression:
    """It is a note that its author keeps to herself, and the reader is not the author."""
    return document.author_only & (document.created_by != ACTOR.user)


@rule
def shows_protected_address() -> Expression:
    """Somebody's protected address can be read in it; that person and the case's advisers are excepted (ADR 0013)."""
    hidden = some(
        table_of(Member),
        member.id == any_(document.shows_address_of),
        member.address_protected,
        ~(member.id == any_(ACTOR.persons)),
    )
    return hidden & ~ADVISERS.where


@rule
def withheld_from_reader() -> Expression:
    """The document is withheld from the reader, for a recorded reason."""
    return some(
        table_of(Withholding),
        withholding.document_id == document.id,
        withholding.member_id == any_(ACTOR.persons),
        withholding.ended_at.is_(None),
    )


@rule
def obtained_before_notice() -> Expression:
    """It was asked for under a statutory basis of which the family is told later, for a documented reason."""
    request = columns(InformationRequest)
    later = some(table_of(Basis), basis.id == request.basis_id, basis.notice_after > ACTOR.today)
    return some(table_of(InformationRequest), request.document_id == document.id, later)


def explicit() -> Expression:
    """Somebody of the family asked that the folder is read on a share on consent only (X33)."""
    return func.cardinality(folder.marked_by) > 0


def in_marked_folder() -> Expression:
    """The document lies in such a folder."""
    return some(table_of(Folder), folder.id == any_(document.path), explicit())
