"""CPR numbers: read, kept encrypted, found again by a keyed index, and shown masked (P16, P17).

A pure mechanism. A number that fails modulus 11 is a good one (since 2007), and so is a replacement number, where 60
is added to the day of birth. An unkeyed hash of a CPR number is guessed in minutes: everything here needs a key.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, Field, SecretStr

SHAPE: Final = re.compile(r"([0-9]{6})-?([0-9]{4})", re.ASCII)
REPLACEMENT: Final = 60
"""What is added to the day of birth in a replacement number."""
KEY_BYTES, NONCE_BYTES, VERSION = 32, 12, 1


@dataclass(frozen=True, slots=True)
class Number:
    """A CPR number. It never shows itself but masked."""

    digits: str = field(repr=False)

    @property
    def masked(self) -> str:
        return f"{self.digits[:6]}-****"

    def births(self) -> tuple[date, ...]:
        """The birth dates that it can stand for: none when it stands for no day, several for a replacement number."""
        day, month, year = (int(self.digits[at : at + 2]) for at in (0, 2, 4))
        if day > REPLACEMENT:  # its serial follows no rule, so the century is open
            return _days(day - REPLACEMENT, month, *(century + year for century in (1800, 1900, 2000)))
        return _days(day, month, _century(int(self.digits[6]), year) + year)


def _days(day: int, month: int, *years: int) -> tuple[date, ...]:
    found = []
    for year in years:
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return tuple(found)


def _century(seventh: int, year: int) -> int:
    """The century by the civil registry's table: the seventh digit and the two of the year."""
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def read(text: str, today: date) -> Number:
    """The number in `DDMMYY-SSSS` or ten digits. ValueError, without the text, for any other, or a day to come."""
    found = SHAPE.fullmatch(text.strip())
    number = Number("".join(found.groups()) if found else "")
    if not found or not any(day <= today for day in number.births()):
        raise ValueError("not a CPR number")
    return number


# --- keys


class Key(BaseModel):
    """One key that CPR numbers are encrypted with; its id stands before what it encrypted."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    key: SecretStr


def raw(key: SecretStr) -> bytes:
    """The 32 bytes of a key written as base64. ValueError when they are not, or not at random."""
    found = base64.b64decode(key.get_secret_value().strip(), validate=True)
    if len(found) != KEY_BYTES or len(set(found)) < KEY_BYTES // 2:
        raise ValueError("not 32 random bytes")
    return found


def key_flaws(keys: Sequence[Key], index_key: SecretStr | None) -> Iterator[str]:
    """Why these keys must not keep CPR numbers, one sentence for each thing to change (P18)."""
    if not keys:
        yield "Production needs a key for CPR numbers: name at least one in INDGANG_CPR_KEYS."
    known = [_known(one.key) for one in keys]
    yield from (f"Key {at} of INDGANG_CPR_KEYS is {WEAK}" for at, one in enumerate(known, start=1) if one is None)
    times = (*Counter(one.id for one in keys).values(), *Counter(one for one in known if one).values())
    if any(count > 1 for count in times):
        yield "Two entries of INDGANG_CPR_KEYS have the same id or key: give each an id and a key of its own."
    if index_key is None:
        yield "Production needs a key to find CPR numbers by: set INDGANG_CPR_INDEX_KEY."
    elif _known(index_key) is None:
        yield f"INDGANG_CPR_INDEX_KEY is {WEAK}"
    elif _known(index_key) in known:
        yield "INDGANG_CPR_INDEX_KEY stands in INDGANG_CPR_KEYS too: make one of its own."


WEAK: Final = "not 32 random bytes in base64: make one with `openssl rand -base64 32`."


def _known(key: SecretStr) -> bytes | None:
    try:
        return raw(key)
    except ValueError:
        return None


class LostKey(Exception):
    """Something was encrypted with a key that is not here any more."""


class Vault:
    """Encrypts with the first key and decrypts with them all; what it finds by outlives them (`index_key`).

    What is sealed for one member opens for no other: municipality and member are authenticated with it.
    """

    def __init__(self, keys: Sequence[Key], index_key: SecretStr) -> None:
        self._ciphers = {self._prefix(one.id): AESGCM(raw(one.key)) for one in keys}
        self.current = next(iter(self._ciphers))
        """How everything begins that the first key encrypted."""
        self._index_key = raw(index_key)

    @staticmethod
    def _prefix(id: str) -> bytes:
        return bytes((VERSION, len(id))) + id.encode("ascii")

    def seal(self, number: Number, municipality: UUID, member: UUID) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        owner = self.current + municipality.bytes + member.bytes
        return self.current + nonce + self._ciphers[self.current].encrypt(nonce, number.digits.encode("ascii"), owner)

    def open(self, sealed: bytes, municipality: UUID, member: UUID) -> Number:
        """Raises LostKey when its key is not here, and InvalidTag when it was sealed for another, or changed."""
        prefix, rest = sealed[: 2 + sealed[1]], sealed[2 + sealed[1] :]
        if prefix not in self._ciphers:
            raise LostKey(prefix[2:].decode("ascii", "replace"))
        owner = prefix + municipality.bytes + member.bytes
        found = self._ciphers[prefix].decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], owner)
        return Number(found.decode("ascii"))

    def index(self, number: Number, municipality: UUID) -> str:
        """What the number is found by, in this municipality only."""
        return self._keyed(b"cpr index" + municipality.bytes, number.digits.encode("ascii"))

    def fingerprint(self, content: bytes) -> str:
        """Tells equal requests from others, and nothing of what stands in them."""
        return self._keyed(b"request fingerprint", content)

    def _keyed(self, purpose: bytes, content: bytes) -> str:
        derived = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose).derive(self._index_key)
        return hmac.new(derived, content, hashlib.sha256).hexdigest()
