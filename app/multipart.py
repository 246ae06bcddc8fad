"""multipart/form-data (RFC 7578) as it comes: part by part, never whole in memory."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import BadRequest, BodyTooLarge, Invalid, UnsupportedMediaType, flaws

PLAIN_ENCODINGS: Final = frozenset({"", "binary", "8bit", "7bit"})
UNREADABLE: Final = "unreadable-multipart"
MOST_DELIMITERS: Final = 16
"""A form of ours has three. What only looks like one has no place in a part (RFC 2046, 5.1.1), and is dear to parse."""
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it would quote what was sent


@dataclass(frozen=True, slots=True)
class Begun:
    """A part begins: its name, and what its file is called where it is one."""

    name: str
    file_name: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The part that was begun is over."""


@dataclass
class _Listener:
    """Gathers what the parser finds in one piece of the body."""

    found: list[Begun | bytes | Ended] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    value: bytes = b""
    whole: bool = False

    def on_part_begin(self) -> None:
        self.headers = {}

    def on_header_begin(self) -> None:
        self.name = self.value = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        self.headers[self.name.lower()] = self.value

    def on_headers_finished(self) -> None:
        self.found.append(_begun(self.headers))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(data[start:end])

    def on_part_end(self) -> None:
        self.found.append(Ended())

    def on_end(self) -> None:
        self.whole = True


def _begun(headers: dict[bytes, bytes]) -> Begun:
    """A part by its headers. Raises BadRequest for one without a name, in parts itself, or written in another way."""
    kind, said = parse_options_header(headers.get(b"content-disposition", b"").decode("latin-1"))
    encoding = headers.get(b"content-transfer-encoding", b"").decode("latin-1").strip().lower()
    nested = headers.get(b"content-type", b"").strip().lower().startswith(b"multipart/")
    if kind != b"form-data" or b"name" not in said or encoding not in PLAIN_ENCODINGS or nested:
        raise BadRequest(UNREADABLE)
    name, file_name = said[b"name"], said.get(b"filename")
    return Begun(name.decode("utf-8", "replace"), None if file_name is None else file_name.decode("utf-8", "replace"))


@dataclass
class _Delimiters:
    """Counts what begins a line as a boundary does, before any of it is parsed."""

    delimiter: bytes
    found: int = 0
    tail: bytes = b""

    def count(self, chunk: bytes) -> None:
        """Raises BadRequest for more than a form can have."""
        recent = self.tail + chunk
        self.found += recent.count(self.delimiter)
        self.tail = recent[1 - len(self.delimiter) :]
        if self.found > MOST_DELIMITERS:
            raise BadRequest(UNREADABLE)


async def parts(stream: AsyncIterator[bytes], content_type: str, most: int) -> AsyncIterator[Begun | bytes | Ended]:
    """What the body holds, in order. `most` bounds the bytes that are read, whatever length was announced.

    Raises UnsupportedMediaType for another kind of body, BadRequest for one that is not well-formed or not whole, and
    BodyTooLarge.
    """
    kind, said = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise UnsupportedMediaType
    listener, size = _Listener(), 0
    callbacks = {name: getattr(listener, name) for name in dir(listener) if name.startswith("on_")}
    try:
        parser = MultipartParser(said[b"boundary"], callbacks)  # type: ignore[arg-type]
        delimiters = _Delimiters(b"\r\n--" + said[b"boundary"])
        async for chunk in stream:
            size += len(chunk)
            if size > most:
                raise BodyTooLarge(most)
            delimiters.count(chunk)
            parser.write(chunk)
            for one in listener.found:
                yield one
            listener.found.clear()
    except (FormParserError, KeyError):
        raise BadRequest(UNREADABLE) from None
    if not listener.whole:
        raise BadRequest(UNREADABLE)


class Form:
    """A body of two parts: `details`, which is JSON, and after it `file`. Each is asked for once, in that order."""

    def __init__(self, found: AsyncIterator[Begun | bytes | Ended], most_details: int, most_file: int) -> None:
        self._found, self._most_details, self._most_file = found, most_details, most_file

    async def details(self) -> bytes:
        """The first part. Raises Invalid when it is not `details`, BodyTooLarge when it is longer than it may be."""
        part = await anext(self._found, None)
        if isinstance(part, Begun) and part.name == "file":
            raise _flawed("details", "part-order")
        self._is("details", part)
        chunks = [chunk async for chunk in self._data("details", self._most_details)]
        return b"".join(chunks)

    async def file(self) -> str:
        """The name of the file, whose content comes next. Raises Invalid when it is not the next part."""
        part = await anext(self._found, None)
        self._is("file", part, before="details")
        return part.file_name or "" if isinstance(part, Begun) else ""

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the file, to the end of the body. Raises Invalid when there is nothing, or more than the file.

        Raises BodyTooLarge with the first byte too many.
        """
        empty = True
        async for chunk in self._data("file", self._most_file):
            empty = False
            yield chunk
        if empty:
            raise _flawed("file", "file-empty")
        if isinstance(more := await anext(self._found, None), Begun):
            raise _flawed(more.name, "part-twice" if more.name in ("details", "file") else "extra_forbidden")

    async def _data(self, name: str, most: int) -> AsyncIterator[bytes]:
        size = 0
        while isinstance(chunk := await anext(self._found, None), bytes):
            size += len(chunk)
            if size > most:
                raise BodyTooLarge(most, f"/{name}")
            if chunk:
                yield chunk

    def _is(self, wanted: str, part: Begun | bytes | Ended | None, before: str = "") -> None:
        if not isinstance(part, Begun):
            raise _flawed(wanted, "missing")
        if part.name != wanted:
            raise _flawed(part.name, "part-twice" if part.name == before else "extra_forbidden")


def _flawed(name: str, code: str) -> Invalid:
    return Invalid(None, *flaws([{"loc": ("body", name), "type": code}]))
