"""Every error becomes a problem (RFC 9457): what we raise, what the framework raises, and what PostgreSQL says."""

from typing import Any, Final

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import answers
from app.errors import (
    BadRequest,
    Conflict,
    Flaw,
    Invalid,
    PreconditionFailed,
    Problem,
    Unavailable,
    flaws,
    invalid,
)
from app.policy.actor import Actor
from app.policy.core import log_refusal
from app.routing import Context, language_of

log = structlog.get_logger("indgang.problem")

CONSTRAINTS: Final[dict[str, Problem]] = {
    "uq_assignments_one_active": Conflict("coordinator-exists"),
    "uq_team_members_active": Conflict("already-member"),
    "uq_departments_name": Conflict("already-exists", Flaw("/name", "already-exists")),
    "uq_organisations_name": Conflict("already-exists", Flaw("/name", "already-exists")),
    "uq_standing_teams_name": Conflict("already-exists", Flaw("/name", "already-exists")),
    "uq_folders_name": Conflict("already-exists", Flaw("/name", "already-exists")),
    "uq_withholdings_current": Conflict("already-exists", Flaw("/member_id", "already-exists")),
    "uq_team_seats_active": Conflict("already-seated"),
    "uq_users_issuer": Conflict("already-exists", Flaw("/subject", "already-exists")),
    "uq_members_login": Conflict("already-exists", Flaw("/login", "already-exists")),
    "uq_members_cpr": Conflict("already-exists", Flaw("/cpr_number", "already-exists")),
    "uq_relations_current": Conflict("already-exists", Flaw("/to_id", "already-exists")),
    "uq_custodies_open": Conflict("period-overlaps", Flaw("/valid_from", "period-overlaps")),
    "uq_positions_current": invalid("/positions", "already-exists"),
    "uq_settings_versions_version": PreconditionFailed(),
    "uq_step_templates_model": Conflict("template-changed"),
    "uq_methods_version": Conflict("method-changed"),
    "uq_idempotency_keys_user_id": Conflict("idempotency-key-running"),
    "fk_departments_parent_id": invalid("/parent_id", "unknown-reference", "unknown-reference"),
}
"""What a broken constraint means to the caller. Any other one is an error of ours."""

DATABASE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OSError)
AS_THINGS_STAND: Final = (409, 412)
"""What was open to the actor, and could not be done in the state that things are in: logged too."""
CODES: Final = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 415: "unsupported-media-type"}


class _Framework(Problem):
    """An error that the framework raised, with its own status."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__(CODES.get(error.status_code, "bad-request"), headers=error.headers)
        self.status = error.status_code  # type: ignore[misc]


def install(app: FastAPI) -> None:
    """Answer every error of this app with a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _framework)
    for error in DATABASE_ERRORS:
        app.add_exception_handler(error, _database)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    actor: Actor | None = getattr(request.state, "actor", None)
    if error.refusal is None and error.status in AS_THINGS_STAND and actor is not None:
        judged = request.state.session.judged
        error = type(error)(error.code, *error.flaws, headers=error.headers, refusal=judged[-1] if judged else None)
    if error.refusal is not None and actor is not None:
        await _keep_refusal(request, actor, error)
    return answers.problem(error, language_of(request.headers))


async def _keep_refusal(request: Request, actor: Actor, error: Problem) -> None:
    """Log the refusal in a transaction of its own, after the rollback; it never changes the answer."""
    context: Context = request.app.state.context
    assert error.refusal is not None  # noqa: S101 - asked by the caller
    try:
        async with context.database.transaction(actor.municipality) as session:
            await log_refusal(session, actor, error.refusal, error.code, failed=error.status in AS_THINGS_STAND)
    except DATABASE_ERRORS as failure:
        log.error("refusal not logged", error=type(failure).__name__, id=actor.request_id)


async def _validation(request: Request, error: Exception) -> Response:
    """Say where and what kind, never what was sent: the framework's own answer echoes a mistyped CPR number."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return await _problem(request, BadRequest("unreadable-json"))
    return await _problem(request, Invalid(None, *flaws(found)))


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 405:
        error.headers = {"Allow": ", ".join(_methods(request))}
    return await _problem(request, _Framework(error))


def _methods(request: Request) -> list[str]:
    """Every method that the address has: each stands on a route of its own."""
    there = (route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE)
    return sorted({method for route in there for method in getattr(route, "methods", None) or ()})


async def _database(request: Request, error: Exception) -> Response:
    """A constraint that has a meaning, or 503: nothing was done, and nothing is said of what is stored."""
    name, state = _constraint(error)
    if name in CONSTRAINTS:
        return await _problem(request, CONSTRAINTS[name])
    log.error("database", error=type(error).__name__, sqlstate=state, constraint=name, id=_id(request))
    return await _problem(request, Unavailable())


class Unexpected:
    """Pure ASGI, inside what observes: an error of ours is answered here, and goes no further.

    The kind and place are logged, never the message, which may hold a person's data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except ClientDisconnect:
            return  # nobody is there to answer
        except Exception as error:
            _tell(error, scope.get("request_id", ""))
            if started or scope["type"] != "http":
                raise
            language = language_of(Headers(scope=scope))
            await answers.problem(_Internal(), language)(scope, receive, send)


def _tell(error: Exception, request_id: str) -> None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    log.error("internal error", error=type(error).__name__, where=where, id=request_id)


class _Internal(Problem):
    status, default = 500, "internal-error"


def _constraint(error: Exception) -> tuple[str, str]:
    """The name of the broken constraint and the SQLSTATE, where PostgreSQL said so."""
    cause: Any = error
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None) or error.orig
    return getattr(cause, "constraint_name", None) or "", getattr(cause, "sqlstate", None) or ""


def _id(request: Request) -> str:
    found: str = request.scope.get("request_id", "")
    return found
