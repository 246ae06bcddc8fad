"""The real app against the benchmark's database: try-out tokens, the app's role, no rate limit worth the name.

Read from the environment: BENCH_DATABASE, BENCH_DATA_DIR, and BENCH_UNLOGGED, which switches the read log off: for
measuring what the log costs, and there only.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from fastapi import FastAPI

from app.config import Settings
from app.db import Database
from app.logs import configure
from app.main import create_app
from app.policy import shown


def asgi() -> FastAPI:
    """The app of one serving process."""
    leave_with_parent()
    if os.environ.get("BENCH_UNLOGGED"):
        without_read_log()
    settings = bench_settings(Path(os.environ["BENCH_DATA_DIR"]))
    configure(settings)
    return create_app(settings, Database(os.environ["BENCH_DATABASE"], settings.pool_size))


def bench_settings(data_dir: Path) -> Settings:
    return Settings(mode="tryout", data_dir=data_dir, rate_limit="1000000000/minute")


def without_read_log() -> None:
    """Reads of this process are not logged any more. To be called before the first statement is built."""
    for policy in shown.POLICIES:
        object.__setattr__(policy, "personal", False)


def leave_with_parent() -> None:
    """End this process in order when its parent is gone: its standard input is a pipe that the parent holds."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
