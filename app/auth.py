"""Who is asking: a bearer token in, an `Identity` out, or 401 (P21). The only importer of `jose`.

python-jose 3.5 checks a signature well and little else: left alone it takes the algorithm from the token, ignores
`kid`, `crit` and `use`, reads the last of two equal JSON keys, and lets `exp` be text. So it is only asked whether one
key, made for one algorithm, signed these bytes. The rest is decided here: the shape before, the claims and their types
after. Nothing of a token is ever logged or echoed.
"""

import asyncio
import base64
import contextlib
import json
import logging
import math
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk as jose_jwk
from jose import jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from app.config import TRYOUT_ISSUER, Algorithm, Issuer, Kind, UnsafeSetup, jwk_fits, jwk_flaw
from app.errors import Unauthorized, Unavailable

__all__ = ["TRYOUT_ISSUER", "Identity", "Verifier", "fetch_jwks", "tryout_issuer", "tryout_key", "tryout_token"]

Object = dict[str, Any]
Fetch = Callable[[str], Awaitable[Object]]
Clock = Callable[[], float]

TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
TOKEN_BYTES = 8192
TYPES = frozenset({"jwt", "at+jwt"})
REFUSED_HEADERS = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"})
LIFETIME_SECONDS = 24 * 3600
LATEST_INSTANT = 2**53

JWKS_BYTES = 256 * 1024
FETCH_SECONDS = 5
FRESH_SECONDS = 600
STALE_SECONDS = 24 * 3600
PAUSE_SECONDS = 30
FIRST_PAUSE_SECONDS = 5

TRYOUT_AUDIENCE = "indgang"
TRYOUT_KEY_FILE = "tryout-signing-key.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a genuine token speaks for: a subject as its issuer knows it, in one municipality."""

    issuer: str
    subject: str
    kind: Kind
    municipality: UUID


# --- Tokens


@dataclass(frozen=True, slots=True)
class _Token:
    """A well-formed token that nobody has vouched for yet."""

    header: Object
    claims: Object
    signed: bytes
    signature: bytes


class Verifier:
    """Verifies tokens of the configured issuers. Safe to share among the requests of one event loop."""

    def __init__(
        self, issuers: Iterable[Issuer], *, leeway: float = 30, fetch: Fetch | None = None, now: Clock = time.time
    ) -> None:
        """`leeway` is in seconds; `fetch` gets a key set (default `fetch_jwks`); `now` is seconds since 1970."""
        self._leeway = leeway
        self._now = now
        self._trusted: dict[str, list[tuple[Issuer, _KeyRing]]] = {}
        for issuer in issuers:
            self._trusted.setdefault(issuer.issuer, []).append((issuer, _KeyRing(issuer, fetch or fetch_jwks, now)))

    async def verify(self, token: str | None) -> Identity:
        """Whom this token speaks for. Raises `Unauthorized` (token-missing, token-invalid, token-expired), or
        `Unavailable` when the issuer's keys cannot be had.
        """
        if not token:
            raise Unauthorized("token-missing")
        read = _read(token)
        issuer, keys = self._chosen(read.claims)
        key = await keys.find(_kid(read.header), _algorithm(read.header, issuer))
        if key is None or not key.verify(read.signed, read.signature):
            raise _invalid()
        _check_times(read.claims, self._now(), self._leeway)
        return _identity(read.claims, issuer)

    def _chosen(self, claims: Object) -> tuple[Issuer, "_KeyRing"]:
        """The one entry that the token says it is from and for. What it says is proven by the signature, later."""
        name, audience = claims.get("iss"), claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(name, str) or not isinstance(audiences, list):
            raise _invalid()
        if not all(isinstance(each, str) for each in audiences):
            raise _invalid()
        found = [entry for entry in self._trusted.get(name, ()) if entry[0].audience in audiences]
        if len(found) != 1:
            raise _invalid()
        return found[0]


def _invalid() -> Unauthorized:
    return Unauthorized("token-invalid")


def _read(token: str) -> _Token:
    """The token's parts, decoded but unproven: three canonical base64url segments, two JSON objects."""
    segments = TOKEN.fullmatch(token) if len(token) <= TOKEN_BYTES else None
    if segments is None:
        raise _invalid()
    try:
        header, claims, signature = (_decoded(segment) for segment in segments.groups())
        return _Token(_object(header), _object(claims), token[: segments.start(3) - 1].encode(), signature)
    except (ValueError, RecursionError):
        raise _invalid() from None


def _decoded(segment: str) -> bytes:
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise ValueError("not canonical base64url")
    return decoded


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError("NaN and Infinity are not JSON")


STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _object(encoded: bytes) -> Object:
    found = STRICT_JSON.decode(encoded.decode("utf-8"))
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _algorithm(header: Object, issuer: Issuer) -> Algorithm:
    """The header's algorithm, when the issuer may use it and the header asks for nothing we do not honour."""
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TYPES or REFUSED_HEADERS & header.keys():
        raise _invalid()
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
        raise _invalid()
    return algorithm


def _kid(header: Object) -> str | None:
    if "kid" not in header:
        return None
    kid = header["kid"]
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise _invalid()
    return kid


def _check_times(claims: Object, now: float, leeway: float) -> None:
    """Issued, begun and not ended, give or take the leeway in seconds, and good for 24 hours at most."""
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    begins = _instant(claims, "nbf") if "nbf" in claims else issued
    if max(issued, begins) > now + leeway or not 0 < expires - issued <= LIFETIME_SECONDS:
        raise _invalid()
    if expires + leeway <= now:
        raise Unauthorized("token-expired")


def _instant(claims: Object, name: str) -> float:
    """Seconds since 1970. A truth value is no number, and neither is anything that arithmetic could choke on."""
    value: Any = claims.get(name)
    if type(value) not in (int, float) or not 0 <= value < LATEST_INSTANT:
        raise _invalid()
    return float(value)


def _identity(claims: Object, issuer: Issuer) -> Identity:
    kind = _text(claims, issuer.kind_claim)
    if kind not in issuer.kinds:
        raise _invalid()
    municipality = _municipality(_text(claims, issuer.municipality_claim))
    if not issuer.any_municipality and municipality not in issuer.municipalities:
        raise _invalid()
    return Identity(issuer.issuer, _text(claims, issuer.subject_claim), kind, municipality)


def _text(claims: Object, name: str) -> str:
    """Text of 1 to 255 characters that can be seen: no NUL, lone surrogate or invisible mark, no space around it."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable() or value != value.strip():
        raise _invalid()
    return value


def _municipality(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        raise _invalid() from None
    if str(found) != text:
        raise _invalid()
    return found


# --- Keys


class _KeySet:
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


class _KeyRing:
    """The keys of one issuer, fetched when first needed and again every ten minutes.

    A key not heard of makes it ask again, but never within 30 seconds of the last time (5 while it has no keys at all),
    so made-up kids cannot be used to wear out the identity provider. Concurrent callers share one fetch. When a fetch
    fails the keys it has stay good for up to 24 hours, and callers do not wait for the next tries.
    """

    def __init__(self, issuer: Issuer, fetch: Fetch, now: Clock) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._now = now
        self._keys = None if issuer.jwks is None else _KeySet(issuer.jwks, issuer.algorithms)
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

    def _held(self) -> _KeySet:
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
            self._keys = _KeySet(await self._fetch(url), self._issuer.algorithms)
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
    return _object(bytes(body))


# --- Trying out: a key of its own, on this machine only


def tryout_key(data_dir: Path) -> Object:
    """The private JWK that signs try-out tokens: made at the first call, readable by its owner only, then kept.

    Raises `UnsafeSetup` when the file is there but holds no such key.
    """
    path = data_dir / TRYOUT_KEY_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, json.dumps(_new_key()))
    try:
        key = _object(path.read_bytes())
        jose_jwk.construct({**key, "d": key["d"], "kid": key["kid"]}, "RS256")
    except (ValueError, KeyError, TypeError, JOSEError):
        raise UnsafeSetup(
            f"The try-out signing key is damaged: delete {TRYOUT_KEY_FILE} in INDGANG_DATA_DIR."
        ) from None
    return key


def tryout_issuer(data_dir: Path) -> Issuer:
    """The issuer of try-out tokens, with the public part of its key. Production refuses it (P18)."""
    key = tryout_key(data_dir)
    public = jose_jwk.construct(key, "RS256").public_key().to_dict()
    return Issuer(
        issuer=TRYOUT_ISSUER,
        audience=TRYOUT_AUDIENCE,
        jwks={"keys": [public | {"kid": key["kid"], "use": "sig"}]},
        kinds=frozenset(get_args(Kind)),
        any_municipality=True,
    )


def tryout_token(data_dir: Path, subject: str, kind: Kind, municipality: UUID, lifetime: int = 8 * 3600) -> str:
    """A token for trying out, good for `lifetime` seconds, at most 24 hours."""
    key, now = tryout_key(data_dir), int(time.time())
    claims = {"iss": TRYOUT_ISSUER, "aud": TRYOUT_AUDIENCE, "iat": now, "exp": now + lifetime, "sub": subject}
    stated = {"actor_kind": kind, "municipality": str(municipality)}
    return jws.sign(claims | stated, key, headers={"kid": key["kid"]}, algorithm="RS256")


def _new_key() -> Object:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jose_jwk.construct(pem, "RS256").to_dict() | {"kid": secrets.token_hex(8)}


def _write_once(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all. When another process was first, its file stands."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
