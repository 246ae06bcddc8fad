"""What the operator sees of a request: an id, a log line and metrics; never a path's values, a query or a body."""

import re
import time
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db import new_id

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("indgang.request")


class Metrics:
    """The counters of one app; a registry of its own, so that two apps in one process do not collide."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("indgang_requests", "Answered requests", labels, registry=self.registry)
        self.seconds = Histogram("indgang_request_seconds", "Time to answer", labels[:2], registry=self.registry)
        self.running = Gauge("indgang_requests_running", "Requests being answered", registry=self.registry)


class Observed:
    """Pure ASGI: gives each request its id (the caller's, when it is a harmless one), counts it and logs one line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["request_id"] = _request_id(scope)
        status, began = GONE, time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_headers(request_id, message["headers"])]
            await send(message)

        self.metrics.running.inc()
        try:
            await self.app(scope, receive, answer)
        finally:
            self.metrics.running.dec()
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, status).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        log.info(
            "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), id=scope["request_id"]
        )


GONE: Final = 499
"""Nobody was answered: the caller went away. What goes wrong here is answered, further in."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The route's template, such as /v1/cases/{case_id}; never the path itself, which holds ids."""
    path = getattr(scope.get("route"), "path_format", None)
    return path if isinstance(path, str) else "unmatched"


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            wanted = value.decode("latin-1")
            if REQUEST_ID.fullmatch(wanted):
                return wanted
    return str(new_id())


def _headers(request_id: str, there: Any) -> list[tuple[bytes, bytes]]:
    """What every answer carries: its id, and that nobody may keep it."""
    added = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
    if not any(name.lower() == b"cache-control" for name, _ in there):
        added.append((b"cache-control", b"no-store"))
    return added
