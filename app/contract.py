"""The breaking-change gate: what in a new OpenAPI 3.1 document would break a client written for the old one (P22).

One question is asked everywhere: is every value of the *lower* schema one of the *upper* too? In a request lower is the
old schema, since what clients send must still be taken; in a response lower is the new one, since what they get must
still be what was promised. A field that falls away breaks both ways: a strict server refuses it, a client misses it.

Not breaking, by our rule: new operations and media types, new fields that may be left out, anything new in a response;
new codes in an enumeration of a response, since clients must tolerate codes they do not know, and wider limits there;
words and defaults; responses other than 2xx, which all have one shape. In doubt the gate says that it breaks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import inf
from typing import Any

Node = Mapping[str, Any]
Flaw = tuple[str, str]
Parts = dict[tuple[str, str], tuple[str, Node]]
Seen = frozenset[tuple[int, int]]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FORMS = ("format", "contentMediaType", "contentEncoding", "patternProperties")
EXACT = ("pattern", "multipleOf", "uniqueItems", "not")
LEAST = {"minLength": 0, "minItems": 0, "minProperties": 0, "minimum": -inf, "exclusiveMinimum": -inf}
MOST = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
WITHIN = {"number": "integer"}
ANY_NAME: Node = {"type": "string"}


def breaking(old: Node, new: Node) -> list[str]:
    """Each break as `operation pointer: what`; none means that clients of the old document can use the new one.

    The operation is the old operationId. The pointer is a JSON pointer as if every $ref were written out: into the old
    document for what was there, into the new one for what has come. Neither document is changed.
    """
    later, flaws = _operations(new), dict[str, None]()
    for (path, method), operation in _operations(old).items():
        name = operation.get("operationId", f"{method.upper()} {path}")
        after = later.get((path, method))
        for pointer, what in _operation(old, new, operation, after) if after else [("", "was removed")]:
            flaws[f"{name} {_pointer('paths', path, method)}{pointer}: {what}"] = None
    return list(flaws)


def _operations(document: Node) -> dict[tuple[str, str], Node]:
    return {(path, verb): item[verb] for path, item in document["paths"].items() for verb in METHODS if verb in item}


def _operation(old: Node, new: Node, before: Node, after: Node) -> Iterator[Flaw]:
    if before.get("operationId") != after.get("operationId"):
        yield "/operationId", f"is now {after.get('operationId')}"
    if not all(any(asked <= held for asked in _ways_in(new, after)) for held in _ways_in(old, before)):
        yield "/security", "asks for more than before"
    yield from _Gate(old, new, request=True).parts(_parts(before, True), _parts(after, True))
    yield from _Gate(new, old, request=False).parts(_parts(before, False), _parts(after, False))


def _ways_in(document: Node, operation: Node) -> list[set[tuple[str, str]]]:
    """What each accepted way to call asks for: schemes, and their scopes."""
    ways = operation.get("security", document.get("security")) or [{}]
    return [{(scheme, scope) for scheme, scopes in way.items() for scope in ("", *scopes)} for way in ways]


def _parts(operation: Node, request: bool) -> Parts:
    """What is sent or got, with its pointer: parameters (the names of headers know no case), bodies and their parts."""
    answers = {f"/responses/{code}": node for code, node in operation.get("responses", {}).items() if code[0] == "2"}
    bodies = {"/requestBody": operation["requestBody"]} if "requestBody" in operation else {}
    parts: Parts = {}
    for at, body in (bodies if request else answers).items():
        parts[at, ""] = at, body
        for word in ("content", "headers"):
            parts |= {(at + word, name): (at + _pointer(word, name), node) for name, node in body.get(word, {}).items()}
    for i, node in enumerate(operation.get("parameters", ()) if request else ()):
        name = node["name"].lower() if node["in"] == "header" else node["name"]
        parts[node["in"], name] = f"/parameters/{i}", _demanded(operation, node)
    return parts


def _demanded(operation: Node, node: Node) -> Node:
    """If-Match is a required text wherever its lack is answered with 428, also where a document calls it optional."""
    missed = node["name"].lower() == "if-match" and "428" in operation.get("responses", {})
    return {**node, "required": True, "schema": {"type": "string"}} if missed and not node.get("required") else node


@dataclass(frozen=True, slots=True)
class _Gate:
    """One direction: the document whose schemas must fit into those of the other."""

    lower: Node
    upper: Node
    request: bool

    def ordered(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Old and new as lower and upper, and back again."""
        return (first, second) if self.request else (second, first)

    def parts(self, before: Parts, after: Parts) -> Iterator[Flaw]:
        """What was removed, what has come to be required, and where the schemas break."""
        yield from ((at, "was removed") for key, (at, _) in before.items() if key not in after)
        for key, (at, part) in after.items():
            where, known = before.get(key, (at, {}))
            if self.request and part.get("required") and not known.get("required"):
                yield where, "is now required"
            if key in before:
                pair = self.ordered(known.get("schema", True), part.get("schema", True))
                yield from self.breaks(*pair, where + "/schema")

    def breaks(self, lower: Any, upper: Any, at: str, seen: Seen = frozenset()) -> list[Flaw]:
        """Where a value of lower is none of upper. A pair that is met again inside itself is not looked at again."""
        if (pair := (id(lower), id(upper))) in seen:
            return []
        flaws, choices = list[Flaw](), list(_plain(self.upper, upper))
        for place, low in _plain(self.lower, lower):
            akin = [(self.ordered(place, other)[0], up) for other, up in choices if _akin(low, up)]
            tried = [[*self._one(low, up, at + where, seen | {pair})] for where, up in akin]
            what = f"{'no longer takes' if self.request else 'may now be'} {low.get('type', 'anything')}"
            flaws += sorted(tried, key=len)[0] if tried else [(at, what)]
        return flaws

    def _one(self, lower: Node, upper: Node, at: str, seen: Seen) -> Iterator[Flaw]:
        if "type" in upper:
            yield from ((at, what) for what in self._values(lower, upper))
            yield from self._fields(lower, upper, at, seen)
            yield from self._items(lower, upper, at, seen)

    def _values(self, lower: Node, upper: Node) -> Iterator[str]:
        before, after = self.ordered(lower, upper)
        gone = [code for code in lower.get("enum", ()) if code not in upper.get("enum", [code])]
        if "enum" in upper and "enum" not in lower:
            yield "takes only listed values now" if self.request else "may now be any value"
        elif self.request and gone:
            yield f"no longer takes {', '.join(map(str, gone))}"
        changed = [word for word in FORMS + EXACT * self.request if upper.get(word) and upper[word] != lower.get(word)]
        if self.request or "prefixItems" in upper:
            changed += [word for word, free in LEAST.items() if upper.get(word, free) > lower.get(word, free)]
            changed += [word for word in MOST if upper.get(word, inf) < lower.get(word, inf)]
        yield from (f"{word} was {before.get(word)} and is now {after.get(word)}" for word in changed)

    def _fields(self, lower: Node, upper: Node, at: str, seen: Seen) -> Iterator[Flaw]:
        before, after = self.ordered(lower, upper)
        had, has = before.get("properties", {}), after.get("properties", {})
        rest, others = before.get("additionalProperties", True), after.get("additionalProperties", True)
        for name in {**had, **has}:
            where = at + _pointer("properties", name)
            if name not in has and not isinstance(others, Mapping):
                yield where, "was removed"
            elif name in had or isinstance(rest, Mapping):
                yield from self.breaks(*self.ordered(had.get(name, rest), has.get(name, others)), where, seen)
            if name in has and name in upper.get("required", ()) and name not in lower.get("required", ()):
                yield where, "is now required" if self.request else "is no longer always there"
        if self.request or upper.get("additionalProperties") is not False:
            yield from self.breaks(*self.ordered(rest, others), at + "/additionalProperties", seen)
        names, allowed = lower.get("propertyNames", ANY_NAME), upper.get("propertyNames", ANY_NAME)
        yield from self.breaks(names, allowed, at + "/propertyNames", seen)

    def _items(self, lower: Node, upper: Node, at: str, seen: Seen) -> Iterator[Flaw]:
        firsts, places, others = lower.get("prefixItems", ()), upper.get("prefixItems", ()), upper.get("items", True)
        rest = lower.get("items", True) if lower.get("maxItems", inf) > len(firsts) else False
        for i in range(max(len(firsts), len(places))):
            pair = firsts[i] if i < len(firsts) else rest, places[i] if i < len(places) else others
            yield from self.breaks(*pair, f"{at}/prefixItems/{i}", seen)
        yield from self.breaks(rest, others, at + "/items", seen)


def _plain(document: Node, schema: Any) -> Iterator[tuple[str, Node]]:
    """The schemas of at most one type that this one is a union of, each with its place; none for `false`."""
    if schema is False:
        return
    whole = _whole(document, schema)
    for word in [word for word in ("anyOf", "oneOf") if word in whole]:
        beside = {key: value for key, value in whole.items() if key != word}
        for i, part in enumerate(whole[word]):
            yield from ((_pointer(word, i) + at, plain) for at, plain in _plain(document, {"allOf": [part, beside]}))
        return
    codes = [whole["const"]] if "const" in whole else whole.get("enum")
    types = whole.get("type") or list(dict.fromkeys(TYPES[type(code)] for code in codes or ())) or [None]
    for kind in [types] if isinstance(types, str) else types:
        held = {"enum": [code for code in codes if TYPES[type(code)] in (kind, WITHIN.get(kind))]} if codes else {}
        yield "", {**whole, **({"type": kind} if kind else {}), **held}


def _akin(lower: Node, upper: Node) -> bool:
    return upper.get("type") in (None, lower.get("type")) or WITHIN.get(upper["type"]) == lower.get("type", "")


def _whole(document: Node, schema: Any) -> dict[str, Any]:
    """The schema with what it refers to and what it is put together of, in one."""
    if schema is True:
        return {}
    whole = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    for part in [*([_found(document, schema["$ref"])] if "$ref" in schema else ()), *schema.get("allOf", ())]:
        other = _whole(document, part)
        required = [*other.get("required", ()), *whole.get("required", ())]
        fields = {**other.get("properties", {}), **whole.get("properties", {})}
        whole = {**other, **whole, "properties": fields, "required": required}
    return whole


def _found(document: Node, ref: str) -> Any:
    return reduce(lambda node, key: node[key.replace("~1", "/").replace("~0", "~")], ref[2:].split("/"), document)


def _pointer(*parts: object) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
