"""Where the contents of documents lie: streams in, streams out, under names of our own.

`Storage` is what the rest of the program asks of it; another place (an object store), a virus scan or encryption at
rest is another class with these verbs. `Disk` is the one there is.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID

from app.db import new_id

DOCUMENTS: Final = "documents"
"""The folder of the contents, in the data directory."""
CHUNK: Final = 262_144
KEY: Final = re.compile(r"[0-9a-f]{32}/[0-9a-f]{32}(\.part)?")
"""A municipality and a name within it; what has not come whole yet ends on .part."""


class Storage(Protocol):
    """A store of contents, each under a key that it made itself."""

    async def put(self, municipality: UUID, chunks: AsyncIterable[bytes]) -> str:
        """Keep a content, durably when this returns; its key. Nothing is left of it when this or `chunks` raises."""

    async def size(self, key: str) -> int | None:
        """How many bytes the content has; None when it is not there."""

    def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes of a content from an offset."""

    async def delete(self, key: str) -> None:
        """Take a content away; no error when it is gone already."""

    def older(self, municipality: UUID, than: datetime) -> AsyncIterator[list[str]]:
        """The keys of all that was kept before, some at a time; also of what never came whole."""


def id_of(key: str) -> UUID:
    """The id that a key was made from: what the content belongs to carries it, and is found by it."""
    return UUID(key.rpartition("/")[2].removesuffix(".part"))


class Disk:
    """Contents as files of a folder, readable by this account alone. No name ever comes from outside."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, municipality: UUID, chunks: AsyncIterable[bytes]) -> str:
        key = f"{municipality.hex}/{new_id().hex}"
        place = self._place(key)
        file = await asyncio.to_thread(_begin, place)
        try:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_complete, file, place)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(_abandon, file, place))
            raise
        return key

    async def size(self, key: str) -> int | None:
        with suppress(FileNotFoundError):
            return (await asyncio.to_thread(self._place(key).stat)).st_size
        return None

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(_opened, self._place(key), start)
        try:
            while length > 0 and (chunk := await asyncio.to_thread(file.read, min(length, CHUNK))):
                length -= len(chunk)
                yield chunk
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._place(key).unlink, missing_ok=True)

    async def older(self, municipality: UUID, than: datetime) -> AsyncIterator[list[str]]:
        home = self.root / str(municipality)
        for folder in await asyncio.to_thread(_listed, home):
            keys = await asyncio.to_thread(_older, folder, than.timestamp())
            yield [f"{municipality.hex}/{name}" for name in keys]

    def _place(self, key: str) -> Path:
        """The file of a key. Raises ValueError for what is no key: no other path is ever made of it."""
        if not KEY.fullmatch(key):
            raise ValueError("not a storage key")
        municipality, _, name = key.partition("/")
        return self.root / str(UUID(municipality)) / id_of(key).hex[-2:] / name


def _begin(place: Path) -> BinaryIO:
    for folder in (place.parent.parent.parent, place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, parents=folder == place.parent.parent.parent, exist_ok=True)
    return os.fdopen(os.open(_part(place), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _complete(file: BinaryIO, place: Path) -> None:
    """On disk, and under its name, before anything speaks of it."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    _part(place).rename(place)
    for folder in (place.parent, place.parent.parent):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _abandon(file: BinaryIO, place: Path) -> None:
    with suppress(OSError):  # a full disk refuses to flush what is thrown away
        file.close()
    _part(place).unlink(missing_ok=True)
    place.unlink(missing_ok=True)


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _opened(place: Path, start: int) -> BinaryIO:
    file = place.open("rb", buffering=0)
    file.seek(start)
    return file


def _listed(home: Path) -> list[Path]:
    return sorted(folder for folder in home.iterdir() if folder.is_dir()) if home.is_dir() else []


def _older(folder: Path, than: float) -> list[str]:
    with os.scandir(folder) as files:
        return [file.name for file in files if file.stat().st_mtime < than]
