"""A list of professionals and their positions: found by issuer and subject of the sign-in (R466).

A column that is left out leaves what is there; an empty cell clears it. With the column `department` the positions in
the list are all that the person has: others end, and are kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TEXT, any_, bindparam, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Transaction, columns, new_id, table_of
from app.models import Case, Department, Position, User
from app.policy.actor import Actor
from app.policy.cases import without_contact
from app.policy.rules import UUID_TYPE, mine
from app.schemas.imports import UserRow
from app.services.events import emit_in_cases
from app.services.imports.lists import Listed, RowFlaw
from app.services.imports.plans import BATCH, Plan, Tell
from app.services.municipalities import settings_now
from app.services.rows import add_all, change_all, end_of
from app.services.users import lock_administrators, somebody_administers

user, position, department, case = columns(User), columns(Position), columns(Department), columns(Case)
SAID: Final = ("name", "title", "profession", "email", "phone", "contact_hours", "paragraph_sets")
PART: Final = frozenset({"profession", "paragraph_sets"})
"""What nobody decides about herself, beside the positions."""
UNANSWERED: Final = select(case.id).where(mine(table_of(Case)), without_contact()).order_by(case.id)
SUBJECTS, IDS = bindparam("subjects", type_=ARRAY(TEXT)), bindparam("ids", type_=ARRAY(UUID_TYPE))
ACCOUNTS: Final = select(*user).where(mine(table_of(User)), user.subject == any_(SUBJECTS))
HELD: Final = select(*position).where(
    mine(table_of(Position)), position.ended_at.is_(None), position.user_id == any_(IDS)
)
ENDED: Final = update(table_of(Position)).where(
    position.municipality_id == bindparam("here", type_=UUID_TYPE),
    position.ended_at.is_(None),
    position.id == any_(IDS),
)


@dataclass(slots=True)
class Person:
    """One account of the list: where it first stands, what is said of it, and its positions by row."""

    number: int
    row: UserRow
    positions: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is here already: accounts by sign-in, the current positions by account, departments, paragraph sets."""

    accounts: Mapping[tuple[str, str], Any]
    positions: Mapping[UUID, Mapping[tuple[UUID, str], UUID]]
    departments: Mapping[str, UUID]
    paragraph_sets: frozenset[str]


@dataclass(slots=True)
class Changes:
    """What is to be written: `said` are the columns that the list has, `placing` whether it says who works where."""

    said: Sequence[str]
    placing: bool
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)

    def take(self, person: Person, there: Any, known: Known) -> bool:
        """Note what changes for one person; whether that is the person's part: what one may do."""
        id = new_id() if there is None else there.id
        values = {name: _value(person.row, name) for name in self.said}
        differs = {name for name in self.said if there is not None and getattr(there, name) != values[name]}
        more, gone = _moves(id, person, known) if self.placing else ([], [])
        if there is None:
            self.new.append({"id": id, "issuer": person.row.issuer, "subject": person.row.subject, **values})
        elif differs:
            self.changed.append({"id": id, **values})
        if there is not None and (differs or more or gone):
            self.touched.add(id)
        self.held += [{"user_id": id, "department_id": place, "role": role} for place, role in more]
        self.ended += gone
        return bool(differs & PART or more or gone)


def _value(row: UserRow, name: str) -> Any:
    value = getattr(row, name)
    return list(value) if name == "paragraph_sets" else value


async def lock(session: Transaction, actor: Actor, _found: Listed[UserRow]) -> None:
    await lock_administrators(session, actor)


async def plan(session: Transaction, actor: Actor, found: Listed[UserRow]) -> Plan:
    """New accounts, and known ones of which something else is said. Nobody gives herself a part by a list."""
    people, flaws = _people(found)
    known = await _known(session, actor, people)
    todo = Changes([name for name in SAID if name in found.columns], "department" in found.columns)
    for key, person in people.items():
        there = known.accounts.get(key)
        flaws += _unfit(person, there, known)
        if todo.take(person, there, known) and there is not None and there.id == actor.user:
            flaws.append(RowFlaw(person.number, "subject", "own-account"))
    if flaws:
        return Plan(flaws=sorted(flaws, key=lambda flaw: flaw.row or 0))
    same = len(people) - len(todo.new) - len(todo.touched)
    return Plan(len(todo.new), len(todo.touched), same, work=partial(_write, session, actor, todo))


async def _write(session: Transaction, actor: Actor, todo: Changes, tell: Tell) -> None:
    """Emits `case.contact_unavailable` in each open case that is left without its family's contact."""
    before = {row.id for row in await session.rows(UNANSWERED, actor.parameters)}
    account = {"kind": "professional", "active": True, "created_at": actor.at}
    empty = dict.fromkeys(SAID) | {"paragraph_sets": []}
    for start in range(0, len(todo.new), BATCH):
        await add_all(session, actor, User, [{**account, **empty, **one} for one in todo.new[start : start + BATCH]])
        await tell(min(start + BATCH, len(todo.new)))
    await change_all(session, actor, User, todo.changed)
    ending = ENDED.values(ended_at=end_of(actor, position.started_at))
    await session.execute(ending, {"here": actor.municipality, "ids": todo.ended})
    place = {"started_at": actor.at, "ended_at": None}
    await add_all(session, actor, Position, [{**place, **one} for one in todo.held])
    await somebody_administers(session, actor)
    lost = [row.id for row in await session.rows(UNANSWERED, actor.parameters) if row.id not in before]
    await emit_in_cases(session, actor, "case.contact_unavailable", lost)


def _people(found: Listed[UserRow]) -> tuple[dict[tuple[str, str], Person], list[RowFlaw]]:
    """The accounts of the list in order, each once; and rows that contradict one another."""
    people, flaws = dict[tuple[str, str], Person](), list[RowFlaw]()
    for number, row in found.rows:
        first = people.setdefault((row.issuer, row.subject), Person(number, row))
        flaws += [
            RowFlaw(number, name, "conflicting") for name in SAID if getattr(row, name) != getattr(first.row, name)
        ]
        if row.department is None:
            flaws += [] if row.role is None else [RowFlaw(number, "department", "required")]
        elif (place := (row.department, row.role or "member")) in first.positions:
            flaws.append(RowFlaw(number, "department", "duplicate"))
        else:
            first.positions[place] = number
        if row.department is None and first.row is not row:
            flaws.append(RowFlaw(number, "subject", "duplicate"))
    return people, flaws


def _unfit(person: Person, there: Any, known: Known) -> Iterator[RowFlaw]:
    """Accounts that are not a professional's in use here, and what names something that is not here."""
    if there is not None and there.kind != "professional":
        yield RowFlaw(person.number, "subject", "not-a-professional")
    elif there is not None and not there.active:
        yield RowFlaw(person.number, "subject", "inactive")
    elif there is not None and there.organisation_id is not None and person.positions:
        yield RowFlaw(person.number, "department", "employed-outside")
    if not known.paragraph_sets.issuperset(person.row.paragraph_sets):
        yield RowFlaw(person.number, "paragraph_sets", "unknown-reference")
    for (name, _), number in person.positions.items():
        if name not in known.departments:
            yield RowFlaw(number, "department", "unknown-reference")


def _moves(id: UUID, person: Person, known: Known) -> tuple[list[tuple[UUID, str]], list[UUID]]:
    """The positions to give, and the ids of those to end."""
    places = [(known.departments.get(name), role) for name, role in person.positions]
    wanted = [(place, role) for place, role in places if place is not None]
    held = known.positions.get(id, {})
    return [one for one in wanted if one not in held], [held[one] for one in held if one not in wanted]


async def _known(session: Transaction, actor: Actor, people: Mapping[tuple[str, str], Person]) -> Known:
    asked = {**actor.parameters, "subjects": sorted({subject for _, subject in people})}
    accounts = {(row.issuer, row.subject): row for row in await session.rows(ACCOUNTS, asked)}
    positions: dict[UUID, dict[tuple[UUID, str], UUID]] = {}
    for row in await session.rows(HELD, {**actor.parameters, "ids": [one.id for one in accounts.values()]}):
        positions.setdefault(row.user_id, {})[row.department_id, row.role] = row.id
    active = (department.municipality_id == actor.municipality, department.active)
    departments = {row.name: row.id for row in await session.execute(select(*department).where(*active))}
    sets = frozenset((await settings_now(session, actor)).team.paragraph_sets)
    return Known(accounts, positions, departments, sets)
