"""Structured logs to standard error: ids only, control characters escaped.

Phone numbers that slip into a line are masked as a last resort; callers of the log must
not pass any in the first place.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

_IDS = ("timestamp", "call_sid")
_NUMBER = re.compile(r"\+?\d[\d\-() ]{8,}\d")


def configure(level: str, *, process: str) -> None:
    """Send structured lines of this process to standard error; colours only on a terminal."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_numbers,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s %(message)s")


def logger(name: str) -> Any:
    """A logger for module `name`; bind `call_id` or `job_id`, never what a caller said."""
    return structlog.get_logger(name)


def origin(error: BaseException) -> str:
    """Kind and place of an error, without its text, which may repeat what a caller said."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + at


def _mask_numbers(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if key not in _IDS and isinstance(value, str):
            line[key] = _NUMBER.sub("[number]", value)
    return line
