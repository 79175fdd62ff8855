"""Structured logs on standard error: one JSON object a line, or readable text for a person."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from services.runtime.log_lines import LogLines

# PostgreSQL repeats the row that it refuses; what follows the values, in a message or a trace, goes on.
_VALUES = re.compile(
    r"^(DETAIL|CONTEXT):  .*?(?=\n[A-Z]+:  |\n\nThe above |\n\nDuring handling |\Z)", re.DOTALL | re.MULTILINE
)


def _without_values(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leaves out what an error of the database says of rows: names, e-mails and phones are for no log."""
    for name in ("event", "cause", "exception"):
        text = event.get(name)
        if isinstance(text, str) and ":  " in text:
            event[name] = _VALUES.sub(r"\1:  (left out)", text)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    _without_values,
]
_QUIET = ("alembic", "psycopg.pool", "sqlalchemy", "asyncio")


def set_up_logs(level: str = "INFO", log_format: str = "json") -> LogLines:
    """Send the logs of this process, those of libraries included, to standard error; answers what takes their lines."""
    lines = LogLines(sys.stderr)
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer = _renderer(log_format)
    structlog.configure(
        processors=[*_SHARED, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=_SHARED))
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    return lines


def get_logger(name: str, **told: str) -> Any:
    """A logger: `log.info("what happened", key=value)`; `told` is in each of its lines."""
    return structlog.get_logger(component=name, **told)


def _renderer(log_format: str) -> Processor:
    if log_format == "console":
        return structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(serializer=_dumps)


_encoded = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode


def _dumps(event: Any, **_: Any) -> str:
    return _encoded(event)
