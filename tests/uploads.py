"""Uploads as a test sends them: the two parts, in order, and files that are what they say."""

import io
import json
import struct
import zipfile
import zlib
from typing import Any
from uuid import uuid4

import httpx

from tests.worlds import PEOPLE, World

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
DETAILS = {"title": "Notat fra skolen", "category": "school"}


async def upload(
    world: World, who: str, case: Any, file: bytes = PDF, name: str = "notat.pdf", **details: Any
) -> httpx.Response:
    """Add a document to a case; `details` beside a title and a category."""
    return await send(world, who, f"/v1/cases/{case['id']}/documents", DETAILS | details, file, name)


async def uploaded(world: World, who: str, case: Any, file: bytes = PDF, **details: Any) -> dict[str, Any]:
    """A document that was added."""
    answer = await upload(world, who, case, file, **details)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def relevant(world: World, who: str, case: Any, **details: Any) -> dict[str, Any]:
    """A document that was added and judged relevant to share."""
    document = await uploaded(world, who, case, **details)
    judged = await world.post(who, f"/v1/documents/{document['id']}/relevance", {"relevance": "relevant"})
    assert judged.status_code == 200, judged.text
    found: dict[str, Any] = judged.json()
    return found


async def send(
    world: World, who: str, path: str, details: Any, file: bytes = PDF, name: str = "notat.pdf", **headers: str
) -> httpx.Response:
    """The two parts to an address."""
    parts = [part("details", json.dumps(details).encode()), part("file", file, name)]
    return await post(world, who, path, parts, **headers)


def part(name: str, content: bytes, file_name: str | None = None, *headers: str) -> bytes:
    """One part of a form, as a browser writes it."""
    told = "" if file_name is None else f'; filename="{file_name}"'
    lines = [f'Content-Disposition: form-data; name="{name}"{told}', *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def post(
    world: World, who: str, path: str, parts: list[bytes], boundary: str = "grænse".encode().hex(), **headers: str
) -> httpx.Response:
    """Parts as they are, between boundaries."""
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in parts) + b"--%s--\r\n" % boundary.encode()
    return await raw(world, who, path, body, f"multipart/form-data; boundary={boundary}", **headers)


async def raw(world: World, who: str, path: str, body: Any, kind: str, **headers: str) -> httpx.Response:
    """A body as it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if PEOPLE.get(who, ("",))[0] == "service":
        named.setdefault("idempotency-key", uuid4().hex)
    sent = {**world.headers(who), "content-type": kind, **named}
    return await world.client.post(path, content=body, headers=sent)


def packed(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


DOCX_PARTS = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<Relationships/>", "word/document.xml": b"<w/>"}
DOCX = packed(DOCX_PARTS)


def png(width: int = 1, height: int = 1) -> bytes:
    """A small picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\xff" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
