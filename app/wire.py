"""How rows become JSON: one validation and one dump, the ETag of what this reader sees, and cursors."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from app.errors import PreconditionFailed, PreconditionRequired, invalid


@cache
def adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def dumped(shape: Any, value: Any) -> bytes:
    """The value as JSON of this shape; attributes are read by name, so a row will do."""
    wire = adapter(shape)
    return wire.dump_json(wire.validate_python(value, from_attributes=True))


def etag(body: bytes) -> str:
    """A strong validator of the projection that this reader sees: it tells nothing of what is hidden from them."""
    return f'"{base64.urlsafe_b64encode(hashlib.blake2b(body, digest_size=16).digest()).rstrip(b"=").decode()}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """An `If-Match` header and the shape that it speaks of (RFC 9110 §13.1.1)."""

    shape: Any
    header: str | None

    def demand(self) -> None:
        """Raises PreconditionRequired when the header is missing."""
        if not self.header:
            raise PreconditionRequired

    def check(self, row: Any) -> None:
        """Raises PreconditionFailed unless the row as this reader sees it is the one that the header names."""
        wanted = {part.strip() for part in (self.header or "").split(",")}
        if etag(dumped(self.shape, row)) not in wanted:
            raise PreconditionFailed


def cursor(id: UUID | None) -> str | None:
    """Where the next page begins, opaque to the client."""
    return None if id is None else base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def after(text: str | None) -> UUID | None:
    """The id that a cursor stands for. Raises Invalid for anything else."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = UUID(bytes=raw)
    except (binascii.Error, ValueError):
        raise invalid("?after", "cursor") from None
    if cursor(found) != text:
        raise invalid("?after", "cursor")
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """One page on its way out."""

    items: Sequence[Any]
    next: str | None
