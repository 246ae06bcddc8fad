"""Which key may have signed: what is usable of an issuer's key set, and when the set is fetched again."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import httpx
from jose import jwk as jose_jwk
from jose.backends.base import Key

from app.auth.objects import Object, json_object
from app.config import Algorithm, Issuer, jwk_fits, jwk_flaw
from app.errors import Unavailable

Fetch = Callable[[str], Awaitable[Object]]
Clock = Callable[[], float]

JWKS_BYTES = 256 * 1024
FETCH_SECONDS = 5
FRESH_SECONDS = 600
STALE_SECONDS = 24 * 3600
PAUSE_SECONDS = 30
FIRST_PAUSE_SECONDS = 5

log = logging.getLogger(__package__)


class KeySet:
    """The keys of one JWKS that may verify for one issuer, made ready once: by kid and algorithm.

    A key that is private, weak, malformed or meant for something else is left out; so are two that answer to the same
    name, since we never guess. Raises `ValueError` when nothing is left.
    """

    def __init__(self, jwks: Object, algorithms: Iterable[Algorithm]) -> None:
        entries = jwks.get("keys")
        if not isinstance(entries, list):
            raise ValueError("not a key set")
        sound = [entry for entry in entries if jwk_flaw(entry) is None]
        fitting = [(entry, algorithm) for entry in sound for algorithm in algorithms if jwk_fits(entry, algorithm)]
        times = Counter((entry.get("kid"), algorithm) for entry, algorithm in fitting)
        self._keys: dict[tuple[str | None, Algorithm], Key] = {
            (entry.get("kid"), algorithm): jose_jwk.construct(entry, algorithm)
            for entry, algorithm in fitting
            if times[entry.get("kid"), algorithm] == 1
        }
        if not self._keys:
            raise ValueError("no usable key")
        self._is_single = len(entries) == 1

    def find(self, kid: str | None, algorithm: Algorithm) -> Key | None:
        """The key of this name. A token need only name its key when the set has several."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        if not self._is_single:
            return None
        return next((key for (_, fits), key in self._keys.items() if fits == algorithm), None)


class KeyRing:
    """The keys of one issuer, fetched when first needed and again every ten minutes.

    A key not heard of makes it ask again, but never within 30 seconds of the last time (5 while it has no keys at all),
    so made-up kids cannot be used to wear out the identity provider. Concurrent callers share one fetch. When a fetch
    fails the keys it has stay good for up to 24 hours, and callers do not wait for the next tries.
    """

    def __init__(self, issuer: Issuer, fetch: Fetch, now: Clock) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._now = now
        self._keys = None if issuer.jwks is None else KeySet(issuer.jwks, issuer.algorithms)
        self._fetched_at = self._tried_at = -math.inf
        self._is_failing = False
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: Algorithm) -> Key | None:
        """The issuer's key of this name, None when it has none. Raises `Unavailable` when its keys cannot be had."""
        url = self._issuer.jwks_url
        if url is not None and not self._is_within(FRESH_SECONDS, self._fetched_at):
            await self._refresh(url, wait=not (self._is_failing and self._is_usable()))
        key = self._held().find(kid, algorithm)
        if key is None and url is not None:
            await self._refresh(url, wait=True)
            key = self._held().find(kid, algorithm)
        return key

    def _held(self) -> KeySet:
        if self._keys is None or not self._is_usable():
            raise Unavailable("identity-provider-unavailable")
        return self._keys

    def _is_usable(self) -> bool:
        return self._issuer.jwks_url is None or self._is_within(STALE_SECONDS, self._fetched_at)

    def _is_within(self, seconds: float, since: float) -> bool:
        return 0 <= self._now() - since < seconds

    async def _refresh(self, url: str, *, wait: bool) -> None:
        if self._flight is None or self._flight.done():
            if self._is_within(PAUSE_SECONDS if self._is_usable() else FIRST_PAUSE_SECONDS, self._tried_at):
                return
            self._tried_at = self._now()
            self._flight = asyncio.create_task(self._load(url))
        if wait:
            await asyncio.shield(self._flight)

    async def _load(self, url: str) -> None:
        try:
            self._keys = KeySet(await self._fetch(url), self._issuer.algorithms)
        except Exception as error:
            self._is_failing = True
            log.warning("the keys of %s could not be fetched (%s)", self._issuer.issuer, type(error).__name__)
        else:
            self._is_failing = False
            self._fetched_at = self._now()


async def fetch_jwks(url: str) -> Object:
    """The JSON object at this address, within 5 seconds and 256 kB, never redirected.

    Raises `ValueError`, `TimeoutError` or `httpx.HTTPError`.
    """
    body = bytearray()
    async with asyncio.timeout(FETCH_SECONDS), httpx.AsyncClient(follow_redirects=False) as client:
        asked = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with client.stream("GET", url, headers=asked) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError("the answer is not 200")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > JWKS_BYTES:
                    raise ValueError("the answer is too large")
    return json_object(bytes(body))
