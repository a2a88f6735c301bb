"""One log for everything: structlog's lines and those of the standard library, without a token in them.

Each line bears the id of the interview that it is about, `session_id`, wherever one is known: what handles a request or a
piece of work binds it, and what that begins inherits it.
"""

import logging
import re
import sys
from collections import deque

import structlog

from db.clock import Clock, SystemClock
from web.settings import WebSettings

# What follows these is a secret: a candidate's link, a sign-in link.
_SECRET_PATHS = re.compile(r"^(/i/|/hr/sign-in/).+")

# Wherever one comes from (a library's line, an exception's text), what looks like a secret is not written down.
_SECRETS = re.compile(
    r"(?P<before>/i/|/hr/sign-in/|\bBearer\s+|\b(?:token|password|secret|credential|ice-pwd)[\"']?\s*[=:]\s*[\"']?)[\w.~+/=-]{8,}",
    re.IGNORECASE,
)

CHATTY = ("aioice", "aiortc", "aiosqlite", "alembic", "asyncio", "sqlalchemy")
"Libraries whose everyday lines say nothing to an operator, and too much of others: ICE passwords, and what is stored of people."

STRANGERS = ("aioice", "aiortc", "pylibsrtp")
"Libraries that whoever sends us datagrams can make speak."
MOST_OF_STRANGERS = 20
"Lines of each that are let through in :data:`STRANGERS_WITHIN_S`; the next one that is says how many were not."
STRANGERS_WITHIN_S = 60.0


def masked_path(path: str) -> str:
    """The path as it may be written down; a query is never written down at all."""
    return _SECRET_PATHS.sub(r"\1…", path)


def masked(line: str) -> str:
    """A line without what looks like a secret."""
    return _SECRETS.sub(r"\g<before>…", line)


class _Masking(structlog.stdlib.ProcessorFormatter):
    """Writes no secret, also none that came in with an exception."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class Bounded(logging.Filter):
    """Lets so many lines of a library through in a while, and no more: a flood of junk must not fill the disk with words."""

    def __init__(self, library: str, clock: Clock) -> None:
        super().__init__(library)
        self._clock = clock
        self._passed: deque[float] = deque(maxlen=MOST_OF_STRANGERS)
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is written."""
        if not super().filter(record):
            return True  # another library's
        now = self._clock.monotonic()
        if len(self._passed) == MOST_OF_STRANGERS and now - self._passed[0] < STRANGERS_WITHIN_S:
            self._left_out += 1
            return False
        self._passed.append(now)
        if self._left_out:
            record.msg = f"{record.getMessage()} ({self._left_out} lines before this one were left out)"
            record.args = ()
            self._left_out = 0
        return True


def configure_logging(settings: WebSettings, clock: Clock | None = None) -> None:
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
    handler.setFormatter(_Masking(foreign_pre_chain=shared, processors=[*_endings(settings.log_format)]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for library in STRANGERS:
        handler.addFilter(Bounded(library, clock or SystemClock()))


def _endings(log_format: str) -> list[structlog.typing.Processor]:
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if log_format == "json":
        return [strip, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [strip, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
