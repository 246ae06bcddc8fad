"""The breaking-change gate: a change that breaks a client is told with its place, and no other change is (P22)."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import reduce
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import FastAPI, Header, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

from app.contract import breaking

Document = dict[str, Any]
Change = Callable[[Document], None]

LIST, CREATE = "/paths/~1v1~1cases/get", "/paths/~1v1~1cases/post"
SENT = f"{CREATE}/requestBody/content/application~1json/schema"
LISTED = f"{LIST}/responses/200/content/application~1json/schema"
GOT = f"{CREATE}/responses/201/content/application~1json/schema"
IN, OUT = "/components/schemas/CaseIn", "/components/schemas/CaseOut"


def ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Document) -> Document:
    return {"anyOf": [schema, {"type": "null"}]}


def base() -> Document:
    """A small document as FastAPI makes them: one list, one creation, a schema that contains itself."""
    problem = {"description": "", "content": {"application/problem+json": {"schema": ref("Problem")}}}
    listed = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": ref("CaseOut")}},
        "required": ["items"],
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/v1/cases": {
                "get": {
                    "operationId": "list_cases",
                    "security": [{"bearer": []}],
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
                        {
                            "name": "state",
                            "in": "query",
                            "schema": nullable({"type": "string", "enum": ["open", "closed"]}),
                        },
                        {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}},
                    ],
                    "responses": {
                        "200": {
                            "description": "",
                            "headers": {"ETag": {"schema": {"type": "string"}}},
                            "content": {
                                "application/json": {"schema": listed},
                                "text/calendar": {"schema": {"type": "string"}},
                            },
                        },
                        "404": problem,
                    },
                },
                "post": {
                    "operationId": "create_case",
                    "requestBody": {"required": True, "content": {"application/json": {"schema": ref("CaseIn")}}},
                    "responses": {
                        "201": {"description": "", "content": {"application/json": {"schema": ref("CaseOut")}}},
                        "204": {"description": ""},
                    },
                },
            }
        },
        "components": {
            "schemas": {
                "CaseIn": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["title", "model"],
                    "properties": {
                        "title": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[a-z]*$"},
                        "model": {"type": "string", "enum": ["efei", "sof", "none"]},
                        "note": nullable({"type": "string", "maxLength": 10}),
                        "weight": {"type": "number", "minimum": 0, "exclusiveMaximum": 5},
                        "kind": {"type": "string", "const": "case"},
                        "tags": {"type": "array", "maxItems": 5, "items": {"type": "string"}},
                        "codes": {"type": "object", "additionalProperties": {"type": "integer"}},
                        "about": {"allOf": [ref("Person"), {"required": ["name"]}]},
                        "place": {
                            "type": "array",
                            "prefixItems": [{"type": "number"}] * 2,
                            "minItems": 2,
                            "maxItems": 2,
                        },
                        "any": {},
                    },
                },
                "CaseOut": {
                    "type": "object",
                    "required": ["id", "title", "state", "parent", "shape"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "title": {"type": "string", "maxLength": 200},
                        "state": {"type": "string", "enum": ["open", "closed"]},
                        "closed_on": nullable({"type": "string", "format": "date"}),
                        "parent": nullable(ref("CaseOut")),
                        "shape": {"oneOf": [ref("Person"), {"type": "string"}]},
                        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                        "place": {
                            "type": "array",
                            "prefixItems": [{"type": "number"}] * 2,
                            "minItems": 2,
                            "maxItems": 2,
                        },
                        "more": {},
                    },
                },
                "Person": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}},
                "Problem": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
            }
        },
    }


def keys(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def at(document: Any, *path: str) -> Any:
    return reduce(lambda node, key: node[int(key) if isinstance(node, list) else key], path, document)


def put(pointer: str, value: Any) -> Change:
    """Set what the pointer names; a list grows by `-`."""

    def change(document: Document) -> None:
        *path, last = keys(pointer)
        target = at(document, *path)
        if last == "-":
            target.append(value)
        else:
            target[int(last) if isinstance(target, list) else last] = value

    return change


def drop(pointer: str) -> Change:
    def change(document: Document) -> None:
        *path, last = keys(pointer)
        target = at(document, *path)
        del target[int(last) if isinstance(target, list) else last]

    return change


def both(*changes: Change) -> Change:
    def change(document: Document) -> None:
        for one in changes:
            one(document)

    return change


def judged(change: Change) -> list[str]:
    new = base()
    change(new)
    return breaking(base(), new)


BREAKS: dict[str, tuple[Change, str]] = {
    # operations
    "path": (drop("/paths/~1v1~1cases"), f"list_cases {LIST}: was removed"),
    "operation": (drop(CREATE), f"create_case {CREATE}: was removed"),
    "operation-id": (put(f"{LIST}/operationId", "get_cases"), f"list_cases {LIST}/operationId: is now get_cases"),
    "security-added": (
        put(f"{CREATE}/security", [{"bearer": []}]),
        f"create_case {CREATE}/security: asks for more than before",
    ),
    "security-for-all": (
        put("/security", [{"bearer": []}]),
        f"create_case {CREATE}/security: asks for more than before",
    ),
    "security-scope": (
        put(f"{LIST}/security", [{"bearer": ["admin"]}]),
        f"list_cases {LIST}/security: asks for more than before",
    ),
    "security-second": (
        put(f"{LIST}/security", [{"bearer": [], "key": []}]),
        f"list_cases {LIST}/security: asks for more than before",
    ),
    "security-other": (
        put(f"{LIST}/security/0", {"key": []}),
        f"list_cases {LIST}/security: asks for more than before",
    ),
    # parameters
    "parameter": (drop(f"{LIST}/parameters/1"), f"list_cases {LIST}/parameters/1: was removed"),
    "parameter-required": (
        put(f"{LIST}/parameters/0/required", True),
        f"list_cases {LIST}/parameters/0: is now required",
    ),
    "parameter-new": (
        put(f"{LIST}/parameters/-", {"name": "q", "in": "query", "required": True, "schema": {}}),
        f"list_cases {LIST}/parameters/3: is now required",
    ),
    "parameter-case": (put(f"{LIST}/parameters/0/name", "Limit"), f"list_cases {LIST}/parameters/0: was removed"),
    "parameter-moved": (put(f"{LIST}/parameters/0/in", "header"), f"list_cases {LIST}/parameters/0: was removed"),
    "parameter-maximum": (
        put(f"{LIST}/parameters/0/schema/maximum", 100),
        f"list_cases {LIST}/parameters/0/schema: maximum was 200 and is now 100",
    ),
    "parameter-code": (
        put(f"{LIST}/parameters/1/schema/anyOf/0/enum", ["open"]),
        f"list_cases {LIST}/parameters/1/schema/anyOf/0: no longer takes closed",
    ),
    "parameter-type": (
        put(f"{LIST}/parameters/0/schema", {"type": "boolean"}),
        f"list_cases {LIST}/parameters/0/schema: no longer takes integer",
    ),
    # bodies
    "body-required": (
        put(f"{LIST}/requestBody", {"required": True, "content": {}}),
        f"list_cases {LIST}/requestBody: is now required",
    ),
    "body-media-type": (
        both(
            put(f"{CREATE}/requestBody/content/multipart~1form-data", {"schema": ref("CaseIn")}),
            drop(f"{CREATE}/requestBody/content/application~1json"),
        ),
        f"create_case {CREATE}/requestBody/content/application~1json: was removed",
    ),
    # fields that are sent
    "sent-field": (drop(f"{IN}/properties/weight"), f"create_case {SENT}/properties/weight: was removed"),
    "sent-field-required": (
        put(f"{IN}/required/-", "note"),
        f"create_case {SENT}/properties/note: is now required",
    ),
    "sent-field-new": (
        both(put(f"{IN}/properties/kle", {"type": "string"}), put(f"{IN}/required/-", "kle")),
        f"create_case {SENT}/properties/kle: is now required",
    ),
    "sent-code": (
        put(f"{IN}/properties/model/enum", ["efei", "none"]),
        f"create_case {SENT}/properties/model: no longer takes sof",
    ),
    "sent-codes-listed": (
        put(f"{IN}/properties/title/enum", ["a"]),
        f"create_case {SENT}/properties/title: takes only listed values now",
    ),
    "sent-const": (
        put(f"{IN}/properties/kind/const", "sag"),
        f"create_case {SENT}/properties/kind: no longer takes case",
    ),
    "sent-null": (
        put(f"{IN}/properties/note", {"type": "string", "maxLength": 10}),
        f"create_case {SENT}/properties/note: no longer takes null",
    ),
    "sent-integer": (
        put(f"{IN}/properties/weight/type", "integer"),
        f"create_case {SENT}/properties/weight: no longer takes number",
    ),
    "sent-any": (
        put(f"{IN}/properties/any", {"type": "string"}),
        f"create_case {SENT}/properties/any: no longer takes anything",
    ),
    "sent-min-length": (
        put(f"{IN}/properties/title/minLength", 2),
        f"create_case {SENT}/properties/title: minLength was 1 and is now 2",
    ),
    "sent-max-length": (
        put(f"{IN}/properties/note/anyOf/0/maxLength", 9),
        f"create_case {SENT}/properties/note/anyOf/0: maxLength was 10 and is now 9",
    ),
    "sent-minimum": (
        put(f"{IN}/properties/weight/minimum", 0.5),
        f"create_case {SENT}/properties/weight: minimum was 0 and is now 0.5",
    ),
    "sent-exclusive": (
        put(f"{IN}/properties/weight/exclusiveMaximum", 4),
        f"create_case {SENT}/properties/weight: exclusiveMaximum was 5 and is now 4",
    ),
    "sent-new-limit": (
        put(f"{IN}/properties/tags/minItems", 1),
        f"create_case {SENT}/properties/tags: minItems was None and is now 1",
    ),
    "sent-unique": (
        put(f"{IN}/properties/tags/uniqueItems", True),
        f"create_case {SENT}/properties/tags: uniqueItems was None and is now True",
    ),
    "sent-pattern": (
        put(f"{IN}/properties/title/pattern", "^[a-c]*$"),
        f"create_case {SENT}/properties/title: pattern was ^[a-z]*$ and is now ^[a-c]*$",
    ),
    "sent-format": (
        put(f"{IN}/properties/title/format", "uuid"),
        f"create_case {SENT}/properties/title: format was None and is now uuid",
    ),
    "sent-items": (
        put(f"{IN}/properties/tags/items", {"type": "integer"}),
        f"create_case {SENT}/properties/tags/items: no longer takes string",
    ),
    "sent-tuple": (
        put(f"{IN}/properties/place/prefixItems/1", {"type": "string"}),
        f"create_case {SENT}/properties/place/prefixItems/1: no longer takes number",
    ),
    "sent-dictionary": (
        put(f"{IN}/properties/codes/additionalProperties", {"type": "boolean"}),
        f"create_case {SENT}/properties/codes/additionalProperties: no longer takes integer",
    ),
    "sent-dictionary-names": (
        put(f"{IN}/properties/codes/propertyNames", {"type": "string", "enum": ["a"]}),
        f"create_case {SENT}/properties/codes/propertyNames: takes only listed values now",
    ),
    "sent-dictionary-field": (
        put(f"{IN}/properties/codes/properties", {"a": {"type": "string"}}),
        f"create_case {SENT}/properties/codes/properties/a: no longer takes integer",
    ),
    "sent-closed": (
        put("/components/schemas/Person/additionalProperties", False),
        f"create_case {SENT}/properties/about/additionalProperties: no longer takes anything",
    ),
    "sent-part-of-all": (
        put("/components/schemas/Person/required", ["age"]),
        f"create_case {SENT}/properties/about/properties/age: is now required",
    ),
    # what is got
    "status": (drop(f"{CREATE}/responses/204"), f"create_case {CREATE}/responses/204: was removed"),
    "media-type": (
        drop(f"{LIST}/responses/200/content/text~1calendar"),
        f"list_cases {LIST}/responses/200/content/text~1calendar: was removed",
    ),
    "header": (
        drop(f"{LIST}/responses/200/headers/ETag"),
        f"list_cases {LIST}/responses/200/headers/ETag: was removed",
    ),
    "got-field": (drop(f"{OUT}/properties/title"), f"create_case {GOT}/properties/title: was removed"),
    "got-optional-field": (drop(f"{OUT}/properties/closed_on"), f"create_case {GOT}/properties/closed_on: was removed"),
    "got-field-optional": (
        put(f"{OUT}/required", ["id", "state", "parent", "shape"]),
        f"create_case {GOT}/properties/title: is no longer always there",
    ),
    "got-null": (
        put(f"{OUT}/properties/title", nullable({"type": "string"})),
        f"create_case {GOT}/properties/title: may now be null",
    ),
    "got-null-in-list-of-types": (
        put(f"{OUT}/properties/title/type", ["string", "null"]),
        f"create_case {GOT}/properties/title: may now be null",
    ),
    "got-null-among-codes": (
        put(f"{OUT}/properties/state", {"enum": ["open", "closed", None]}),
        f"create_case {GOT}/properties/state: may now be null",
    ),
    "got-type": (
        put(f"{OUT}/properties/title", {"type": "integer"}),
        f"create_case {GOT}/properties/title: may now be integer",
    ),
    "got-anything": (put(f"{OUT}/properties/title", {}), f"create_case {GOT}/properties/title: may now be anything"),
    "got-format": (
        put(f"{OUT}/properties/id/format", "uri"),
        f"create_case {GOT}/properties/id: format was uuid and is now uri",
    ),
    "got-format-in-union": (
        drop(f"{OUT}/properties/closed_on/anyOf/0/format"),
        f"create_case {GOT}/properties/closed_on/anyOf/0: format was date and is now None",
    ),
    "got-codes-unlisted": (
        drop(f"{OUT}/properties/state/enum"),
        f"create_case {GOT}/properties/state: may now be any value",
    ),
    "got-union-wider": (
        put(f"{OUT}/properties/shape/oneOf/-", {"type": "array"}),
        f"create_case {GOT}/properties/shape: may now be array",
    ),
    "got-number": (
        put(f"{OUT}/properties/counts/additionalProperties/type", "number"),
        f"create_case {GOT}/properties/counts/additionalProperties: may now be number",
    ),
    "got-dictionary-closed": (
        put(
            f"{OUT}/properties/counts",
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        ),
        f"create_case {GOT}/properties/counts/properties/a: may now be string",
    ),
    "got-longer-tuple": (
        both(
            put(f"{OUT}/properties/place/prefixItems/-", {"type": "number"}), put(f"{OUT}/properties/place/maxItems", 3)
        ),
        f"create_case {GOT}/properties/place: maxItems was 2 and is now 3",
    ),
    "got-through-the-union": (
        drop("/components/schemas/Person/properties/age"),
        f"create_case {GOT}/properties/shape/oneOf/0/properties/age: was removed",
    ),
    "got-in-a-list": (
        drop(f"{OUT}/properties/title"),
        f"list_cases {LISTED}/properties/items/items/properties/title: was removed",
    ),
}

HOLDS: dict[str, Change] = {
    "nothing": lambda document: None,
    # operations
    "operation-new": put("/paths/~1v1~1families", {"get": {"operationId": "list_families", "responses": {}}}),
    "operation-new-on-path": put("/paths/~1v1~1cases/patch", {"operationId": "change_cases", "responses": {}}),
    "words": both(
        put(f"{LIST}/summary", "x"), put(f"{OUT}/title", "x"), put(f"{OUT}/properties/title/description", "x")
    ),
    "default": put(f"{IN}/properties/note/default", "x"),
    "security-dropped": drop(f"{LIST}/security"),
    "security-another-way": put(f"{LIST}/security/-", {"key": []}),
    "security-optional": put(f"{CREATE}/security", [{"bearer": []}, {}]),
    # parameters and bodies
    "parameter-new": put(f"{LIST}/parameters/-", {"name": "q", "in": "query", "schema": {"type": "string"}}),
    "parameter-optional": put(f"{LIST}/parameters/2/required", False),
    "parameter-order": lambda document: at(document, *keys(f"{LIST}/parameters")).reverse(),
    "query-name-in-another-case-too": put(f"{LIST}/parameters/-", {"name": "LIMIT", "in": "query", "schema": {}}),
    "header-case": put(f"{LIST}/parameters/2/name", "if-match"),
    "parameter-wider": both(
        put(f"{LIST}/parameters/0/schema/maximum", 500), put(f"{LIST}/parameters/0/schema/type", "number")
    ),
    "body-new": put(f"{LIST}/requestBody", {"content": {"application/json": {"schema": ref("CaseIn")}}}),
    "body-optional": put(f"{CREATE}/requestBody/required", False),
    "body-another-media-type": put(f"{CREATE}/requestBody/content/multipart~1form-data", {"schema": ref("CaseIn")}),
    # fields that are sent
    "sent-field-new": put(f"{IN}/properties/kle", nullable({"type": "string"})),
    "sent-field-optional": put(f"{IN}/required", ["title"]),
    "sent-code-new": put(f"{IN}/properties/model/enum/-", "new"),
    "sent-codes-unlisted": drop(f"{IN}/properties/model/enum"),
    "sent-const-to-codes": put(f"{IN}/properties/kind", {"type": "string", "enum": ["case", "sag"]}),
    "sent-null": put(f"{IN}/properties/title", nullable({"type": "string", "maxLength": 200})),
    "sent-null-in-list-of-types": put(f"{IN}/properties/title/type", ["string", "null"]),
    "sent-limits-looser": both(
        put(f"{IN}/properties/title/maxLength", 300),
        put(f"{IN}/properties/title/minLength", 0),
        put(f"{IN}/properties/weight/minimum", -1),
        drop(f"{IN}/properties/tags/maxItems"),
        drop(f"{IN}/properties/title/pattern"),
    ),
    "sent-limit-that-limits-nothing": put(f"{IN}/properties/tags/minItems", 0),
    "sent-anything": put(f"{IN}/properties/title", {}),
    "sent-tuple-to-list": put(f"{IN}/properties/place", {"type": "array", "items": {"type": "number"}}),
    "sent-dictionary-field": put(f"{IN}/properties/codes/properties", {"a": {"type": "number"}}),
    "sent-opened": drop(f"{IN}/additionalProperties"),
    "sent-union-of-itself": put(f"{IN}/properties/about", {"oneOf": [{"type": "string"}, ref("Person")]}),
    # what is got
    "status-new": put(f"{CREATE}/responses/202", {"description": ""}),
    "media-type-new": put(f"{LIST}/responses/200/content/text~1csv", {"schema": {"type": "string"}}),
    "problem-removed": drop(f"{LIST}/responses/404"),
    "problem-changed": drop("/components/schemas/Problem/properties/code"),
    "got-field-new": put(f"{OUT}/properties/kle", {"type": "string"}),
    "got-field-always": put(f"{OUT}/required/-", "closed_on"),
    "got-code-new": put(f"{OUT}/properties/state/enum/-", "restricted"),
    "got-code-lost": put(f"{OUT}/properties/state/enum", ["open"]),
    "got-codes-listed": put(f"{OUT}/properties/title/enum", ["a"]),
    "got-no-null": put(f"{OUT}/properties/closed_on", {"type": "string", "format": "date"}),
    "got-limits": both(put(f"{OUT}/properties/title/maxLength", 500), put(f"{OUT}/properties/title/pattern", "x")),
    "got-union-narrower": drop(f"{OUT}/properties/shape/oneOf/1"),
    "got-something": put(f"{OUT}/properties/more", {"type": "string"}),
    "got-closed": put("/components/schemas/CaseOut/additionalProperties", False),
    "got-dictionary-to-fields": put(
        f"{OUT}/properties/counts",
        {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    ),
    "got-reference-written-out": lambda document: put(
        f"{OUT}/properties/shape/oneOf/0", deepcopy(document["components"]["schemas"]["Person"])
    )(document),
    "schema-renamed": lambda document: document.update(
        json.loads(json.dumps(document).replace("CaseOut", "CaseDetails"))
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_told_with_its_place(name: str) -> None:
    """And nothing else is: the same thing may be wrong in several operations."""
    change, message = BREAKS[name]
    told = judged(change)
    assert message in told
    assert {told.partition(": ")[2] for told in told} == {message.partition(": ")[2]}


@pytest.mark.parametrize("name", HOLDS)
def test_what_clients_tolerate_is_not_a_break(name: str) -> None:
    assert judged(HOLDS[name]) == []


@pytest.mark.parametrize("name", BREAKS)
def test_the_place_can_be_found(name: str) -> None:
    """Each pointer leads somewhere in one of the two documents when references are followed."""
    new = base()
    BREAKS[name][0](new)
    for message in breaking(base(), new):
        pointer = message.split(" ")[1].removesuffix(":")
        assert found(base(), pointer) or found(new, pointer), pointer


IMPLIED = ("security", "additionalProperties", "propertyNames")


def found(document: Document, pointer: str) -> bool:
    """Whether the pointer names something, if only what holds because nothing is written."""
    node: Any = document
    for key in keys(pointer):
        node = written_out(document, node)
        try:
            node = at(node, key)
        except (KeyError, IndexError):
            return key in IMPLIED and pointer.endswith(key)
    return True


def written_out(document: Document, node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    parts = [at(document, *keys(node["$ref"][1:]))] if "$ref" in node else node.get("allOf", [])
    for part in parts:
        node = written_out(document, part) | node
    return node


def test_one_change_is_told_once_for_each_operation() -> None:
    assert judged(drop(f"{IN}/properties/weight")) == [f"create_case {SENT}/properties/weight: was removed"]


def test_a_removed_body_is_told() -> None:
    assert f"create_case {CREATE}/requestBody: was removed" in judged(drop(f"{CREATE}/requestBody"))


def test_if_match_was_required_where_its_lack_is_answered() -> None:
    """A document that called it optional, beside a 428, is understood as it was served."""
    told, optional = base(), base()
    condition = {"name": "if-match", "in": "header", "required": False, "schema": nullable({"type": "string"})}
    put(f"{LIST}/parameters/2", condition)(optional)
    assert breaking(optional, told) == [
        f"list_cases {LIST}/parameters/2: is now required",
        f"list_cases {LIST}/parameters/2/schema: no longer takes null",
    ]
    put(f"{LIST}/responses/428", {"description": ""})(optional)
    assert breaking(optional, told) == []
    put(f"{LIST}/parameters/2/schema/pattern", "^x$")(told)
    assert breaking(optional, told) == [f"list_cases {LIST}/parameters/2/schema: pattern was None and is now ^x$"]


def test_an_operation_without_id_is_named_by_its_place() -> None:
    old = base()
    del old["paths"]["/v1/cases"]["get"]["operationId"]
    new = deepcopy(old)
    del new["paths"]["/v1/cases"]["get"]
    assert breaking(old, new) == [f"GET /v1/cases {LIST}: was removed"]


def test_the_documents_are_left_as_they_are() -> None:
    old, new = base(), base()
    drop(f"{OUT}/properties/title")(new)
    before = deepcopy((old, new))
    breaking(old, new)
    assert (old, new) == before


def test_a_schema_that_contains_itself_is_compared_all_the_same() -> None:
    change = put(f"{OUT}/properties/parent", nullable({"type": "array", "items": ref("CaseOut")}))
    assert f"create_case {GOT}/properties/parent: may now be array" in judged(change)


def test_schemas_that_contain_one_another_end() -> None:
    old = base()
    schemas = old["components"]["schemas"]
    schemas["Person"]["properties"]["cases"] = {"type": "array", "items": ref("CaseOut")}
    schemas["CaseOut"]["properties"]["people"] = {"type": "object", "additionalProperties": nullable(ref("Person"))}
    new = deepcopy(old)
    del new["components"]["schemas"]["Person"]["properties"]["age"]
    told = breaking(old, new)
    assert f"create_case {GOT}/properties/people/additionalProperties/anyOf/0/properties/age: was removed" in told
    assert breaking(old, old) == []


# --- One schema against another

SENT_X = "x /paths/~1x/delete/requestBody/content/application~1json/schema"
GOT_X = "x /paths/~1x/delete/responses/200/content/application~1json/schema"


def told_of(old: Any, new: Any) -> tuple[list[str], list[str]]:
    """What is told when a schema changes: where it is sent, and where it is got."""

    def document(schema: Any, got: bool) -> Document:
        content = {"content": {"application/json": {"schema": schema}}}
        operation = (
            {"operationId": "x", "responses": {"200": content}} if got else {"operationId": "x", "requestBody": content}
        )
        named = {"Person": {"type": "object", "properties": {"name": {}}}, "a/b~c": {"type": "string"}}
        return {"paths": {"/x": {"delete": operation}}, "components": {"schemas": named}}

    sent, got = (breaking(document(old, got), document(new, got)) for got in (False, True))
    return sent, got


def typed(kind: str, **words: Any) -> Document:
    return {"type": kind, **words}


@pytest.mark.parametrize(
    ("kind", "word", "value"),
    [
        ("string", "format", "date"),
        ("string", "contentMediaType", "image/png"),
        ("string", "contentEncoding", "base64"),
        ("object", "patternProperties", {"^x": {}}),
    ],
)
def test_a_form_is_promised_in_both_directions(kind: str, word: str, value: Any) -> None:
    plain, formed = typed(kind), typed(kind, **{word: value})
    assert told_of(plain, formed) == ([f"{SENT_X}: {word} was None and is now {value}"], [])
    assert told_of(formed, plain) == ([], [f"{GOT_X}: {word} was {value} and is now None"])


@pytest.mark.parametrize(
    ("kind", "word", "tight", "loose"),
    [
        ("string", "minLength", 2, 1),
        ("string", "maxLength", 1, 2),
        ("array", "minItems", 2, 1),
        ("array", "maxItems", 1, 2),
        ("object", "minProperties", 2, 1),
        ("object", "maxProperties", 1, 2),
        ("number", "minimum", 2, 1),
        ("number", "maximum", 1, 2),
        ("integer", "exclusiveMinimum", 2, 1),
        ("integer", "exclusiveMaximum", 1, 2),
        ("number", "multipleOf", 2, None),
        ("string", "pattern", "x", None),
        ("array", "uniqueItems", True, False),
        ("object", "not", {"required": ["x"]}, None),
    ],
)
def test_a_limit_binds_what_is_sent(kind: str, word: str, tight: Any, loose: Any) -> None:
    narrow, wide = typed(kind, **{word: tight}), typed(kind, **{word: loose} if loose is not None else {})
    assert told_of(wide, narrow) == ([f"{SENT_X}: {word} was {loose} and is now {tight}"], [])
    assert told_of(narrow, wide) == ([], [])
    assert told_of(typed(kind), narrow)[0] == [f"{SENT_X}: {word} was None and is now {tight}"]


@pytest.mark.parametrize(
    ("old", "new", "sent", "got"),
    [
        pytest.param(typed("object", additionalProperties=False), typed("object"), False, False, id="opened"),
        pytest.param(typed("object"), typed("object", additionalProperties=False), True, False, id="closed"),
        pytest.param(typed("array", items=typed("string")), typed("array"), False, True, id="items-of-anything"),
        pytest.param(typed("array"), typed("array", items=typed("string")), True, False, id="items-of-one-type"),
        pytest.param({"enum": [True, 1.5]}, {"enum": [True]}, True, False, id="codes-of-other-types-lost"),
        pytest.param({"enum": [True]}, {"enum": [True, 1.5]}, False, True, id="codes-of-other-types"),
        pytest.param({"enum": ["a", 1]}, typed("string", enum=["a"]), True, False, id="untyped-codes"),
        pytest.param(typed("boolean", const=True), typed("boolean"), False, True, id="any-boolean"),
        pytest.param(typed("number", enum=[1, 1.5]), typed("number", enum=[1.5]), True, False, id="whole-number-code"),
        pytest.param(
            typed("object", propertyNames=typed("string", maxLength=3), additionalProperties={}),
            typed("object", propertyNames=typed("string", maxLength=2), additionalProperties={}),
            True,
            False,
            id="shorter-names",
        ),
        pytest.param(ref("Person"), {**ref("Person"), "required": ["name"]}, True, False, id="beside-a-reference"),
        pytest.param(
            {**ref("Person"), "properties": {"age": {}}}, ref("Person"), True, True, id="field-beside-a-reference"
        ),
        pytest.param(
            {"anyOf": [typed("object", required=["a"]), typed("null")], "properties": {"a": {}, "b": {}}},
            {"anyOf": [typed("object"), typed("null")], "properties": {"a": {}}},
            True,
            True,
            id="beside-a-union",
        ),
        pytest.param({"$ref": "#/components/schemas/a~1b~0c"}, typed("string"), False, False, id="escaped-reference"),
        pytest.param(True, {}, False, False, id="true-is-anything"),
        pytest.param({}, False, True, False, id="nothing-any-more"),
        pytest.param(
            {"anyOf": [typed("integer"), typed("string", maxLength=5)]},
            {"anyOf": [typed("string", maxLength=9), typed("number")]},
            False,
            True,
            id="each-of-a-union-finds-its-place",
        ),
    ],
)
def test_one_schema_against_another(old: Any, new: Any, sent: bool, got: bool) -> None:
    assert tuple(map(bool, told_of(old, new))) == (sent, got)


def test_a_name_is_escaped_in_the_pointer() -> None:
    old, new = typed("object", properties={"a/b~c": {}}), typed("object")
    assert told_of(old, new)[1] == [f"{GOT_X}/properties/a~1b~0c: was removed"]


def test_all_codes_that_are_gone_are_named() -> None:
    old, new = typed("string", enum=["a", "b", "c"]), typed("string", enum=["b"])
    assert told_of(old, new) == ([f"{SENT_X}: no longer takes a, c"], [])


def test_the_nearest_of_a_union_is_what_is_told() -> None:
    near, far = typed("object", properties={"a": {}, "b": {}}), typed("object", properties={"x": {}, "y": {}})
    old, new = {"anyOf": [far, near]}, {"anyOf": [far, typed("object", properties={"a": {}})]}
    assert told_of(old, new)[0] == [f"{SENT_X}/anyOf/1/properties/b: was removed"]


# --- Documents as FastAPI makes them


class Owner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=50)]
    since: UUID | None = None


class Part(BaseModel):
    kind: Literal["part"]
    parts: "list[Part | Owner]" = []


BEFORE: dict[str, Any] = {
    "title": (str, ...),
    "count": (int, 1),
    "owner": (Owner | None, None),
    "mode": (Literal["a", "b"], ...),
    "parts": (dict[str, Part], ...),
    "pair": (tuple[int, str], ...),
    "mixed": (Literal["x", 1, None], ...),
}


def served(sent: dict[str, Any], got: dict[str, Any], query: Any = str | None) -> Document:
    app = FastAPI()
    config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)
    shape_in, shape_out = (
        create_model(name, __config__=config, **fields) for name, fields in (("ThingIn", sent), ("ThingOut", got))
    )

    def change_thing(body: Any, q: Any = None, if_match: Any = None) -> Any:
        return body

    change_thing.__annotations__ = {
        "body": shape_in,
        "q": Annotated[query, Query()],
        "if_match": Annotated[str | None, Header()],
        "return": shape_out,
    }
    app.patch("/things", operation_id="change_thing")(change_thing)
    return app.openapi()


@pytest.mark.parametrize(
    ("field", "after", "sent", "got"),
    [
        pytest.param("title", (str, ...), False, False, id="same"),
        pytest.param("title", (str | None, None), False, True, id="nullable"),
        pytest.param("count", (int, ...), True, False, id="no-default-any-more"),
        pytest.param("count", (float, 1), False, True, id="wider-number"),
        pytest.param("owner", (Owner, ...), True, False, id="never-null"),
        pytest.param("mode", (Literal["a", "b", "c"], ...), False, False, id="another-code"),
        pytest.param("mode", (Literal["a"], ...), True, False, id="a-code-less"),
        pytest.param("parts", (dict[str, Owner], ...), True, True, id="dictionary-of-others"),
        pytest.param("parts", (list[Part], ...), True, True, id="list-for-dictionary"),
        pytest.param("pair", (tuple[int, str, int], ...), True, True, id="longer-tuple"),
        pytest.param("pair", (tuple[int, int], ...), True, True, id="other-tuple"),
        pytest.param("mixed", (Literal["x", 1], ...), True, False, id="null-among-codes"),
        pytest.param("mixed", (Literal["x", 1, None, True], ...), False, True, id="another-type-among-codes"),
        pytest.param("new", (str, ...), True, False, id="new-and-required"),
        pytest.param("new", (str, "x"), False, False, id="new"),
    ],
)
def test_a_change_of_a_model_is_judged_in_each_direction(field: str, after: Any, sent: bool, got: bool) -> None:
    old, changed = served(BEFORE, BEFORE), BEFORE | {field: after}
    assert bool(breaking(old, served(changed, BEFORE))) is sent
    assert bool(breaking(old, served(BEFORE, changed))) is got


def test_a_narrower_query_is_a_break() -> None:
    old = served(BEFORE, BEFORE)
    assert breaking(old, served(BEFORE, BEFORE, UUID | None)) == [
        "change_thing /paths/~1things/patch/parameters/0/schema/anyOf/0: format was None and is now uuid"
    ]
