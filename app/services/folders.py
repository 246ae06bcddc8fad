"""Folders of a case (R304): made, renamed, and marked by the family as theirs to open (X33)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import any_, select

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import NotFound, invalid
from app.models import Folder
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.folders import folders as policy
from app.schemas.folders import FolderIn, FolderMark, FolderPatch
from app.services.casework import require_open, require_open_around
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
    id = new_id()
    values = {"path": [*above, id], "explicit_only": False, "created_at": actor.at, "created_by": actor.user}
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
    """The family asks that it is read on a share with consent only, or takes that back (X33).

    It holds for all that lies in it, at once, in a closed case too. Emits `folder.marked` or `folder.unmarked`.
    """
    folder = await policy.get(session, actor, id, "mark_explicit", condition)
    if folder.explicit_only != wanted.explicit_only:
        await change(session, actor, Folder, id, explicit_only=wanted.explicit_only)
        event = "folder.marked" if wanted.explicit_only else "folder.unmarked"
        await emit(session, actor, event, id, case_id=folder.case_id)
    return await policy.get(session, actor, id)


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
    asked = (above.municipality_id == actor.municipality, above.id == any_(own.path), above.explicit_only)
    return (
        id is not None and (await session.execute(select(above.id).where(*here, *asked).limit(1))).first() is not None
    )
