"""Shares, those who see only what is shared, what is withheld, and emergency access: who may see and end them."""

from typing import Any

from sqlalchemy import BOOLEAN, ColumnElement, FromClause, any_, bindparam, func, select
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import columns, table_of
from app.models import (
    Basis,
    Case,
    Department,
    Document,
    EmergencyAccess,
    Folder,
    Guest,
    LegalReference,
    Member,
    Organisation,
    Share,
    User,
    Withholding,
)
from app.policy.actor import ACTOR, KINDS, Kind
from app.policy.cases import (
    ADVISERS,
    FAMILY,
    INSIDE,
    STAFF,
    case,
    cases,
    children_in_custody,
    in_case,
    joined,
    leads_owner_department,
)
from app.policy.core import Policy
from app.policy.documents import (
    KEEPING,
    READ,
    acting_for_themselves,
    attached_to_the_case,
    custody_of_subject,
    department_on_the_case,
    document,
    documents,
    emergency,
    guest,
    in_force,
    names_the_recipient,
    own_information,
    owner_department,
    share,
    withholding,
)
from app.policy.rules import UUID_TYPE, Expression, Grant, Rule, mine, rule, some

basis, folder = columns(Basis), columns(Folder)


def notice_pending() -> Expression:
    """A statutory basis of which the family is told later, for a documented reason."""
    return basis.notice_after.is_not(None) & (basis.notice_after > ACTOR.today)


@rule
def family_has_been_told() -> Expression:
    """No notice to the family about what made the share lawful is still delayed."""
    return ~some(table_of(Basis), basis.id == any_(share.bases), notice_pending())


@rule
def about_me_or_my_child() -> Expression:
    """It is about the reader, old enough to act for herself, or about a child in the reader's custody today."""
    return (basis.subject_id == any_(acting_for_themselves())) | (basis.subject_id == children_in_custody())


@rule
def recipient_of_share() -> Expression:
    """It was shared with the reader; a folder's name is told only while the share stands on something in force."""
    named = (basis.case_id == share.case_id) & (basis.purpose == share.purpose) & names_the_recipient()
    stands = share.revoked_at.is_(None) & some(table_of(Basis), named, in_force())
    return (share.recipient_id == any_(ACTOR.recipients)) & (share.folder_id.is_(None) | stands)


@rule
def shared_by_reader() -> Expression:
    """The reader shared it, and works on the case now."""
    return (share.created_by == ACTOR.user) & attached_to_the_case.holds


def of_what_is_read(kind: Kind) -> Rule:
    """Of a document that one may not read, nothing is told: neither to whom it was shared, nor from whom withheld."""
    says = "It is about a document that the reader may read, or about a folder of a case that is not restricted."
    return Rule(f"document_read_by_{kind}", says, (document.id.is_(None) & ~case.sealed) | READ[kind].where)


@rule
def own_share() -> Expression:
    """The reader shared it."""
    return share.created_by == ACTOR.user


@rule
def folder_of_the_family() -> Expression:
    """A folder was shared, and the reader is of the family whose case it is."""
    return share.folder_id.is_not(None) & FAMILY.where


read_by = {kind: of_what_is_read(kind) for kind in KINDS}
RECIPIENTS = {"user": User, "department": Department, "organisation": Organisation, "member": Member}


def recipient_name(kind: ColumnElement[Any], id: ColumnElement[Any]) -> ColumnElement[str]:
    """The name of a recipient of any kind."""
    return when(
        *((kind == code, _name_of(table_of(model).alias(f"named_{code}"), id)) for code, model in RECIPIENTS.items())
    )


def _name_of(table: FromClause, id: ColumnElement[Any]) -> ColumnElement[str]:
    named = select(table.c.name).where(mine(table), table.c.id == id)
    return named.correlate_except(table).scalar_subquery()


def known_bases() -> ColumnElement[Any]:
    """Of what made the share lawful, what is about the reader or a child in the reader's custody."""
    known = select(basis.id).where(mine(table_of(Basis)), basis.id == any_(share.bases), about_me_or_my_child.holds)
    ids = known.order_by(basis.id).correlate_except(table_of(Basis)).scalar_subquery()
    return func.array(ids, type_=ARRAY(UUID_TYPE))


def one_adult() -> ColumnElement[Any]:
    """The one adult whom the document is about alone; NULL where it is about a child, or several."""
    subjects, subject = columns(Document).subjects, columns(Member)
    alone = (func.cardinality(subjects) == 1) & (subject.id == subjects[1]) & (subject.kind == "adult")
    rows = select(subject.id).where(mine(table_of(Member)), alone).correlate_except(table_of(Member))
    return rows.scalar_subquery()


sharer = table_of(User).alias("sharer")

shares = Policy(
    name="share",
    table=table_of(Share),
    source=joined(
        joined(
            joined(in_case(table_of(Share)), table_of(Document), share.document_id, outer=True),
            table_of(Folder),
            share.folder_id,
            outer=True,
        ),
        sharer,
        share.created_by,
    ),
    seen_as={("bases", "citizen"): known_bases()},
    columns={
        **{column.name: column for column in share if column.name != "municipality_id"},
        "title": func.coalesce(columns(Document).title, folder.name),
        "recipient_name": recipient_name(share.recipient_kind, share.recipient_id),
        "created_by_name": when((sharer.c.kind == "professional", sharer.c.name)),
        "case_state": case.state,
        "about": one_adult(),
    },
    read={
        "professional": Grant(
            require=(attached_to_the_case, read_by["professional"]),
            allow=(owner_department, *ADVISERS.allow, shared_by_reader, recipient_of_share),
        ),
        "citizen": Grant(
            require=(read_by["citizen"], family_has_been_told),
            allow=(own_information, custody_of_subject, folder_of_the_family, recipient_of_share),
        ),
        "service": Grant(require=(department_on_the_case, read_by["service"]), allow=(recipient_of_share,)),
    },
    actions={
        "revoke": {
            "professional": Grant(allow=(owner_department, *ADVISERS.allow, shared_by_reader)),
            "citizen": Grant(allow=(own_share,)),
        }
    },
    filters={
        "case_id": share.case_id == bindparam("case_id"),
        "document_id": share.document_id == bindparam("document_id"),
        "folder_id": share.folder_id == bindparam("folder_id"),
        "recipient_id": share.recipient_id == bindparam("recipient_id"),
        "current": share.revoked_at.is_(None) == bindparam("current", type_=BOOLEAN),
    },
    case_id=share.case_id,
    scope="case_id",
    narrow=frozenset({"document_id", "folder_id"}),
    parent=cases,
    lock=(table_of(Case), share.case_id),
)


@rule
def guest_of_the_case() -> Expression:
    """It is the reader's own window, and it is open now."""
    return (guest.user_id == ACTOR.user) & (guest.opens_at <= ACTOR.at) & (guest.closes_at > ACTOR.at)


guests = Policy(
    name="guest",
    table=table_of(Guest),
    source=joined(in_case(table_of(Guest)), table_of(User), guest.user_id),
    columns={
        **{column.name: column for column in guest if column.name != "municipality_id"},
        "user_name": columns(User).name,
        "user_title": columns(User).title,
        "case_number": case.number,
        "open_now": (guest.opens_at <= ACTOR.at) & (guest.closes_at > ACTOR.at),
    },
    read={"professional": Grant(allow=(*STAFF.allow, guest_of_the_case)), "citizen": FAMILY},
    actions={"end_visit": {"professional": ADVISERS}},
    filters={
        "case_id": guest.case_id == bindparam("case_id"),
        "user_id": guest.user_id == bindparam("user_id"),
        "current": (guest.closes_at > ACTOR.at) == bindparam("current", type_=BOOLEAN),
    },
    case_id=guest.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), guest.case_id),
)

withholdings = Policy(
    name="withholding",
    table=table_of(Withholding),
    source=joined(
        joined(in_case(table_of(Withholding)), table_of(Document), withholding.document_id),
        table_of(LegalReference),
        withholding.legal_reference_id,
    ),
    columns={
        **{column.name: column for column in withholding if column.name != "municipality_id"},
        "citation": columns(LegalReference).citation,
    },
    # whom something is withheld from is not told by this list that there is something
    read={"professional": Grant(require=(read_by["professional"],), allow=KEEPING["professional"].allow)},
    actions={"end_withholding": KEEPING},
    filters={
        "document_id": withholding.document_id == bindparam("document_id"),
        "current": withholding.ended_at.is_(None) == bindparam("current", type_=BOOLEAN),
    },
    case_id=withholding.case_id,
    member_id=withholding.member_id,
    scope="document_id",
    parent=documents,
    lock=(table_of(Case), withholding.case_id),
)


@rule
def opened_by_reader() -> Expression:
    """The reader opened it."""
    return emergency.user_id == ACTOR.user


@rule
def opened_by_another() -> Expression:
    """Somebody else opened it: nobody reviews their own."""
    return emergency.user_id != ACTOR.user


opener, reviewer = table_of(User).alias("opener"), table_of(User).alias("reviewer")

emergencies = Policy(
    name="emergency_access",
    table=table_of(EmergencyAccess),
    source=joined(
        joined(in_case(table_of(EmergencyAccess)), opener, emergency.user_id),
        reviewer,
        emergency.reviewed_by,
        outer=True,
    ),
    columns={
        **{column.name: column for column in emergency if column.name != "municipality_id"},
        "user_id": when(((ACTOR.kind != "citizen") | ACTOR.log_names, emergency.user_id)),
        "user_name": when(((ACTOR.kind != "citizen") | ACTOR.log_names, opener.c.name)),
        "closed_early": emergency.closed_by.is_not(None),
        "reviewed_by_name": when(((ACTOR.kind != "citizen") | ACTOR.log_names, reviewer.c.name)),
        "case_number": case.number,
        "open_now": (emergency.opened_at <= ACTOR.at) & (emergency.closes_at > ACTOR.at),
    },
    read={"professional": Grant(allow=(*INSIDE.allow, leads_owner_department)), "citizen": FAMILY},
    actions={
        "close_emergency": {"professional": Grant(allow=(opened_by_reader, leads_owner_department))},
        "review_emergency": {"professional": Grant(require=(opened_by_another,), allow=(leads_owner_department,))},
    },
    filters={
        "case_id": emergency.case_id == bindparam("case_id"),
        "reviewed": emergency.reviewed_at.is_not(None) == bindparam("reviewed", type_=BOOLEAN),
        "user_id": emergency.user_id == bindparam("user_id"),
        "unreviewed_in": emergency.reviewed_at.is_(None)
        & (emergency.user_id != ACTOR.user)
        & (case.owner_department_id == any_(bindparam("unreviewed_in", type_=ARRAY(UUID_TYPE)))),
    },
    narrow=frozenset({"unreviewed_in"}),
    case_id=emergency.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), emergency.case_id),
)
