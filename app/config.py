"""What an operator may set, read once from the environment, and which set-ups refuse to start (P18).

A refusal is one English sentence that tells what to do. It names the setting, never its value: an address may hold a
password. An entry of INDGANG_ISSUERS is named by its place in the list, counted from 1.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import limits
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app import cpr

Kind = Literal["professional", "citizen", "service"]
Algorithm = Literal["RS256", "RS384", "RS512", "ES256", "ES384"]
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)

TRYOUT_ISSUER = "urn:indgang:tryout"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
POSTGRESQL = frozenset({"postgresql", "postgresql+asyncpg"})
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}
CURVE_OF = {"ES256": "P-256", "ES384": "P-384"}
RSA_BITS = range(2048, 8193)


class UnsafeSetup(Exception):
    """This set-up must not run. `sentences` says why, one for each thing to change, without any secret (P18)."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Issuer(BaseModel):
    """An identity provider, and the most that it may say: for which kinds of actor, in which municipalities (P21)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str | None = Field(default=None, repr=False)
    jwks: dict[str, Any] | None = Field(default=None, repr=False)
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256",), min_length=1)
    kinds: frozenset[Kind] = Field(min_length=1)
    municipalities: frozenset[UUID] = frozenset()
    any_municipality: bool = False
    subject_claim: str = Field(default="sub", min_length=1)
    municipality_claim: str = Field(default="municipality", min_length=1)
    kind_claim: str = Field(default="actor_kind", min_length=1)

    @model_validator(mode="after")
    def _is_decided(self) -> "Issuer":
        if (self.jwks is None) == (self.jwks_url is None):
            raise ValueError("give exactly one of jwks_url and jwks")
        if bool(self.municipalities) == self.any_municipality:
            raise ValueError("list its municipalities, or set any_municipality to true, and not both")
        return self


class StrictEnvironment(EnvSettingsSource):
    """The environment, handing on the INDGANG_ names that no field has, so that `extra="forbid"` refuses them."""

    def __call__(self) -> dict[str, Any]:
        prefix = self.env_prefix.lower()
        known = {prefix + name for name, field in self.settings_cls.model_fields.items() if not field.validation_alias}
        unknown = {name: "" for name in self.env_vars if name.startswith(prefix) and name not in known}
        return super().__call__() | unknown

    def prepare_field_value(self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        """Raises `UnsafeSetup` when a list is not JSON, without the text that could not be read."""
        try:
            return super().prepare_field_value(field_name, field, value, value_is_complex)
        except ValueError:
            raise UnsafeSetup(f"Write {self.env_prefix}{field_name.upper()} as JSON.") from None


class Settings(BaseSettings):
    """Everything that can be set, each as INDGANG_<NAME> but for the two database addresses; lists are JSON.

    Raises `ValidationError` on a wrong value and on an unknown INDGANG_ name, `UnsafeSetup` on a list that is not JSON.
    Being well-formed is not being safe: see `require_safe`.
    """

    model_config = SettingsConfigDict(
        env_prefix="INDGANG_", env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    mode: Literal["tryout", "production"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    database_url: SecretStr | None = Field(default=None, validation_alias="database_url")
    migration_database_url: SecretStr | None = Field(
        default=None,
        validation_alias="migration_database_url",
        description="Connects as the role that owns the schema; used by `indgang migrate` only.",
    )
    issuers: tuple[Issuer, ...] = ()
    cors_origins: tuple[str, ...] = ()
    cpr_keys: tuple[cpr.Key, ...] = ()
    cpr_index_key: SecretStr | None = None
    data_dir: Path = Path("var")
    pool_size: int = Field(default=6, ge=1, le=64)
    rate_limit: str = "600/minute"
    search_rate_limit: str = "10/minute"
    rate_limit_storage: str = Field(default="async+memory://", min_length=1, repr=False)
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = "INFO"
    log_format: Literal["json", "console"] = "json"
    max_body_bytes: int = Field(default=1_048_576, ge=1)
    max_import_bytes: int = Field(default=16_777_216, ge=1)
    max_upload_bytes: int = Field(default=26_214_400, ge=1)
    token_leeway_seconds: int = Field(default=30, ge=0, le=300)

    @field_validator("cors_origins")
    @classmethod
    def _names_each_origin(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("name each origin as scheme://host or scheme://host:port in lower case, and never *")
        return origins

    @field_validator("rate_limit", "search_rate_limit")
    @classmethod
    def _is_a_rate(cls, rate: str) -> str:
        try:
            limits.parse(rate)
        except ValueError:
            raise ValueError("write a rate such as 600/minute") from None
        return rate

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment; no files."""
        return init_settings, StrictEnvironment(settings_cls)


@cache
def read() -> Settings:
    """The settings of this process, read once. Raises `UnsafeSetup` on a malformed or unknown setting."""
    try:
        return Settings()
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_context=False, include_input=False)
        raise UnsafeSetup(*(_sentence(flaw["loc"], flaw["type"], flaw["msg"]) for flaw in flaws)) from None


def _sentence(location: tuple[int | str, ...], flaw: str, message: str) -> str:
    name, *inner = (str(step) for step in location)
    alone = name.startswith("indgang_") or name.endswith("database_url")
    setting = name.upper() if alone else f"INDGANG_{name.upper()}"
    if flaw == "extra_forbidden" and not inner:
        return f"{setting} is not a setting: correct the name or remove it."
    place = f" (at {'.'.join(inner)})" if inner else ""
    return f"Correct {setting}{place}: {message.removeprefix('Value error, ')}."


# --- Which set-ups refuse to start (P18)


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What PostgreSQL says of the role that the application connects as.

    `owns` names the schemas and tables that the role owns, or whose owner it is a member of.
    """

    role: str
    is_superuser: bool
    bypasses_row_security: bool
    owns: tuple[str, ...]
    can_create_roles: bool


def require_safe(settings: Settings) -> None:
    """Return when this set-up may serve. Raises `UnsafeSetup` with every refusal."""
    if sentences := refusals(settings):
        raise UnsafeSetup(*sentences)


def refusals(settings: Settings) -> list[str]:
    """Why this set-up must not serve, one sentence for each thing to change; empty when it may (P18)."""
    return list(_tryout_refusals(settings) if settings.mode == "tryout" else _production_refusals(settings))


def role_refusals(facts: RoleFacts) -> list[str]:
    """Why row security would not bind this role, so that the application must not connect as it (P8, P18)."""
    role = facts.role
    found = (
        (facts.is_superuser, f"The database role {role} is a superuser: connect as a role made with NOSUPERUSER."),
        (
            facts.bypasses_row_security,
            f"The database role {role} bypasses row security: connect as a role made with NOBYPASSRLS.",
        ),
        (facts.can_create_roles, f"The database role {role} can create roles: connect as one made with NOCREATEROLE."),
        (
            bool(facts.owns),
            f"The database role {role} owns {_few(facts.owns)}: connect as a role that owns nothing, "
            "and keep the owner for MIGRATION_DATABASE_URL.",
        ),
    )
    return [sentence for holds, sentence in found if holds]


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _tryout_refusals(settings: Settings) -> Iterator[str]:
    if not _is_loopback(settings.host):
        yield "Try-out mode only listens on this machine: set INDGANG_HOST to 127.0.0.1, or INDGANG_MODE to production."
    if settings.database_url or settings.migration_database_url:
        yield (
            "Try-out mode only uses its own embedded database: remove DATABASE_URL and MIGRATION_DATABASE_URL, "
            "or set INDGANG_MODE to production."
        )
    if settings.issuers:
        yield "Try-out mode signs its own tokens: remove INDGANG_ISSUERS, or set INDGANG_MODE to production."
    if settings.cpr_keys or settings.cpr_index_key:
        yield (
            "Try-out mode makes its own CPR keys: remove INDGANG_CPR_KEYS and INDGANG_CPR_INDEX_KEY, "
            "or set INDGANG_MODE to production."
        )


def _production_refusals(settings: Settings) -> Iterator[str]:
    if settings.database_url is None:
        yield "Production needs a database: set DATABASE_URL to a PostgreSQL address."
    for name in ("database_url", "migration_database_url"):
        address: SecretStr | None = getattr(settings, name)
        if address and address.get_secret_value().partition("://")[0] not in POSTGRESQL:
            yield f"The database is PostgreSQL and nothing else: begin {name.upper()} with postgresql://."
    if not settings.issuers:
        yield "Production needs an identity provider: name at least one in INDGANG_ISSUERS."
    for number, issuer in enumerate(settings.issuers, start=1):
        yield from (f"Issuer {number}{flaw}" for flaw in _issuer_flaws(issuer))
    pairs = Counter((issuer.issuer, issuer.audience) for issuer in settings.issuers)
    if any(count > 1 for count in pairs.values()):
        yield "Two entries of INDGANG_ISSUERS have the same issuer and audience: keep one of them."
    if not all(origin.startswith("https://") for origin in settings.cors_origins):
        yield "A browser origin is not https: begin every entry of INDGANG_CORS_ORIGINS with https://."
    yield from cpr.key_flaws(settings.cpr_keys, settings.cpr_index_key)


def _issuer_flaws(issuer: Issuer) -> Iterator[str]:
    if issuer.issuer == TRYOUT_ISSUER:
        yield " is the try-out issuer: remove it, its key is not kept as one for production must be."
    elif not _is_https(issuer.issuer):
        yield " is not named by https: set its issuer to the https address that its tokens carry in iss."
    if not issuer.audience.strip():
        yield " has a blank audience: set the name that its tokens for this service carry in aud."
    if issuer.jwks_url is not None and not _is_https(issuer.jwks_url):
        yield " has keys that are not fetched by https: set its jwks_url to an https address without user or password."
    if issuer.jwks is not None:
        yield from _jwks_flaws(issuer.jwks, issuer.algorithms)


def _jwks_flaws(jwks: dict[str, Any], algorithms: tuple[Algorithm, ...]) -> Iterator[str]:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys:
        yield " has no keys in its jwks: put its public keys in a list under keys."
        return
    flaws = [(place, flaw) for place, jwk in enumerate(keys, start=1) if (flaw := jwk_flaw(jwk))]
    yield from (f" cannot use key {place} of its jwks: {flaw}." for place, flaw in flaws)
    if flaws:
        return
    names = [jwk.get("kid") for jwk in keys]
    if len(keys) > 1 and (None in names or len(set(names)) < len(names)):
        yield " has keys that cannot be told apart: give each key of its jwks a kid of its own."
    if not any(jwk_fits(jwk, algorithm) for jwk in keys for algorithm in algorithms):
        yield " has no key for its algorithms: add a signing key that fits one of them to its jwks."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return any(ip_address(host) in network for network in LOOPBACK)
    except ValueError:
        return False


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc


# --- Which published keys may verify a token (P18, P21)


def jwk_flaw(jwk: object) -> str | None:
    """Why this JWK may not verify tokens, telling what to do; None when it is a sound public key of ours to use."""
    if not isinstance(jwk, dict) or jwk.get("kty") not in ("RSA", "EC"):
        return "use a public RSA or EC key, and never a shared secret"
    if PRIVATE_MEMBERS & jwk.keys():
        return "replace the private key by its public part, and make a new key, since this one is no longer secret"
    if not isinstance(jwk.get("kid", ""), str):
        return "write its kid as text"
    try:
        return _rsa_flaw(jwk) if jwk["kty"] == "RSA" else _ec_flaw(jwk)
    except (ValueError, KeyError):
        return "replace it by a key that is whole and valid"


def jwk_fits(jwk: dict[str, Any], algorithm: Algorithm) -> bool:
    """Whether a sound public JWK is meant to verify signatures of this algorithm."""
    if algorithm in CURVE_OF:
        right_key = jwk["kty"] == "EC" and jwk["crv"] == CURVE_OF[algorithm]
    else:
        right_key = jwk["kty"] == "RSA"
    operations = jwk.get("key_ops", ["verify"])
    return (
        right_key
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and jwk.get("alg", algorithm) == algorithm
    )


def _rsa_flaw(jwk: dict[str, Any]) -> str | None:
    modulus = _number(jwk["n"])
    if modulus.bit_length() not in RSA_BITS:
        return "use an RSA key of 2048 to 8192 bits"
    rsa.RSAPublicNumbers(_number(jwk["e"]), modulus).public_key()
    return None


def _ec_flaw(jwk: dict[str, Any]) -> str | None:
    if jwk["crv"] not in CURVE_OF.values():
        return "use an EC key on P-256 or P-384"
    curve = CURVES[jwk["crv"]]()
    ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve).public_key()
    return None


def _number(value: object) -> int:
    if not isinstance(value, str) or not BASE64URL.fullmatch(value):
        raise ValueError("not base64url")
    return int.from_bytes(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")
