"""Consents and statutory bases: who reads the register, who answers, and who may use the law instead."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BOOLEAN, DATE, TEXT, ColumnElement, any_, bindparam, column, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by

from app.db import columns, table_of
from app.models import Basis, Case, Document, LegalReference, Member, Signature, User
from app.policy.actor import ACTOR, Kind
from app.policy.cases import (
    ADVISER_ROLES,
    ADVISERS,
    INSIDE,
    case,
    cases,
    held_by,
    in_case,
    joined,
    leads_owner_department,
)
from app.policy.core import Policy
from app.policy.documents import REACH, documents, in_force
from app.policy.municipalities import ADMINISTERING, EVERYONE
from app.policy.rules import UUID_TYPE, Expression, Grant, Grants, empty, is_one, mine, probed, rule, some, word
from app.policy.sharing import about_me_or_my_child, notice_pending, recipient_name

table, basis, member = table_of(Basis), columns(Basis), columns(Member)
signature, reference = columns(Signature), columns(LegalReference)
SOON: Any = literal_column("interval '30 days'")
"""How long before its end a consent is looked at again."""


@rule
def is_consent() -> Expression:
    """What makes it lawful is a consent."""
    return basis.kind == "consent"


@rule
def is_statutory() -> Expression:
    """What makes it lawful is a rule of law, without consent."""
    return basis.kind == "statute"


@rule
def is_heard() -> Expression:
    """The reader is the child who is heard before others decide."""
    return basis.heard.overlap(ACTOR.persons)


@rule
def must_sign() -> Expression:
    """The reader is one of those whose signature it takes, and still who they were then: custody may have ended."""
    return basis.signers.overlap(ACTOR.persons) & about_me_or_my_child.holds


@rule
def asked_for() -> Expression:
    """It has been put to those who sign: a draft is its author's alone, also one that was taken back."""
    return basis.requested_at.is_not(None) | (basis.created_by == ACTOR.user)


@rule
def drafted_by_reader() -> Expression:
    """The reader drafted it."""
    return basis.created_by == ACTOR.user


@rule
def notice_given() -> Expression:
    """The family has been told, or a documented delay of the notice is over."""
    return ~notice_pending()


@rule
def own_answer() -> Expression:
    """It is the reader's own answer."""
    return signature.member_id == any_(ACTOR.persons)


@rule
def second_person() -> Expression:
    """The reader leads the owner department, or works in the case and gains nothing by it; and did not use it."""
    unbiased = INSIDE.where & ~basis.recipients.overlap(ACTOR.recipients)
    return (basis.created_by != ACTOR.user) & (unbiased | leads_owner_department.holds)


subject = table_of(Member).alias("subject")
author = table_of(User).alias("author")
ground = joined(joined(in_case(table), subject, basis.subject_id), author, basis.created_by)


def parties(ids: ColumnElement[Any], kinds: ColumnElement[Any]) -> ColumnElement[Any]:
    """Recipients or sources as JSON, in their order, each with a kind and a name and nothing else of theirs."""
    named = func.unnest(ids, kinds).table_valued(
        column("id", UUID_TYPE), column("kind", TEXT()), with_ordinality="place", name="party"
    )
    each = named.render_derived(name="party")
    one = func.jsonb_build_object("id", each.c.id, "kind", each.c.kind, "name", recipient_name(each.c.kind, each.c.id))
    rows = select(func.jsonb_agg(aggregate_order_by(one, each.c.place))).select_from(each)
    return func.coalesce(rows.scalar_subquery(), func.jsonb_build_array(), type_=JSONB)


def asked() -> ColumnElement[Any]:
    """All who are asked, or have answered, as JSON: whether it takes their signature, and their newest answer."""
    person, given = table_of(Member).alias("person"), table_of(Signature).alias("given")
    of_this = mine(given) & (given.c.basis_id == basis.id)
    their_ids = select(given.c.member_id).where(of_this).correlate_except(given)
    answered = func.array(their_ids.scalar_subquery(), type_=ARRAY(UUID_TYPE))
    everybody = basis.signers.op("||")(basis.heard).op("||")(answered)
    counts = given.c.binding | ~(person.c.id == any_(basis.signers))
    newest = select(given.c.answer, given.c.given, given.c.signed_at).where(
        of_this, given.c.member_id == person.c.id, counts
    )
    newest = newest.order_by(given.c.id.desc()).limit(literal_column("1")).correlate_except(given)
    last = newest.lateral("last")
    one = func.jsonb_build_object(
        *("member_id", person.c.id),
        *("name", person.c.name),
        *("required", person.c.id == any_(basis.signers)),
        *("heard", person.c.id == any_(basis.heard)),
        *("answer", last.c.answer),
        *("given", last.c.given),
        *("answered_at", func.to_char(last.c.signed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    )
    rows = select(func.jsonb_agg(aggregate_order_by(one, person.c.id))).select_from(
        person.join(last, true(), isouter=True)
    )
    found = rows.where(mine(person), person.c.id == any_(everybody)).correlate(table)
    return func.coalesce(found.scalar_subquery(), func.jsonb_build_array(), type_=JSONB)


def awaits_reader() -> Expression:
    """It waits for signatures, and the reader's own is one of those that it lacks."""
    given = (signature.basis_id == basis.id) & (signature.member_id == any_(ACTOR.persons)) & signature.binding
    return waits() & must_sign.holds & ~some(table_of(Signature), given)


def waits() -> Expression:
    """It waits for somebody's signature."""
    return is_one(basis.state, "requested", "renewal_needed")


def remind_due() -> Expression:
    """It waits, and the day to remind of it has come."""
    return waits() & (basis.remind_on <= ACTOR.today) & (basis.expires_on > ACTOR.today)


def documents_read_too() -> ColumnElement[Any]:
    """Those of the single documents it names that the citizen may read: what is withheld is not told of here either."""
    named = columns(Document).id
    place = func.array_position(basis.documents, named)
    ids = func.array_agg(aggregate_order_by(named, place), type_=ARRAY(UUID_TYPE))
    readable = probed(documents.grant("citizen", "read").where)
    rows = (
        select(ids)
        .select_from(documents.ground)
        .where(mine(table_of(Document)), named == any_(basis.documents), readable)
    )
    return func.coalesce(rows.correlate(table).scalar_subquery(), empty(UUID_TYPE))


SHARED = "id case_id subject_id purpose state categories covers_later expires_on active_from active_until ended_at"
OF_CONSENTS = "text language processing_basis review_on requested_at remind_on end_reason supersedes_id"
OF_STATUTES = "legal_reference_id reason reviewed_by reviewed_at review_note end_reason notice_after"
COMMON: dict[str, ColumnElement[Any]] = {
    **{name: basis[name] for name in [*SHARED.split(), "created_at", "created_by"]},
    "subject_name": subject.c.name,
    "recipients": parties(basis.recipients, basis.recipient_kinds),
    "folder_ids": basis.folders,
    "document_ids": basis.documents,
    "in_force": in_force().is_(True),
}
AS_SEEN: Mapping[tuple[str, Kind], ColumnElement[Any]] = {("document_ids", "citizen"): documents_read_too()}
SIGNING: Grants = {"professional": ADVISERS, "citizen": Grant(allow=(must_sign, is_heard))}
HERE: Grants = {"professional": Grant(allow=(*INSIDE.allow, leads_owner_department))}

consents = Policy(
    name="consent",
    table=table,
    source=ground,
    columns={
        **COMMON,
        **{name: basis[name] for name in OF_CONSENTS.split()},
        "sources": parties(basis.sources, basis.source_kinds),
        "signers": asked(),
        "signer_ids": basis.signers,
        "heard_ids": basis.heard,
        "remind_due": remind_due().is_(True),
        "child_id": case.child_id,
        "case_state": case.state,
    },
    read={
        "professional": Grant(require=(is_consent, asked_for), allow=INSIDE.allow),
        "citizen": Grant(require=(is_consent, asked_for), allow=(must_sign, is_heard, about_me_or_my_child)),
    },
    actions={
        "change_consent": {
            "professional": Grant(allow=(drafted_by_reader,)),
            "citizen": Grant(allow=(drafted_by_reader,)),
        },
        "request_consent": {
            "professional": Grant(allow=(drafted_by_reader,)),
            "citizen": Grant(allow=(drafted_by_reader,)),
        },
        "cancel_consent": {
            "professional": Grant(allow=(drafted_by_reader, *ADVISERS.allow)),
            "citizen": Grant(allow=(drafted_by_reader,)),
        },
        "sign": SIGNING,
        "withdraw": {"professional": ADVISERS, "citizen": Grant(allow=(must_sign,))},
    },
    seen_as=AS_SEEN,
    filters={
        "case_id": basis.case_id == bindparam("case_id"),
        "subject_id": basis.subject_id == bindparam("subject_id"),
        "state": basis.state == bindparam("state"),
        "purpose": basis.purpose == bindparam("purpose"),
        "in_force": in_force().is_(True) == bindparam("in_force", type_=BOOLEAN),
        "awaiting_me": awaits_reader() == bindparam("awaiting_me", type_=BOOLEAN),
        "remind_due": remind_due().is_(True) == bindparam("remind_due", type_=BOOLEAN),
        "remind_due_of": (basis.created_by == bindparam("remind_due_of")) & remind_due(),
        "standing": is_one(basis.state, "requested", "renewal_needed", "active")
        == bindparam("standing", type_=BOOLEAN),
        "advised_by": basis.case_id == held_by(bindparam("advised_by"), *ADVISER_ROLES),
        "ending": (in_force() & (basis.active_until < ACTOR.at + SOON)).is_(True) == bindparam("ending", type_=BOOLEAN),
    },
    narrow=frozenset({"advised_by", "remind_due_of"}),
    reach={"citizen": REACH["citizen"]},
    case_id=basis.case_id,
    member_id=basis.subject_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), basis.case_id),
)

statutory_bases = Policy(
    name="statutory_basis",
    table=table,
    source=joined(ground, table_of(LegalReference), basis.legal_reference_id),
    columns={
        **COMMON,
        **{name: basis[name] for name in [*OF_STATUTES.split(), "notice_delay_reason", "notice_reference_id"]},
        "author_name": author.c.name,
        "citation": reference.citation,
        "legal_title": reference.title,
        "child_id": case.child_id,
    },
    read={
        "professional": Grant(require=(is_statutory,), allow=(*INSIDE.allow, leads_owner_department)),
        "citizen": Grant(require=(is_statutory, notice_given), allow=(about_me_or_my_child,)),
    },
    actions={
        "review_basis": {"professional": Grant(allow=(second_person,))},
        "end_basis": {"professional": Grant(allow=(*ADVISERS.allow, drafted_by_reader, leads_owner_department))},
    },
    seen_as=AS_SEEN,
    filters={
        "case_id": basis.case_id == bindparam("case_id"),
        "subject_id": basis.subject_id == bindparam("subject_id"),
        "state": basis.state == bindparam("state"),
        "in_force": in_force().is_(True) == bindparam("in_force", type_=BOOLEAN),
        "unreviewed_in": (basis.kind == word("statute"))
        & (basis.state == word("requested"))
        & (basis.created_by != ACTOR.user)
        & (case.owner_department_id == any_(bindparam("unreviewed_in", type_=ARRAY(UUID_TYPE)))),
    },
    narrow=frozenset({"unreviewed_in"}),
    veiled=dict.fromkeys(("author_name", "created_by", "reviewed_by", "review_note"), HERE),
    case_id=basis.case_id,
    member_id=basis.subject_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), basis.case_id),
)

signer, recorder = table_of(Member).alias("signer"), table_of(User).alias("recorder")

OWN_OR_HERE: Grants = {"professional": INSIDE, "citizen": Grant(allow=(own_answer,))}
"""Why somebody declined, or how it was witnessed, is not for the other parent."""

signatures = Policy(
    name="signature",
    table=table_of(Signature),
    source=joined(
        joined(
            joined(joined(table_of(Signature), table, signature.basis_id), table_of(Case), basis.case_id),
            signer,
            signature.member_id,
        ),
        recorder,
        signature.recorded_by,
    ),
    columns={
        **{name: signature[name] for name in ("id", "member_id", "answer", "given", "note", "evidence_id")},
        **{name: signature[name] for name in ("signed_at", "recorded_by")},
        "consent_id": signature.basis_id,
        "member_name": signer.c.name,
    },
    read=consents.read,
    veiled={"note": OWN_OR_HERE, "evidence_id": OWN_OR_HERE},
    filters={"basis_id": signature.basis_id == bindparam("basis_id")},
    case_id=basis.case_id,
    member_id=basis.subject_id,
    scope="basis_id",
    parent=consents,
)


def valid_on(day: ColumnElement[Any]) -> Expression:
    """The entry can be named on this day."""
    until = reference.valid_until
    return (reference.valid_from <= day) & (until.is_(None) | (until > day))


legal_references = Policy(
    name="legal_reference",
    table=table_of(LegalReference),
    columns={column.name: column for column in reference if column.name != "municipality_id"},
    read=EVERYONE,
    actions={"configure": ADMINISTERING},
    filters={
        "use": reference.use == bindparam("use"),
        "on": valid_on(bindparam("on", type_=DATE)),
    },
    personal=False,
)
