"""Downloads: the content of a document, streamed from storage, whole or a piece of it (RFC 9110 §14).

It is offered to be saved and never to be shown: as an attachment, of the type that its content has, which a browser may
not guess anew, and in a sandbox where one opens it all the same.
"""

import base64
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import Depends, Header
from starlette.responses import StreamingResponse

from app.errors import RangeNotSatisfiable
from app.media import served_name
from app.storage import Storage

ONE_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._-]")
SANDBOX: Final = "sandbox; default-src 'none'"


class Attachment(StreamingResponse):
    """A content to be saved."""

    media_type = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Asked:
    """The piece that was asked for, where one was, and of which content it must be."""

    range: str | None
    if_range: str | None

    def of(self, size: int, tag: str) -> tuple[int, int] | None:
        """Offset and length of the piece; None where the whole is answered, as for several pieces at once.

        Raises RangeNotSatisfiable for a piece that begins after the end.
        """
        found = ONE_RANGE.fullmatch(self.range or "")
        if found is None or self.if_range not in (None, tag) or not any(found.groups()):
            return None
        first, last = (int(text) if text else None for text in found.groups())
        if first is None:
            first, last = max(0, size - (last or 0)), size - 1
        elif last is not None and last < first:
            return None
        if first >= size:
            raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
        return first, min(size - 1 if last is None else last, size - 1) - first + 1


async def _asked(
    piece: Annotated[str | None, Header(alias="Range", description="One piece, such as `bytes=0-1023`.")] = None,
    of: Annotated[str | None, Header(alias="If-Range", description="The ETag that the piece must be of.")] = None,
) -> Asked:
    return Asked(piece, of)


Piece = Annotated[Asked, Depends(_asked)]
BINARY: Final[dict[str, Any]] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The content, of the media type that it has.", "content": BINARY},
    206: {"description": "The piece that was asked for.", "content": BINARY},
}


def attachment(row: Any, asked: Asked, storage: Storage) -> Attachment:
    """The content that a row speaks of, or a piece of it. Its bytes are read while they are sent, after the commit."""
    tag = f'"{row.sha256}"'
    piece = asked.of(row.size, tag)
    first, length = piece or (0, row.size)
    headers = {
        "Content-Security-Policy": SANDBOX,
        "Content-Type": row.media_type,
        "Content-Length": str(length),
        "Content-Disposition": _disposition(served_name(row.file_name, row.media_type)),
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(row.sha256)).decode()}:",
        "Cache-Control": "no-store",
    }
    if piece is not None:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{row.size}"
    return Attachment(storage.read(row.storage_key, first, length), 200 if piece is None else 206, headers)


def _disposition(name: str) -> str:
    """The name twice: for everybody in ASCII, and as it is (RFC 6266, RFC 8187)."""
    return f"attachment; filename=\"{PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
