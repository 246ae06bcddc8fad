"""The contract: what FastAPI draws from the routes, with what every operation has in common said in one place."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app.schemas.base import FlawOut, In, Out, ProblemOut

DESCRIPTION: Final = """
Én indgang til hjælp for familier med børn med handicap: sager, skridt, koordinator, kerneteam og indsigt.

Every request but the few public ones carries `Authorization: Bearer <token>`; a token acts in one municipality.
Human text follows `Accept-Language` (`da`, `en`). Errors are `application/problem+json` with a stable `code`.
Refusals are judged in this order: 401, 400 and 422 (shape), 428, 404, 403, 412, 422 (meaning), 409.
"""

COMMON: Final = {
    401: "Not signed in, or the token is not good.",
    404: "It does not exist, or you may not read it: the same answer.",
    422: "The content is wrong; `errors` names each field, never the value.",
    429: "Too many requests; see `Retry-After`.",
    503: "Something we need does not answer; nothing was done.",
}
WRITING: Final = {
    400: "The body cannot be read.",
    403: "You may read it, but not do this.",
    409: "The state forbids it.",
    413: "The body is too large.",
    415: "The body is of another kind than is taken here.",
}
CONDITIONAL: Final = {
    412: "It was changed since you read it.",
    428: "`If-Match` is missing.",
}
HEADERS: Final = (
    ("Accept-Language", "The language of human text: `da` (default) or `en`.", "da"),
    ("X-Purpose", "A note for the access log, at most 200 characters; it decides nothing.", None),
)
KEY: Final = ("Idempotency-Key", "Makes a repeated POST have one effect; required for service accounts.", None)


def contract(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        _complete(document)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]
    schemas = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for problem in (FlawOut, ProblemOut):
        schema = problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[problem.__name__] = schema
    for model in _shapes(In, Out):
        extra = model.model_config.get("json_schema_extra")
        if model.__name__ in schemas and isinstance(extra, dict):
            schemas[model.__name__].update(extra)  # FastAPI drops what is null in an example
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path != "/v1/labels":
                _describe(method, operation)


def _shapes(*bases: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every wire shape."""
    for base in bases:
        yield base
        yield from _shapes(*base.__subclasses__())


def _describe(method: str, operation: dict[str, Any]) -> None:
    """What a signed-in operation has in common with the others of its kind."""
    operation["security"] = [{"bearer": []}]
    conditional = any(one["name"] == "if-match" for one in operation.get("parameters", ()))
    problems = COMMON | (WRITING if method != "get" else {}) | (CONDITIONAL if conditional else {})
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    for status, text in sorted(problems.items()):
        operation["responses"][str(status)] = {"description": text, "content": content}
    headers = (*HEADERS, KEY) if method == "post" else HEADERS
    operation.setdefault("parameters", []).extend(_header(*header) for header in headers)
    for success in operation["responses"].keys() & {"200", "201"}:
        operation["responses"][success]["headers"] = _returned(success, method)


def _header(name: str, text: str, default: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"} | ({"default": default} if default else {})
    return {"name": name, "in": "header", "required": False, "description": text, "schema": schema}


def _returned(status: str, method: str) -> dict[str, Any]:
    known = {"X-Request-Id": "The trace id of this answer."}
    if status == "201":
        known["Location"] = "Where it stands now."
    if method in ("get", "patch", "put", "post"):
        known["ETag"] = "Of a single resource as you see it; send it as `If-Match` to change it."
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in known.items()}
