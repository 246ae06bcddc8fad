"""What an uploaded file is, by its content, and what it may be called.

Nothing is unpacked, parsed or run to find out: the beginning of a file tells what it says it is, and of what is packed
as ZIP the directory at its end is read, within limits. What is not known here is refused; what is known is served as an
attachment all the same, since no look at a file proves that it is harmless.
"""

import re
import struct
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

HEAD: Final = 4096
DIRECTORY: Final = 1_048_576
TAIL: Final = DIRECTORY + 66_000  # the directory of an archive, and the record after it with the longest comment
MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 268_435_456
MOST_RATIO: Final = 200
SMALL_UNPACKED: Final = 10_485_760
"""What may be unpacked from however small a file."""

OOXML: Final = "application/vnd.openxmlformats-officedocument"
ODF: Final = "application/vnd.oasis.opendocument"
EXTENSIONS: Final = {
    "application/pdf": (".pdf",),
    f"{OOXML}.wordprocessingml.document": (".docx",),
    f"{OOXML}.spreadsheetml.sheet": (".xlsx",),
    f"{OOXML}.presentationml.presentation": (".pptx",),
    f"{ODF}.text": (".odt",),
    f"{ODF}.spreadsheet": (".ods",),
    f"{ODF}.presentation": (".odp",),
    "application/rtf": (".rtf",),
    "text/plain": (".txt", ".log", ".md"),
    "text/csv": (".csv",),
    "message/rfc822": (".eml",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/tiff": (".tif", ".tiff"),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/wav": (".wav",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
}
"""Every media type that is taken, with the endings that a file of it may have; the first one is given to all others."""

BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\0", "audio/ogg"),
)
RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "), "video/mp4"),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"dash", b"MSNV"), "video/mp4"),
}
MP3_FRAME: Final = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][^\xf0-\xff]", re.DOTALL)
OFFICE: Final = {
    "word/document.xml": f"{OOXML}.wordprocessingml.document",
    "xl/workbook.xml": f"{OOXML}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{OOXML}.presentationml.presentation",
}
SCRIPTS: Final = re.compile(r"(.*/)?vbaProject\.bin|(Basic|Scripts)/.*|.*\.(exe|dll|js|vbs|jar)", re.IGNORECASE)
OUTSIDE: Final = re.compile(r"[/\\]|[A-Za-z]:|(.*[/\\])?\.\.([/\\]|$)")

TEXTUAL: Final = bytes([9, 10, 12, 13, *range(32, 127), *range(128, 256)])
MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[!?/A-Za-z]|#!)")
"""What a browser could take for a page or a picture, or a system for a program, however it is called."""
MAIL: Final = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")

RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
LONGEST_NAME: Final = 120
LONGEST_ENDING: Final = 10


@dataclass(frozen=True, slots=True)
class Content:
    """A content that has come whole and is stored: what its row will say of it."""

    key: str
    file_name: str
    media_type: str
    size: int
    sha256: str


class Look:
    """What is seen of a file while it streams by: its beginning, its end, its size, and whether it is all text."""

    def __init__(self) -> None:
        self.size, self.head, self.plain = 0, b"", True
        self._kept: deque[bytes] = deque()
        self._kept_size = 0

    def feed(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if len(self.head) < HEAD:
            self.head += chunk[: HEAD - len(self.head)]
        self.plain = self.plain and not chunk.translate(None, TEXTUAL)
        self._kept.append(chunk)
        self._kept_size += len(chunk)
        while self._kept_size - len(self._kept[0]) >= TAIL:
            self._kept_size -= len(self._kept.popleft())

    def media_type(self, name: str) -> str | None:
        """What the file is; None for what is not taken. Its name only tells one kind of text from another."""
        if self.head.startswith(b"PK\x03\x04"):
            return self._packed()
        found = _by_beginning(self.head)
        if found is not None:
            return None if self._directory() is not None else found  # two things at once are for fooling somebody
        return _of_text(self.head, name) if self.plain and self.size else None

    def _directory(self) -> bytes | None:
        """The directory of the ZIP archive that the file ends with, if it does."""
        tail = b"".join(self._kept)
        at = tail.rfind(b"PK\x05\x06", max(0, len(tail) - 66_000))
        if at < 0 or at + 22 > len(tail):
            return None
        (length,) = struct.unpack_from("<I", tail, at + 12)
        begins = at - length
        return tail[begins:at] if begins >= 0 and tail.startswith(b"PK\x01\x02", begins) else None

    def _packed(self) -> str | None:
        """The office document that the archive is. None for any other, and for what would unpack to too much."""
        directory = self._directory()
        if directory is None or len(directory) > DIRECTORY:
            return None
        entries = list(_entries(directory))
        most = min(MOST_UNPACKED, max(SMALL_UNPACKED, MOST_RATIO * self.size))
        if len(entries) > MOST_ENTRIES or sum(entry.unpacked for entry in entries) > most:
            return None
        if any(entry.encrypted or SCRIPTS.fullmatch(entry.name) or OUTSIDE.match(entry.name) for entry in entries):
            return None
        names = {entry.name for entry in entries}
        if "[Content_Types].xml" in names:
            return next((found for name, found in OFFICE.items() if name in names), None)
        return _open_document(self.head)


class _Entry(NamedTuple):
    name: str
    unpacked: int
    encrypted: bool


def _entries(directory: bytes) -> Iterator[_Entry]:
    """What the directory of an archive lists; a damaged one ends early."""
    at = 0
    while at + 46 <= len(directory) and directory.startswith(b"PK\x01\x02", at):
        (flags,) = struct.unpack_from("<H", directory, at + 8)
        unpacked, name, extra, comment = struct.unpack_from("<I3H", directory, at + 24)
        told = directory[at + 46 : at + 46 + name].decode("utf-8", "replace")
        yield _Entry(told, unpacked, bool(flags & 1))
        at += 46 + name + extra + comment


def _open_document(head: bytes) -> str | None:
    """What the first entry says, which is `mimetype` and not packed in an OpenDocument file."""
    if len(head) < 38 or head[30:38] != b"mimetype":
        return None
    size, name, extra = struct.unpack_from("<IHH", head, 22)
    told = head[38 + extra : 38 + extra + size].decode("ascii", "replace") if name == 8 and size < 100 else ""
    return told if told.startswith(ODF) and told in EXTENSIONS else None


def _by_beginning(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12])
    if MP3_FRAME.match(head):
        return "audio/mpeg"
    return next((found for begins, found in BEGINNINGS if head.startswith(begins)), None)


def _of_text(head: bytes, name: str) -> str | None:
    if MARKUP.match(head):
        return None
    ending = _ending(name)
    if ending == ".eml" and MAIL.match(head.replace(b"\r\n", b"\n")):
        return "message/rfc822"
    return "text/csv" if ending == ".csv" else "text/plain"


def _ending(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def file_name(sent: str) -> str:
    """What a file is called here: the last part of what was sent, without what is not seen or means something."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    seen = "".join(one if one.isprintable() else " " if one.isspace() else "" for one in last)
    plain = re.sub(r" {2,}", " ", re.sub(r'[<>:"|?*]', "_", seen)).strip(" .")
    if RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    if len(plain) > LONGEST_NAME:
        ending = _ending(plain)
        kept = ending if len(ending) <= LONGEST_ENDING else ""
        plain = plain[: LONGEST_NAME - len(kept)].rstrip(" .") + kept
    return plain or "dokument"


def served_name(name: str, media_type: str) -> str:
    """The name to save it under: with an ending that says what it is, so that no double click runs something else."""
    endings = EXTENSIONS.get(media_type, (".bin",))
    return name if _ending(name) in endings else name + endings[0]
