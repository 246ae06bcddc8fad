"""One request, one transaction, one commit.

`TransactionRoute` opens the transaction around the endpoint and its serialisation, so that the commit comes before the
first byte of the answer and cannot be forgotten on a route: a failed commit is never a 2xx. Before it opens anything it
verifies the token, so that a 401 comes before every look-up, and reads the body, so that a slow sender holds no
connection.
"""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.routing import APIRoute
from limits import RateLimitItem
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from app.auth import Identity, Verifier
from app.cpr import Vault
from app.db import Aside, Database, Transaction
from app.errors import BadRequest, BodyTooLarge, Flaw, TooManyRequests, Unauthorized, UnsupportedMediaType, invalid
from app.policy.actor import Actor, Circumstances, Kind, Language
from app.services import actors, replays
from app.storage import Storage
from app.wire import Condition

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Context:
    """What a running app has at hand; made once at start-up, found under `app.state.context`."""

    database: Database
    verifier: Verifier
    limiter: FixedWindowRateLimiter
    limit: RateLimitItem
    search_limit: RateLimitItem
    vault: Vault
    clock: Callable[[], datetime]
    max_body_bytes: int
    max_import_bytes: int
    max_upload_bytes: int
    storage: Storage


class TransactionRoute(APIRoute):
    """A route for signed-in callers: token, rate limit, body, then one transaction for everything else."""

    async def body_of(self, request: Request, context: Context) -> bytes:
        """The body: strict JSON, read once."""
        return await _json(request, context.max_body_bytes)

    async def admit(self, context: Context, identity: Identity) -> None:
        """Raises TooManyRequests when the caller asks too often."""
        await _within_limit(context, context.limit, identity)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As always, but a path that begins or ends otherwise costs no regular expression: there are many routes."""
        begins, ends = self._literals
        if not (scope["path"].startswith(begins) and scope["path"].endswith(ends)):
            return Match.NONE, {}
        return super().matches(scope)

    @cached_property
    def _literals(self) -> tuple[str, str]:
        return self.path_format.partition("{")[0], self.path_format.rpartition("}")[2]

    remembered = True
    """Whether a POST is carried out once per Idempotency-Key."""

    def get_route_handler(self) -> Handler:
        endpoint = super().get_route_handler()
        posting = self.remembered and "POST" in (self.methods or ())
        asks = bool(self.dependant.query_params)

        async def handle(request: Request) -> Response:
            context: Context = request.app.state.context
            identity = await context.verifier.verify(bearer(request.headers))
            await self.admit(context, identity)
            body = await self.body_of(request, context)
            if request.url.query and not asks:
                raise invalid("?", "extra_forbidden")
            if posting:
                return await once(request, identity, body, endpoint)
            async with acting(request, identity):
                return await endpoint(request)

        return handle


@asynccontextmanager
async def acting(request: Request, identity: Identity) -> AsyncIterator[tuple[Transaction, Actor]]:
    """A transaction as the one who asks, at this instant. Commits at the end."""
    context: Context = request.app.state.context
    asked = _circumstances(request, context.clock())
    async with context.database.transaction(identity.municipality) as session:
        actor = await actors.load(session, identity, asked)
        request.state.actor, request.state.session = actor, session
        yield session, actor


async def once(request: Request, identity: Identity, body: bytes, endpoint: Handler) -> Response:
    """Carry a POST out, or answer with where the result of the same one stands now."""
    async with acting(request, identity) as (session, actor):
        earlier, answer = await _once(session, actor, request, body, endpoint)
    return answer if earlier is None else await replays.again(request, earlier)


class SearchRoute(TransactionRoute):
    """A POST that only reads, so that what is searched for stays out of every address: strictly limited, not kept."""

    remembered = False

    async def admit(self, context: Context, identity: Identity) -> None:
        await super().admit(context, identity)
        await _within_limit(context, context.search_limit, identity, "search")


class ListRoute(TransactionRoute):
    """A route that takes a list as text/csv, which may be larger than any JSON."""

    async def body_of(self, request: Request, context: Context) -> bytes:
        """The body: bytes that say they are CSV. Raises UnsupportedMediaType before any of it is read."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
            raise UnsupportedMediaType
        return await _read(request, context.max_import_bytes)


async def _json(request: Request, most: int) -> bytes:
    """The body read as strict JSON. Raises UnsupportedMediaType where it does not say that it is."""
    body = await _read(request, most)
    if body:
        if "json" not in request.headers.get("content-type", "").lower():
            raise UnsupportedMediaType
        request._json = strict(body)
    return body


async def _read(request: Request, most: int) -> bytes:
    """The body, of at most so many bytes: no more is kept while it comes. Raises BodyTooLarge."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise BodyTooLarge(most)
        chunks.append(chunk)
    body = request._body = b"".join(chunks)
    return body


def strict(body: bytes) -> Any:
    """JSON without what readers understand differently: two equal keys, NaN, Infinity. Raises BadRequest."""
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest("unreadable-json") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def key_of(request: Request, kind: Kind) -> str | None:
    """The Idempotency-Key of a POST. Raises BadRequest where a service sends none."""
    key = request.headers.get("idempotency-key")
    if key is None and kind == "service":
        raise BadRequest("idempotency-key-required", Flaw("#Idempotency-Key", "key-needed"))
    return key


async def _once(
    session: Transaction, actor: Actor, request: Request, body: bytes, endpoint: Handler
) -> tuple[replays.Earlier | None, Response]:
    """Carry a POST out once per Idempotency-Key (P14); the earlier one when it was carried out before."""
    key = key_of(request, actor.kind)
    if key is None:
        return None, await endpoint(request)
    vault: Vault = request.app.state.context.vault  # a plain hash of a body with a CPR number would be guessed
    fingerprint = vault.fingerprint(f"{request.url.path}?{request.url.query}\n".encode() + body)
    earlier = await replays.claim(session, actor, key, fingerprint)
    if earlier is not None:
        return earlier, Response()
    response = await endpoint(request)
    await replays.keep(session, actor, key, fingerprint, response)
    return None, response


def router(tag: str, kind: type[TransactionRoute] = TransactionRoute) -> APIRouter:
    """A router of v1 for signed-in callers. An endpoint's name is its operation id: it names the generated method."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=kind, generate_unique_id_function=lambda route: route.name)


def _circumstances(request: Request, now: datetime) -> Circumstances:
    headers = request.headers
    return Circumstances(now, language_of(headers), request.scope.get("request_id", ""), _purpose(headers))


async def _within_limit(context: Context, limit: RateLimitItem, identity: Identity, *what: str) -> None:
    """At most so many requests per subject. Raises TooManyRequests with Retry-After in seconds."""
    key = (identity.issuer, identity.subject, *what)
    if not await context.limiter.hit(limit, *key):
        window = await context.limiter.get_window_stats(limit, *key)
        wait = max(1, round(window.reset_time - time.time()))
        raise TooManyRequests(headers={"Retry-After": str(wait)})


def bearer(headers: Headers) -> str:
    """The token of an Authorization header. Raises Unauthorized without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("token-missing")
    return token


def language_of(headers: Headers) -> Language:
    """The best of da and en by Accept-Language (RFC 9110 §12.5.4); Danish when nothing else is asked for."""
    wanted: dict[str, float] = {}
    for part in headers.get("accept-language", "")[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.setdefault(tag.strip().lower().partition("-")[0], float(quality or 1))
        except ValueError:
            continue
    return "en" if wanted.get("en", 0) > wanted.get("da", wanted.get("*", 0)) else "da"


def _purpose(headers: Headers) -> str | None:
    """A note for the log, which decides nothing: at most 200 printable characters."""
    note = headers.get("x-purpose")
    if note is None:
        return None
    if len(note) > 200 or not note.isprintable():
        raise invalid("#X-Purpose", "too-long-or-unprintable")
    return note


async def _current_actor(request: Request) -> Actor:
    return cast(Actor, request.state.actor)


async def _current_session(request: Request) -> Transaction:
    return cast(Transaction, request.state.session)


async def _current_vault(request: Request) -> Vault:
    return cast(Context, request.app.state.context).vault


async def _current_storage(request: Request) -> Storage:
    return cast(Context, request.app.state.context).storage


async def _aside_of_request(request: Request) -> Aside:
    return partial(request.app.state.context.database.aside, request.state.actor.municipality)


def if_match(shape: Any) -> Callable[..., Awaitable[Condition]]:
    """A dependency: the If-Match header, about this shape. It is demanded where the row is read, not here."""

    async def condition(
        if_match: Annotated[str | None, Header(description="The ETag that you last read; required.")] = None,
    ) -> Condition:
        return Condition(shape, if_match)

    return condition


CurrentActor = Annotated[Actor, Depends(_current_actor)]
Session = Annotated[Transaction, Depends(_current_session)]
CurrentVault = Annotated[Vault, Depends(_current_vault)]
CurrentStorage = Annotated[Storage, Depends(_current_storage)]
Meanwhile = Annotated[Aside, Depends(_aside_of_request)]
