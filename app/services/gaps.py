"""Who lacks what to read the documents of a case, with a consent ready to be asked for (R83, R87, R287, X26)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, CTE, ColumnElement, Select, Subquery, any_, bindparam, func, or_, select, true
from sqlalchemy import case as when

from app.db import Row, Transaction, columns, table_of
from app.errors import NotFound, invalid
from app.models import Basis, Case, Document, Guest, Member, Share
from app.policy import access as policies
from app.policy.actor import ACTOR, Actor, Kind
from app.policy.cases import case, children_in_custody
from app.policy.contacts import meetings
from app.policy.documents import (
    STAFF_READ,
    acting_for_themselves,
    attached_to_the_case,
    covered,
    covers,
    documents,
    explicit_consent_only,
    named_the_document_before,
    owner_department,
    speaks_of,
    stands_to_reader,
)
from app.policy.reading import instead, of, on_case, readers, user
from app.policy.rules import UUID_TYPE, Expression, Grant, Rule, mine, some, word
from app.schemas.gaps import ConsentGapQuery
from app.services import access
from app.services.access import CASE, seen
from app.services.bases import ASK_AGAIN, PURPOSE, lowest, nearest, of_subjects
from app.services.catalogue import label
from app.services.municipalities import settings_now
from app.services.signatories import signatories

document, share, basis, member = columns(Document), columns(Share), columns(Basis), columns(Member)
guest = columns(Guest)
LONGEST: Final = 365
Signers = Mapping[tuple[UUID, str], Sequence[UUID]]


async def gaps(session: Transaction, actor: Actor, case_id: UUID, wanted: ConsentGapQuery) -> list[dict[str, Any]]:
    """For each professional and subject what she lacks to read what the asker may read; nothing where all is open.

    A professional who is not on the case yet is taken as one who will be. As many statements for many people as for
    one. Raises NotFound for a case, a document or a meeting that the asker may not read, and Invalid for somebody who
    is no professional, or is not on the case and asked about by the family.
    """
    await policies.consent_gaps.get(session, actor, case_id)
    title = await _title(session, actor, case_id, wanted.document_id)
    people = await _people(session, actor, case_id, wanted)
    values = {"wanted_case": case_id, "wanted_document": wanted.document_id, "wanted_purpose": wanted.purpose}
    rows = await session.rows(_lacks(actor.kind), {**actor.parameters, **values, "wanted_people": people})
    signers = await _to_ask(session, actor, rows)
    last = actor.today + timedelta(days=min((await settings_now(session, actor)).consent.default_days, LONGEST))
    whose = [list(each) for _, each in groupby(rows, key=lambda row: (row.user_id, row.subject_id))]
    return [_gap(actor, each, signers, wanted, title, last) for each in whose]


async def explanation(session: Transaction, actor: Actor, id: UUID, user_id: UUID | None = None) -> dict[str, Any]:
    """`access.explanation`, with what another professional lacks of a consent or a share for it. Raises the same."""
    found = await access.explanation(session, actor, id, user_id)
    if found["of_kind"] != "professional":
        return {**found, "lacks": []}
    values = {"wanted_case": found["case_id"], "wanted_document": id, "wanted_purpose": None}
    rows = await session.rows(_lacks(actor.kind), {**actor.parameters, **values, "wanted_people": [user_id]})
    signers = await _to_ask(session, actor, rows)
    return {**found, "lacks": [_lack(actor, row, signers) for row in rows]}


async def _to_ask(session: Transaction, actor: Actor, rows: Sequence[Row]) -> Signers:
    """Who would have to sign for what nobody has been asked about, or has ended."""
    return await signatories(session, actor, {(row.subject_id, row.category) for row in rows if row.state in ASK_AGAIN})


def _lack(actor: Actor, row: Row, signers: Signers) -> dict[str, Any]:
    awaits = signers.get((row.subject_id, row.category), row.awaits) if row.state in ASK_AGAIN else row.awaits
    return {**row._mapping, "state_label": label("consent_lack", row.state, actor.language), "awaits": awaits}


def _gap(
    actor: Actor,
    rows: Sequence[Row],
    signers: Signers,
    wanted: ConsentGapQuery,
    title: str | None,
    last: date,
) -> dict[str, Any]:
    one = rows[0]
    lacks = [_lack(actor, row, signers) for row in rows]
    categories = sorted({row.category for row in rows if row.state in ASK_AGAIN})
    request = _request(actor, one, categories, wanted, title, last) if categories else None
    return {**one._mapping, "lacks": lacks, "request": request}


def _request(
    actor: Actor, row: Row, categories: Sequence[str], wanted: ConsentGapQuery, title: str | None, last: date
) -> dict[str, Any]:
    """A consent in the shape that it is drafted in. Without a purpose in the question it is for help and support."""
    purpose, language = wanted.purpose or "support", actor.language
    named = row.user_name if row.user_title is None else f"{row.user_name} ({row.user_title})"
    known = {"recipient": named, "subject": row.subject_name, "title": title}
    known["purpose"] = label("share_purpose", purpose, language).lower()
    known["categories"] = ", ".join(label("document_category", one, language).lower() for one in categories)
    text = label("consent_text", "categories" if title is None else "document", language)
    return {
        "subject_id": row.subject_id,
        "purpose": purpose,
        "recipients": [{"kind": "user", "id": row.user_id}],
        "categories": categories if wanted.document_id is None else [],
        "document_ids": [] if wanted.document_id is None else [wanted.document_id],
        "text": text.format_map(known),
        "language": language,
        "expires_on": last,
    }


async def _title(session: Transaction, actor: Actor, case_id: UUID, id: UUID | None) -> str | None:
    """The title of the document that is asked about. Raises NotFound for one that is not read, or of another case."""
    if id is None:
        return None
    row = await documents.get(session, actor, id)
    if row.case_id != case_id:
        raise NotFound
    title: str = row.title
    return title


async def _people(session: Transaction, actor: Actor, case_id: UUID, wanted: ConsentGapQuery) -> list[UUID]:
    """Whom the question is about: one, those of a meeting, or all who are on the case now."""
    meeting = None if wanted.meeting_id is None else await meetings.get(session, actor, wanted.meeting_id)
    if meeting is not None and meeting.case_id != case_id:
        raise NotFound
    asked = [] if wanted.user_id is None else [wanted.user_id]
    held = False
    if meeting is not None and meeting.status == "held":
        held, attendance = True, meeting.attendance
        asked += [UUID(one["id"]) for one in attendance if one["kind"] == "professional"] + [meeting.chair_id]
    values = {"wanted_case": case_id, "wanted_people": asked, "wanted_meeting": wanted.meeting_id}
    found = await session.rows(ON_CASE, {**actor.parameters, **values})
    if wanted.user_id is not None:
        known = [row for row in found if row.id == wanted.user_id and (row.attached or actor.kind != "citizen")]
        if not known:
            raise invalid("?user_id", "unknown-reference", "unknown-reference")
        return [wanted.user_id]
    return [row.id for row in found if row.asked or row.visits or (row.attached and not held)]


def _on_case() -> Select[Any]:
    """The professionals of a case and those who are named: whether they are on it now, or guests of the meeting."""
    named = any_(bindparam("wanted_people", type_=ARRAY(UUID_TYPE)))
    its_guests = select(guest.user_id).where(
        mine(table_of(Guest)), guest.case_id == CASE, guest.meeting_id == bindparam("wanted_meeting", type_=UUID_TYPE)
    )
    who = readers(user.kind == "professional", or_(on_case(CASE), user.id == named))
    works = of(who, attached_to_the_case.holds)
    here = select(1).select_from(table_of(Case)).where(mine(table_of(Case)), case.id == CASE, works)
    return select(
        who.c.id,
        (who.c.id == named).label("asked"),
        (who.c.id == any_(func.array(its_guests.scalar_subquery()))).label("visits"),
        here.correlate_except(table_of(Case)).exists().label("attached"),
    ).order_by(who.c.id)


ON_CASE: Final = _on_case()


@cache
def _lacks(kind: Kind) -> Select[Any]:
    """For each of these people, and each subject and category of what the asker reads, what is lacking and how far."""
    rows = _lacking(kind)
    key = [rows.c[name] for name in ("user_id", "user_name", "user_title", "subject_id", "subject_name", "category")]
    far = [rows.c[name] for name in ("state", "consent_id", "awaits")]
    counted = func.count(rows.c.document_id.distinct()).label("documents")
    order = [rows.c[name] for name in ("user_name", "user_id", "subject_name", "subject_id", "category", "state")]
    return select(*key, *far, counted).group_by(*key, *far).order_by(*order, rows.c.consent_id)


def _lacking(kind: Kind) -> Subquery:
    """The same, document by document."""
    one = bindparam("wanted_document", type_=UUID_TYPE)
    ids = seen(kind, document.relevance != "not_relevant", ~document.author_only, (document.id == one) | one.is_(None))
    who = readers(user.id == any_(bindparam("wanted_people", type_=ARRAY(UUID_TYPE))))
    subject = of_subjects()
    usable, near, shared = _how_far(who, subject)
    found = (
        select(
            who.c.id.label("user_id"),
            who.c.name.label("user_name"),
            who.c.title.label("user_title"),
            subject.label("subject_id"),
            member.name.label("subject_name"),
            document.id.label("document_id"),
            document.category,
            usable.label("usable"),
            near.c.state,
            near.c.consent_id,
            near.c.awaits,
        )
        .select_from(
            documents.ground.join(ids, ids.c.id == document.id)
            .join(who, true())
            .join(subject.scalar_alias, true())
            .join(table_of(Member), mine(table_of(Member)) & (member.id == subject))
            .join(near, true())
        )
        .where(mine(table_of(Document)), _asked_about(kind, subject), ~shared)
        .where(~of(who, _opened()), ~of(who, _closed_anyway()))
        .subquery("each")
    )
    there = found.c.usable.is_not(None)
    kept = [column for column in found.c if column.name not in {"usable", "state", "consent_id"}]
    state = when((there, word("not_shared")), else_=found.c.state).label("state")
    return select(*kept, state, func.coalesce(found.c.usable, found.c.consent_id).label("consent_id")).subquery("lacks")


def _how_far(who: CTE, subject: ColumnElement[Any]) -> tuple[ColumnElement[Any], Any, Expression]:
    """Of this part of a document: a basis that a share could use, else the nearest one, and whether it is shared."""
    named = {share.purpose: func.coalesce(PURPOSE, basis.purpose), share.recipient_id: ACTOR.user}
    fits = of(who, instead(speaks_of(subject), named))
    good_here = (basis.kind == "consent") | ~explicit_consent_only.holds  # there consent alone opens
    part = some(table_of(Basis), covers(subject), good_here)
    before = of(who, instead(speaks_of(subject, named_the_document_before), named))
    near = nearest(fits, basis.case_id == document.case_id, basis.subject_id == subject, before=before)
    return lowest(fits, of(who, good_here)), near, of(who, some(table_of(Share), stands_to_reader(), part, for_it()))


def for_it() -> Expression:
    """The share is for the purpose that is asked about, or for any where none is."""
    return PURPOSE.is_(None) | (share.purpose == PURPOSE)


def _asked_about(kind: Kind, subject: ColumnElement[Any]) -> Expression:
    """A citizen is told of what she, or a child in her custody, has answered; never of the other parent's answers."""
    if kind != "citizen":
        return true()
    return (subject == any_(acting_for_themselves())) | (subject == children_in_custody())


def _opened() -> Expression:
    """What opens a document by owning or sharing; for somebody who will be on the case as if she were."""
    joining = (document.owner_department_id == any_(ACTOR.departments)) & ~attached_to_the_case.holds
    will_own = Rule("will_own", "The professional would own it when on the case.", joining)
    by_share = some(table_of(Share), stands_to_reader(), covered(), for_it())
    shared = Rule("shared_for_it", "It is shared for this purpose, and covered.", by_share)
    grant = Grant(allow=(owner_department, will_own, shared), deny=(explicit_consent_only,))
    return grant.where


def _closed_anyway() -> Expression:
    """No consent opens it."""
    closing: Iterable[Rule] = (one for one in STAFF_READ.deny if one is not explicit_consent_only)
    return or_(*(one.holds.is_not(False) for one in closing))
