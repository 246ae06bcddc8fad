"""Who may see what in a case, until when, and when they last looked (R289); and why another may, or may not."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, CTE, TEXT, ColumnElement, Select, Subquery, any_, bindparam, func, null, or_, select, true
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.db import Row, Transaction, columns, table_of
from app.errors import Forbidden, Refusal, invalid
from app.models import AccessLog, Case, Department, Document, DocumentVersion, Member, Organisation, Share
from app.policy import access as policies
from app.policy.actor import ACTOR, Actor, Kind
from app.policy.cases import case
from app.policy.documents import BY_SHARE, STAFF_READ, THEIRS, documents, shared_on_statute
from app.policy.families import members
from app.policy.reading import of, on_case, readers, readers_in, reads, until, user, why
from app.policy.rules import UUID_TYPE, Expression, Grant, Rule, empty, is_one, mine, probed, word
from app.policy.sharing import recipient_name
from app.policy.untold import looked_before_notice, pending_in
from app.services.catalogue import label
from app.services.explanations import explained

document, version, share, member = columns(Document), columns(DocumentVersion), columns(Share), columns(Member)
log, department, organisation = columns(AccessLog), columns(Department), columns(Organisation)
CASE: Final = bindparam("wanted_case", type_=UUID_TYPE)
NAMES: Final = ARRAY(TEXT)


async def access(session: Transaction, actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """Everybody who may see a document of the case now, of those that the reader may read; by kind and name.

    Of the family each is told of their own and their children's: not of what another of them shared with them.

    Shared departments and organisations stand beside the people. As many statements for many people as for one.
    Raises NotFound for whoever is neither inside the case nor of the family.
    """
    await policies.case_access.get(session, actor, case_id)
    values = {**actor.parameters, "wanted_case": case_id}
    people = await session.rows(_people(actor.kind), values)
    places = await session.rows(_places(actor.kind), values)
    return [_told(row, actor.language) for row in (*people, *places)]


def _told(row: Row, language: str) -> dict[str, Any]:
    return {**row._mapping, "reasons": [label("rule", name, language) for name in row.rules]}


def seen(kind: Kind, *conditions: Expression) -> CTE:
    """The documents of the case that the asker may read: nothing is told of others.

    Of the family, each is told of what is theirs: who else reads what another shared with them, is that one's affair.
    """
    theirs = probed(THEIRS.where) if kind == "citizen" else true()
    here = (mine(table_of(Document)), document.case_id == CASE, theirs, *conditions)
    readable = probed(documents.grant(kind, "read").where)
    return select(document.id).select_from(documents.ground).where(*here, readable).cte("seen")


@cache
def _people(kind: Kind) -> Select[Any]:
    """The people and services that read what the asker reads: each with what opens it, and until when."""
    ids = seen(kind)
    who = readers_in(CASE, or_(on_case(CASE), user.kind == "service", _known_of_family(kind)))
    found = _gathered(_pairs(ids, who, why(who), reads(who)))
    units = func.array_cat(_names(department, found.c.departments), _names(organisation, found.c.recipients))
    rows = select(*_shown(found), units.label("units"), _last_looked(ids, found.c.id).label("last_looked"))
    return rows.order_by(found.c.kind, found.c.name, found.c.id)


@cache
def _places(kind: Kind) -> Select[Any]:
    """The departments and organisations to which a share stands of what the asker reads, and a basis covers it now."""
    ids = seen(kind)
    here = (mine(table_of(Share)), share.case_id == CASE, share.revoked_at.is_(None))
    place = (
        select(
            share.recipient_id.label("id"),
            share.recipient_kind.label("kind"),
            recipient_name(share.recipient_kind, share.recipient_id).label("name"),
            null().label("title"),
            empty(UUID_TYPE).label("departments"),
            empty(UUID_TYPE).label("persons"),
            array([share.recipient_id]).label("recipients"),
        )
        .distinct()
        .where(*here, is_one(share.recipient_kind, "department", "organisation"))
        .subquery("reader")
    )
    opened = of(place, Grant(allow=BY_SHARE.allow, deny=STAFF_READ.deny).where) & (document.relevance == "relevant")
    found = _gathered(_pairs(ids, place, of(place, BY_SHARE.reason), opened))
    rows = select(*_shown(found), empty(TEXT()).label("units"), null().label("last_looked"))
    return rows.order_by(found.c.kind, found.c.name, found.c.id)


def _known_of_family(kind: Kind) -> Expression:
    """The accounts of those of the family whose record the asker may read."""
    its_family = select(case.family_id).where(mine(table_of(Case)), case.id == CASE).scalar_subquery()
    known = probed(members.grant(kind, "read").where)
    rows = select(member.user_id).select_from(members.ground).where(mine(table_of(Member)), known)
    return user.id == any_(func.array(rows.where(member.family_id == its_family).scalar_subquery()))


def _pairs(ids: CTE, who: Any, rule: ColumnElement[str], opened: Expression) -> Subquery:
    """Who reads which document, by which rule."""
    ground = documents.ground.join(ids, ids.c.id == document.id).join(who, true())
    rows = select(*who.c, document.id.label("document_id"), rule.label("rule")).select_from(ground)
    return rows.where(mine(table_of(Document)), opened).subquery("pairs")


def _gathered(pairs: Subquery) -> Subquery:
    """Each reader once, with all that is open to her."""
    one = [pairs.c[name] for name in ("id", "kind", "name", "title", "departments", "recipients")]
    rows = select(
        *one,
        func.count().label("documents"),
        func.array_agg(document.category.distinct()).label("categories"),
        func.array_agg(pairs.c.rule.distinct()).label("rules"),
        func.min(until(pairs, pairs.c.rule)).label("until"),
    ).select_from(documents.ground.join(pairs, pairs.c.document_id == document.id))
    return rows.where(mine(table_of(Document))).group_by(*one).subquery("found")


def _shown(found: Subquery) -> list[Any]:
    return [found.c[name] for name in ("kind", "id", "name", "title", "documents", "categories", "rules", "until")]


def _names(of_what: Any, ids: ColumnElement[Any]) -> ColumnElement[Any]:
    names = func.array_agg(aggregate_order_by(of_what.name, of_what.name), type_=NAMES)
    rows = select(func.coalesce(names, empty(TEXT()))).where(mine(of_what.id.table), of_what.id == any_(ids))
    return rows.correlate_except(of_what.id.table).scalar_subquery()


def _last_looked(ids: CTE, reader: ColumnElement[Any]) -> ColumnElement[Any]:
    """When the reader last opened one of the documents, or saw it on a list of the case.

    To the family nothing is told of a look under a basis whose notice is pending.
    """
    contents = select(version.id).where(mine(table_of(DocumentVersion)), version.document_id == any_(_all(ids)))
    on_statute = word(shared_on_statute.name) == any_(log.rules)
    silent = (ACTOR.kind == "citizen") & looked_before_notice(log.bases, on_statute, pending_in(CASE))
    rows = select(func.max(log.at)).where(
        mine(table_of(AccessLog)),
        log.case_id == CASE,
        log.actor_id == reader,
        log.outcome == "read",
        is_one(log.resource, "document", "document_version"),
        log.resource_ids.overlap(func.array_cat(_all(ids), func.array(contents.scalar_subquery()))),
        ~silent,
    )
    return rows.correlate_except(table_of(AccessLog)).scalar_subquery()


def _all(ids: CTE) -> ColumnElement[Any]:
    return func.array(select(ids.c.id).scalar_subquery(), type_=ARRAY(UUID_TYPE))


# --- why another may, or may not


async def explanation(session: Transaction, actor: Actor, id: UUID, user_id: UUID | None = None) -> dict[str, Any]:
    """Why the document is open to the reader; or, to those who may share it, why it is or is not to another (R289).

    Raises NotFound when the reader may not read it, Forbidden for another's when the reader may not share it, and
    Invalid for somebody who has no active account, or is of the family and asked about by the family.
    """
    mine_ = await explained(session, actor, documents, id)
    if user_id is None or user_id == actor.user:
        return {**mine_, "of_kind": None, "not_met": [], "closed_by": []}
    if not next(one for one in mine_["items"] if one["action"] == "share")["rules"]:
        raise Forbidden(refusal=Refusal("document", "explain", id))
    values = {**actor.parameters, "row_id": id, "other_user": user_id}
    found = await session.rows(OTHER, values)
    if not found or actor.kind == found[0].kind == "citizen":
        raise invalid("?user_id", "unknown-reference", "unknown-reference")
    (row,) = await session.rows(_why(found[0].kind), values)
    rules = sorted(row.opened_by) if row.open else []
    reasons = [label("rule", name, actor.language) for name in rules]
    item = {"action": "read", "label": label("action", "read", actor.language), "rules": rules, "reasons": reasons}
    told = {
        name: [{"rule": one, "reason": label("rule", one, actor.language)} for one in row[name]]
        for name in ("not_met", "closed_by")
    }
    return {"items": [item], "of_kind": found[0].kind, "case_id": row.case_id, **told}


OTHER: Final = select(readers(user.id == bindparam("other_user", type_=UUID_TYPE)).c.kind)


@cache
def _why(kind: Kind) -> Select[Any]:
    """Which rules open a document to another, which are not met, and which close it."""
    who = readers(user.id == bindparam("other_user", type_=UUID_TYPE))
    grant = documents.grant(kind, "read")
    named: Mapping[str, tuple[Sequence[Rule], bool]] = {
        "opened_by": (grant.allow, True),
        "not_met": (grant.require, False),
        "closed_by": (grant.deny, True),
    }
    lists = [_those_that(who, rules, hold).label(name) for name, (rules, hold) in named.items()]
    ground = documents.ground.join(who, true())
    rows = select(of(who, grant.where).label("open"), document.case_id, *lists).select_from(ground)
    return rows.where(mine(table_of(Document)), document.id == bindparam("row_id", type_=UUID_TYPE))


def _those_that(who: Any, rules: Sequence[Rule], hold: bool) -> ColumnElement[Any]:
    names = [when((of(who, one.holds).is_(hold), word(one.name)), else_=null()) for one in rules]
    return func.array_remove(array(names, type_=TEXT()), null()) if names else empty(TEXT())  # type: ignore[misc]
