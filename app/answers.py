"""What routers return: rows on the wire, each with the headers it is owed."""

from typing import Any

from starlette.responses import Response

from app.errors import Flaw, Problem
from app.policy.core import Page
from app.schemas.base import FlawOut, PageOut, ProblemOut
from app.services.catalogue import explained, label
from app.wire import Listed, cursor, dumped, etag

JSON = "application/json"


def one(shape: Any, value: Any, *, place: str | None = None, status: int = 200) -> Response:
    """A single resource with its ETag. `place`, where a GET finds it: Location when created, else Content-Location."""
    body = dumped(shape, value)
    headers = {"ETag": etag(body)}
    if place is not None:
        headers["Location" if status == 201 else "Content-Location"] = place
    return Response(body, status, headers, JSON)


def created(shape: Any, value: Any, collection: str) -> Response:
    """A 201 for a resource that stands in this collection under its id."""
    return one(shape, value, place=f"{collection}/{value.id}", status=201)


def many(shape: Any, page: Page, items: Any = None, *, place: str | None = None) -> Response:
    """A page of a list; `items` in place of the page's own rows where a service said more about them.

    `place`, where a GET finds the list that a POST answered with.
    """
    listed = Listed(page.items if items is None else items, cursor(page.next))
    headers = {} if place is None else {"Content-Location": place}
    return Response(dumped(PageOut[shape], listed), 200, headers, JSON)


def plain(shape: Any, value: Any) -> Response:
    """A view that is drawn and not changed: no ETag."""
    return Response(dumped(shape, value), 200, media_type=JSON)


class Svg(Response):
    """A picture as SVG."""

    media_type = "image/svg+xml"


def picture(svg: str) -> Response:
    """A picture that is drawn for this reader. Opened by itself it may run nothing and fetch nothing."""
    return Svg(svg, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


def problem(error: Problem, language: str) -> Response:
    """A problem as `application/problem+json` (RFC 9457)."""
    known = ProblemOut(
        type=f"urn:indgang:problem:{error.code}",
        title=label("problem", error.code, language),
        status=error.status,
        code=error.code,
        errors=[_flaw(flaw, language) for flaw in error.flaws],
    )
    return Response(
        known.model_dump_json(),
        error.status,
        {**error.headers, "Content-Language": language},
        "application/problem+json",
    )


def _flaw(flaw: Flaw, language: str) -> FlawOut:
    detail = flaw.detail or explained(flaw.code, flaw.limits, language)
    return FlawOut(pointer=flaw.pointer, code=flaw.code, detail=detail)
