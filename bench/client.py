"""A load client that costs next to nothing: kept connections on raw protocols, each with one request under way."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, cast

LENGTH: Final = b"content-length: "
Ask = tuple[int, bytes]
"""A reader profile's number, and the whole request."""


@dataclass
class Heard:
    """What one measurement heard: seconds per answer with the profile asked for, and how many were not 2xx."""

    seconds: float = 0.0
    waits: list[tuple[int, float]] = field(default_factory=list)
    failed: int = 0
    first_failure: bytes = b""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.waits) / self.seconds if self.seconds else 0.0

    def wait(self, share: float) -> float:
        """The quantile of all waits, in seconds."""
        ordered = sorted(wait for _, wait in self.waits)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")

    def mean_wait(self, profile: int) -> float:
        own = [wait for number, wait in self.waits if number == profile]
        return sum(own) / len(own) if own else float("nan")


class _Asker(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again, until the time or the requests are used up."""

    def __init__(self, heard: Heard, asks: Iterator[Ask], until: float, done: asyncio.Future[None]) -> None:
        self.heard, self.asks, self.until, self.done = heard, asks, until, done
        self.profile, self.began, self.missing = 0, 0.0, 0
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        ask = next(self.asks, None) if time.perf_counter() < self.until else None
        if ask is None:
            self.transport.close()
            return
        self.profile, request = ask
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._judge()
            place = self.head.lower().find(LENGTH) + len(LENGTH)
            length = int(self.head[place : self.head.index(b"\r", place)])
            self.missing = length - (len(self.head) - end - 4)
            self.head = b""
        if not self.missing:
            self.heard.waits.append((self.profile, time.perf_counter() - self.began))
            self._next()

    def _judge(self) -> None:
        if self.head[9:10] != b"2":
            self.heard.failed += 1
            self.heard.first_failure = self.heard.first_failure or self.head[:400]

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def drive(port: int, asks: Iterator[Ask], connections: int, seconds: float) -> Heard:
    """Ask for that long over that many connections. Raises RuntimeError when an answer is not a 2xx, or none comes."""
    loop, heard, began = asyncio.get_running_loop(), Heard(), time.perf_counter()
    ends = began + seconds
    done = [loop.create_future() for _ in range(connections)]
    for future in done:
        await loop.create_connection(partial(_Asker, heard, asks, ends, future), "127.0.0.1", port)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*done)
    heard.seconds = time.perf_counter() - began
    if heard.failed or not heard.waits:
        raise RuntimeError(f"{heard.failed} of {len(heard.waits)} answers failed: {heard.first_failure!r}")
    return heard
