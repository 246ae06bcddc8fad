"""An unsafe set-up refuses to start, in a sentence that tells what to do and no secret (P18)."""

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from app import config
from app.config import Issuer, RoleFacts, Settings, UnsafeSetup, read, refusals, require_safe, role_refusals

AARHUS = UUID("0b8f3a52-6d7e-4f55-9a39-0d2f0c9a7510")
EVERYWHERE = "0.0.0.0"  # noqa: S104
ADDRESS = "postgresql://app:hemmeligt@db.example/indgang"

Object = dict[str, Any]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(config.EnvSettingsSource(Settings).env_vars):
        if name.startswith("indgang_") or name.endswith("database_url"):
            monkeypatch.delenv(name.upper(), raising=False)
    read.cache_clear()
    yield
    read.cache_clear()


def number(value: int, size: int | None = None) -> str:
    raw = value.to_bytes(size or (value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def rsa_numbers(bits: int = 2048) -> rsa.RSAPrivateNumbers:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits).private_numbers()


def rsa_jwk(bits: int = 2048, **more: Any) -> Object:
    public = rsa_numbers(bits).public_numbers
    return {"kty": "RSA", "kid": "one", "n": number(public.n), "e": number(public.e)} | more


def ec_jwk(curve: ec.EllipticCurve, name: str, **more: Any) -> Object:
    public = ec.generate_private_key(curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    return {"kty": "EC", "kid": "two", "crv": name, "x": number(public.x, size), "y": number(public.y, size)} | more


def without(jwk: Object, *members: str) -> Object:
    return {name: value for name, value in jwk.items() if name not in members}


def issuer(**changes: Any) -> Issuer:
    sound = {
        "issuer": "https://login.aarhus.example",
        "audience": "indgang",
        "jwks_url": "https://login.aarhus.example/keys",
        "kinds": ["professional"],
        "municipalities": [AARHUS],
    }
    return Issuer(**(sound | changes))


def with_keys(*keys: Any, **changes: Any) -> Issuer:
    return issuer(jwks_url=None, jwks={"keys": list(keys)}, **changes)


def secret(filling: str = "cpr") -> str:
    """32 bytes in base64, as unlike one another as random ones."""
    return base64.b64encode(hashlib.sha256(filling.encode()).digest()).decode()


CPR = {"cpr_keys": ({"id": "2026", "key": secret()},), "cpr_index_key": secret("index")}


def production(**changes: Any) -> Settings:
    return Settings(**({"database_url": ADDRESS, "issuers": (issuer(),)} | CPR | changes))


def tryout(**changes: Any) -> Settings:
    return Settings(**({"mode": "tryout"} | changes))


# --- The whole table

HOSTS = {"loopback": "127.0.0.1", "everywhere": EVERYWHERE}
DATABASES = {"none": None, "postgresql": ADDRESS, "sqlite": "sqlite:///indgang.db"}
ISSUERS = {
    "none": lambda: (),
    "sound": lambda: (issuer(),),
    "plain-http": lambda: (issuer(issuer="http://login.example"),),
    "tryout": lambda: (issuer(issuer="urn:indgang:tryout"),),
    "sound-key": lambda: (with_keys(rsa_jwk()),),
    "shared-secret": lambda: (with_keys({"kty": "oct", "k": "c2VjcmV0"}),),
    "private-key": lambda: (with_keys(rsa_jwk(d="AQAB")),),
    "weak-key": lambda: (with_keys(rsa_jwk(1024)),),
}
CPR_KEYS: dict[str, Object] = {
    "no-cpr": {},
    "cpr": CPR,
    "short-cpr": CPR | {"cpr_keys": ({"id": "2026", "key": base64.b64encode(b"sixteen bytes key").decode()},)},
}
SAFE = {
    *(("tryout", "loopback", "none", "none", "no-cpr"),),
    *(("production", host, "postgresql", keys, "cpr") for host in HOSTS for keys in ("sound", "sound-key")),
}
TABLE = list(itertools.product(("tryout", "production"), HOSTS, DATABASES, ISSUERS, CPR_KEYS))


@pytest.mark.parametrize(("mode", "host", "database", "issuers", "cpr"), TABLE, ids=["-".join(row) for row in TABLE])
def test_only_the_safe_set_ups_start(mode: Any, host: str, database: str, issuers: str, cpr: str) -> None:
    settings = Settings(
        mode=mode,
        host=HOSTS[host],
        database_url=DATABASES[database],
        issuers=ISSUERS[issuers](),  # type: ignore[arg-type]
        **CPR_KEYS[cpr],
    )
    assert (refusals(settings) == []) == ((mode, host, database, issuers, cpr) in SAFE)


ROLES = list(itertools.product((False, True), (False, True), ((), ("public.cases",)), (False, True)))


@pytest.mark.parametrize(("superuser", "bypasses", "owns", "makes_roles"), ROLES)
def test_only_a_role_that_row_security_binds_may_serve(
    superuser: bool, bypasses: bool, owns: tuple[str, ...], makes_roles: bool
) -> None:
    found = role_refusals(RoleFacts("indgang_app", superuser, bypasses, owns, makes_roles))
    assert len(found) == sum((superuser, bypasses, bool(owns), makes_roles))


# --- Each sentence, once

LOOPBACK = "Try-out mode only listens on this machine: set INDGANG_HOST to 127.0.0.1, or INDGANG_MODE to production."
EMBEDDED = (
    "Try-out mode only uses its own embedded database: remove DATABASE_URL and MIGRATION_DATABASE_URL, "
    "or set INDGANG_MODE to production."
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"host": "10.0.0.4"}, LOOPBACK, id="bound-to-the-network"),
        pytest.param({"database_url": ADDRESS}, EMBEDDED, id="a-database"),
        pytest.param({"migration_database_url": ADDRESS}, EMBEDDED, id="a-database-to-migrate"),
        pytest.param(
            {"issuers": (issuer(),)},
            "Try-out mode signs its own tokens: remove INDGANG_ISSUERS, or set INDGANG_MODE to production.",
            id="an-issuer",
        ),
        pytest.param(
            CPR,
            "Try-out mode makes its own CPR keys: remove INDGANG_CPR_KEYS and INDGANG_CPR_INDEX_KEY, "
            "or set INDGANG_MODE to production.",
            id="cpr-keys",
        ),
    ],
)
def test_tryout_refuses(changes: Object, sentence: str) -> None:
    assert refusals(tryout(**changes)) == [sentence]


@pytest.mark.parametrize(
    "host", ["", EVERYWHERE, "::", "[::1]", "128.0.0.1", "localhost.example", "127.1", "::ffff:10.0.0.1", "fe80::1"]
)
def test_tryout_binds_to_no_other_address(host: str) -> None:
    assert refusals(tryout(host=host)) == [LOOPBACK]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_tryout_binds_to_this_machine(host: str) -> None:
    assert refusals(tryout(host=host)) == []


WEAK = "not 32 random bytes in base64: make one with `openssl rand -base64 32`."


def keys(*of: tuple[str, str]) -> Object:
    return {"cpr_keys": tuple({"id": id, "key": key} for id, key in of)}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            keys(), "Production needs a key for CPR numbers: name at least one in INDGANG_CPR_KEYS.", id="no-key"
        ),
        pytest.param(keys(("a", "")), f"Key 1 of INDGANG_CPR_KEYS is {WEAK}", id="empty"),
        pytest.param(keys(("a", "hemmeligt")), f"Key 1 of INDGANG_CPR_KEYS is {WEAK}", id="not-base64"),
        pytest.param(keys(("a", secret()[:-4])), f"Key 1 of INDGANG_CPR_KEYS is {WEAK}", id="short"),
        pytest.param(
            keys(("a", secret()), ("b", "QUFB" * 15)), f"Key 2 of INDGANG_CPR_KEYS is {WEAK}", id="too-long-second"
        ),
        pytest.param(
            keys(("a", base64.b64encode(bytes(32)).decode())), f"Key 1 of INDGANG_CPR_KEYS is {WEAK}", id="zeroes"
        ),
        pytest.param(
            keys(("a", secret()), ("a", secret("b"))),
            "Two entries of INDGANG_CPR_KEYS have the same id or key: give each an id and a key of its own.",
            id="same-id",
        ),
        pytest.param(
            keys(("a", secret()), ("b", secret())),
            "Two entries of INDGANG_CPR_KEYS have the same id or key: give each an id and a key of its own.",
            id="same-key",
        ),
        pytest.param(
            {"cpr_index_key": None},
            "Production needs a key to find CPR numbers by: set INDGANG_CPR_INDEX_KEY.",
            id="no-index-key",
        ),
        pytest.param({"cpr_index_key": "kort"}, f"INDGANG_CPR_INDEX_KEY is {WEAK}", id="short-index-key"),
        pytest.param(
            {"cpr_index_key": secret()},
            "INDGANG_CPR_INDEX_KEY stands in INDGANG_CPR_KEYS too: make one of its own.",
            id="one-key-for-both",
        ),
    ],
)
def test_production_refuses_cpr_keys(changes: Object, sentence: str) -> None:
    assert refusals(production(**changes)) == [sentence]


HTTPS_NAME = "Issuer 1 is not named by https: set its issuer to the https address that its tokens carry in iss."
HTTPS_KEYS = (
    "Issuer 1 has keys that are not fetched by https: set its jwks_url to an https address without user or password."
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"database_url": None},
            "Production needs a database: set DATABASE_URL to a PostgreSQL address.",
            id="no-database",
        ),
        pytest.param(
            {"database_url": "mysql://app:hemmeligt@db/indgang"},
            "The database is PostgreSQL and nothing else: begin DATABASE_URL with postgresql://.",
            id="another-database",
        ),
        pytest.param(
            {"migration_database_url": "sqlite://"},
            "The database is PostgreSQL and nothing else: begin MIGRATION_DATABASE_URL with postgresql://.",
            id="another-database-to-migrate",
        ),
        pytest.param(
            {"issuers": ()},
            "Production needs an identity provider: name at least one in INDGANG_ISSUERS.",
            id="no-issuer",
        ),
        pytest.param(
            {"issuers": (issuer(), issuer(kinds=["citizen"]))},
            "Two entries of INDGANG_ISSUERS have the same issuer and audience: keep one of them.",
            id="the-same-issuer-twice",
        ),
        pytest.param(
            {"cors_origins": ("https://sag.aarhus.example", "http://localhost:5173")},
            "A browser origin is not https: begin every entry of INDGANG_CORS_ORIGINS with https://.",
            id="plain-origin",
        ),
    ],
)
def test_production_refuses(changes: Object, sentence: str) -> None:
    assert refusals(production(**changes)) == [sentence]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"issuer": "urn:indgang:tryout"},
            "Issuer 1 is the try-out issuer: remove it, its key is not kept as one for production must be.",
            id="tryout-issuer",
        ),
        pytest.param({"issuer": "http://login.example"}, HTTPS_NAME, id="plain-issuer"),
        pytest.param({"issuer": "login.example"}, HTTPS_NAME, id="bare-issuer"),
        pytest.param({"issuer": "https://[login"}, HTTPS_NAME, id="broken-issuer"),
        pytest.param({"issuer": "https://"}, HTTPS_NAME, id="empty-issuer"),
        pytest.param(
            {"audience": " "},
            "Issuer 1 has a blank audience: set the name that its tokens for this service carry in aud.",
            id="blank-audience",
        ),
        pytest.param({"jwks_url": "http://127.0.0.1/keys"}, HTTPS_KEYS, id="plain-keys-even-on-loopback"),
        pytest.param({"jwks_url": "file:///etc/keys"}, HTTPS_KEYS, id="keys-in-a-file"),
        pytest.param({"jwks_url": "https://me:hemmeligt@login.example/keys"}, HTTPS_KEYS, id="keys-with-password"),
    ],
)
def test_production_refuses_an_issuer(changes: Object, sentence: str) -> None:
    assert refusals(production(issuers=(issuer(**changes),))) == [sentence]


SHARED = "Issuer 1 cannot use key 1 of its jwks: use a public RSA or EC key, and never a shared secret."
PRIVATE = (
    "Issuer 1 cannot use key 1 of its jwks: replace the private key by its public part, and make a new key, "
    "since this one is no longer secret."
)
BROKEN = "Issuer 1 cannot use key 1 of its jwks: replace it by a key that is whole and valid."
SIZE = "Issuer 1 cannot use key 1 of its jwks: use an RSA key of 2048 to 8192 bits."
CURVE = "Issuer 1 cannot use key 1 of its jwks: use an EC key on P-256 or P-384."
UNFIT = "Issuer 1 has no key for its algorithms: add a signing key that fits one of them to its jwks."
ALIKE = "Issuer 1 has keys that cannot be told apart: give each key of its jwks a kid of its own."
P256 = ec_jwk(ec.SECP256R1(), "P-256")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        pytest.param([{"kty": "oct", "k": "c2VjcmV0"}], SHARED, id="shared-secret"),
        pytest.param(["text"], SHARED, id="not-a-key"),
        pytest.param([rsa_jwk(d=number(rsa_numbers().d))], PRIVATE, id="private-rsa"),
        pytest.param([P256 | {"d": "AQAB"}], PRIVATE, id="private-ec"),
        pytest.param([rsa_jwk(k="c2VjcmV0")], PRIVATE, id="rsa-with-a-secret"),
        pytest.param([rsa_jwk(1024)], SIZE, id="weak-rsa"),
        pytest.param([rsa_jwk(n=number((1 << 9000) + 1))], SIZE, id="endless-rsa"),
        pytest.param([rsa_jwk(e="Ag")], BROKEN, id="even-exponent"),
        pytest.param([without(rsa_jwk(), "e")], BROKEN, id="no-exponent"),
        pytest.param([rsa_jwk(n=12)], BROKEN, id="modulus-as-number"),
        pytest.param([P256 | {"y": P256["x"]}], BROKEN, id="not-on-the-curve"),
        pytest.param([without(P256, "crv")], BROKEN, id="no-curve"),
        pytest.param([ec_jwk(ec.SECP521R1(), "P-521")], CURVE, id="another-curve"),
        pytest.param(
            [rsa_jwk(kid=7)], "Issuer 1 cannot use key 1 of its jwks: write its kid as text.", id="kid-number"
        ),
        pytest.param([P256], UNFIT, id="ec-key-for-rs256"),
        pytest.param([rsa_jwk(use="enc")], UNFIT, id="only-for-encryption"),
        pytest.param([rsa_jwk(key_ops=["encrypt"])], UNFIT, id="only-to-encrypt"),
        pytest.param([rsa_jwk(key_ops="verify")], UNFIT, id="operations-as-text"),
        pytest.param([rsa_jwk(alg="RS512")], UNFIT, id="for-another-algorithm"),
        pytest.param([rsa_jwk(), rsa_jwk()], ALIKE, id="two-of-one-name"),
        pytest.param([rsa_jwk(), without(P256, "kid")], ALIKE, id="one-without-name"),
        pytest.param([], "Issuer 1 has no keys in its jwks: put its public keys in a list under keys.", id="no-keys"),
    ],
)
def test_production_refuses_keys(keys: list[Any], sentence: str) -> None:
    assert refusals(production(issuers=(with_keys(*keys),))) == [sentence]


def test_production_refuses_a_key_on_the_curve_of_another_algorithm() -> None:
    wrong = with_keys(ec_jwk(ec.SECP384R1(), "P-384"), algorithms=["ES256", "RS256"])
    assert refusals(production(issuers=(wrong,))) == [UNFIT]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        pytest.param(
            {"is_superuser": True},
            "The database role app is a superuser: connect as a role made with NOSUPERUSER.",
            id="superuser",
        ),
        pytest.param(
            {"bypasses_row_security": True},
            "The database role app bypasses row security: connect as a role made with NOBYPASSRLS.",
            id="bypasses",
        ),
        pytest.param(
            {"can_create_roles": True},
            "The database role app can create roles: connect as one made with NOCREATEROLE.",
            id="makes-roles",
        ),
        pytest.param(
            {"owns": ("public", "cases", "users", "events", "plans")},
            "The database role app owns public, cases, users and 2 more: connect as a role that owns nothing, "
            "and keep the owner for MIGRATION_DATABASE_URL.",
            id="owner",
        ),
    ],
)
def test_a_role_is_refused(facts: Object, sentence: str) -> None:
    bound = {"is_superuser": False, "bypasses_row_security": False, "owns": (), "can_create_roles": False}
    assert role_refusals(RoleFacts(role="app", **(bound | facts))) == [sentence]


def test_every_flaw_is_told_at_once() -> None:
    settings = Settings(issuers=(issuer(), issuer(issuer="http://x.example", jwks_url="http://x.example/keys")), **CPR)
    with pytest.raises(UnsafeSetup) as refused:
        require_safe(settings)
    assert [sentence.split()[:2] for sentence in refused.value.sentences] == [
        ["Production", "needs"],
        ["Issuer", "2"],
        ["Issuer", "2"],
    ]


# --- What may start


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(lambda: tryout(cors_origins=("http://localhost:5173",)), id="tryout"),
        pytest.param(lambda: production(host=EVERYWHERE), id="behind-a-proxy"),
        pytest.param(lambda: production(database_url="postgresql+asyncpg://app@/indgang"), id="asyncpg"),
        pytest.param(lambda: production(migration_database_url=ADDRESS), id="migrating"),
        pytest.param(
            lambda: production(issuers=(issuer(), issuer(audience="indgang-service", kinds=["service"]))),
            id="one-issuer-two-audiences",
        ),
        pytest.param(
            lambda: production(
                issuers=(issuer(kinds=["citizen"], municipalities=[], any_municipality=True, algorithms=["ES256"]),)
            ),
            id="national-login",
        ),
        pytest.param(lambda: production(issuers=(with_keys(without(rsa_jwk(), "kid")),)), id="one-key-without-name"),
        pytest.param(
            lambda: production(
                issuers=(with_keys(rsa_jwk(use="sig"), ec_jwk(ec.SECP384R1(), "P-384"), algorithms=["ES384"]),)
            ),
            id="two-keys",
        ),
        pytest.param(lambda: production(cors_origins=("https://sag.aarhus.example",)), id="a-browser"),
        pytest.param(lambda: production(**keys(("2027", secret("new")), ("2026", secret()))), id="two-cpr-keys"),
    ],
)
def test_a_good_set_up_starts(settings: Any) -> None:
    assert refusals(settings()) == []
    require_safe(settings())


# --- Reading the environment

ISSUER_JSON = {
    "issuer": "https://login.aarhus.example",
    "audience": "indgang",
    "jwks_url": "https://login.aarhus.example/keys",
    "kinds": ["professional", "service"],
    "municipalities": [str(AARHUS)],
}


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    monkeypatch.setenv("INDGANG_ISSUERS", json.dumps([ISSUER_JSON]))
    monkeypatch.setenv("INDGANG_CPR_KEYS", json.dumps(CPR["cpr_keys"]))
    monkeypatch.setenv("INDGANG_CPR_INDEX_KEY", secret("index"))
    monkeypatch.setenv("INDGANG_LOG_LEVEL", "warning")
    monkeypatch.setenv("INDGANG_POOL_SIZE", "")
    settings = read()
    monkeypatch.setenv("INDGANG_PORT", "9000")
    assert read() is settings
    assert (settings.mode, settings.port, settings.pool_size, settings.log_level) == ("production", 8000, 6, "WARNING")
    assert settings.issuers[0].municipalities == {AARHUS}
    assert refusals(settings) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param(
            "INDGANG_HOTS",
            EVERYWHERE,
            "INDGANG_HOTS is not a setting: correct the name or remove it.",
            id="mistyped",
        ),
        pytest.param(
            "INDGANG_DATABASE_URL",
            ADDRESS,
            "INDGANG_DATABASE_URL is not a setting: correct the name or remove it.",
            id="prefixed-database",
        ),
        pytest.param(
            "INDGANG_MODE",
            "hemmeligt",
            "Correct INDGANG_MODE: Input should be 'tryout' or 'production'.",
            id="unknown-mode",
        ),
        pytest.param(
            "INDGANG_POOL_SIZE",
            "65",
            "Correct INDGANG_POOL_SIZE: Input should be less than or equal to 64.",
            id="pool-too-large",
        ),
        pytest.param(
            "INDGANG_CORS_ORIGINS",
            '["*"]',
            "Correct INDGANG_CORS_ORIGINS: name each origin as scheme://host or scheme://host:port in lower case, "
            "and never *.",
            id="every-origin",
        ),
        pytest.param(
            "INDGANG_RATE_LIMIT",
            "hemmeligt",
            "Correct INDGANG_RATE_LIMIT: write a rate such as 600/minute.",
            id="no-rate",
        ),
        pytest.param(
            "INDGANG_SEARCH_RATE_LIMIT",
            "hemmeligt",
            "Correct INDGANG_SEARCH_RATE_LIMIT: write a rate such as 600/minute.",
            id="no-search-rate",
        ),
        pytest.param("INDGANG_CPR_KEYS", "[hemmeligt", "Write INDGANG_CPR_KEYS as JSON.", id="broken-key-json"),
        pytest.param(
            "INDGANG_CPR_KEYS",
            '[{"id": "hemmeligt, hemmeligt", "key": "hemmeligt"}]',
            "Correct INDGANG_CPR_KEYS (at 0.id): String should match pattern '^[A-Za-z0-9._-]{1,32}$'.",
            id="no-key-id",
        ),
        pytest.param(
            "INDGANG_ISSUERS",
            "[hemmeligt",
            "Write INDGANG_ISSUERS as JSON.",
            id="broken-json",
        ),
        pytest.param(
            "INDGANG_ISSUERS",
            json.dumps([ISSUER_JSON | {"kinds": []}]),
            "Correct INDGANG_ISSUERS (at 0.kinds): Frozenset should have at least 1 item after validation, not 0.",
            id="issuer-of-nobody",
        ),
    ],
)
def test_a_malformed_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UnsafeSetup) as refused:
        read()
    assert refused.value.sentences == (sentence,)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"jwks": {"keys": []}}, id="two-sources-of-keys"),
        pytest.param({"jwks_url": None}, id="no-source-of-keys"),
        pytest.param({"municipalities": []}, id="any-municipality-by-default"),
        pytest.param({"any_municipality": True}, id="any-and-some"),
        pytest.param({"kinds": ["administrator"]}, id="unknown-kind"),
        pytest.param({"algorithms": ["HS256"]}, id="shared-secret-algorithm"),
        pytest.param({"algorithms": ["none"]}, id="no-algorithm"),
        pytest.param({"algorithms": []}, id="empty-algorithms"),
        pytest.param({"issuer": ""}, id="no-name"),
        pytest.param({"audience": ""}, id="no-audience"),
        pytest.param({"audiense": "x"}, id="mistyped-field"),
    ],
)
def test_an_undecided_issuer_cannot_be_written(changes: Object) -> None:
    with pytest.raises(ValidationError):
        issuer(**changes)


@pytest.mark.parametrize("origin", ["*", "null", "https://*.example", "https://sag.example/", "https://a@sag.example"])
def test_an_origin_is_named_in_full(origin: str) -> None:
    with pytest.raises(ValidationError):
        tryout(cors_origins=(origin,))


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        tryout().host = EVERYWHERE


def test_no_secret_leaks_into_what_is_shown() -> None:
    secret = "hemmeligt"
    settings = production(
        database_url=f"mysql://app:{secret}@db/indgang",
        migration_database_url=f"mysql://owner:{secret}@db/indgang",
        rate_limit_storage=f"async+redis://:{secret}@cache",
        cpr_keys=({"id": "2026", "key": secret},),
        cpr_index_key=secret,
        issuers=(
            issuer(jwks_url=f"https://me:{secret}@login.example/keys"),
            with_keys(rsa_jwk(d=secret), {"kty": "oct", "k": secret}, audience="indgang-service"),
        ),
    )
    assert len(refusals(settings)) == 7
    assert secret not in " ".join(refusals(settings))
    assert secret not in repr(settings)


@pytest.mark.parametrize(
    "changes",
    [{"port": "hemmeligt"}, {"issuers": [{"issuer": "x", "hemmelig": "hemmeligt"}]}, {"database_url": ["hemmeligt"]}],
    ids=["port", "issuer", "database"],
)
def test_a_wrong_value_is_not_echoed(changes: Object) -> None:
    with pytest.raises(ValidationError) as refused:
        production(**changes)
    assert "hemmeligt" not in str(refused.value)
