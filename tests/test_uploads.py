"""P24: uploads cannot hurt. Size counted on bytes, type by content, names never paths, served to be saved; and nothing
is left of what fails.
"""

import asyncio
import hashlib
import json
import random
import re
import socket
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.config import Settings
from app.db import Database, columns
from app.media import EXTENSIONS, Look, file_name, served_name
from app.models import Document, DocumentVersion
from app.storage import Disk
from tests.uploads import DETAILS, DOCX, DOCX_PARTS, PDF, packed, part, png, post, raw, send, upload, uploaded
from tests.worlds import World

pytestmark = pytest.mark.anyio
MIB = 1_048_576
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
DETAILS_PART = part("details", json.dumps(DETAILS).encode())


@pytest.fixture
async def case(world: World) -> Any:
    return await world.allocated()


def kept(settings: Settings, world: World) -> list[Path]:
    """The files of this world's municipality, whole or not."""
    home = settings.data_dir / "documents" / str(world.municipality)
    return [path for path in home.rglob("*") if path.is_file()]


async def rows(owner: Database, world: World) -> int:
    async with owner.transaction(world.municipality) as session:
        count = 0
        for model in (Document, DocumentVersion):
            own: Any = columns(model)
            found = await session.execute(select(func.count()).where(own.municipality_id == world.municipality))
            count += found.scalar_one()
        return count


def flaw(answer: Any) -> tuple[int, str, str | None]:
    """Status, code, and where it is wrong."""
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"] if body["errors"] else None


def look(content: bytes, name: str = "fil") -> str | None:
    seen = Look()
    for at in range(0, len(content), 65_536):
        seen.feed(content[at : at + 65_536])
    return seen.media_type(name)


# --- what is taken


ODT = packed({"mimetype": b"application/vnd.oasis.opendocument.text"}, zipfile.ZIP_STORED)
MAIL = b"From: mor@prove.invalid\r\nTo: ppr@prove.invalid\r\nSubject: Hej\r\n\r\n<b>Hej</b>"
TAKEN = {
    "a.pdf": (PDF, "application/pdf"),
    "a.docx": (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "a.xlsx": (
        packed({"[Content_Types].xml": b"<T/>", "xl/workbook.xml": b"<w/>"}),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "a.pptx": (
        packed({"[Content_Types].xml": b"<T/>", "ppt/presentation.xml": b"<p/>"}),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "a.odt": (ODT, "application/vnd.oasis.opendocument.text"),
    "a.rtf": (rb"{\rtf1 hej}", "application/rtf"),
    "a.txt": ("Kære PPR æøå\r\n".encode(), "text/plain"),
    "b.txt": ("Kære PPR æøå\r\n".encode("cp1252"), "text/plain"),
    "a.csv": (b"navn;antal\nIda;2\n", "text/csv"),
    "a.eml": (MAIL, "message/rfc822"),
    "a.png": (png(), "image/png"),
    "a.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\0", "image/jpeg"),
    "a.gif": (b"GIF89a\x01\0\x01\0\0\0\0;", "image/gif"),
    "a.webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    "a.heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
    "a.tif": (b"II*\0\x08\0\0\0", "image/tiff"),
    "a.mp3": (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
    "b.mp3": (b"\xff\xfb\x90\x44" + bytes(64), "audio/mpeg"),
    "a.m4a": (b"\0\0\0\x18ftypM4A \0\0\0\0", "audio/mp4"),
    "a.wav": (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
    "a.ogg": (b"OggS\0\x02" + bytes(20), "audio/ogg"),
    "a.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0", "video/mp4"),
    "a.mov": (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_file_is_is_told_by_its_content(name: str) -> None:
    content, media_type = TAKEN[name]
    assert look(content, name) == media_type
    assert served_name(name, media_type) == name
    if not media_type.startswith(("text/", "message/")):
        assert look(content, "faktura.exe") == media_type


def lying_bomb() -> bytes:
    """A directory that lists one entry a thousand times: little to send, much to unpack."""
    archive = packed({**DOCX_PARTS, "word/media/a.bin": bytes(MIB)})
    end = archive.rindex(b"PK\x05\x06")
    (begins,) = (int.from_bytes(archive[end + 16 : end + 20], "little"),)
    entries = archive[begins:end]
    last = entries[entries.rindex(b"PK\x01\x02") :]
    many = entries + last * 1000
    record = bytearray(archive[end:])
    record[12:16] = len(many).to_bytes(4, "little")
    return archive[:begins] + many + bytes(record)


REFUSED = {
    "a page called a picture": (PAGE, "billede.png"),
    "a page called text": (PAGE, "notat.txt"),
    "a page after a mark and blanks": (b"\xef\xbb\xbf \r\n\t" + PAGE, "notat.txt"),
    "SVG renamed to png": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "tegning.png"),
    "SVG behind an XML declaration": (b'<?xml version="1.0"?><svg/>', "tegning.svg"),
    "a script": (b"#!/bin/sh\nrm -rf ~\n", "kør.txt"),
    "PHP": (b"<?php system($_GET[0]);", "notat.txt"),
    "a Windows program": (b"MZ\x90\0" + bytes(60), "faktura.pdf"),
    "a Linux program": (b"\x7fELF\x02\x01\x01" + bytes(60), "faktura.pdf"),
    "an archive": (packed({"a.txt": b"hej"}), "sager.zip"),
    "an archive called docx": (packed({"a.txt": b"hej"}), "sager.docx"),
    "an archive with macros": (packed({**DOCX_PARTS, "word/vbaProject.bin": b"x"}), "a.docx"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\x04", "a.7z"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "a.gz"),
    "rar": (b"Rar!\x1a\x07\x01\0", "a.rar"),
    "an old Office file, or a locked one": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "a.doc"),
    "bytes that are nothing": (bytes(range(256)), "a.txt"),
    "text with a NUL": (b"hej\0hej", "a.txt"),
    "a bomb dressed as docx": (packed({**DOCX_PARTS, "word/media/a.bin": bytes(60 * MIB)}), "bombe.docx"),
    "a bomb that lists one entry often": (lying_bomb(), "bombe.docx"),
    "very many entries": (packed({**DOCX_PARTS, **{f"word/{n}.xml": b"" for n in range(5001)}}), "a.docx"),
    "an entry that leads outside": (packed({**DOCX_PARTS, "word/../../../etc/passwd": b"x"}), "a.docx"),
    "an entry from the root": (packed({**DOCX_PARTS, "/etc/passwd": b"x"}), "a.docx"),
    "docx without an end": (DOCX[:-30], "a.docx"),
    "pdf and zip at once": (PDF + DOCX, "a.pdf"),
    "png and zip at once, with something after": (png() + packed({"a.txt": b"hej"}) + b"....", "a.png"),
    "OpenDocument of another kind": (
        packed({"mimetype": b"application/vnd.oasis.opendocument.base"}, zipfile.ZIP_STORED), "a.odb",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_nothing_that_is_known(what: str) -> None:
    assert look(*REFUSED[what]) is None


async def test_what_is_not_taken_is_refused_and_not_kept(
    world: World, case: Any, settings: Settings, owner: Database
) -> None:
    for what, (content, name) in REFUSED.items():
        refused = await upload(world, "coordinator", case, content, name)
        assert flaw(refused) == (422, "media-type-refused", "/file"), what
        assert (kept(settings, world), await rows(owner, world)) == ([], 0)


async def test_markup_that_is_not_seen_is_served_as_text_to_be_saved(world: World, case: Any) -> None:
    """No look at a file proves that it is harmless: what is let through is still nothing that a browser runs."""
    document = await uploaded(world, "coordinator", case, b"Hej " + PAGE, title="Notat")
    assert document["media_type"] == "text/plain"
    found = await world.get("coordinator", f"/v1/documents/{document['id']}/content")
    assert found.content == b"Hej " + PAGE
    assert found.headers["content-type"] == "text/plain"
    assert (
        found.headers["content-disposition"] == "attachment; filename=\"notat.pdf.txt\"; filename*=UTF-8''notat.pdf.txt"
    )
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert found.headers["cache-control"] == "no-store"


async def test_a_picture_that_is_a_page_too_is_served_as_a_picture_to_be_saved(world: World, case: Any) -> None:
    document = await uploaded(world, "coordinator", case, b"GIF89a/*" + PAGE, name="side.html")
    found = await world.get("coordinator", f"/v1/documents/{document['id']}/content")
    assert (found.headers["content-type"], found.headers["x-content-type-options"]) == ("image/gif", "nosniff")
    assert 'filename="side.html.gif"' in found.headers["content-disposition"]


async def test_entities_in_a_docx_are_never_looked_up(
    world: World, case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XXE: no XML is parsed here, so nothing is fetched, opened or expanded; the bytes come back as they were."""
    secret = tmp_path / "secret"
    secret.write_text("hemmeligt")
    reached: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **_: reached.append(where))
    entities = f'<!ENTITY a SYSTEM "file://{secret}"><!ENTITY b SYSTEM "http://ude.invalid/x">'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<?xml version="1.0"?><!DOCTYPE w [{entities}<!ENTITY l0 "ha">{laughs}]><w>&a;&b;&l9;</w>'
    content = packed({**DOCX_PARTS, "word/document.xml": document.encode()})
    made = await uploaded(world, "coordinator", case, content, name="brev.docx")
    found = await world.get("coordinator", f"/v1/documents/{made['id']}/content")
    assert (found.content, reached) == (content, [])
    assert "hemmeligt" not in json.dumps(made)


# --- names


@pytest.mark.parametrize(
    ("sent", "called"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\a.pdf", "a.pdf"),
        ("C:\\Users\\mor\\brev.pdf", "brev.pdf"),
        ("/etc/shadow", "shadow"),
        ("..", "dokument"),
        ("", "dokument"),
        (".", "dokument"),
        ("   ", "dokument"),
        ("a\0b.pdf", "ab.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
        ("a\u200bb\u2066c.pdf", "abc.pdf"),
        ("con", "_con"),
        ("NUL.pdf", "_NUL.pdf"),
        ("com1.txt", "_com1.txt"),
        ('a"b<c>d|e?f*g.pdf', "a_b_c_d_e_f_g.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * 118),
        (" udtalelse fra skolen. ", "udtalelse fra skolen"),
        ("æøå ÆØÅ 你好.pdf", "æøå ÆØÅ 你好.pdf"),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_a_name_is_what_it_looks_like_and_never_a_path(sent: str, called: str) -> None:
    named = file_name(sent)
    assert named == called
    assert len(named) <= 120
    assert named.isprintable()
    assert not {"/", "\\", "\0"} & set(named)


@pytest.mark.parametrize("name", ["../../x.pdf", "a\0.pdf", "\u202egpj.exe", "n" * 300, "CON", "/etc/passwd"])
async def test_where_a_content_lies_has_nothing_of_its_name(
    name: str, world: World, case: Any, settings: Settings
) -> None:
    answer = await upload(world, "coordinator", case, name=name)
    assert answer.status_code == 201, answer.text
    (place,) = kept(settings, world)
    assert re.fullmatch("[0-9a-f]{32}", place.name)
    assert [oct(folder.stat().st_mode & 0o777) for folder in (place, place.parent, place.parent.parent)] == [
        "0o600", "0o700", "0o700",
    ]  # fmt: skip
    found = await world.get("coordinator", f"/v1/documents/{answer.json()['id']}/content")
    assert found.headers["content-disposition"].isascii()


async def test_a_name_in_another_alphabet_comes_back_whole(world: World, case: Any) -> None:
    made = await uploaded(world, "coordinator", case, name="Søren's rapport 100%.pdf")
    found = await world.get("coordinator", f"/v1/documents/{made['id']}/content")
    assert found.headers["content-disposition"] == (
        "attachment; filename=\"S_ren_s rapport 100_.pdf\"; filename*=UTF-8''S%C3%B8ren%27s%20rapport%20100%25.pdf"
    )


# --- the form


FILE = part("file", PDF, "a.pdf")
FORMS: dict[str, tuple[list[bytes], tuple[int, str, str | None]]] = {
    "no details": ([FILE], (422, "validation-failed", "/details")),
    "no parts": ([], (422, "validation-failed", "/details")),
    "no file": ([DETAILS_PART], (422, "validation-failed", "/file")),
    "details after the file": ([FILE, DETAILS_PART], (422, "validation-failed", "/details")),
    "details twice": ([DETAILS_PART, DETAILS_PART, FILE], (422, "validation-failed", "/details")),
    "two files": ([DETAILS_PART, FILE, FILE], (422, "validation-failed", "/file")),
    "details again at the end": ([DETAILS_PART, FILE, DETAILS_PART], (422, "validation-failed", "/details")),
    "something else first": ([part("other", b"x"), DETAILS_PART, FILE], (422, "validation-failed", "/other")),
    "something else between": ([DETAILS_PART, part("Navn æ", b"x"), FILE], (422, "validation-failed", "/…")),
    "something else last": ([DETAILS_PART, FILE, part("other", b"x")], (422, "validation-failed", "/other")),
    "an empty file": ([DETAILS_PART, part("file", b"", "a.pdf")], (422, "validation-failed", "/file")),
    "details that are no JSON": ([part("details", b"titel"), FILE], (400, "unreadable-json", None)),
    "details with a key twice": ([part("details", b'{"title":"a","title":"b"}'), FILE], (400, "unreadable-json", None)),
    "details that are a list": ([part("details", b"[]"), FILE], (422, "validation-failed", "")),
    "details without a title": ([part("details", b'{"category":"other"}'), FILE], (422, "validation-failed", "/title")),
    "details of another kind": (
        [part("details", json.dumps({**DETAILS, "category": "secret"}).encode()), FILE],
        (422, "validation-failed", "/category"),
    ),
    "endless details": ([part("details", b" " * 70_000), FILE], (413, "body-too-large", "/details")),
    "a part in parts": (
        [DETAILS_PART, part("file", b"--i\r\n\r\nx\r\n--i--", None, "Content-Type: multipart/mixed; boundary=i")],
        (400, "unreadable-multipart", None),
    ),
    "a part that is written in another way": (
        [DETAILS_PART, part("file", b"JVBERg==", "a.pdf", "Content-Transfer-Encoding: base64")],
        (400, "unreadable-multipart", None),
    ),
    "a part without a name": (
        [DETAILS_PART, b"Content-Type: application/pdf\r\n\r\n" + PDF],
        (400, "unreadable-multipart", None),
    ),
    "a part without headers": ([b"\r\nx"], (400, "unreadable-multipart", None)),
    "a header that does not end": ([b"X-A: " + b"a" * 9000 + b"\r\n\r\nx"], (400, "unreadable-multipart", None)),
    "very many headers": ([b"X-A: a\r\n" * 40 + b"\r\nx"], (400, "unreadable-multipart", None)),
}


async def test_a_form_is_details_and_then_one_file(
    world: World, case: Any, settings: Settings, owner: Database
) -> None:
    for what, (parts, expected) in FORMS.items():
        answer = await post(world, "coordinator", f"/v1/cases/{case['id']}/documents", parts)
        assert flaw(answer) == expected, what
        assert (kept(settings, world), await rows(owner, world)) == ([], 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json", (415, "unsupported-media-type", None)),
        ("", (415, "unsupported-media-type", None)),
        ("application/x-www-form-urlencoded", (415, "unsupported-media-type", None)),
        ("multipart/mixed; boundary=abc", (415, "unsupported-media-type", None)),
        ("multipart/form-data", (400, "unreadable-multipart", None)),
        ("multipart/form-data; boundary=", (400, "unreadable-multipart", None)),
        ("multipart/form-data; boundary=another", (400, "unreadable-multipart", None)),
        (f"multipart/form-data; boundary={'x' * 300}", (400, "unreadable-multipart", None)),
    ],
)
async def test_the_boundary_is_the_one_that_was_announced(
    kind: str, expected: tuple[int, str, str | None], world: World, case: Any
) -> None:
    body = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + FILE + b"\r\n--abc--\r\n"
    assert flaw(await raw(world, "coordinator", f"/v1/cases/{case['id']}/documents", body, kind)) == expected


async def test_a_file_comes_whole_however_it_is_cut(world: World, case: Any) -> None:
    """Boundaries, headers and what looks like a boundary may be cut anywhere."""
    dice = random.Random(11)
    tricky = PDF + b"\r\n--abc\r\n--ab\r--abc--"[:18] + b"\r\n--ab" * 50 + b"\r\n-" + dice.randbytes(3000)
    body = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", tricky.replace(b"--abc", b"--acb"), "a.pdf")
    whole = body + b"\r\n--abc--\r\n"
    wanted = hashlib.sha256(tricky.replace(b"--abc", b"--acb")).hexdigest()
    for most in (1, 2, 7, 64, 1000):

        async def cut(most: int = most) -> AsyncIterator[bytes]:
            at = 0
            while at < len(whole):
                size = dice.randint(1, most)
                yield whole[at : at + size]
                at += size

        path, kind = f"/v1/cases/{case['id']}/documents", "multipart/form-data; boundary=abc"
        answer = await raw(world, "coordinator", path, cut(), kind)
        assert answer.status_code == 201, answer.text
        assert answer.json()["sha256"] == wanted


@pytest.mark.parametrize("size", [1, 5, 7, 4096])
async def test_what_only_looks_like_a_boundary_is_parsed_a_few_times_and_no_more(
    size: int, world: World, case: Any, settings: Settings
) -> None:
    """Each costs the parser a walk of single bytes: a body of nothing else took most of a second for each megabyte."""
    sent = 0

    async def cut(file: bytes) -> AsyncIterator[bytes]:
        nonlocal sent
        whole = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", file, "a.pdf") + b"\r\n--abc--\r\n"
        for at in range(0, len(whole), size):
            sent += size
            yield whole[at : at + size]

    path, kind = f"/v1/cases/{case['id']}/documents", "multipart/form-data; boundary=abc"
    few = await raw(world, "coordinator", path, cut(PDF + b"\r\n--abcx" * 8), kind)
    assert few.status_code == 201, few.text
    before, sent = kept(settings, world), 0
    many = await raw(world, "coordinator", path, cut(PDF + b"\r\n--abcx" * 10_000), kind)
    assert (many.status_code, many.json()["code"]) == (400, "unreadable-multipart")
    assert sent < 8192, "the rest is not read"
    assert kept(settings, world) == before


# --- sizes


@pytest.fixture
def small(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> int:
    """A municipality that takes files of at most 100,000 bytes."""
    object.__setattr__(app.state.context, "max_upload_bytes", 100_000)
    yield 100_000
    object.__setattr__(app.state.context, "max_upload_bytes", 25 * MIB)


async def test_bytes_are_counted_and_no_announcement_is_believed(
    world: World, case: Any, settings: Settings, owner: Database, small: int
) -> None:
    path = f"/v1/cases/{case['id']}/documents"
    exact = PDF + bytes(small - len(PDF))
    assert (await upload(world, "coordinator", case, exact)).json()["size"] == small
    before = kept(settings, world), await rows(owner, world)
    for announced in ({}, {"content_length": "10"}, {"content_length": "99999999999"}):
        answer = await send(world, "coordinator", path, DETAILS, exact + b"x", **announced)
        assert flaw(answer) == (413, "body-too-large", "/file")
    assert (kept(settings, world), await rows(owner, world)) == before


async def test_what_stands_around_the_parts_is_bounded_too(world: World, case: Any, small: int) -> None:
    path, kind = f"/v1/cases/{case['id']}/documents", "multipart/form-data; boundary=abc"
    body = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + FILE + b"\r\n--abc--\r\n"
    for endless in (b"\r\n" * 150_000 + body, body + b"x" * 300_000):
        assert flaw(await raw(world, "coordinator", path, endless, kind))[0] == 413


async def test_25_mib_and_not_a_byte_more(world: World, case: Any, settings: Settings) -> None:
    most = settings.max_upload_bytes
    assert most == 25 * MIB
    content = PDF + bytes(most - len(PDF))
    made = await uploaded(world, "coordinator", case, content)
    assert (made["size"], made["sha256"]) == (most, hashlib.sha256(content).hexdigest())
    found = await world.get("coordinator", f"/v1/documents/{made['id']}/content")
    assert hashlib.sha256(found.content).hexdigest() == made["sha256"]
    answer = await upload(world, "coordinator", case, content + b"x")
    assert flaw(answer) == (413, "body-too-large", "/file")
    assert len(kept(settings, world)) == 1


# --- who, and when


async def test_nobody_makes_the_server_read_a_file_who_could_not_leave_it_here(
    world: World, case: Any, settings: Settings
) -> None:
    """The refusal comes after the details and before the file: its bytes are never asked for."""
    asked: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        yield b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", b"", "a.pdf")
        for _ in range(1000):
            asked.append(1)
            yield bytes(65_536)

    kind = "multipart/form-data; boundary=abc"
    for who, place, status in (
        ("visitor", case["id"], 404),
        ("stranger", case["id"], 404),
        ("head", case["id"], 403),
        ("coordinator", uuid4(), 404),
    ):
        answer = await raw(world, who, f"/v1/cases/{place}/documents", body(), kind)
        assert answer.status_code == status, (who, answer.text)
    assert sum(asked) < 8
    assert kept(settings, world) == []
    keyless = {**world.headers("journal"), "content-type": kind}
    refused = await world.client.post(f"/v1/cases/{case['id']}/documents", content=body(), headers=keyless)
    assert flaw(refused)[:2] == (400, "idempotency-key-required")
    assert sum(asked) < 8


async def test_an_early_refusal_is_answered_and_logged_as_any_other(world: World, case: Any) -> None:
    wrong = await send(world, "visitor", f"/v1/cases/{case['id']}/documents", DETAILS)
    absent = await send(world, "visitor", f"/v1/cases/{uuid4()}/documents", DETAILS)
    assert (wrong.status_code, wrong.json()) == (404, absent.json())
    assert (await send(world, "head", f"/v1/cases/{case['id']}/documents", DETAILS)).status_code == 403
    log = (await world.get("auditor", f"/v1/cases/{case['id']}/access-log")).json()["items"]
    refused = [(row["action"], row["resource"]) for row in log if row["outcome"] == "refused"]
    assert refused == [("add_document", "case"), ("add_document", "case")]
    assert not [row for row in log if row["action"] == "add_document" and row["outcome"] == "write"]


async def test_the_shape_is_judged_before_the_case_is_looked_for(world: World) -> None:
    answer = await send(world, "stranger", f"/v1/cases/{uuid4()}/documents", {"title": ""})
    assert answer.status_code == 422
    malformed = await send(world, "coordinator", "/v1/cases/nej/documents", DETAILS)
    assert flaw(malformed) == (422, "validation-failed", "?case_id")
    asked = await send(world, "coordinator", f"/v1/cases/{uuid4()}/documents?x=1", DETAILS)
    assert flaw(asked) == (422, "validation-failed", "?")


class Slow:
    """A body whose file comes to a halt until somebody lets it go on."""

    def __init__(self, content: bytes = PDF) -> None:
        self.halted, self.go_on, self.content = asyncio.Event(), asyncio.Event(), content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", self.content, "a.pdf")
        self.halted.set()
        await self.go_on.wait()
        yield b"rest\r\n--abc--\r\n"


KIND = "multipart/form-data; boundary=abc"


async def test_a_membership_that_ends_during_the_upload_leaves_nothing(
    world: World, case: Any, settings: Settings, owner: Database
) -> None:
    slow = Slow()
    path = f"/v1/cases/{case['id']}"
    sending = asyncio.create_task(raw(world, "psychologist", f"{path}/documents", slow, KIND))
    await slow.halted.wait()
    team = (await world.get("coordinator", f"{path}/team")).json()["items"]
    mine = next(one for one in team if one["user_id"] == str(world.ids["psychologist"]))
    left = await world.post("coordinator", f"/v1/team-members/{mine['id']}/leave", {"reason": "Ny opgave."})
    assert left.status_code == 200, left.text
    slow.go_on.set()
    answer = await sending
    assert (answer.status_code, kept(settings, world), await rows(owner, world)) == (404, [], 0)


async def test_a_slow_sender_holds_no_connection(world: World, case: Any, app: FastAPI) -> None:
    """More of them than the pool has connections, and everybody else is served meanwhile."""
    many = [Slow() for _ in range(12)]
    path = f"/v1/cases/{case['id']}/documents"
    sending = [asyncio.create_task(raw(world, "coordinator", path, slow, KIND)) for slow in many]
    await asyncio.gather(*(slow.halted.wait() for slow in many))
    served = await asyncio.wait_for(world.get("coordinator", f"/v1/cases/{case['id']}"), 5)
    assert served.status_code == 200
    for slow in many:
        slow.go_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*sending)} == {201}


async def test_an_upload_that_stops_half_way_leaves_nothing(
    world: World, case: Any, app: FastAPI, settings: Settings, owner: Database
) -> None:
    """The connection is gone: nobody is answered, and neither row nor file stays, whole or begun."""
    body = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", PDF * 1000, "a.pdf")
    messages = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send_(message: Any) -> None:
        sent.append(message)

    headers = {**world.headers("coordinator"), "content-type": KIND}
    path = f"/v1/cases/{case['id']}/documents"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    counted = {"method": "POST", "route": "/v1/cases/{case_id}/documents", "status": "499"}
    before = app.state.metrics.registry.get_sample_value("indgang_requests_total", counted) or 0
    await app(scope, receive, send_)
    assert sent == []
    assert app.state.metrics.registry.get_sample_value("indgang_requests_total", counted) == before + 1
    assert (kept(settings, world), await rows(owner, world)) == ([], 0)


async def test_a_body_that_ends_early_is_refused(world: World, case: Any, settings: Settings) -> None:
    body = b"--abc\r\n" + DETAILS_PART + b"\r\n--abc\r\n" + part("file", PDF, "a.pdf") + b"\r\n--abc"
    answer = await raw(world, "coordinator", f"/v1/cases/{case['id']}/documents", body, KIND)
    assert flaw(answer) == (400, "unreadable-multipart", None)
    assert kept(settings, world) == []


async def test_what_the_database_refuses_leaves_no_file(world: World, case: Any, settings: Settings) -> None:
    """Judged only in the real transaction: a subject of another family, after the file was stored."""
    other = await world.family()
    refused = await upload(world, "coordinator", case, subjects=[other.members["child"]])
    assert flaw(refused) == (422, "member-not-in-family", "/subjects")
    assert kept(settings, world) == []


async def test_a_full_disk_leaves_nothing(
    world: World, case: Any, settings: Settings, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.storage.os.fsync", full)
    answer = await upload(world, "coordinator", case)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage-unavailable")
    assert (kept(settings, world), await rows(owner, world)) == ([], 0)


# --- sent again


async def test_an_upload_that_is_sent_again_is_one_document(world: World, case: Any, settings: Settings) -> None:
    path = f"/v1/cases/{case['id']}/documents"
    first = await send(world, "coordinator", path, DETAILS, idempotency_key="k")
    again = await send(world, "coordinator", path, DETAILS, idempotency_key="k")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert len(kept(settings, world)) == 1
    for details, file, name in (
        (DETAILS | {"title": "Andet"}, PDF, "notat.pdf"),
        (DETAILS, PDF + b" ", "notat.pdf"),
        (DETAILS, PDF, "andet.pdf"),
    ):
        other = await send(world, "coordinator", path, details, file, name, idempotency_key="k")
        assert flaw(other)[:2] == (422, "idempotency-key-reused")
    assert len(kept(settings, world)) == 1


async def test_twenty_at_once_with_one_key_make_one_document(world: World, case: Any, settings: Settings) -> None:
    path = f"/v1/cases/{case['id']}/documents"
    answers = await asyncio.gather(*(send(world, "coordinator", path, DETAILS, idempotency_key="k") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(kept(settings, world)) == 1


# --- storage


async def test_a_key_of_ours_is_the_only_path(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    for key in ("", "a", "../../etc/passwd", f"{uuid4().hex}/../x", f"{uuid4().hex}/{uuid4().hex}/x", uuid4().hex):
        with pytest.raises(ValueError, match="not a storage key"):
            await disk.size(key)


async def test_a_content_is_read_from_anywhere(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "new" / "place")
    content = random.Random(3).randbytes(700_000)

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 10_000):
            yield content[at : at + 10_000]

    key = await disk.put(uuid4(), chunks())
    assert await disk.size(key) == len(content)
    for start, length in ((0, len(content)), (0, 0), (5, 10), (300_000, 400_000), (699_999, 50)):
        assert b"".join([one async for one in disk.read(key, start, length)]) == content[start : start + length]
    await disk.delete(key)
    await disk.delete(key)
    assert await disk.size(key) is None


def test_every_type_that_is_told_is_one_that_is_served() -> None:
    assert {kind for _, kind in TAKEN.values()} | {
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
    } == set(EXTENSIONS)
