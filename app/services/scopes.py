"""What a consent or a statutory basis may name, each checked at its place; there is no "everything" (P2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, Select, and_, any_, bindparam, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Row, Transaction, columns, table_of
from app.errors import Flaw, Invalid, invalid
from app.models import Department, Document, Folder, Member, Organisation, User
from app.policy.actor import Actor, Kind
from app.policy.cases import children_in_custody
from app.policy.documents import acting_for_themselves, documents
from app.policy.rules import UUID_TYPE, is_one, mine, probed, some
from app.services.casework import require_member
from app.services.signers import ANY

HEALTH: Final = "health"
IDS: Final = ARRAY(UUID_TYPE)
user, department, organisation, member = columns(User), columns(Department), columns(Organisation), columns(Member)
document, folder = columns(Document), columns(Folder)


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns of a basis that say to whom, what and from whom; and whether health information may be in it.

    It may be in any folder: what lies there is not looked at, since the answer would tell of it.
    """

    values: Mapping[str, Any]
    health: bool


def _known() -> Select[Any]:
    """Which of the parties are there and in use, by their place; and whether one is in health care."""
    listed = func.unnest(bindparam("party_ids", type_=IDS), bindparam("party_kinds", type_=ARRAY(TEXT)))
    kinds = (column("id", UUID_TYPE), column("kind", TEXT()))
    party = listed.table_valued(*kinds, with_ordinality="place").render_derived(name="party").c
    family = bindparam("family_id", type_=UUID_TYPE)
    there = or_(
        and_(party.kind == "user", some(table_of(User), user.id == party.id, user.kind == "professional", user.active)),
        and_(party.kind == "department", some(table_of(Department), department.id == party.id, department.active)),
        and_(
            party.kind == "organisation",
            some(table_of(Organisation), organisation.id == party.id, organisation.active),
        ),
        and_(party.kind == "member", some(table_of(Member), member.id == party.id, member.family_id == family)),
    )
    health = some(table_of(Department), department.id == party.id, department.kind == "health_care") | some(
        table_of(Organisation), organisation.id == party.id, is_one(organisation.kind, "hospital", "general_practice")
    )
    return select(party.place, health.label("health")).where(there)


KNOWN: Final = _known()
MINE_TO_GIVE: Final = select(member.id).where(
    mine(table_of(Member)),
    member.id == bindparam("subject_id", type_=UUID_TYPE),
    (member.id == any_(acting_for_themselves())) | (member.id == children_in_custody()),
)


@cache
def _documents(kind: Kind) -> Select[Any]:
    """Which of the documents lie in the case and can be read by who names them."""
    these = (document.case_id == bindparam("case_id")) & (document.id == any_(bindparam("document_ids", type_=IDS)))
    readable = probed(documents.grant(kind, "read").where)
    rows = select(document.id, document.category).select_from(documents.ground)
    return rows.where(mine(table_of(Document)), these, readable)


FOLDERS: Final = select(folder.id).where(
    mine(table_of(Folder)),
    folder.case_id == bindparam("case_id"),
    folder.id == any_(bindparam("folder_ids", type_=IDS)),
)


async def require_subject(session: Transaction, actor: Actor, case: Row, subject_id: UUID) -> Any:
    """Whose information it is: of the family, and for a citizen oneself or a child in one's custody. Raises Invalid."""
    found = await require_member(session, actor, case, subject_id, "/subject_id")
    own = {**actor.parameters, "subject_id": subject_id}
    if actor.kind == "citizen" and not await session.rows(MINE_TO_GIVE, own):
        raise invalid("/subject_id", "not-yourself")
    return found


async def judged(session: Transaction, actor: Actor, case: Row, wanted: Mapping[str, Any]) -> Scope:
    """The scope of a basis, as it was asked for. Raises Invalid with every place that names what is not there.

    Recipients, sources, folders and documents are of this municipality, in use, and, what lies in a case, of this one
    and readable by who names it; each stands once, and something is named.
    """
    folders, single = wanted["folder_ids"], wanted["document_ids"]
    sources: Sequence[Mapping[str, Any]] = wanted.get("sources", ())
    if not (folders or single or wanted["categories"]):
        raise invalid("/categories", "required")
    place = {**actor.parameters, "case_id": case.id, "folder_ids": folders, "document_ids": single}
    flaws = [flaw for name in ("categories", "folder_ids", "document_ids") for flaw in _twice(name, wanted[name])]
    recipients_unknown, _ = await _parties(session, actor, case, "recipients", wanted["recipients"])
    sources_unknown, health = await _parties(session, actor, case, "sources", sources)
    flaws += [*recipients_unknown, *sources_unknown]
    there = {row.id for row in await session.rows(FOLDERS, place)} if folders else set()
    named = await session.rows(_documents(actor.kind), place) if single else ()
    flaws += _absent("folder_ids", folders, there)
    flaws += _absent("document_ids", single, {row.id for row in named})
    if flaws:
        raise Invalid("unknown-reference" if all(one.code == "unknown-reference" for one in flaws) else None, *flaws)
    kinds = {*wanted["categories"], *(row.category for row in named)}
    return Scope(_columns(wanted, sources), bool(folders) or health or HEALTH in kinds)


async def categories(session: Transaction, actor: Actor, bases: Sequence[Any]) -> dict[UUID, frozenset[str]]:
    """What each basis covers, by its id: categories, those of single documents, and of folders any."""
    ids = sorted({id for basis in bases for id in basis.documents})
    rows = await session.rows(CATEGORIES, {**actor.parameters, "document_ids": ids}) if ids else ()
    of = {row.id: row.category for row in rows}
    return {
        basis.id: frozenset(basis.categories)
        | {of.get(id, ANY) for id in basis.documents}
        | ({ANY} if basis.folders else frozenset())
        for basis in bases
    }


CATEGORIES: Final = select(document.id, document.category).where(
    mine(table_of(Document)), document.id == any_(bindparam("document_ids", type_=IDS))
)


async def _parties(
    session: Transaction, actor: Actor, case: Row, name: str, named: Sequence[Mapping[str, Any]]
) -> tuple[list[Flaw], bool]:
    """What is wrong with a list of recipients or sources, and whether one of them is in health care."""
    ids = [one["id"] for one in named]
    values = {"party_ids": ids, "party_kinds": [one["kind"] for one in named], "family_id": case.family_id}
    found = await session.rows(KNOWN, {**actor.parameters, **values}) if named else ()
    there = {row.place for row in found}
    absent = [n for n in range(len(ids)) if n + 1 not in there]
    flaws = [Flaw(f"/{name}/{n}/id", "unknown-reference") for n in absent]
    flaws += [Flaw(f"/{name}/{n}/id", "named-once") for n, id in enumerate(ids) if id in ids[:n]]
    return flaws, any(row.health for row in found)


def _absent(name: str, wanted: Sequence[UUID], there: set[UUID]) -> list[Flaw]:
    return [Flaw(f"/{name}/{n}", "unknown-reference") for n, id in enumerate(wanted) if id not in there]


def _twice(name: str, wanted: Sequence[Any]) -> list[Flaw]:
    return [Flaw(f"/{name}/{n}", "named-once") for n, one in enumerate(wanted) if one in wanted[:n]]


def _columns(wanted: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "recipients": [one["id"] for one in wanted["recipients"]],
        "recipient_kinds": [one["kind"] for one in wanted["recipients"]],
        "categories": list(wanted["categories"]),
        "folders": list(wanted["folder_ids"]),
        "documents": list(wanted["document_ids"]),
        "sources": [one["id"] for one in sources],
        "source_kinds": [one["kind"] for one in sources],
    }
