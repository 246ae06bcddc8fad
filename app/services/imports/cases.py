"""A list of open cases of an earlier system: each becomes a family, its members, and a case with its coordinator.

They are known again by their reference there (R466). Whoever brings them in gets no access by that: an imported case is
allocated at once, and nobody can import herself as its coordinator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.db import Transaction, columns, new_id, table_of
from app.models import Assignment, Case, Custody, Department, Family, Member, User
from app.policy.actor import Actor
from app.policy.rules import mine
from app.schemas.cases import CaseIn, ExternalReference
from app.schemas.imports import CaseRow
from app.schemas.settings import CaseSettings
from app.services import steps
from app.services.actors import COPENHAGEN
from app.services.assignments import advisers
from app.services.cases import READY, begin
from app.services.events import emit_in_cases
from app.services.imports.lists import Listed, RowFlaw
from app.services.imports.plans import BATCH, Plan, Tell
from app.services.rows import add_all, change_all

case, department, user = columns(Case), columns(Department), columns(User)
Rows = Sequence[tuple[int, CaseRow]]


def _references() -> Any:
    """The references of all cases, one in a row."""
    one = func.jsonb_array_elements(case.external_references).table_valued(column("value", JSONB)).render_derived("one")
    told = (one.c.value["system"].astext.label("system"), one.c.value["reference"].astext.label("reference"))
    return select(*told).select_from(table_of(Case)).where(mine(table_of(Case)))


REFERENCES: Final = _references()
NAMED: Final = (
    select(user.id)
    .where(mine(table_of(User)), user.subject == any_(bindparam("subjects", type_=ARRAY(TEXT))))
    .order_by(user.id)
    .with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is here already: references, departments that may own cases, advisers by subject, what models begin with."""

    references: frozenset[tuple[str, str]]
    departments: Mapping[str, UUID]
    advisers: Mapping[str, Mapping[str, UUID]]
    models: Mapping[str | None, Any]
    settings: CaseSettings

    def coordinator(self, row: CaseRow) -> UUID | None:
        """The adviser that the row names; None for nobody, or for more than one."""
        found = self.advisers.get(row.coordinator_subject, {})
        if row.coordinator_issuer is not None:
            return found.get(row.coordinator_issuer)
        return next(iter(found.values())) if len(found) == 1 else None


async def lock(session: Transaction, actor: Actor, found: Listed[CaseRow]) -> None:
    """The accounts that the list names: who closes one meanwhile waits, and sees the cases that it was given.

    Nothing else: what a case refers to is never deleted, and the reference is looked up under the lock of imports.
    """
    subjects = sorted({row.coordinator_subject for _, row in found.rows})
    await session.rows(NAMED, {**actor.parameters, "subjects": subjects})


async def plan(session: Transaction, actor: Actor, found: Listed[CaseRow]) -> Plan:
    """New cases; those whose reference is known stay as they are."""
    known = await _known(session, actor, found.rows)
    flaws = [*_repeated(found.rows)]
    for number, row in found.rows:
        flaws += [*_confused(actor, number, row), *_unfit(actor, number, row, known)]
    if flaws:
        return Plan(flaws=sorted(flaws, key=lambda flaw: flaw.row or 0))
    new = [row for _, row in found.rows if (row.reference_system, row.reference) not in known.references]
    return Plan(len(new), 0, len(found.rows) - len(new), work=partial(_write, session, actor, new, known))


def _repeated(rows: Rows) -> Iterator[RowFlaw]:
    seen = set[tuple[str, str]]()
    for number, row in rows:
        key = (row.reference_system, row.reference)
        if key in seen:
            yield RowFlaw(number, "reference", "duplicate")
        seen.add(key)


def _unfit(actor: Actor, number: int, row: CaseRow, known: Known) -> Iterator[RowFlaw]:
    """What a row says that does not fit the municipality: the same rules as where a case is opened and allocated."""
    if row.owner_department not in known.departments:
        yield RowFlaw(number, "owner_department", "unknown-reference")
    coordinator = known.coordinator(row)
    if coordinator is None:
        yield RowFlaw(number, "coordinator_subject", "coordinator-not-child-disability")
    elif coordinator == actor.user:
        yield RowFlaw(number, "coordinator_subject", "own-account")
    if row.kle_code is not None and not known.settings.uses(row.kle_code):
        yield RowFlaw(number, "kle_code", "kle-code-not-used")
    begins = known.models[row.model]
    if begins.model != "none" and begins.template_id is None:
        yield RowFlaw(number, "model", "no-template")


def _confused(actor: Actor, number: int, row: CaseRow) -> Iterator[RowFlaw]:
    """What a row says that cannot be, wherever it is."""
    for name in ("child_birth_date", "opened_on"):
        if getattr(row, name) > actor.today:
            yield RowFlaw(number, name, "future")
    for name in ("parent1", "parent2"):
        said = (getattr(row, f"{name}_relation"), getattr(row, f"{name}_custody"))
        if getattr(row, f"{name}_name") is None and said != (None, None):
            yield RowFlaw(number, f"{name}_name", "required")


async def _known(session: Transaction, actor: Actor, rows: Rows) -> Known:
    references = frozenset((one.system, one.reference) for one in await session.rows(REFERENCES, actor.parameters))
    owning = (department.municipality_id == actor.municipality, department.kind == "child_disability")
    found = await session.execute(select(department.id, department.name).where(*owning, department.active))
    people: dict[str, dict[str, UUID]] = {}
    for one in await session.execute(advisers(actor)):
        people.setdefault(one.subject, {})[one.issuer] = one.id
    nobody = {"family_id": new_id(), "child_id": new_id()}
    models: dict[str | None, Any] = {
        model: (await session.rows(READY, {**actor.parameters, **nobody, "model": model}))[0]
        for model in {row.model for _, row in rows} | {None}
    }
    departments = {one.name: one.id for one in found}
    return Known(references, departments, people, models, CaseSettings.model_validate(models[None].case))


async def _write(session: Transaction, actor: Actor, new: Sequence[CaseRow], known: Known, tell: Tell) -> None:
    for start in range(0, len(new), BATCH):
        batch = [(row, new_id(), new_id()) for row in new[start : start + BATCH]]
        stamped = {"created_at": actor.at, "created_by": actor.user}
        owners = [known.departments[row.owner_department] for row, _, _ in batch]
        families = [
            {"id": family, "owner_department_id": owner, **stamped}
            for (_, family, _), owner in zip(batch, owners, strict=True)
        ]
        await add_all(session, actor, Family, families)
        await _people(session, actor, batch)
        opened = [await _open(session, actor, *one, known) for one in batch]
        await _allocate(session, actor, opened, known)
        await tell(min(start + BATCH, len(new)))


async def _people(session: Transaction, actor: Actor, batch: Sequence[tuple[CaseRow, UUID, UUID]]) -> None:
    """The child, the adults, and who of them has custody as far as the earlier system knew."""
    members, custodies = list[dict[str, Any]](), list[dict[str, Any]]()
    stamped = {"created_at": actor.at, "created_by": actor.user}
    for row, family, child in batch:
        about = {"family_id": family, "kind": "child", "relation": "child", "birth_date": row.child_birth_date}
        members.append({"id": child, "name": row.child_name, "created_at": actor.at, **about})
        for adult in ("parent1", "parent2"):
            name, relation, custody = (getattr(row, f"{adult}_{part}") for part in ("name", "relation", "custody"))
            if name is not None:
                id, about = new_id(), {"kind": "adult", "relation": relation or "parent", "birth_date": None}
                members.append({"id": id, "family_id": family, "name": name, "created_at": actor.at, **about})
                held = {"child_id": child, "holder_id": id, "source": "other", "valid_from": actor.today}
                custodies += [{"family_id": family, **held, **stamped}] if custody == "yes" else []
    await add_all(session, actor, Member, members)
    await add_all(session, actor, Custody, custodies)


async def _open(
    session: Transaction, actor: Actor, row: CaseRow, family: UUID, child: UUID, known: Known
) -> tuple[UUID, CaseRow]:
    """The case in draft, as every other case begins."""
    begins = known.models[row.model]
    wanted = CaseIn(
        family_id=family,
        child_id=child,
        owner_department_id=known.departments[row.owner_department],
        kle_code=row.kle_code or known.settings.default_kle_code,
        external_references=[ExternalReference(system=row.reference_system, reference=row.reference)],
    )
    values = {
        **wanted.model_dump(exclude={"model"}),
        "model": begins.model,
        "template_id": begins.template_id,
        "template_version": begins.version,
        "step_ids": [new_id() for _ in range(begins.steps)],
    }
    return await begin(session, actor, values), row


async def _allocate(session: Transaction, actor: Actor, opened: Sequence[tuple[UUID, CaseRow]], known: Known) -> None:
    """Each with its coordinator, in start-up, since the day it was opened. Emits `case.allocated`."""
    given = list[dict[str, Any]]()
    for id, row in opened:
        role = "primary_adviser" if known.models[row.model].model == "sof" else "coordinator"
        given.append({"case_id": id, "user_id": known.coordinator(row), "role": role})
    stamped = {"assigned_at": actor.at, "assigned_by": actor.user}
    await add_all(session, actor, Assignment, [{**stamped, **one} for one in given])
    begun = {"state": "start_up", "allocated_at": actor.at}
    since = [
        {"id": id, "opened_at": datetime.combine(row.opened_on, time(), COPENHAGEN), **begun} for id, row in opened
    ]
    await change_all(session, actor, Case, since)
    await steps.hand_out(session, actor, {one["case_id"]: one["user_id"] for one in given})
    await emit_in_cases(session, actor, "case.allocated", [id for id, _ in opened])
