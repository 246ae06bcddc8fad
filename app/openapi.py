"""The contract: what FastAPI draws from the routes, with what every operation has in common said in one place.

It is drawn for those who generate a client: an enumeration is a type of its own, names are names that one would give,
and our own requirement numbers stay here.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app.schemas import codes
from app.schemas.base import FlawOut, In, Out, ProblemOut
from app.uploading import UploadRoute

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
IN_PIECES: Final = {416: "The piece begins after the end of the content."}
HEADERS: Final = (
    ("Accept-Language", "The language of human text: `da` (default) or `en`.", "da"),
    ("X-Purpose", "A note for the access log, at most 200 characters; it decides nothing.", None),
)
SCHEMAS: Final = "#/components/schemas/"
MARKS: Final = re.compile(r"\s\([RXP][0-9]+(?:(?:,\s|–)[RXP][0-9]+)*\)")
"""Where a sentence names the requirements that it comes from."""
PAGE: Final = re.compile(r"PageOut[_\[](\w+?)(?:Out)?[_\]]$")
"""What Pydantic calls a page of something."""
ENUMERATIONS: Final = {get_args(listed): name for name, listed in vars(codes).items() if get_args(listed)}
"""The name of each list of codes."""
KEY: Final = ("Idempotency-Key", "Makes a repeated POST have one effect; required for service accounts.", None)


def contract(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        for route in app.routes:
            if isinstance(route, UploadRoute):
                _upload(document, route)
        _complete(document)
        app.openapi_schema = _for_clients(document)
    return app.openapi_schema


def _upload(document: dict[str, Any], route: UploadRoute) -> None:
    """The two parts that an upload takes, which FastAPI does not read and so does not know."""
    shape = route.taking.shape
    schema = shape.model_json_schema(ref_template=SCHEMAS + "{model}")
    document["components"]["schemas"] |= {**schema.pop("$defs", {}), shape.__name__: schema}
    file = {"type": "string", "format": "binary", "description": "The content. What it is, is told by itself."}
    form = {
        "type": "object",
        "required": ["details", "file"],
        "properties": {"details": {"$ref": f"{SCHEMAS}{shape.__name__}"}, "file": file},
        "additionalProperties": False,
        "examples": [{"details": one, "file": "%PDF-1.7 …"} for one in schema.get("examples", ())],
    }
    content = {"schema": form, "encoding": {"details": {"contentType": "application/json"}}}
    text = "Two parts, in this order."
    body = {"required": True, "description": text, "content": {"multipart/form-data": content}}
    for method in route.methods or ():
        document["paths"][route.path_format][method.lower()]["requestBody"] = body


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]
    schemas = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for problem in (FlawOut, ProblemOut):
        schema = problem.model_json_schema(ref_template=SCHEMAS + "{model}")
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
    parameters = operation.setdefault("parameters", [])
    for condition in (conditional := [one for one in parameters if one["name"] == "if-match"]):
        condition.update(name="If-Match", required=True, schema={"type": "string"})
    problems = COMMON | (WRITING if method != "get" else {}) | (CONDITIONAL if conditional else {})
    problems |= IN_PIECES if "206" in operation["responses"] else {}
    operation["responses"].pop("422", None)  # the framework's own, which is never answered
    problem = {"$ref": f"{SCHEMAS}ProblemOut"}
    for status, text in sorted(problems.items()):
        more = operation["responses"].get(str(status), {}).get("content", {}).get("application/json", {}).get("schema")
        content = {"application/problem+json": {"schema": {"anyOf": [more, problem]} if more else problem}}
        operation["responses"][str(status)] = {"description": text, "content": content}
    headers = (*HEADERS, KEY) if method == "post" else HEADERS
    parameters.extend(_header(*header) for header in headers)
    for success in operation["responses"].keys() & {"200", "201"}:
        operation["responses"][success]["headers"] = _returned(success, method)


def _for_clients(document: dict[str, Any]) -> dict[str, Any]:
    """The document as one reads it, or generates a client from it."""
    used: set[str] = set()
    told: dict[str, Any] = _told(document, used)
    told["components"]["schemas"] |= {
        name: _enumeration(name, listed) for listed, name in ENUMERATIONS.items() if name in used
    }
    for operations in told["paths"].values():
        for operation in operations.values():
            operation["summary"] = re.split(r"\.(?:\s+(?![a-z0-9])|$)", operation["description"], maxsplit=1)[0]
    return told


def _told(node: Any, used: set[str]) -> Any:
    """A part of the document: codes by the name of their list, which is noted as used; pages by theirs; no marks."""
    if isinstance(node, list):
        return [_told(one, used) for one in node]
    if isinstance(node, str):
        return PAGE.sub(r"\1Page", MARKS.sub("", node))
    if not isinstance(node, dict):
        return node
    if isinstance(listed := node.get("enum"), list) and (name := ENUMERATIONS.get(tuple(listed))):
        used.add(name)
        node = {"$ref": SCHEMAS + name} | {k: v for k, v in node.items() if k not in ("enum", "type", "title")}
    return {_told(key, used): _told(value, used) for key, value in node.items()}


def _enumeration(name: str, listed: tuple[str, ...]) -> dict[str, Any]:
    group = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    words = f"Its words are the group `{group}` of `GET /v1/labels`."
    return {"type": "string", "enum": list(listed), "title": name, "description": words}


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
