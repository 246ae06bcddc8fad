"""What is measured inside one process: CPU of auth and middleware, and the SQL statements of each route."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import structlog
from sqlalchemy import event
from starlette.middleware.cors import CORSMiddleware

from app.auth import Verifier, tryout_issuer
from app.db import Database, Transaction
from app.logs import configure
from app.main import create_app
from app.observing import Metrics, Observed
from bench.generate import Place
from bench.readers import Reader
from bench.serve import bench_settings

Asgi = Callable[..., Awaitable[None]]
TURNS: Final = 1_000


# --- CPU per request


def cpu(reader: Reader, data_dir: Path, rounds: int) -> dict[str, list[float]]:
    """Microseconds of CPU per request, one number a round: verifying a token, the middleware, and their sum."""
    verifier = Verifier([tryout_issuer(data_dir)])
    layered = CORSMiddleware(
        Observed(_empty, Metrics()), allow_origins=(), allow_methods=("GET",), allow_headers=("Authorization",)
    )
    found: dict[str, list[float]] = {"verify": [], "middleware": [], "sum": []}
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        configure(bench_settings(data_dir))
        for _ in range(rounds):
            verify = _cost(lambda: verifier.verify(reader.token))
            around = _cost(lambda: _ask(layered)) - _cost(lambda: _ask(_empty))
            for name, value in (("verify", verify), ("middleware", around), ("sum", verify + around)):
                found[name].append(value)
    structlog.reset_defaults()
    logging.basicConfig(level=logging.WARNING, force=True)
    return found


def _cost(work: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of CPU per turn, the least of five tries: what disturbs only adds."""

    async def turns() -> float:
        began = time.process_time()
        for _ in range(TURNS // 5):
            await work()
        return (time.process_time() - began) / (TURNS // 5) * 1e6

    return min(asyncio.run(turns()) for _ in range(5))


async def _empty(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def _ask(app: Asgi) -> None:
    headers = [(b"host", b"bench"), (b"authorization", b"Bearer x"), (b"accept", b"application/json")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    await app(scope, _nothing, _nowhere)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request"}


async def _nowhere(_: Any) -> None:
    """Where the answer of an empty endpoint goes."""


# --- Statements per route


async def statement_counts(place: Place, reader: Reader, data_dir: Path) -> dict[str, int]:
    """SQL statements of each route of the screens, without BEGIN, COMMIT and set_config."""
    database, counted = Database(place.app, 2), [0]
    app = create_app(bench_settings(data_dir), database)

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*_: Any) -> None:
        counted[0] += 1

    genuine = Transaction.rows

    async def rows(self: Transaction, *given: Any) -> Any:
        counted[0] += 1
        return await genuine(self, *given)

    Transaction.rows = rows  # type: ignore[method-assign, assignment]

    found: dict[str, int] = {}
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {reader.token}"}
    with _no_log_lines():
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            for name, method, path, body in _routes(reader):
                counted[0] = 0
                answer = await client.request(method, path, json=body)
                assert answer.is_success, (path, answer.text)
                found[name] = counted[0]
    Transaction.rows = genuine  # type: ignore[method-assign]
    await database.close()
    return found


@contextmanager
def _no_log_lines() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere:
        genuine, sys.stdout = sys.stdout, nowhere
        try:
            yield
        finally:
            sys.stdout = genuine


def _routes(reader: Reader) -> Iterator[tuple[str, str, str, Any]]:
    case = f"/v1/cases/{reader.cases[0]}"
    parts = ("", "/overview", "/explanation", "/timeline", "/access-log", "/transitions", "/steps", "/steps/1", "/team")
    yield "GET /v1/cases", "GET", "/v1/cases", None
    for part in (*parts, "/meetings", "/contacts", "/callbacks"):
        yield f"GET /v1/cases/{{id}}{part}", "GET", f"{case}{part}", None
    yield "GET /v1/me", "GET", "/v1/me", None
    yield "GET /v1/me/work", "GET", "/v1/me/work", None
    yield "POST /v1/cases", "POST", "/v1/cases", wanted_case(reader, 0)


def wanted_case(reader: Reader, place: int) -> dict[str, str]:
    """The body that opens a case for one of the reader's families."""
    names = ("family_id", "child_id", "owner_department_id")
    return dict(zip(names, map(str, reader.families[place % len(reader.families)]), strict=True))


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return median(values), min(values), max(values)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
