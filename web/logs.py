"""One log for everything: structlog's lines and those of the standard library, without a token in them."""

import logging
import re
import sys

import structlog

from web.settings import WebSettings

# What follows these is a secret: a candidate's link, a sign-in link.
_SECRET_PATHS = re.compile(r"^(/i/|/hr/sign-in/).+")


def masked_path(path: str) -> str:
    """The path as it may be written down; a query is never written down at all."""
    return _SECRET_PATHS.sub(r"\1…", path)


def configure_logging(settings: WebSettings) -> None:
    """Send every logger of this process to standard error, as text or as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*_endings(settings.log_format)])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("aiosqlite", "aioice", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _endings(log_format: str) -> list[structlog.typing.Processor]:
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if log_format == "json":
        return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [strip, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
