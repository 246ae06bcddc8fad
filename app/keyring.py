"""Where the keys of CPR numbers come from: the operator's settings; when trying out, a file made once."""

import base64
import json
import secrets
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError

from app import cpr
from app.auth.tryout import write_once
from app.config import Settings, UnsafeSetup

TRYOUT_CPR_FILE = "tryout-cpr-keys.json"


class _Kept(BaseModel):
    keys: tuple[cpr.Key, ...]
    index_key: SecretStr


def vault(settings: Settings) -> cpr.Vault:
    """The vault of a set-up that is safe (`config.require_safe`). Raises `UnsafeSetup` for a damaged try-out file."""
    if settings.mode == "tryout":
        return _tryout_vault(settings.data_dir)
    assert settings.cpr_index_key is not None  # noqa: S101 - `require_safe` saw to it
    return cpr.Vault(settings.cpr_keys, settings.cpr_index_key)


def _tryout_vault(data_dir: Path) -> cpr.Vault:
    path = data_dir / TRYOUT_CPR_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {"keys": [{"id": "tryout", "key": _new_key()}], "index_key": _new_key()}
        write_once(path, json.dumps(made))
    try:
        kept = _Kept.model_validate_json(path.read_bytes())
        return cpr.Vault(kept.keys, kept.index_key)
    except (ValidationError, ValueError, StopIteration):
        raise UnsafeSetup(f"The try-out CPR keys are damaged: delete {TRYOUT_CPR_FILE} in INDGANG_DATA_DIR.") from None


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(cpr.KEY_BYTES)).decode("ascii")
