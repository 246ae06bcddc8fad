"""Whether a token is believed: the one issuer it may be from, its signature, its time, and then whom it speaks for."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jose.backends.base import Key

from app.auth.keys import Clock, Fetch, KeyRing, fetch_jwks
from app.auth.objects import Object
from app.auth.tokens import Identity, algorithm_of, check_times, identity_of, invalid_token, kid_of, parsed
from app.config import Algorithm, Issuer
from app.errors import Unauthorized

REMEMBERED: Final = 4096
"""How many proven tokens a process remembers."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A token whose signature was verified: by which key, and whom it speaks for. Its times are checked every time."""

    keys: KeyRing
    kid: str | None
    algorithm: Algorithm
    key: Key
    claims: Object
    identity: Identity


class Verifier:
    """Verifies tokens of the configured issuers. Safe to share among the requests of one event loop.

    A token's signature is verified once for each key: it is remembered, under its hash, as long as its issuer has the
    key that proved it, so that a key taken away or changed counts at once. Times are checked on every request.
    """

    def __init__(
        self, issuers: Iterable[Issuer], *, leeway: float = 30, fetch: Fetch | None = None, now: Clock = time.time
    ) -> None:
        """`leeway` is in seconds; `fetch` gets a key set (default `fetch_jwks`); `now` is seconds since 1970."""
        self._leeway = leeway
        self._now = now
        self._proven: dict[bytes, Proven] = {}
        self._trusted: dict[str, list[tuple[Issuer, KeyRing]]] = {}
        for issuer in issuers:
            self._trusted.setdefault(issuer.issuer, []).append((issuer, KeyRing(issuer, fetch or fetch_jwks, now)))

    async def verify(self, token: str | None) -> Identity:
        """Whom this token speaks for. Raises `Unauthorized` (token-missing, token-invalid, token-expired), or
        `Unavailable` when the issuer's keys cannot be had.
        """
        if not token:
            raise Unauthorized("token-missing")
        name = hashlib.blake2b(token.encode(errors="replace"), digest_size=32).digest()
        proven = self._proven.get(name)
        if proven is None or await proven.keys.find(proven.kid, proven.algorithm) is not proven.key:
            proven = await self._prove(token)
            if len(self._proven) >= REMEMBERED:
                del self._proven[next(iter(self._proven))]
            self._proven[name] = proven
        check_times(proven.claims, self._now(), self._leeway)
        return proven.identity

    async def _prove(self, token: str) -> Proven:
        """The token's signature, by a key that its issuer has now, and then whom it speaks for."""
        read = parsed(token)
        issuer, keys = self._chosen(read.claims)
        kid, algorithm = kid_of(read.header), algorithm_of(read.header, issuer)
        key = await keys.find(kid, algorithm)
        if key is None or not key.verify(read.signed, read.signature):
            raise invalid_token()
        check_times(read.claims, self._now(), self._leeway)
        return Proven(keys, kid, algorithm, key, read.claims, identity_of(read.claims, issuer))

    def _chosen(self, claims: Object) -> tuple[Issuer, KeyRing]:
        """The one entry that the token says it is from and for. What it says is proven by the signature, later."""
        name, audience = claims.get("iss"), claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(name, str) or not isinstance(audiences, list):
            raise invalid_token()
        if not all(isinstance(each, str) for each in audiences):
            raise invalid_token()
        found = [entry for entry in self._trusted.get(name, ()) if entry[0].audience in audiences]
        if len(found) != 1:
            raise invalid_token()
        return found[0]
