"""Structured lines on standard output: our own fields only, never a message or a traceback that could hold a person."""

import logging
import sys
from typing import Any

import structlog

from app.config import Settings


class _Discreet(logging.Handler):
    """Passes on what libraries log: level, logger and text; of an exception only its kind, never what it says."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"logger": record.name}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__name__
        structlog.get_logger().log(record.levelno, (record.getMessage().splitlines() or [""])[0], **fields)


def configure(settings: Settings) -> None:
    """Set up logging for this process."""
    renderer: Any = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(logging.INFO, logging.getLevelNamesMapping()[settings.log_level]), handlers=[_Discreet()], force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
