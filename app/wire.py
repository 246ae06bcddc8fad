"""How rows become JSON: exactly the fields of their shape, the ETag of what this reader sees, and cursors."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, TypeAdapter

from app.errors import Flaw, PreconditionFailed, PreconditionRequired, invalid

PLAIN = (str, int, float, bool, UUID, date, datetime, AwareDatetime, type(None))
Drawing = Callable[[Any], Any]


def dumped(shape: Any, value: Any) -> bytes:
    """The value as JSON of this shape: exactly its fields, read by name from rows, mappings or objects.

    What comes from our own statements has the right types already, so it is drawn and not validated again. Parts that
    come as documents (settings, templates, a closing) are validated by their models.
    """
    return orjson.dumps(drawing(shape)(value), default=_id, option=orjson.OPT_UTC_Z)


def _id(value: Any) -> str:
    """The driver's own kind of UUID."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


@cache
def drawing(shape: Any) -> Drawing:
    """How a value of this type is made ready for JSON."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return _drawing_of_model(shape)
    if get_origin(shape) is Annotated:
        return drawing(get_args(shape)[0])
    inner = [one for one in get_args(shape) if one is not type(None)]
    if get_origin(shape) is list:
        one = drawing(inner[0])
        return _itself if one is _itself else lambda values: [one(value) for value in values]
    if len(inner) == 1 and len(get_args(shape)) == 2 and get_origin(shape) in (Union, UnionType):
        some = drawing(inner[0])
        return _itself if some is _itself else lambda value: None if value is None else some(value)
    if shape in PLAIN or get_origin(shape) is Literal:
        return _itself
    return _validated(shape)


def _itself(value: Any) -> Any:
    return value


def _validated(shape: Any) -> Drawing:
    known = TypeAdapter[Any](shape)
    return lambda value: known.dump_python(known.validate_python(value, from_attributes=True), mode="json")


def _drawing_of_model(model: type[BaseModel]) -> Drawing:
    """Field by field; a model that fills in, converts or computes something does so itself."""
    made = model.__pydantic_decorators__
    checks = [*made.field_validators.values(), *made.model_validators.values()]
    converts = made.computed_fields or made.field_serializers or made.model_serializers or made.root_validators
    fills = any(not field.is_required() for field in model.model_fields.values())
    if converts or fills or any(cast(Any, check).info.mode != "after" for check in checks):
        return _validated(model)
    fields = [
        (name, str(field.validation_alias or name), drawing(cast(Any, field.annotation)))
        for name, field in model.model_fields.items()
    ]
    plain = [(name, source) for name, source, draw in fields if draw is _itself]
    drawn = [field for field in fields if field[2] is not _itself]
    order = list(model.model_fields)

    def draw(value: Any) -> dict[str, Any]:
        read = value.__getitem__ if hasattr(value, "keys") else partial(getattr, value)
        found = {name: read(source) for name, source in plain}
        if not drawn:
            return found
        for name, source, one in drawn:
            found[name] = one(read(source))
        return {name: found[name] for name in order}

    return draw


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
            raise PreconditionFailed(None, Flaw("#If-Match", "etag-stale"))


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
