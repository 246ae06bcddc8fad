"""Folders of a case (R304): made, renamed, and marked by the family as theirs to open (X33)."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Forbidden, NotFound, Refusal, invalid
from app.models import Case, Folder
from app.policy.actor import Actor
from app.policy.cases import FAMILY, case, cases
from app.policy.core import Page
from app.policy.folders import folders as policy
from app.policy.reading import of, readers, user
from app.policy.rules import UUID_TYPE, mine
from app.schemas.folders import FolderIn, FolderMark, FolderPatch
from app.services.casework import require_open, require_open_around, require_unsealed
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition

DEEPEST: Final = 8


async def create(session: Transaction, actor: Actor, case_id: UUID, wanted: FolderIn) -> Row:
    """A new folder. Emits `folder.created`.

    Raises Invalid for a parent that is not a folder of this case, or lies too deep, Conflict when a sibling has the
    name already.
    """
    case = await cases.get(session, actor, case_id, "add_folder")
    above: list[UUID] = []
    if wanted.parent_id is not None:
        above = (await of_case(session, actor, case_id, wanted.parent_id, "/parent_id")).path
    if len(above) >= DEEPEST:
        raise invalid("/parent_id", "folder-too-deep", "folder-too-deep")
    require_open(case)
    require_unsealed(case)
    id = new_id()
    values = {"path": [*above, id], "created_at": actor.at, "created_by": actor.user}
    await add(session, actor, Folder, id=id, case_id=case_id, **wanted.model_dump(), **values)
    await emit(session, actor, "folder.created", id, case_id=case_id)
    return await policy.get(session, actor, id)


async def rename(session: Transaction, actor: Actor, id: UUID, wanted: FolderPatch, condition: Condition) -> Row:
    """Give it another name. Emits `folder.renamed`. Raises Conflict when a sibling has it already."""
    folder = await policy.get(session, actor, id, "rename_folder", condition)
    require_open_around(folder)
    await change(session, actor, Folder, id, name=wanted.name)
    await emit(session, actor, "folder.renamed", id, case_id=folder.case_id)
    return await policy.get(session, actor, id)


async def mark(session: Transaction, actor: Actor, id: UUID, wanted: FolderMark, condition: Condition) -> Row:
    """One of the family asks that it is read on a share with consent only, or takes that back (X33).

    It holds for all that lies in it, at once, in a closed case too, and until each who asked for it has taken it back.
    Emits `folder.marked` or `folder.unmarked`. Raises Forbidden for taking back what only others have asked for, while
    they are party to the case.
    """
    folder = await policy.get(session, actor, id, "mark_explicit", condition)
    marked, others = set(folder.marked_by), [one for one in folder.marked_by if one != actor.user]
    kept = [*others, actor.user] if wanted.explicit_only else await _parties(session, actor, folder.case_id, others)
    if marked and not wanted.explicit_only and marked == set(kept):
        raise Forbidden(refusal=Refusal("folder", "mark_explicit", id, folder.case_id))
    if marked != set(kept):
        await change(session, actor, Folder, id, marked_by=kept)
        await emit(session, actor, "folder.marked" if kept else "folder.unmarked", id, case_id=folder.case_id)
    return await policy.get(session, actor, id)


def _still_party() -> Select[Any]:
    who = readers(user.id == any_(bindparam("marked_by", type_=ARRAY(UUID_TYPE))))
    here = mine(table_of(Case)) & (case.id == bindparam("marked_in", type_=UUID_TYPE))
    party = select(1).where(here, of(who, FAMILY.where)).correlate_except(table_of(Case)).exists()
    return select(who.c.id).where(party).order_by(who.c.id)


STILL_PARTY: Final = _still_party()


async def _parties(session: Transaction, actor: Actor, case_id: UUID, asked: Sequence[UUID]) -> list[UUID]:
    """Those of them who are party to the case today: who no longer is, keeps nothing from those who are."""
    values = {**actor.parameters, "marked_by": list(asked), "marked_in": case_id}
    return [row.id for row in await session.rows(STILL_PARTY, values)]


async def folders(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policy.page(session, actor, case_id=case_id, **page)


async def of_case(session: Transaction, actor: Actor, case_id: UUID, id: UUID, pointer: str) -> Row:
    """A folder of this case that the actor may read. Raises Invalid for any other."""
    try:
        folder = await policy.get(session, actor, id)
    except NotFound:
        folder = None
    if folder is None or folder.case_id != case_id:
        raise invalid(pointer, "unknown-reference", "unknown-reference")
    return folder


async def explicit(session: Transaction, actor: Actor, id: UUID | None) -> bool:
    """Whether the family asked for consent on the folder, or on one that it lies in."""
    own, above = columns(Folder), table_of(Folder).alias("above").c
    here = (own.municipality_id == actor.municipality, own.id == id)
    marked = func.cardinality(above.marked_by) > 0
    asked = (above.municipality_id == actor.municipality, above.id == any_(own.path), marked)
    return (
        id is not None and (await session.execute(select(above.id).where(*here, *asked).limit(1))).first() is not None
    )
