"""What routers return: rows on the wire, each with the headers it is owed."""

from typing import Any, Final

from starlette.responses import Response

from app.errors import ConsentMissing, Flaw, Problem
from app.policy.core import Page
from app.schemas.base import ConsentMissingOut, FlawOut, PageOut, ProblemOut
from app.services.catalogue import explained, label
from app.wire import Listed, cursor, dumped, etag

JSON = "application/json"
CODED: Final = {"category": "document_category", "purpose": "share_purpose"}
"""The limits of a flaw that are codes, and where their words stand."""


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


def done() -> Response:
    """It was carried out, and the result is not the caller's to read."""
    return Response(status_code=204)


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
    known = {
        "type": f"urn:indgang:problem:{error.code}",
        "title": label("problem", error.code, language),
        "status": error.status,
        "code": error.code,
        "errors": [_flaw(flaw, language) for flaw in error.flaws],
    }
    shape: type[ProblemOut] = ProblemOut
    if isinstance(error, ConsentMissing):
        shape, known["missing"] = ConsentMissingOut, error.missing
    return Response(
        shape.model_validate(known).model_dump_json(),
        error.status,
        {**error.headers, "Content-Language": language},
        "application/problem+json",
    )


def _flaw(flaw: Flaw, language: str) -> FlawOut:
    limits = {name: label(CODED[name], said, language) if name in CODED else said for name, said in flaw.limits.items()}
    detail = flaw.detail or explained(flaw.code, limits, language)
    return FlawOut(pointer=flaw.pointer, code=flaw.code, detail=detail)
