"""A POST that is sent again has one effect (P14). Kept are its status and where the result stands, never the result.

A replay reads that place again under the policy, as a GET of its own: it shows nothing that was withdrawn since.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from starlette.requests import Request
from starlette.responses import Response

from app.db import Transaction, columns, table_of
from app.errors import Conflict, Flaw, Invalid, invalid
from app.models import IdempotencyKey
from app.policy.actor import Actor
from app.services.rows import add

KEPT: Final = timedelta(hours=48)
"""How long a key is remembered."""

own = columns(IdempotencyKey)
KEPT_HEADERS: Final = ("content-type", "content-language", "etag", "retry-after", "www-authenticate")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the first attempt answered."""

    status: int
    location: str | None


async def claim(session: Transaction, actor: Actor, key: str, fingerprint: str) -> Earlier | None:
    """The earlier answer under this key of this caller, or None when the work is ours to do.

    Raises Conflict while the first attempt is still running, Invalid when the key was used for something else.
    """
    if not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise invalid("#Idempotency-Key", "key")
    scope = f"{actor.municipality}:{actor.user}:{key}".encode()
    lock = int.from_bytes(hashlib.blake2b(scope, digest_size=8).digest(), signed=True)
    if not (await session.execute(select(func.pg_try_advisory_xact_lock(lock)))).scalar_one():
        raise Conflict("idempotency-key-running")
    same = (own.municipality_id == actor.municipality, own.user_id == actor.user, own.key == key)
    row = (await session.execute(select(own.fingerprint, own.status, own.location).where(*same))).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Invalid("idempotency-key-reused", Flaw("#Idempotency-Key", "key-used"))
    return Earlier(row.status, row.location)


async def keep(session: Transaction, actor: Actor, key: str, fingerprint: str, response: Response) -> None:
    """Remember what a carried-out POST answered."""
    location = response.headers.get("location") or response.headers.get("content-location")
    values: dict[str, Any] = {"key": key, "fingerprint": fingerprint, "status": response.status_code}
    await add(session, actor, IdempotencyKey, user_id=actor.user, location=location, used_at=actor.at, **values)


async def forget(session: Transaction, municipality: Any, now: Any) -> int:
    """Drop the keys that are older than they need to be; how many."""
    old = delete(table_of(IdempotencyKey)).where(own.municipality_id == municipality, own.used_at < now - KEPT)
    return len((await session.execute(old.returning(own.id))).all())


async def again(request: Request, earlier: Earlier) -> Response:
    """The answer to a replay: the first status over what stands at its place now, or the refusal met there."""
    if earlier.location is None:
        return Response(status_code=earlier.status, headers={"Idempotency-Replayed": "true"})
    status, headers, body = await _get(request, earlier.location)
    headers["idempotency-replayed"] = "true"
    headers["location" if earlier.status == 201 else "content-location"] = earlier.location
    return Response(body, earlier.status if status == 200 else status, headers)


async def _get(request: Request, location: str) -> tuple[int, dict[str, str], bytes]:
    """GET a place of this app as the same caller, in a transaction of its own."""
    kept = {b"authorization", b"accept-language", b"x-purpose"}
    trace = (b"x-request-id", request.scope.get("request_id", "").encode())
    scope = {
        "type": "http",
        "asgi": request.scope["asgi"],
        "http_version": "1.1",
        "method": "GET",
        "scheme": request.scope.get("scheme", "http"),
        "path": location,
        "raw_path": location.encode(),
        "query_string": b"",
        "root_path": request.scope.get("root_path", ""),
        "headers": [trace, *(one for one in request.scope["headers"] if one[0] in kept)],
        "client": request.scope.get("client"),
        "server": request.scope.get("server"),
    }
    status, headers, chunks = 500, dict[str, str](), list[bytes]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update({name.decode(): value.decode() for name, value in message["headers"]})
        else:
            chunks.append(message.get("body", b""))

    await request.app(scope, receive, send)
    return status, {name: headers[name] for name in KEPT_HEADERS if name in headers}, b"".join(chunks)
