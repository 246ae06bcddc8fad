"""Alembic's entrance. The connection is handed over by `app.migrate`; each migration is one transaction."""

from typing import Any

from alembic import context

import app.models  # noqa: F401 - makes the metadata complete
from app.db import Base

PARTITIONED = ("events_", "access_log_")


def include(name: str | None, kind: str, _parents: Any) -> bool:
    """The monthly partitions are made by the database itself (`make_partitions`) and are no drift."""
    return not (kind == "table" and name and name.startswith(PARTITIONED))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=include,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
