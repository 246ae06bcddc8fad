"""Who may come in while trying out: an issuer with a key of its own, on this machine only."""

import contextlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import get_args
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk as jose_jwk
from jose import jws
from jose.exceptions import JOSEError

from app.auth.objects import Object, json_object
from app.config import TRYOUT_ISSUER, Issuer, Kind, UnsafeSetup

TRYOUT_AUDIENCE = "indgang"
TRYOUT_KEY_FILE = "tryout-signing-key.json"


def has_tryout_key(data_dir: Path) -> bool:
    """Whether a server has made its key here: a token that another key signed would be refused."""
    return (data_dir / TRYOUT_KEY_FILE).exists()


def tryout_key(data_dir: Path) -> Object:
    """The private JWK that signs try-out tokens: made at the first call, readable by its owner only, then kept.

    Raises `UnsafeSetup` when the file is there but holds no such key.
    """
    path = data_dir / TRYOUT_KEY_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_once(path, json.dumps(_new_key()))
    try:
        key = json_object(path.read_bytes())
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


def write_once(path: Path, text: str) -> None:
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
