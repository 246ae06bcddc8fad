"""PostgreSQL: the engine, the tenant keys, and the one transaction of a request.

The municipality is part of every key, and row-level security is the second lock: each transaction begins by
setting `app.municipality`, here and nowhere else. Nothing is remembered per connection, because a ROLLBACK
would undo the setting and not the memory. `Database.transaction` is the only commit of the API.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import orjson
import uuid_utils.compat
from sqlalchemy import (
    CursorResult,
    DateTime,
    Executable,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    String,
    Table,
    event,
    text,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import InterfaceError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from app.config import RoleFacts
from app.errors import Refusal

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""A point in time, UTC."""
Code = Annotated[str, mapped_column(String)]

DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

SETTINGS = {
    "plan_cache_mode": "force_generic_plan",  # under row security custom plans are planned anew at every execution
    "jit": "off",
    "timezone": "UTC",
    "statement_timeout": "15000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "60000",
    "application_name": "indgang",
}


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "own": lambda constraint, _table: list(constraint.columns)[-1].name,
            "fk": "fk_%(table_name)s_%(own)s",
            "uq": "uq_%(table_name)s_%(column_1_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_1_name)s",
        }
    )
    type_annotation_map = {str: String(), datetime: DateTime(timezone=True)}  # noqa: RUF012


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ids made here sort by the time they were made, on any PostgreSQL."""
    return uuid_utils.compat.uuid7()


class TenantRow:
    """Mixin: the row belongs to one municipality, and that is part of its key."""

    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipalities.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)


def within(table: str, column: str, *, name: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the municipality: (municipality_id, column) → table."""
    return ForeignKeyConstraint(
        ["municipality_id", column], [f"{table}.municipality_id", f"{table}.id"], name=name and f"fk_{name}"
    )


def table_of(model: type[Base]) -> Table:
    """The Core table of a model: rows are read as rows, never as entities."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows the type
    return table


def columns(model: type[Base]) -> ReadOnlyColumnCollection[str, Any]:
    return table_of(model).c


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row of a prebuilt statement: its columns by name, as attributes and under `_mapping`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> dict[str, Any]:
        return dict(self)


@cache
def _compiled(statement: Executable) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """The SQL of a prebuilt statement, and for each of its parameters the name and the constant that it stands for."""
    compiled = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
    return str(compiled), tuple((name, compiled.params[name]) for name in compiled.positiontup)


@dataclass(slots=True)
class Transaction:
    """One open transaction of one municipality: what services are handed as `session`.

    There are no entities here, so there is no ORM session. Statements that are built once go straight to the driver
    (`rows`): executing them through SQLAlchemy took more time than PostgreSQL. All others are `execute`d.
    """

    connection: AsyncConnection
    raw: asyncpg.Connection
    judged: list[Refusal] = field(default_factory=list)
    """The rows that were opened for an action: what a conflict met later has been told about."""
    over: bool = False
    """Set at its end: its connection is somebody else's then, and to touch it is an error."""

    async def rows(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """The rows of a prebuilt, constant statement; it is compiled once in the life of the process."""
        self._must_be_open()
        sql, names = _compiled(statement)
        values = [parameters.get(name, constant) for name, constant in names]
        found: Sequence[Row] = await self.raw.fetch(sql, *values, record_class=Row)
        return found

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        self._must_be_open()
        return await self.connection.execute(statement, parameters)

    def _must_be_open(self) -> None:
        if self.over:
            raise RuntimeError("the transaction is over")


Work = Callable[[Transaction], Awaitable[None]]
Aside = Callable[[Work], Awaitable[None]]


async def _commit(raw: asyncpg.Connection) -> None:
    """Commit, and believe it only when PostgreSQL says so: after an error it answers COMMIT with ROLLBACK."""
    if await raw.execute("commit") != "COMMIT":
        raise InterfaceError("the transaction was rolled back", None, RuntimeError())


async def _roll_back(raw: asyncpg.Connection) -> bool:
    """Leave nothing behind; whether the connection is clean."""
    rolling = asyncio.ensure_future(raw.execute("rollback"))
    rolling.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever waited may be gone
    try:
        await asyncio.shield(rolling)
    except BaseException:
        return False
    return True


def _speak_json(connection: Any, _record: Any) -> None:
    """jsonb as Python values on both ways, through the driver itself."""
    codec = {"encoder": _jsonb, "decoder": _plain, "schema": "pg_catalog", "format": "binary"}
    connection.run_async(lambda raw: raw.set_type_codec("jsonb", **codec))


def _jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _plain(data: bytes) -> Any:
    return orjson.loads(data[1:])


def _itself(value: Any) -> Any:
    return value


def begin(municipality: UUID) -> str:
    """Begin, locked to the municipality. The id is written out by way of its number: nothing else can stand there."""
    return f"begin; select set_config('app.municipality', '{UUID(int=municipality.int)}', true)"


@dataclass(frozen=True, slots=True)
class Held:
    """A connection between two transactions. Asking SQLAlchemy's pool for it each time took as long as a statement."""

    connection: AsyncConnection
    raw: Any

    async def drop(self) -> None:
        """Throw it away: whatever it is in the middle of ends with it."""
        with suppress(Exception):
            await asyncio.shield(self.connection.invalidate())
        with suppress(Exception):
            await asyncio.shield(self.connection.close())


class Database:
    """An engine and a first-in-first-out gate of the pool's size: waiting in line beats fighting for connections."""

    def __init__(self, url: str, pool_size: int) -> None:
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size + 1,  # one beside those that are held, for questions about no municipality
            max_overflow=0,
            hide_parameters=True,  # an error must never print what a row held
            pool_timeout=10,
            pool_pre_ping=False,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            json_serializer=_itself,
            json_deserializer=_itself,
            connect_args={
                "server_settings": SETTINGS,
                "prepared_statement_cache_size": 300,
                "statement_cache_size": 300,
                "max_cacheable_statement_size": 0,  # a whole screen is more than the 15 kB kept by default
                "timeout": 10,
            },
        )
        event.listen(self.engine.sync_engine, "connect", _speak_json)
        self._gate = asyncio.Semaphore(pool_size)
        self._idle: list[Held] = []

    @asynccontextmanager
    async def transaction(self, municipality: UUID) -> AsyncIterator[Transaction]:
        """One transaction for one municipality: commits at the end, rolls back on any error.

        BEGIN and the municipality travel together, and nothing runs before them. The driver's own transaction is
        driven here by hand (the engine is set to AUTOCOMMIT), so that a COMMIT counts only when PostgreSQL says so.
        """
        async with self._gate:
            held = await self._take()
            session, clean = Transaction(held.connection, held.raw), False
            try:
                await held.raw.execute(begin(municipality))
                yield session
                await _commit(held.raw)
                clean = True
            except BaseException:
                clean = await _roll_back(held.raw)
                raise
            finally:
                session.over = True
                if clean:
                    self._idle.append(held)
                else:
                    await held.drop()

    async def _take(self) -> "Held":
        """A connection that is held ready, or a new one."""
        while self._idle:
            held = self._idle.pop()
            if not held.raw.is_closed():
                return held
            await held.drop()
        connection = await self.engine.connect()
        return Held(connection, (await connection.get_raw_connection()).driver_connection)

    async def aside(self, municipality: UUID, work: Work) -> None:
        """A short transaction beside the one that the caller holds, when a connection is free at once; else nothing.

        For what may be missing, such as progress: a failure of it is nobody's. Whoever holds a connection must never
        wait for a second one.
        """
        if self._gate.locked():
            return
        with suppress(SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OSError):
            async with self.transaction(municipality) as session:
                await work(session)

    async def municipalities(self) -> list[UUID]:
        """Every municipality's id, for loops over tenants; nothing else is readable across them."""
        async with self.engine.connect() as connection:
            return list((await connection.execute(text("select municipality_ids()"))).scalars())

    async def role(self) -> RoleFacts:
        """What the database role of this connection could do; judged by `config.role_refusals`."""
        async with self.engine.connect() as connection:
            row = (await connection.execute(text(ROLE_FACTS))).one()
        return RoleFacts(
            role=row.role,
            is_superuser=row.is_superuser,
            bypasses_row_security=row.bypasses,
            owns=tuple(row.owns),
            can_create_roles=row.creates_roles,
        )

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().drop()
        await self.engine.dispose()


# A role is as strong as every role it may become, so membership counts (pg_has_role … 'MEMBER').
ROLE_FACTS = """
select current_user::text as role,
       bool_or(r.rolsuper) as is_superuser, bool_or(r.rolbypassrls) as bypasses,
       bool_or(r.rolcreaterole) as creates_roles,
       array(select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'public' and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'MEMBER')
             order by 1 limit 5) as owns
from pg_roles r where pg_has_role(current_user, r.oid, 'MEMBER')
"""


def asyncpg_url(url: str) -> str:
    """The same address, spoken through asyncpg."""
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        raise ValueError("the database address must begin with postgresql://")
    return f"postgresql+asyncpg://{rest}"
