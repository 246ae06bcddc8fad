"""Lists that an administrator brings in: checked when they come, then carried out as a whole or not at all (R466).

To bring a list in is the dry run: nothing but the import itself is written. Its content is kept until it is carried out
or thrown away, at most for a few days, and shown to nobody.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from app.db import Aside, Row, Transaction, columns, table_of
from app.errors import Conflict, Flaw
from app.models import Import
from app.policy import imports as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.codes import ImportKind
from app.schemas.imports import CaseRow, DepartmentRow, ListedRow, UserRow
from app.services.catalogue import label
from app.services.events import emit
from app.services.imports import cases, departments, users
from app.services.imports.lists import Listed, RowFlaw, Unreadable, decoded, listed
from app.services.imports.plans import SHOWN, Plan, Tell
from app.services.municipalities import administering
from app.services.rows import add, change

own = columns(Import)
KEPT: Final = timedelta(days=7)
"""How long a list that is neither carried out nor thrown away is kept."""


@dataclass(frozen=True)
class Kind:
    """A kind of list: the shape of its rows, what to lock before it is carried out, and what it would do."""

    shape: type[ListedRow]
    lock: Callable[[Transaction, Actor, Any], Awaitable[None]]
    plan: Callable[[Transaction, Actor, Any], Awaitable[Plan]]


KINDS: Final[Mapping[str, Kind]] = {
    "departments": Kind(DepartmentRow, departments.lock, departments.plan),
    "users": Kind(UserRow, users.lock, users.plan),
    "cases": Kind(CaseRow, cases.lock, cases.plan),
}


async def bring_in(session: Transaction, actor: Actor, kind: ImportKind, content: bytes) -> SimpleNamespace:
    """Check a list: what it would do, and what is wrong with it. Administrators only. Emits `import.created`."""
    await administering(session, actor)
    text = None
    try:
        text = await asyncio.to_thread(decoded, content)
        found = await _listed(kind, text)
    except Unreadable as error:
        count, plan = 0, Plan(flaws=error.flaws)
    else:
        count, plan = found.count, await _judged(session, actor, kind, found)
    sound = not plan.flaws
    values: dict[str, Any] = {"content": text if sound else None, "status": "checked" if sound else "refused"}
    values |= {"rows": count, "done_rows": 0, "report": plan.report, "finished_at": None if sound else actor.at}
    stamped = {"created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Import, kind=kind, **values, **stamped)
    await emit(session, actor, "import.created", id)
    return shown(actor, await policies.imports.get(session, actor, id))


async def carry_out(session: Transaction, actor: Actor, id: UUID, aside: Aside) -> SimpleNamespace:
    """Do what a checked list says, all of it or nothing; others see how far it is. Emits `import.completed`.

    Raises Conflict while another import of the municipality is running, when the list is finished with, and, naming
    what is wrong, when the municipality has changed so that it would be refused now.
    """
    brought = await policies.imports.get(session, actor, id, "carry_out")
    text = await _claimed(session, actor, id)
    try:
        found = await _listed(brought.kind, text)
    except Unreadable as error:
        raise _changed(actor, error.flaws) from None
    await KINDS[brought.kind].lock(session, actor, found)
    plan = await _judged(session, actor, brought.kind, found)
    if plan.flaws:
        raise _changed(actor, plan.flaws)
    tell = _telling(actor, id, found.count, plan.creates, aside)
    try:
        await tell(0)
        await plan.work(tell)
    except Exception:
        await tell(0)
        raise
    done = {"status": "done", "content": None, "done_rows": found.count, "finished_at": actor.at}
    await change(session, actor, Import, id, report=plan.report, **done)
    await emit(session, actor, "import.completed", id)
    return shown(actor, await policies.imports.get(session, actor, id))


async def discard(session: Transaction, actor: Actor, id: UUID) -> SimpleNamespace:
    """Throw a checked list away. Emits `import.discarded`. Raises Conflict when it is finished with, or running."""
    await policies.imports.get(session, actor, id, "discard")
    await _claimed(session, actor, id)
    await change(session, actor, Import, id, status="discarded", content=None, finished_at=actor.at)
    await emit(session, actor, "import.discarded", id)
    return shown(actor, await policies.imports.get(session, actor, id))


async def one(session: Transaction, actor: Actor, id: UUID) -> SimpleNamespace:
    """One import with its report."""
    return shown(actor, await policies.imports.get(session, actor, id))


async def page(session: Transaction, actor: Actor, **asked: Any) -> tuple[list[SimpleNamespace], Page]:
    """The imports, newest first."""
    found = await policies.imports.page(session, actor, **asked)
    return [shown(actor, row) for row in found.items], found


def shown(actor: Actor, row: Row) -> SimpleNamespace:
    """An import with what is wrong in the reader's language."""
    errors = [{**flaw, "detail": label("import_flaw", flaw["code"], actor.language)} for flaw in row.errors]
    return SimpleNamespace(**{**row._mapping, "errors": errors})


async def forget(session: Transaction, municipality: UUID, now: datetime) -> int:
    """Throw away the lists that nobody has carried out in time; how many."""
    old = (own.municipality_id == municipality, own.status == "checked", own.created_at < now - KEPT)
    thrown = update(table_of(Import)).where(*old).values(status="discarded", content=None, finished_at=now)
    return len((await session.execute(thrown.returning(own.id))).all())


async def _claimed(session: Transaction, actor: Actor, id: UUID) -> str:
    """The content of a checked list, while no other import of the municipality runs. Raises Conflict otherwise.

    The row itself is not locked: the word of progress is written to it from another connection meanwhile.
    """
    scope = f"import:{actor.municipality}".encode()
    lock = int.from_bytes(hashlib.blake2b(scope, digest_size=8).digest(), signed=True)
    if not (await session.execute(select(func.pg_try_advisory_xact_lock(lock)))).scalar_one():
        raise Conflict("import-running")
    this = (own.municipality_id == actor.municipality, own.id == id)
    text: str | None = (await session.execute(select(own.content).where(*this))).scalar_one()
    if text is None:
        raise Conflict("import-finished")
    return text


async def _listed(kind: str, text: str) -> Listed[Any]:
    """The rows of a list. Raises Unreadable when there is no such list in the text."""
    return await asyncio.to_thread(listed, text, KINDS[kind].shape)


async def _judged(session: Transaction, actor: Actor, kind: str, found: Listed[Any]) -> Plan:
    """What the list would do; what rows mean is asked once each has its shape."""
    if found.flaws:
        return Plan(flaws=found.flaws, more=found.more)
    return await KINDS[kind].plan(session, actor, found)


def _changed(actor: Actor, flaws: Sequence[RowFlaw]) -> Conflict:
    return Conflict("import-changed", *(_flaw(one, actor.language) for one in flaws[:SHOWN]))


def _telling(actor: Actor, id: UUID, rows: int, works: int, aside: Aside) -> Tell:
    """Writes how far the import is, for others to see before it is done; not when that would have to wait."""

    async def tell(done: int) -> None:
        share = rows * done // works if works else 0
        await aside(lambda beside: change(beside, actor, Import, id, done_rows=share))

    return tell


def _flaw(flaw: RowFlaw, language: str) -> Flaw:
    place = [str(part) for part in (flaw.row, flaw.column) if part is not None]
    return Flaw("".join(f"/{part}" for part in place), flaw.code, label("import_flaw", flaw.code, language))


__all__: Sequence[str] = ("bring_in", "carry_out", "discard", "forget", "one", "page")
