"""`indgang`: everything that an operator or a developer starts by hand."""

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import asyncpg
import httpx
import typer
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app import config, contract, embedded, migrate, tryout, upload
from app.auth import has_tryout_key, tryout_token
from app.config import Kind, Settings, UnsafeSetup
from app.db import Database
from app.keyring import vault
from app.logs import configure
from app.main import create_app
from app.schemas.codes import ImportKind
from app.services.contents import sweep
from app.storage import DOCUMENTS, Disk
from app.worker import run as run_worker

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
policy_app = typer.Typer(no_args_is_help=True, help="The rules of who may see and do what.")
municipality_app = typer.Typer(no_args_is_help=True, help="The municipalities served here.")
app.add_typer(policy_app, name="policy")
app.add_typer(municipality_app, name="municipality")
storage_app = typer.Typer(no_args_is_help=True, help="The contents of documents.")
app.add_typer(storage_app, name="storage")
cpr_app = typer.Typer(no_args_is_help=True, help="CPR numbers, and the keys that they are encrypted with.")
app.add_typer(cpr_app, name="cpr")
console = Console(highlight=False, soft_wrap=True)
REFUSED = {
    "UniqueViolationError": "a municipality with this code is there already",
    "CheckViolationError": "a municipality code has three or four digits",
    "InvalidPasswordError": "the user or the password is wrong",
    "InvalidAuthorizationSpecificationError": "the user may not sign in",
    "InvalidCatalogNameError": "there is no database of that name",
    "InsufficientPrivilegeError": "the role must own the schema, and the first time be allowed to create roles",
}
CONTRACT = Path("openapi/v1.json")
RELEASED = Path("openapi/released.json")
DEFAULT_DATA_DIR = Settings.model_fields["data_dir"].default


def fail(sentence: str) -> NoReturn:
    """Stop with one clear sentence."""
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(1)


def settings_or_fail() -> Settings:
    """The settings of a set-up that is safe, or one sentence for each reason why not (P18)."""
    try:
        settings = config.read()
        config.require_safe(settings)
    except UnsafeSetup as unsafe:
        fail("\n".join(unsafe.sentences))
    return settings


def database_of(settings: Settings) -> Database:
    """The database of this set-up; in try-out the embedded one, started and ready."""
    if settings.mode == "production":
        assert settings.database_url is not None  # noqa: S101 - `require_safe` saw to it
        return Database(settings.database_url.get_secret_value(), settings.pool_size)
    server = embedded.start(settings.data_dir)
    return Database(tryout.address(server), settings.pool_size)


@app.command()
def serve(workers: Annotated[int, typer.Option(min=1, max=32, help="Processes that answer.")] = 1) -> None:
    """Serve the API. In try-out mode everything is set up first."""
    settings = settings_or_fail()
    _require_free(settings.host, settings.port)
    if settings.mode == "tryout":
        _set_up_tryout(settings)
    else:
        _require_harmless_role(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again: leave in order
    uvicorn.run(
        "app.cli:asgi",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
    )


def asgi() -> FastAPI:
    """The app of one serving process."""
    settings = config.read()
    configure(settings)
    return create_app(settings, database_of(settings))


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            fail(f"Port {port} on {host} is taken: stop what uses it, or set INDGANG_PORT to another.")


def _set_up_tryout(settings: Settings) -> None:
    """Database, schema and demo, with progress; then where to look, and tokens to paste."""
    try:
        with console.status("starting the embedded PostgreSQL"):
            server = embedded.start(settings.data_dir)
            asyncio.run(tryout.make_database(server))
        console.print("[green]✓[/] embedded PostgreSQL is running")
    except embedded.NotInstalled as missing:
        fail(str(missing))
    with console.status("migrating"):
        tryout.migrated(server)
        asyncio.run(tryout.allow_app_role(server))
    console.print(f"[green]✓[/] schema at revision {migrate.head()}")
    with console.status("loading the fictive municipalities"):
        new = asyncio.run(tryout.load_demo(server, vault(settings)))
    console.print(f"[green]✓[/] demo data {'loaded' if new else 'is there'}")
    console.print(f"\n[bold]http://{settings.host}:{settings.port}/docs[/]   (fictive people only; never real data)\n")
    folder = "" if settings.data_dir == DEFAULT_DATA_DIR else f"INDGANG_DATA_DIR={shlex.quote(str(settings.data_dir))} "
    for word, name, _, _ in tryout.people():
        console.print(f"[dim]# {name}: INDGANG_MODE=tryout {folder}.venv/bin/indgang token --as {word}[/]")
    for word in ("coordinator", "head", "mother"):
        console.print(f"\n[bold]{word}[/]\n{tryout.token(settings.data_dir, word)}", soft_wrap=True)
    console.print(f"\nthe story, told over HTTP: [bold]INDGANG_PORT={settings.port} make demo[/]   stop: Ctrl-C\n")


def _require_harmless_role(settings: Settings) -> None:
    """Refuse a database role that could look past row security (P18)."""

    async def facts() -> config.RoleFacts:
        database = database_of(settings)
        try:
            return await database.role()
        finally:
            await database.close()

    try:
        sentences = config.role_refusals(asyncio.run(facts()))
    except (SQLAlchemyError, OSError) as error:
        fail(f"The database does not answer ({type(error).__name__}): check DATABASE_URL and that it is running.")
    if sentences:
        fail("\n".join(sentences))


@app.command()
def worker() -> None:
    """Run the background loop: partitions of the coming months, forgotten idempotency keys."""
    settings = settings_or_fail()
    configure(settings)
    if settings.mode == "production":
        _require_harmless_role(settings)
    asyncio.run(run_worker(database_of(settings)))


@app.command()
def token(
    who: Annotated[
        str | None, typer.Option("--as", help="One of the demo's people: coordinator, head, mother …")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Somebody else, by the subject of the account.")] = None,
    kind: Annotated[Kind, typer.Option(help="What the account of --subject is.")] = "professional",
    municipality: Annotated[UUID | None, typer.Option(help="Where that is, unless in the demo's first.")] = None,
) -> None:
    """A bearer token for one of the demo's people, or for an account that was made since. Try-out mode only."""
    settings = settings_or_fail()
    if settings.mode != "tryout":
        fail("Tokens are made in try-out mode only: set INDGANG_MODE=tryout. In production they come from your issuer.")
    if not has_tryout_key(settings.data_dir):
        fail(
            f"There is no try-out key in {settings.data_dir}: start the server first (make run), or set "
            "INDGANG_DATA_DIR to the folder that it uses."
        )
    if who is not None and subject is None:
        known = [word for word, *_ in tryout.people()]
        if who not in known:
            fail(f"Nobody in the demo is called that. Choose one of: {', '.join(known)}")
        typer.echo(tryout.token(settings.data_dir, who))
    elif subject is not None and who is None:
        typer.echo(tryout_token(settings.data_dir, subject, kind, municipality or tryout.first_municipality()))
    else:
        fail("Say who: --as with a word of the demo, or --subject with the subject of an account.")


@app.command(name="migrate")
def migrate_command(
    check: Annotated[bool, typer.Option("--check", help="Only say whether models and migrations agree.")] = False,
    to: Annotated[str, typer.Option(help="The revision to go to.")] = "head",
) -> None:
    """Bring the schema up to date, as the role that owns it (MIGRATION_DATABASE_URL)."""
    if check:
        _check_drift()
        return
    url = _owner_url()
    _or_fail(lambda: migrate.upgrade(url, to))
    typer.echo(f"schema at revision {to if to != 'head' else migrate.head()}")


def _owner_url() -> str:
    try:
        settings = config.read()
    except UnsafeSetup as unsafe:
        fail("\n".join(unsafe.sentences))
    if settings.migration_database_url is None:
        fail("Set MIGRATION_DATABASE_URL to the database, as the role that owns (or will own) its schema.")
    return settings.migration_database_url.get_secret_value()


def _or_fail(work: Callable[[], Any]) -> None:
    try:
        work()
    except (DBAPIError, asyncpg.PostgresError) as error:
        said = getattr(error, "orig", None) or error
        kind = type(said.__cause__ or said).__name__
        fail(f"PostgreSQL refused: {REFUSED.get(kind, kind)}.")
    except OSError:
        fail("The database does not answer: check MIGRATION_DATABASE_URL and that it is running.")


def _check_drift() -> None:
    """Migrate an empty scratch database up, and compare it with the models."""
    server = embedded.start(Path(os.environ.get("INDGANG_DATA_DIR", "var")))
    name = f"indgang_drift_{os.getpid()}"
    with tryout.scratch(server, name) as url:
        migrate.upgrade(url)
        found = migrate.drift(url)
        migrate.downgrade(url, "base")
    if found:
        fail("The models and the migrations differ:\n" + "\n".join(f"  {one}" for one in found))
    typer.echo("models and migrations agree")


@app.command()
def openapi(
    check: Annotated[
        bool, typer.Option("--check", help="Fail unless the checked-in contract is what is served.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the contract.")] = False,
) -> None:
    """The contract. `--check` also fails on a difference from the released one that would break a client."""
    settings = Settings(mode="tryout", data_dir=Path("var"))
    served = create_app(settings, Database("postgresql://nowhere/nothing", 1)).openapi()
    text = json.dumps(served, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if write:
        CONTRACT.write_text(text, "utf-8")
    if not check:
        if not write:
            typer.echo(text)
        return
    if not CONTRACT.exists() or CONTRACT.read_text("utf-8") != text:
        fail("openapi/v1.json is not what the app serves: run `make openapi` and look at the difference.")
    if not RELEASED.exists():
        fail("openapi/released.json is missing: it is what later changes are held against.")
    if broken := contract.breaking(json.loads(RELEASED.read_text("utf-8")), served):
        fail("v1 would break its clients:\n" + "\n".join(f"  {one}" for one in broken))
    typer.echo("the contract is what the app serves, and breaks nobody")


@policy_app.command("show")
def policy_show(
    sql: Annotated[bool, typer.Option(help="With the SQL of each rule.")] = True,
) -> None:
    """Every policy, its grants and rules: the page that a data protection officer signs."""
    from app.policy import shown

    typer.echo(shown.page(sql=sql))


@municipality_app.command("add")
def municipality_add(
    name: Annotated[str, typer.Option(help="Its name, such as Prøvekommune.")],
    code: Annotated[str, typer.Option(help="Its municipality code (kommunekode).")],
    issuer: Annotated[str, typer.Option(help="The issuer of the first administrator's token.")],
    subject: Annotated[str, typer.Option(help="The subject of that token.")],
    administrator: Annotated[str, typer.Option(help="The administrator's name.")],
) -> None:
    """Found a municipality with its first administrator, as the role that owns the schema."""
    from app.db import new_id
    from app.services import tenants

    url, id = _owner_url(), new_id()
    who = {"issuer": issuer, "subject": subject, "name": administrator}

    async def found() -> None:
        database = Database(url, 1)
        try:
            async with database.transaction(id) as session:
                await tenants.found(session, id=id, name=name, code=code, administrator=who, fictive=False)
        finally:
            await database.close()

    _or_fail(lambda: asyncio.run(found()))
    typer.echo(str(id))


@cpr_app.command("rotate")
def cpr_rotate() -> None:
    """Encrypt every CPR number with the first of INDGANG_CPR_KEYS; afterwards the others are not needed any more."""
    from app.cpr import LostKey
    from app.services.cpr import rotate

    settings = settings_or_fail()
    if settings.mode != "production":
        fail("The try-out mode has one key of its own: there is nothing to rotate.")
    _require_harmless_role(settings)

    async def rotated() -> int:
        database = database_of(settings)
        try:
            return await rotate(database, vault(settings))
        finally:
            await database.close()

    try:
        typer.echo(f"{asyncio.run(rotated())} numbers encrypted anew")
    except LostKey as lost:
        fail(f"Some numbers were encrypted with the key {lost}, which is gone: put it back into INDGANG_CPR_KEYS.")


@storage_app.command("sweep")
def storage_sweep() -> None:
    """Delete contents older than a day that no document speaks of: what a crash in an upload leaves behind."""
    settings = settings_or_fail()
    if settings.mode == "production":
        _require_harmless_role(settings)

    async def swept() -> int:
        database = database_of(settings)
        try:
            return await sweep(database, Disk(settings.data_dir / DOCUMENTS))
        finally:
            await database.close()

    typer.echo(f"{asyncio.run(swept())} contents deleted")


@app.command(name="import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list, as CSV.")],
    kind: Annotated[ImportKind, typer.Option(help="What it is a list of.")],
    address: Annotated[str, typer.Option(help="Where the API is served.")] = "http://127.0.0.1:8000/v1",
    run: Annotated[bool, typer.Option("--run", help="Carry it out when nothing is wrong with it.")] = False,
) -> None:
    """Check a list of departments, users or cases; with --run import it. INDGANG_TOKEN: an administrator's token."""
    token = os.environ.get("INDGANG_TOKEN")
    if not token:
        fail("Set INDGANG_TOKEN to an administrator's token; it is no argument, since those are seen by others.")
    if not upload.guarded(address):
        fail("Write the address as https://…/v1: a token is sent without TLS to this machine only.")

    async def brought() -> int:
        async with upload.client_of(address, token) as client:
            return await upload.bring_in(client, kind, file.read_bytes(), run=run, console=console)

    try:
        sys.exit(asyncio.run(brought()))
    except httpx.HTTPError as error:
        fail(f"The API does not answer ({type(error).__name__}): check the address and that it is running.")


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=7, help="Interleaved rounds of each number.")] = 7,
    cases: Annotated[int, typer.Option(min=1000, help="Cases in the bench database, which is made once.")] = 10_000,
) -> None:
    """Measure this machine: each number beside a bare server in the same run. Uses a database of its own."""
    from bench.run import main

    sys.exit(main(rounds=rounds, seconds=2.0, cases=cases, data_dir=Path("var/bench")))


@app.command()
def demo(address: Annotated[str | None, typer.Option(help="Where the API is served, unless here.")] = None) -> None:
    """Tell the story over HTTP against the running server; fails when an answer is not the expected one."""
    from app.story import tell

    settings = settings_or_fail()
    if settings.mode != "tryout":
        fail("The story is told in try-out mode only: set INDGANG_MODE=tryout.")
    sys.exit(tell(address or f"http://{settings.host}:{settings.port}", settings.data_dir, console))
