"""Documents: the family decides who sees what. Being on the team is not access.

A share opens a document when each of its subjects is covered by a consent or a statutory basis that names this
recipient, this purpose, and the document, its folder or its category, and is in force now. Nothing of that is kept
anywhere else: what ends, ends on the next request.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, func, or_, select
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import (
    Basis,
    Case,
    Department,
    Document,
    DocumentVersion,
    EmergencyAccess,
    Folder,
    Guest,
    Member,
    Share,
    User,
    Withholding,
)
from app.policy.actor import ACTOR, Kind
from app.policy.cases import (
    ADVISER_ROLES,
    ADVISERS,
    CONTENT,
    INSIDE,
    acts_for_owner_department,
    case,
    cases,
    children_in_custody,
    held_by,
    in_case,
    joined,
    joined_by_reader,
    joined_from,
)
from app.policy.closing import (
    anothers_own_note,
    in_marked_folder,
    obtained_before_notice,
    sealed_case,
    shows_protected_address,
    withheld_from_reader,
)
from app.policy.core import Policy
from app.policy.rules import UUID_TYPE, Expression, Grant, Grants, mine, rule, some, those, word

document, folder = columns(Document), columns(Folder)
share, basis, guest, member = columns(Share), columns(Basis), columns(Guest), columns(Member)
emergency, withholding, user = columns(EmergencyAccess), columns(Withholding), columns(User)


# --- attached to the case


def guest_now() -> Any:
    """The cases whose shared documents the reader sees in a window that is open now."""
    return those(guest.case_id, guest.user_id == ACTOR.user, guest.opens_at <= ACTOR.at, guest.closes_at > ACTOR.at)


@rule
def attached_to_the_case() -> Expression:
    """The reader works on the case now: as coordinator or buddy, in the core team, of its network, or as a guest."""
    return INSIDE.where | (case.id == guest_now())


@rule
def department_on_the_case() -> Expression:
    """The department that the service acts for owns the case, or somebody of it is in the core team now."""
    return acts_for_owner_department.holds | (case.id == joined_from(ACTOR.departments))


@rule
def relevance_reviewed() -> Expression:
    """The document has been judged relevant to share, or the reader works in the department that owns it (R296)."""
    return (document.relevance == "relevant") | (document.owner_department_id == any_(ACTOR.departments))


# --- what opens


@rule
def owner_department() -> Expression:
    """The reader works on the case, and in the department that made or received the document; a guest does not count.

    The municipality may ask consent of the case's own advisers too (X33, consent.coordinator_implied).
    """
    owns = document.owner_department_id == any_(ACTOR.departments)
    return owns & INSIDE.where & (ACTOR.coordinator_implied | ~ADVISERS.where)


@rule
def acts_for_document_owner() -> Expression:
    """The service acts for the department that made or received the document."""
    return document.owner_department_id == any_(ACTOR.departments)


def in_force() -> Expression:
    """The one question that reading asks of a basis: is now within its range."""
    return (basis.active_from <= ACTOR.at) & (basis.active_until > ACTOR.at)


def names_the_document() -> Expression:
    """The basis names the document as it was, its folder or its category; what came later if its text says so (P2)."""
    as_it_was = (document.id == any_(basis.documents)) & (document.described_at <= basis.requested_at)
    in_time = basis.covers_later | (document.placed_at <= basis.requested_at)
    return as_it_was | (_in_scope() & in_time)


def named_the_document_before() -> Expression:
    """The same, whenever the document came to be as it is: what was asked for was perhaps not this content."""
    return (document.id == any_(basis.documents)) | _in_scope()


def _in_scope() -> Expression:
    return (document.category == any_(basis.categories)) | basis.folders.overlap(document.path)


def names_the_recipient() -> Expression:
    """The basis names whom the share is to; or, where that is the reader in person, a place where the reader works."""
    to_me = (share.recipient_id == ACTOR.user) & basis.recipients.overlap(ACTOR.recipients)
    return (share.recipient_id == any_(basis.recipients)) | to_me


def speaks_of(subject: ColumnElement[Any], names: Callable[[], Expression] = names_the_document) -> Expression:
    """The basis is for the share's purpose, reaches the reader, and covers this subject's part, while in force."""
    right = (basis.case_id == document.case_id) & (basis.subject_id == subject) & (basis.purpose == share.purpose)
    return right & names_the_recipient() & names()


def covers(subject: ColumnElement[Any]) -> Expression:
    """The basis speaks of this subject's part, and is in force now."""
    return speaks_of(subject) & in_force()


def covered(*conditions: Expression) -> Expression:
    """Each subject of the document is covered."""
    subject: Any = func.unnest(document.subjects).column_valued("subject")
    each = subject.scalar_alias
    lacks = ~some(table_of(Basis), covers(subject), *conditions)
    return ~select(1).select_from(each).where(lacks).correlate_except(each).exists()


def stands_to_reader() -> Expression:
    """A share of the document, or of a folder that it lies in, stands to the reader."""
    here = (share.document_id == document.id) | (share.folder_id == any_(document.path))
    to_reader = (share.recipient_id == any_(ACTOR.recipients)) & share.revoked_at.is_(None)
    return (share.case_id == document.case_id) & to_reader & here


@rule
def shared_on_consent() -> Expression:
    """The document is shared with the reader, and every subject of it has consented: recipient, purpose, scope, now."""
    return some(table_of(Share), stands_to_reader(), covered(basis.kind == "consent"))


@rule
def shared_on_statute() -> Expression:
    """The document is shared with the reader; what consent does not cover, a recorded statutory basis does (R292)."""
    statute = (basis.case_id == case.id) & (basis.kind == "statute")  # mostly there is none: asked first
    any_at_all = some(table_of(Basis), statute, basis.recipients.overlap(ACTOR.recipients), in_force())
    return any_at_all & some(table_of(Share), stands_to_reader(), covered())


def opened_now() -> Expression:
    """The reader opened the emergency access to the document's case, and it is open now."""
    by_reader = (emergency.case_id == case.id) & (emergency.user_id == ACTOR.user)
    return by_reader & (emergency.opened_at <= ACTOR.at) & (emergency.closes_at > ACTOR.at)


@rule
def emergency_access() -> Expression:
    """The reader works on the case, opened emergency access to it, and its minutes are not over (R292)."""
    return INSIDE.where & some(table_of(EmergencyAccess), opened_now())


@cache
def acting_for_themselves(network: bool = True) -> ColumnElement[Any]:
    """The members that the reader is, where old enough to act for themselves (setting consent.youth_age)."""
    grown = (member.kind != "child") | (member.birth_date <= ACTOR.youth_born_by)
    of_the_family = () if network else (member.kind != "network",)
    return _ids(member.id, mine(table_of(Member)), member.id == any_(ACTOR.persons), grown, *of_the_family)


def _ids(column: ColumnElement[Any], *conditions: Expression) -> ColumnElement[Any]:
    rows = select(column).where(*conditions).correlate_except(column.table)
    return func.array(rows.scalar_subquery(), type_=ARRAY(UUID_TYPE))


@cache
def of_children() -> ColumnElement[Any]:
    """The children in the reader's custody, as an array."""
    return _ids(member.id, mine(table_of(Member)), member.id == children_in_custody())


@rule
def own_information() -> Expression:
    """The document is about the reader alone, of the family and old enough to act for herself; the network sees only
    what is shared.
    """
    return document.subjects.contained_by(acting_for_themselves(network=False))


@rule
def custody_of_subject() -> Expression:
    """The document is about children in the reader's custody, and nobody else but the reader."""
    nobody_else = document.subjects.contained_by(acting_for_themselves().op("||")(of_children()))
    return nobody_else & document.subjects.overlap(of_children())


# --- what closes


@rule
def explicit_consent_only() -> Expression:
    """The family asked that the folder is read on a share on consent only, and there is none to the reader (X33)."""
    return in_marked_folder() & ~shared_on_consent.holds


@rule
def uploaded_by_reader() -> Expression:
    """The reader put the document there."""
    return document.created_by == ACTOR.user


STAFF_READ = Grant(
    require=(attached_to_the_case, relevance_reviewed),
    allow=(owner_department, shared_on_consent, shared_on_statute, emergency_access),
    deny=(sealed_case, anothers_own_note, shows_protected_address, explicit_consent_only),
)
READ: Grants = {
    "professional": STAFF_READ,
    "citizen": Grant(
        allow=(own_information, custody_of_subject, shared_on_consent, shared_on_statute),
        deny=(sealed_case, anothers_own_note, shows_protected_address, withheld_from_reader, obtained_before_notice),
    ),
    "service": Grant(
        require=(department_on_the_case, relevance_reviewed),
        allow=(acts_for_document_owner, shared_on_consent, shared_on_statute),
        deny=(sealed_case, anothers_own_note, shows_protected_address, explicit_consent_only),
    ),
}


@rule
def made_by_staff() -> Expression:
    """Somebody who works here made it: what the family brought is the family's words, and nobody else writes anew."""
    return some(table_of(User), user.id == document.created_by, user.kind == "professional")


@rule
def kept_by_the_family() -> Expression:
    """The family brought it, and keeps the folder: no department reads it there, so the family judges its relevance."""
    return in_marked_folder() & ~made_by_staff.holds


IN_THE_CASE: Grants = {**CONTENT, "service": Grant(allow=(acts_for_owner_department,))}
OWNING: Grants = {"professional": Grant(allow=(owner_department,)), "citizen": Grant(allow=(uploaded_by_reader,))}
WRITING: Grants = {**OWNING, "professional": Grant(require=(made_by_staff,), allow=(owner_department,))}
DOWNLOADING: Grants = {kind: Grant(allow=grant.allow) for kind, grant in READ.items()}
"""Of what may be read; the log tells that the content was fetched, and by the same reason."""
THEIRS = Grant(allow=(own_information, custody_of_subject))
"""Of the family, those whose own it is: what is shared with one of them is another's to say something about."""
REVIEWING: Grants = {
    "professional": Grant(allow=(owner_department,)),
    "citizen": Grant(require=(kept_by_the_family,), allow=THEIRS.allow),
}
KEEPING: Grants = {"professional": Grant(allow=(owner_department, *ADVISERS.allow))}
"""Who answers for a document: the department that owns it, and the case's advisers."""


def _cases(*lists: Any) -> ColumnElement[Any]:
    """Several lists of case ids (as `those` gives them) as one array."""
    first, *more = (one.element for one in lists)
    for other in more:
        first = func.array_cat(first, other, type_=ARRAY(UUID_TYPE))
    return first


own_families = those(member.family_id, member.id == any_(ACTOR.persons))
REACH: Mapping[Kind, ColumnElement[Any]] = {
    "professional": _cases(held_by(ACTOR.user, *ADVISER_ROLES), joined_by_reader(), guest_now()),
    "citizen": _cases(those(case.id, case.family_id == own_families)),
    "service": _cases(
        those(case.id, case.owner_department_id == any_(ACTOR.departments)),
        joined_from(ACTOR.departments),
    ),
}
"""The cases in which a reader may have documents at all: what a list across cases begins from."""


def covering() -> ColumnElement[Any]:
    """The consent, or where there is none the statutory basis, by which the reader may see the first subject's part."""
    both = table_of(Basis).join(table_of(Share), basis.purpose == share.purpose)
    rows = select(basis.id).select_from(both).where(mine(table_of(Basis)), mine(table_of(Share)))
    rows = rows.where(stands_to_reader(), covers(document.subjects[1]))
    rows = rows.order_by(basis.kind, basis.id).limit(1).correlate_except(table_of(Basis), table_of(Share))
    return rows.scalar_subquery()


def in_folder() -> Expression:
    """It lies in the folder asked for, and the reader is one of those who are shown where it lies."""
    shown = or_(*((ACTOR.kind == word(kind)) & grant.where for kind, grant in IN_THE_CASE.items()))
    return (document.folder_id == bindparam("folder_id")) & shown


STAFF_ALONE: Grants = {kind: grant for kind, grant in DOWNLOADING.items() if kind != "citizen"}
BY_SHARE = Grant(allow=(shared_on_consent, shared_on_statute))
maker, unit = table_of(User).alias("maker"), table_of(Department).alias("unit")
source = joined(
    joined(in_case(table_of(Document)), unit, document.owner_department_id), maker, document.created_by, outer=True
)
current = table_of(DocumentVersion).alias("current")
newest = (
    (current.c.municipality_id == document.municipality_id)
    & (current.c.document_id == document.id)
    & (current.c.number == document.version)
)
HIDDEN = frozenset({"described_at", "municipality_id", "path", "author_only", "shows_address_of"})

documents = Policy(
    name="document",
    table=table_of(Document),
    judged_on=in_case(table_of(Document)),
    source=source.join(current, newest),
    columns={
        **{column.name: column for column in document if column.name not in HIDDEN},
        "author_only": document.author_only,
        "shows_address_of": document.shows_address_of,
        "case_number": case.number,
        "case_state": case.state,
        "family_id": case.family_id,
        "owner_department_name": unit.c.name,
        "created_by_name": when((maker.c.kind == "professional", maker.c.name)),
        "media_type": current.c.media_type,
        "size": current.c.size,
        "sha256": current.c.sha256,
        "file_name": current.c.file_name,
        "storage_key": current.c.storage_key,
    },
    read=READ,
    actions={
        "change_document": OWNING,
        "add_version": WRITING,
        "download": DOWNLOADING,
        "review_relevance": REVIEWING,
        "approve_document": {"professional": Grant(allow=(owner_department,))},
        "share": {**KEEPING, "citizen": THEIRS},
        "withhold": KEEPING,
    },
    filters={
        "case_id": document.case_id == bindparam("case_id"),
        "folder_id": in_folder(),
        "category": document.category == bindparam("category"),
        "relevance": document.relevance == bindparam("relevance"),
        "subject_id": bindparam("subject_id", type_=UUID_TYPE) == any_(document.subjects),
        "unreviewed_of": (document.relevance == word("unreviewed"))
        & (document.owner_department_id == any_(bindparam("unreviewed_of", type_=ARRAY(UUID_TYPE)))),
    },
    narrow=frozenset({"unreviewed_of"}),
    veiled={
        "folder_id": IN_THE_CASE,
        "relevance_note": {"professional": Grant(allow=(owner_department,))},
        "reviewed_by": STAFF_ALONE,
        "shows_address_of": STAFF_ALONE,
    },
    case_id=document.case_id,
    basis_id=covering(),
    on_basis=BY_SHARE,
    reach=REACH,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), document.case_id),
    unlocked=frozenset({"read", "download"}),
)
