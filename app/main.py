"""The application: routers, error handlers, middleware, lifespan; nothing else."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

import limits
from fastapi import FastAPI, Response
from fastapi_offline import FastAPIOffline
from limits.aio.strategies import FixedWindowRateLimiter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from app import limiting, openapi, problems
from app.auth import Verifier, tryout_issuer
from app.config import Settings
from app.db import Database
from app.errors import Unavailable
from app.keyring import vault
from app.migrate import head
from app.observing import Metrics, Observed
from app.routers import routes
from app.routing import Context
from app.storage import DOCUMENTS, Disk

EXPOSED = ("ETag", "Location", "Content-Location", "X-Request-Id", "Retry-After", "Idempotency-Replayed")
OF_CONTENTS = ("Content-Disposition", "Content-Range", "Accept-Ranges", "Repr-Digest")
PIECES = ("Range", "If-Range")


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The app over a database that is migrated and whose role was found harmless (see `cli.serve`)."""
    metrics = Metrics()
    app = FastAPIOffline(
        title="Én Indgang",
        version=version("en-indgang"),
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        swagger_ui_parameters={"persistAuthorization": True, "displayRequestDuration": True},
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "If-Match", "Idempotency-Key", "X-Purpose", *PIECES],
                expose_headers=[*EXPOSED, *OF_CONTENTS],
                max_age=600,
            ),
            Middleware(problems.Unexpected),
        ],
    )
    app.state.context = _context(settings, database)
    app.state.metrics = metrics
    app.openapi = lambda: openapi.contract(app)  # type: ignore[method-assign]
    problems.install(app)
    app.router.routes.extend(routes())
    _operations(app)
    return app


def _context(settings: Settings, database: Database) -> Context:
    issuers = [tryout_issuer(settings.data_dir)] if settings.mode == "tryout" else settings.issuers
    return Context(
        database=database,
        verifier=Verifier(issuers, leeway=settings.token_leeway_seconds),
        limiter=FixedWindowRateLimiter(limiting.storage(settings.rate_limit_storage)),
        limit=limits.parse(settings.rate_limit),
        search_limit=limits.parse(settings.search_rate_limit),
        vault=vault(settings),
        clock=lambda: datetime.now(UTC),
        max_body_bytes=settings.max_body_bytes,
        max_import_bytes=settings.max_import_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        storage=Disk(settings.data_dir / DOCUMENTS),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Freeze what start-up made, so that full collections have little to walk; close the pool at the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    yield
    await app.state.context.database.close()


async def _is_migrated(database: Database) -> bool:
    async with database.engine.connect() as connection:
        found = (await connection.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
    return bool(found == head())


def _operations(app: FastAPI) -> None:
    """For the operator: alive, ready, and what was counted. Public, and nothing in them is about a person."""
    asking, verdict = asyncio.Lock(), {"ready": False, "until": 0.0}  # one question a second, however many ask

    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> dict[str, str]:
        """Ready when the database answers and its schema is the one this version was made for."""
        async with asking:
            if verdict["until"] < time.monotonic():
                verdict.update(ready=await _is_migrated(app.state.context.database), until=time.monotonic() + 1)
        if not verdict["ready"]:
            raise Unavailable
        return {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
