"""What counts as a JSON object, in tokens and key sets alike: UTF-8, no key twice, no NaN or Infinity."""

import json
from typing import Any

Object = dict[str, Any]


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError("NaN and Infinity are not JSON")


STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def json_object(encoded: bytes) -> Object:
    found = STRICT_JSON.decode(encoded.decode("utf-8"))
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found
