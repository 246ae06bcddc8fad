"""Token attacks fail with 401 (P21), and the identity provider's keys are had without wearing it out."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app import auth
from app.auth import Identity, Verifier, fetch_jwks, tryout_issuer, tryout_key, tryout_token
from app.config import Issuer, UnsafeSetup
from app.errors import Unauthorized, Unavailable

pytestmark = pytest.mark.anyio

Object = dict[str, Any]

NOW = 1_800_000_000
AARHUS = UUID("0b8f3a52-6d7e-4f55-9a39-0d2f0c9a7510")
ODENSE = UUID("7f1f6f0a-53f7-4c8e-8d0c-0f4d8a1f3c22")
STAFF = "https://login.aarhus.example"
CITIZENS = "https://login.borger.example"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


# --- Making tokens, genuine and forged, without the library under test


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def new_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rsa_jwk(key: rsa.RSAPrivateKey, **more: Any) -> Object:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(public.n), "e": number(public.e)} | more


def ec_jwk(key: ec.EllipticCurvePrivateKey, **more: Any) -> Object:
    public = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(public.x.to_bytes(32, "big")),
        "y": b64(public.y.to_bytes(32, "big")),
    } | more


STAFF_KEY, OTHER_KEY, CITIZEN_KEY = new_rsa(), new_rsa(), new_rsa()
STAFF_EC = ec.generate_private_key(ec.SECP256R1())
STAFF_JWK = rsa_jwk(STAFF_KEY, kid="staff-1", use="sig", alg="RS256")
JWKS = {
    "keys": [
        STAFF_JWK,
        ec_jwk(STAFF_EC, kid="staff-ec"),
        rsa_jwk(OTHER_KEY, kid="staff-enc", use="enc"),
        rsa_jwk(OTHER_KEY, kid="staff-ops", key_ops=["encrypt"]),
        rsa_jwk(OTHER_KEY, kid="staff-512", alg="RS512"),
        rsa_jwk(OTHER_KEY, kid="twice"),
        rsa_jwk(STAFF_KEY, kid="twice"),
        rsa_jwk(OTHER_KEY, kid="private", d="AQAB"),
        {"kty": "oct", "kid": "shared", "k": b64(b"secret")},
        rsa_jwk(OTHER_KEY),
    ]
}
ISSUERS = (
    Issuer(
        issuer=STAFF,
        audience="indgang",
        jwks=JWKS,
        algorithms=("RS256", "ES256"),
        kinds=frozenset({"professional"}),
        municipalities=frozenset({AARHUS}),
    ),
    Issuer(
        issuer=STAFF,
        audience="indgang-service",
        jwks=JWKS,
        kinds=frozenset({"service"}),
        municipalities=frozenset({AARHUS}),
    ),
    Issuer(
        issuer=CITIZENS,
        audience="indgang",
        jwks={"keys": [rsa_jwk(CITIZEN_KEY, kid="citizen-1")]},
        kinds=frozenset({"citizen"}),
        any_municipality=True,
    ),
)
HEADER: Object = {"alg": "RS256", "typ": "JWT", "kid": "staff-1"}
CLAIMS: Object = {
    "iss": STAFF,
    "aud": "indgang",
    "iat": NOW - 10,
    "exp": NOW + 3600,
    "sub": "mette",
    "actor_kind": "professional",
    "municipality": str(AARHUS),
}
METTE = Identity(STAFF, "mette", "professional", AARHUS)

Sign = Callable[[bytes], bytes]


def rs(key: rsa.RSAPrivateKey = STAFF_KEY, algorithm: hashes.HashAlgorithm | None = None) -> Sign:
    return lambda signed: key.sign(signed, padding.PKCS1v15(), algorithm or hashes.SHA256())


def es(signed: bytes) -> bytes:
    r, s = decode_dss_signature(STAFF_EC.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs(secret: bytes) -> Sign:
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


def raw_token(header: str | bytes, payload: str | bytes, sign: Sign | None = None) -> str:
    parts = (part.encode() if isinstance(part, str) else part for part in (header, payload))
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64((sign or rs())(signed.encode()))}"


def changed(base: Object, changes: Object | None) -> str:
    """The JSON of `base` with these members changed; `...` leaves one out."""
    return json.dumps({name: value for name, value in (base | (changes or {})).items() if value is not ...})


def token(header: Object | None = None, claims: Object | None = None, sign: Sign | None = None) -> str:
    return raw_token(changed(HEADER, header), changed(CLAIMS, claims), sign)


def public_bytes(encoding: serialization.Encoding) -> bytes:
    return STAFF_KEY.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def swapped(claims: Object) -> str:
    """Other claims under the signature of a genuine token."""
    header, _, signature = token().split(".")
    return ".".join((header, b64(changed(CLAIMS, claims).encode()), signature))


def with_signature(change: Callable[[str], str]) -> str:
    signed, _, signature = token().rpartition(".")
    return f"{signed}.{change(signature)}"


def loosened(text: str) -> str:
    """The same bytes in other base64: the bits that the last character leaves unused are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def unsigned(algorithm: str) -> str:
    return token({"alg": algorithm}, sign=lambda _: b"x")


JWK_TEXT = json.dumps(STAFF_JWK).encode()
PEM, DER = public_bytes(serialization.Encoding.PEM), public_bytes(serialization.Encoding.DER)
TEXT = json.dumps(CLAIMS)[:-1]
HEAD = json.dumps(HEADER)[:-1]

HOSTILE: dict[str, str] = {
    # the algorithm
    "alg-none": unsigned("none"),
    "alg-None": unsigned("None"),
    "alg-NONE": unsigned("NONE"),
    "alg-nOnE": unsigned("nOnE"),
    "alg-none-unsigned": unsigned("none").rpartition(".")[0] + ".",
    "alg-empty": unsigned(""),
    "alg-missing": token({"alg": ...}),
    "alg-null": token({"alg": None}),
    "alg-list": token({"alg": ["RS256"]}),
    "alg-lower-case": token({"alg": "rs256"}),
    "alg-hs256-pem": token({"alg": "HS256"}, sign=hs(PEM)),
    "alg-hs256-pem-stripped": token({"alg": "HS256"}, sign=hs(PEM.strip())),
    "alg-hs256-der": token({"alg": "HS256"}, sign=hs(DER)),
    "alg-hs256-jwk": token({"alg": "HS256"}, sign=hs(JWK_TEXT)),
    "alg-hs256-empty-secret": token({"alg": "HS256"}, sign=hs(b"")),
    "alg-hs256-shared-key": token({"alg": "HS256", "kid": "shared"}, sign=hs(b"secret")),
    "alg-rs384": token({"alg": "RS384"}, sign=rs(algorithm=hashes.SHA384())),
    "alg-rs384-signed-as-rs256": token({"alg": "RS384"}),
    "alg-ps256": token({"alg": "PS256"}),
    "alg-es256-with-rsa-kid": token({"alg": "ES256"}, sign=es),
    "alg-rs256-with-ec-kid": token({"kid": "staff-ec"}),
    "alg-es256-of-der-signature": token(
        {"alg": "ES256", "kid": "staff-ec"}, sign=lambda signed: STAFF_EC.sign(signed, ec.ECDSA(hashes.SHA256()))
    ),
    "alg-es256-of-zeros": token({"alg": "ES256", "kid": "staff-ec"}, sign=lambda _: bytes(64)),
    # the key
    "kid-unknown": token({"kid": "staff-2"}),
    "kid-missing-among-several": token({"kid": ...}),
    "kid-null": token({"kid": None}),
    "kid-empty": token({"kid": ""}),
    "kid-number": token({"kid": 1}),
    "kid-list": token({"kid": ["staff-1"]}),
    "kid-object": token({"kid": {"staff-1": "staff-1"}}),
    "kid-traversal": token({"kid": "../../../../dev/null"}, sign=hs(b"")),
    "kid-sql": token({"kid": "x' UNION SELECT 'secret'--"}, sign=hs(b"secret")),
    "kid-with-nul": token({"kid": "staff-1\0"}),
    "kid-huge": token({"kid": "staff-1" * 100}),
    "kid-of-two-keys": token({"kid": "twice"}),
    "key-for-encryption": token({"kid": "staff-enc"}, sign=rs(OTHER_KEY)),
    "key-that-may-not-verify": token({"kid": "staff-ops"}, sign=rs(OTHER_KEY)),
    "key-for-another-algorithm": token({"kid": "staff-512"}, sign=rs(OTHER_KEY)),
    "key-that-is-private": token({"kid": "private"}, sign=rs(OTHER_KEY)),
    "key-of-another-issuer": token({"kid": "citizen-1"}, sign=rs(CITIZEN_KEY)),
    "key-of-another-issuer-under-our-kid": token(sign=rs(CITIZEN_KEY)),
    # the rest of the header
    "crit": token({"crit": ["exp"]}),
    "crit-unknown": token({"crit": ["urn:example:x"], "urn:example:x": True}),
    "crit-empty": token({"crit": []}),
    "jku": token({"jku": "https://evil.example/keys"}, sign=rs(OTHER_KEY)),
    "jku-well-signed": token({"jku": "https://evil.example/keys"}),
    "jwk-embedded": token({"jwk": rsa_jwk(OTHER_KEY)}, sign=rs(OTHER_KEY)),
    "jwk-well-signed": token({"jwk": STAFF_JWK}),
    "x5u": token({"x5u": "https://evil.example/certificate"}),
    "x5c": token({"x5c": ["MIIB"]}),
    "b64-false": token({"b64": False, "crit": ["b64"]}),
    "b64-alone": token({"b64": True}),
    "zip": token({"zip": "DEF"}),
    "typ-other": token({"typ": "logout+jwt"}),
    "typ-list": token({"typ": ["JWT"]}),
    "header-list": raw_token("[]", json.dumps(CLAIMS)),
    "header-not-json": raw_token("alg: RS256", json.dumps(CLAIMS)),
    "header-key-twice": raw_token(HEAD + ', "alg": "RS256"}', json.dumps(CLAIMS)),
    "header-utf-16": raw_token(json.dumps(HEADER).encode("utf-16"), json.dumps(CLAIMS)),
    # the signature
    "signature-empty": with_signature(lambda _: ""),
    "signature-of-another-key": token(sign=rs(OTHER_KEY)),
    "signature-truncated": with_signature(lambda text: text[:-4]),
    "signature-extended": with_signature(lambda text: text + "AAAA"),
    "signature-one-character": with_signature(lambda _: "A"),
    "signature-loose-base64": with_signature(loosened),
    "signature-padded": with_signature(lambda text: text + "=="),
    "signature-zeros": token(sign=lambda _: bytes(256)),
    "signature-plain-base64": with_signature(lambda _: base64.b64encode(b"\xfb\xff" * 128).decode()),
    "payload-swapped": swapped({"sub": "direktoren"}),
    "payload-swapped-for-longer-life": swapped({"exp": NOW + 7200}),
    # the shape
    "one-part": "a",
    "dots-only": "..",
    "two-parts": token().rpartition(".")[0],
    "four-parts": token() + ".AAAA",
    "five-parts-jwe": ".".join((b64(b'{"alg":"RSA-OAEP","enc":"A256GCM"}'), *["AAAA"] * 4)),
    "five-parts-direct-jwe": ".".join((b64(b'{"alg":"dir","enc":"A256GCM"}'), "", "AAAA", "AAAA", "AAAA")),
    "space-before": " " + token(),
    "newline-after": token() + "\n",
    "space-within": token().replace(".", ". ", 1),
    "nul-within": token().replace(".", "\0.", 1),
    "not-ascii": token().replace(".", "å.", 1),
    "arabic-digits": token() + "٣٣٣٣",
    "bearer-twice": "Bearer " + token(),
    "json-serialisation": json.dumps({"payload": "e30", "signatures": []}),
    "huge": token(claims={"padding": "x" * 8192}),
    "huge-garbage": "A" * 1_000_000,
    "payload-empty": token().split(".")[0] + ".." + token().split(".")[2],
    "payload-not-json": raw_token(json.dumps(HEADER), "mette"),
    "payload-list": raw_token(json.dumps(HEADER), json.dumps([CLAIMS])),
    "payload-text": raw_token(json.dumps(HEADER), json.dumps("mette")),
    "payload-null": raw_token(json.dumps(HEADER), "null"),
    "payload-not-utf-8": raw_token(json.dumps(HEADER), b'{"sub": "\xff"}'),
    "payload-bom": raw_token(json.dumps(HEADER), b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode()),
    "payload-nested-deep": raw_token(json.dumps(HEADER), TEXT + ', "x": ' + "[" * 5000 + "]" * 500 + "}"),
    "payload-endless-number": raw_token(json.dumps(HEADER), TEXT + ', "x": ' + "9" * 5000 + "}"),
    "payload-nan-elsewhere": raw_token(json.dumps(HEADER), TEXT + ', "x": NaN}'),
    "payload-infinity-elsewhere": raw_token(json.dumps(HEADER), TEXT + ', "x": [-Infinity]}'),
    "payload-key-twice": raw_token(json.dumps(HEADER), TEXT + ', "sub": "mette"}'),
    "payload-key-twice-inside": raw_token(json.dumps(HEADER), TEXT + ', "x": {"a": 1, "a": 1}}'),
    "payload-key-twice-escaped": raw_token(json.dumps(HEADER), TEXT + ', "s\\u0075b": "mette"}'),
    # from whom, and for whom
    "iss-other": token(claims={"iss": "https://evil.example"}),
    "iss-missing": token(claims={"iss": ...}),
    "iss-list": token(claims={"iss": [STAFF]}),
    "iss-null": token(claims={"iss": None}),
    "iss-with-slash": token(claims={"iss": STAFF + "/"}),
    "iss-upper-case": token(claims={"iss": STAFF.upper()}),
    "iss-homograph": token(claims={"iss": STAFF.replace("a", "а")}),
    "iss-tryout": token(claims={"iss": "urn:indgang:tryout"}),
    "iss-of-another-issuer": token(claims={"iss": CITIZENS, "actor_kind": "citizen"}),
    "aud-other": token(claims={"aud": "another"}),
    "aud-missing": token(claims={"aud": ...}),
    "aud-null": token(claims={"aud": None}),
    "aud-empty": token(claims={"aud": []}),
    "aud-list-without": token(claims={"aud": ["another", "indgang-test"]}),
    "aud-list-with-number": token(claims={"aud": ["indgang", 7]}),
    "aud-number": token(claims={"aud": 7}),
    "aud-object": token(claims={"aud": {"indgang": True}}),
    "aud-prefix": token(claims={"aud": "indgang-"}),
    "aud-of-two-entries": token(claims={"aud": ["indgang", "indgang-service"]}),
    # when
    "exp-missing": token(claims={"exp": ...}),
    "exp-null": token(claims={"exp": None}),
    "exp-text": token(claims={"exp": str(NOW + 3600)}),
    "exp-truth": token(claims={"exp": True}),
    "exp-list": token(claims={"exp": [NOW + 3600]}),
    "exp-nan": token(claims={"exp": float("nan")}),
    "exp-infinity": token(claims={"exp": float("inf")}),
    "exp-overflowing": raw_token(json.dumps(HEADER), changed(CLAIMS, {"exp": ...})[:-1] + ', "exp": 1e999}'),
    "exp-beyond-floats": raw_token(json.dumps(HEADER), changed(CLAIMS, {"exp": ...})[:-1] + f', "exp": 1{"0" * 400}}}'),
    "exp-negative": token(claims={"exp": -1}),
    "exp-too-far": token(claims={"exp": NOW - 10 + 86_401}),
    "exp-before-iat": token(claims={"iat": NOW + 10, "exp": NOW + 5}),
    "iat-missing": token(claims={"iat": ...}),
    "iat-text": token(claims={"iat": str(NOW)}),
    "iat-truth": token(claims={"iat": True, "exp": 86_401}),
    "iat-future": token(claims={"iat": NOW + 31}),
    "iat-future-though-begun": token(claims={"iat": NOW + 31, "nbf": NOW - 10}),
    "nbf-future": token(claims={"nbf": NOW + 31}),
    "nbf-text": token(claims={"nbf": "0"}),
    "nbf-null": token(claims={"nbf": None}),
    # who, where, as what
    "sub-missing": token(claims={"sub": ...}),
    "sub-empty": token(claims={"sub": ""}),
    "sub-number": token(claims={"sub": 7}),
    "sub-list": token(claims={"sub": ["mette"]}),
    "sub-nul": token(claims={"sub": "mette\0"}),
    "sub-space": token(claims={"sub": "   "}),
    "sub-no-break-space": token(claims={"sub": "\u00a0"}),
    "sub-space-around": token(claims={"sub": "mette "}),
    "sub-newline": token(claims={"sub": "mette\nadmin"}),
    "sub-invisible-mark": token(claims={"sub": "met\u200bte"}),
    "sub-lone-surrogate": token(claims={"sub": "\ud800"}),
    "sub-too-long": token(claims={"sub": "m" * 256}),
    "municipality-foreign": token(claims={"municipality": str(ODENSE)}),
    "municipality-missing": token(claims={"municipality": ...}),
    "municipality-null": token(claims={"municipality": None}),
    "municipality-not-a-uuid": token(claims={"municipality": "aarhus"}),
    "municipality-upper-case": token(claims={"municipality": str(AARHUS).upper()}),
    "municipality-in-braces": token(claims={"municipality": f"{{{AARHUS}}}"}),
    "municipality-urn": token(claims={"municipality": AARHUS.urn}),
    "municipality-hex": token(claims={"municipality": AARHUS.hex}),
    "municipality-list": token(claims={"municipality": [str(AARHUS)]}),
    "municipality-number": token(claims={"municipality": AARHUS.int}),
    "kind-of-another-issuer": token(claims={"actor_kind": "citizen"}),
    "kind-of-the-issuers-other-audience": token(claims={"actor_kind": "service"}),
    "kind-unknown": token(claims={"actor_kind": "administrator"}),
    "kind-upper-case": token(claims={"actor_kind": "Professional"}),
    "kind-missing": token(claims={"actor_kind": ...}),
    "kind-list": token(claims={"actor_kind": ["professional"]}),
}
EXPIRED = {
    "exp-past": token(claims={"iat": NOW - 7200, "exp": NOW - 31}),
    "exp-at-the-end-of-the-leeway": token(claims={"exp": NOW - 30, "iat": NOW - 60}),
    "exp-long-ago": token(claims={"iat": 1, "exp": 2}),
}
GENUINE = {
    "plain": token(),
    "access-token": token({"typ": "at+jwt"}),
    "without-typ": token({"typ": ...}),
    "es256": token({"alg": "ES256", "kid": "staff-ec"}, sign=es),
    "audience-list": token(claims={"aud": ["another", "indgang"]}),
    "fractions-of-seconds": token(claims={"iat": NOW - 0.5, "exp": NOW + 0.5, "nbf": NOW - 0.5}),
    "within-the-leeway": token(claims={"iat": NOW + 30, "nbf": NOW + 30}),
    "just-expired": token(claims={"iat": NOW - 60, "exp": NOW - 29}),
    "whole-day": token(claims={"exp": NOW - 10 + 86_400}),
    "other-claims": token(claims={"name": "Mette Ærø", "groups": ["a", "a"], "amr": None}),
}


def test_at_least_forty_attacks_are_tried() -> None:
    assert len(HOSTILE) + len(EXPIRED) >= 40


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused(name: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        await Verifier(ISSUERS, now=lambda: NOW).verify(HOSTILE[name])
    assert (refused.value.status, refused.value.code) == (401, "token-invalid")


@pytest.mark.parametrize("name", EXPIRED)
async def test_an_expired_token_is_refused(name: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        await Verifier(ISSUERS, now=lambda: NOW).verify(EXPIRED[name])
    assert refused.value.code == "token-expired"


@pytest.mark.parametrize("missing", [None, ""])
async def test_no_token_is_refused(missing: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        await Verifier(ISSUERS).verify(missing)
    assert refused.value.code == "token-missing"


async def test_nobody_is_trusted_without_issuers() -> None:
    with pytest.raises(Unauthorized):
        await Verifier(()).verify(token())


@pytest.mark.parametrize("name", GENUINE)
async def test_a_genuine_token_is_accepted(name: str) -> None:
    assert await Verifier(ISSUERS, now=lambda: NOW).verify(GENUINE[name]) == METTE


async def test_one_issuer_may_speak_for_others_to_another_audience() -> None:
    service = token(claims={"aud": "indgang-service", "actor_kind": "service", "sub": "journal"})
    found = await Verifier(ISSUERS, now=lambda: NOW).verify(service)
    assert found == Identity(STAFF, "journal", "service", AARHUS)


@pytest.mark.parametrize("kid", ["citizen-1", ...])
async def test_a_national_login_speaks_for_every_municipality_and_may_leave_out_its_only_kid(kid: Any) -> None:
    claims = {"iss": CITIZENS, "actor_kind": "citizen", "municipality": str(ODENSE)}
    found = await Verifier(ISSUERS, now=lambda: NOW).verify(token({"kid": kid}, claims, rs(CITIZEN_KEY)))
    assert found == Identity(CITIZENS, "mette", "citizen", ODENSE)


async def test_an_only_key_may_serve_several_algorithms() -> None:
    issuer = ISSUERS[0].model_copy(update={"jwks": {"keys": [rsa_jwk(STAFF_KEY)]}, "algorithms": ("RS384", "RS256")})
    verifier = Verifier([issuer], now=lambda: NOW)
    assert await verifier.verify(token({"kid": ...})) == METTE
    assert await verifier.verify(token({"kid": ..., "alg": "RS384"}, sign=rs(algorithm=hashes.SHA384()))) == METTE


async def test_claims_may_have_other_names() -> None:
    named = ISSUERS[0].model_copy(
        update={"subject_claim": "oid", "municipality_claim": "https://kl.example/id", "kind_claim": "role"}
    )
    claims = {"oid": "m-1", "https://kl.example/id": str(AARHUS), "role": "professional", "actor_kind": "citizen"}
    found = await Verifier([named], now=lambda: NOW).verify(token(claims=claims))
    assert found == Identity(STAFF, "m-1", "professional", AARHUS)


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_refusal_tells_nothing_of_the_token(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(Unauthorized) as refused:
        await Verifier(ISSUERS, now=lambda: NOW).verify(HOSTILE[name])
    assert refused.value.args == ("token-invalid",)
    assert refused.value.__cause__ is None
    assert caplog.records == []


# --- The identity provider's keys


class Provider:
    """An identity provider that counts how often it is asked, and a clock."""

    def __init__(self, *keys: Object) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.now = float(NOW)
        self.is_down = False
        self.hold: Callable[[], Awaitable[Any]] = lambda: asyncio.sleep(0)

    async def fetch(self, url: str) -> Object:
        assert url == f"{STAFF}/keys"
        self.asked += 1
        keys, is_down = list(self.keys), self.is_down
        await self.hold()
        if is_down:
            raise TimeoutError
        return {"keys": keys}

    def verifier(self) -> Verifier:
        issuer = ISSUERS[0].model_copy(update={"jwks": None, "jwks_url": f"{STAFF}/keys"})
        return Verifier([issuer], fetch=self.fetch, now=lambda: self.now)

    def token(self, kid: str = "staff-1", key: rsa.RSAPrivateKey = STAFF_KEY) -> str:
        return token({"kid": kid}, {"iat": self.now, "exp": self.now + 60}, rs(key))


ROTATED = rsa_jwk(OTHER_KEY, kid="staff-2")


async def refusal_of(verifier: Verifier, text: str) -> str:
    with pytest.raises((Unauthorized, Unavailable)) as found:
        await verifier.verify(text)
    return found.value.code


async def test_keys_are_fetched_when_first_needed_and_then_kept() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    assert provider.asked == 0
    for _ in range(3):
        assert await verifier.verify(provider.token()) == METTE
    assert provider.asked == 1


@pytest.mark.parametrize(
    "name", ["iss-other", "aud-other", "alg-hs256-pem", "alg-rs384", "kid-huge", "kid-empty", "jku-well-signed", "huge"]
)
async def test_a_token_that_cannot_be_good_asks_nobody(name: str) -> None:
    provider = Provider(STAFF_JWK)
    assert await refusal_of(provider.verifier(), HOSTILE[name]) == "token-invalid"
    assert provider.asked == 0


async def test_rotation_picks_up_a_new_key_and_drops_the_old() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.keys = [ROTATED]
    provider.now += 31
    assert await verifier.verify(provider.token("staff-2", OTHER_KEY)) == METTE
    assert await refusal_of(verifier, provider.token()) == "token-invalid"
    assert provider.asked == 2


async def test_keys_are_fetched_again_after_ten_minutes() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.keys = [ROTATED]
    provider.now += 599
    await verifier.verify(provider.token())
    provider.now += 1
    assert await refusal_of(verifier, provider.token()) == "token-invalid"


async def test_unknown_kids_do_not_wear_out_the_provider() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    for second in range(60):
        provider.now = NOW + second
        for attempt in range(20):
            assert await refusal_of(verifier, provider.token(f"made-up-{second}-{attempt}")) == "token-invalid"
    assert provider.asked == 2


async def test_concurrent_callers_share_one_fetch() -> None:
    provider = Provider(STAFF_JWK)
    provider.hold = lambda: asyncio.sleep(0.02)
    verifier = provider.verifier()
    found = await asyncio.gather(*(verifier.verify(provider.token()) for _ in range(50)))
    assert found == [METTE] * 50
    assert provider.asked == 1


async def test_a_caller_that_gives_up_does_not_take_the_fetch_from_the_others() -> None:
    provider, gate = Provider(STAFF_JWK), asyncio.Event()
    provider.hold = gate.wait
    verifier = provider.verifier()
    first, second = (asyncio.ensure_future(verifier.verify(provider.token())) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    gate.set()
    assert await second == METTE
    assert first.cancelled()
    assert provider.asked == 1


async def test_old_keys_stay_good_for_a_day_while_the_provider_is_down() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.is_down = True
    for seconds in (600, 7200, 86_399):
        provider.now = NOW + seconds
        assert await verifier.verify(provider.token()) == METTE
    provider.now = NOW + 86_400
    assert await refusal_of(verifier, provider.token()) == "identity-provider-unavailable"
    provider.is_down = False
    provider.now += 30
    assert await verifier.verify(provider.token()) == METTE
    provider.keys = [ROTATED]
    provider.now += 600
    assert await refusal_of(verifier, provider.token()) == "token-invalid"


async def test_a_provider_known_to_be_down_delays_nobody() -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.is_down = True
    provider.now += 600
    await verifier.verify(provider.token())
    gate = asyncio.Event()
    provider.hold = gate.wait
    provider.now += 30
    async with asyncio.timeout(1):
        assert await verifier.verify(provider.token()) == METTE
    await asyncio.sleep(0)
    assert provider.asked == 3
    gate.set()
    await asyncio.sleep(0)


async def test_a_failed_first_fetch_is_503_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    provider = Provider(STAFF_JWK)
    provider.is_down = True
    verifier = provider.verifier()
    for _ in range(20):
        with pytest.raises(Unavailable) as found:
            await verifier.verify(provider.token())
        assert (found.value.status, found.value.code) == (503, "identity-provider-unavailable")
    assert provider.asked == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"the keys of {STAFF} could not be fetched (TimeoutError)"
    ]
    provider.is_down = False
    provider.now += 5
    assert await verifier.verify(provider.token()) == METTE


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="none"),
        pytest.param(["text", None, 7], id="no-keys"),
        pytest.param([{"kty": "oct", "kid": "staff-1", "k": "c2VjcmV0"}], id="shared-secret"),
        pytest.param([STAFF_JWK | {"n": [1]}], id="malformed"),
        pytest.param([STAFF_JWK | {"d": "AQAB"}], id="private"),
    ],
)
async def test_an_answer_without_usable_keys_replaces_nothing(keys: list[Any]) -> None:
    provider = Provider(STAFF_JWK)
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.keys = keys
    provider.now += 600
    assert await verifier.verify(provider.token()) == METTE
    assert provider.asked == 2


async def test_static_keys_never_grow_old() -> None:
    later = token(claims={"iat": NOW + 10**8, "exp": NOW + 10**8 + 60})
    assert await Verifier(ISSUERS, now=lambda: NOW + 10**8).verify(later) == METTE


def test_keys_are_made_ready_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    construct = auth.keys.jose_jwk.construct
    monkeypatch.setattr(auth.keys.jose_jwk, "construct", lambda *given: made.append(given) or construct(*given))
    verifier = Verifier(ISSUERS, now=lambda: NOW)
    before = len(made)
    for _ in range(3):
        asyncio.run(verifier.verify(token()))
    assert len(made) == before > 0


# --- Fetching


@asynccontextmanager
async def answering(answer: bytes, delay: float = 0) -> AsyncIterator[str]:
    """The address of a server on this machine that gives this answer to whatever it is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(delay)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.usefixtures("no_proxy")
async def test_a_key_set_is_fetched() -> None:
    async with answering(ok(json.dumps(JWKS).encode())) as url:
        assert await fetch_jwks(url) == JWKS


@pytest.mark.usefixtures("no_proxy")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", id="redirect"),
        pytest.param(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}", id="failure"),
        pytest.param(ok(b'{"keys": [], "padding": "' + b"x" * 300_000 + b'"}'), id="too-large"),
        pytest.param(ok(b"[]"), id="list"),
        pytest.param(ok(b"<html>"), id="not-json"),
        pytest.param(ok(b'{"keys": [], "keys": []}'), id="key-twice"),
    ],
)
async def test_another_answer_is_no_key_set(answer: bytes) -> None:
    async with answering(answer) as url:
        with pytest.raises(ValueError, match=r"answer|JSON|Expecting|twice"):
            await fetch_jwks(url)


@pytest.mark.usefixtures("no_proxy")
async def test_a_slow_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth.keys, "FETCH_SECONDS", 0.25)
    async with answering(ok(b"{}"), delay=0.8) as url:
        with pytest.raises(TimeoutError):
            await fetch_jwks(url)
        await asyncio.sleep(0.8)


# --- Trying out


async def test_a_tryout_token_is_accepted_by_the_tryout_issuer_only(tmp_path: Path) -> None:
    text = tryout_token(tmp_path / "var", "mette", "professional", AARHUS)
    found = await Verifier([tryout_issuer(tmp_path / "var")]).verify(text)
    assert found == Identity("urn:indgang:tryout", "mette", "professional", AARHUS)
    for other in (Verifier(ISSUERS), Verifier([tryout_issuer(tmp_path / "another")])):
        assert await refusal_of(other, text) == "token-invalid"


async def test_a_tryout_token_ends(tmp_path: Path) -> None:
    issuer, text = tryout_issuer(tmp_path), tryout_token(tmp_path, "mette", "citizen", AARHUS, lifetime=60)
    assert await refusal_of(Verifier([issuer], now=lambda: time.time() + 91), text) == "token-expired"


def test_the_tryout_key_is_kept_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = tryout_key(tmp_path / "var")
    assert tryout_key(tmp_path / "var") == key
    (file,) = (tmp_path / "var").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert not {"d", "p", "q", "dp", "dq", "qi"} & tryout_issuer(tmp_path / "var").jwks["keys"][0].keys()  # type: ignore[index]


def test_the_first_of_two_tryout_keys_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tryout_key(tmp_path)
    with monkeypatch.context() as unseen:
        unseen.setattr(Path, "exists", lambda path: False)
        assert tryout_key(tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kty": "RSA", "kid": "x", "d": 1}', "\0"])
def test_a_damaged_tryout_key_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / auth.tryout.TRYOUT_KEY_FILE).write_text(text)
    with pytest.raises(UnsafeSetup, match=f"delete {auth.tryout.TRYOUT_KEY_FILE} in INDGANG_DATA_DIR"):
        tryout_key(tmp_path)
