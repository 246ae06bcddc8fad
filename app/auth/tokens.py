"""What a token may look like and what it must say: its shape before the signature is checked, its claims after."""

import base64
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.auth.objects import Object, json_object
from app.config import Algorithm, Issuer, Kind
from app.errors import Unauthorized

TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
TOKEN_BYTES = 8192
TYPES = frozenset({"jwt", "at+jwt"})
REFUSED_HEADERS = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"})
LIFETIME_SECONDS = 24 * 3600
LATEST_INSTANT = 2**53


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a genuine token speaks for: a subject as its issuer knows it, in one municipality."""

    issuer: str
    subject: str
    kind: Kind
    municipality: UUID


@dataclass(frozen=True, slots=True)
class Token:
    """A well-formed token that nobody has vouched for yet."""

    header: Object
    claims: Object
    signed: bytes
    signature: bytes


def invalid_token() -> Unauthorized:
    return Unauthorized("token-invalid")


def parsed(token: str) -> Token:
    """The token's parts, decoded but unproven: three canonical base64url segments, two JSON objects."""
    segments = TOKEN.fullmatch(token) if len(token) <= TOKEN_BYTES else None
    if segments is None:
        raise invalid_token()
    try:
        header, claims, signature = (_decoded(segment) for segment in segments.groups())
        return Token(json_object(header), json_object(claims), token[: segments.start(3) - 1].encode(), signature)
    except (ValueError, RecursionError):
        raise invalid_token() from None


def _decoded(segment: str) -> bytes:
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise ValueError("not canonical base64url")
    return decoded


def algorithm_of(header: Object, issuer: Issuer) -> Algorithm:
    """The header's algorithm, when the issuer may use it and the header asks for nothing we do not honour."""
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TYPES or REFUSED_HEADERS & header.keys():
        raise invalid_token()
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
        raise invalid_token()
    return algorithm


def kid_of(header: Object) -> str | None:
    if "kid" not in header:
        return None
    kid = header["kid"]
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise invalid_token()
    return kid


def check_times(claims: Object, now: float, leeway: float) -> None:
    """Issued, begun and not ended, give or take the leeway in seconds, and good for 24 hours at most."""
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    begins = _instant(claims, "nbf") if "nbf" in claims else issued
    if max(issued, begins) > now + leeway or not 0 < expires - issued <= LIFETIME_SECONDS:
        raise invalid_token()
    if expires + leeway <= now:
        raise Unauthorized("token-expired")


def _instant(claims: Object, name: str) -> float:
    """Seconds since 1970. A truth value is no number, and neither is anything that arithmetic could choke on."""
    value: Any = claims.get(name)
    if type(value) not in (int, float) or not 0 <= value < LATEST_INSTANT:
        raise invalid_token()
    return float(value)


def identity_of(claims: Object, issuer: Issuer) -> Identity:
    kind = _text(claims, issuer.kind_claim)
    if kind not in issuer.kinds:
        raise invalid_token()
    municipality = _municipality(_text(claims, issuer.municipality_claim))
    if not issuer.any_municipality and municipality not in issuer.municipalities:
        raise invalid_token()
    return Identity(issuer.issuer, _text(claims, issuer.subject_claim), kind, municipality)


def _text(claims: Object, name: str) -> str:
    """Text of 1 to 255 characters that can be seen: no NUL, lone surrogate or invisible mark, no space around it."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable() or value != value.strip():
        raise invalid_token()
    return value


def _municipality(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        raise invalid_token() from None
    if str(found) != text:
        raise invalid_token()
    return found
