"""Named places where a process can be made to fail on purpose: `failpoint("spool.keep.write")`.

A place costs nothing until it is armed: by a test with `arm`, or by an entry point with the plan
of the settings (`arm_plan`), which an installation must allow. What every place must survive is
in docs/decisions/0004-failpoints.md.
"""

from __future__ import annotations

import builtins
import errno
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from config.settings import SettingsError
from infra.log import logger

MOST_DELAY_S = 60.0
_STEP = re.compile(
    r"^(?P<name>[a-z0-9_.-]+)=(?P<action>[a-z_]+)(?::(?P<detail>[\w.]+))?"
    r"(?:@(?P<hit>[1-9]\d*))?(?:x(?P<times>[1-9]\d*))?$"
)

_log = logger(__name__)
_lock = threading.Lock()
_armed: dict[str, _Armed] = {}
_watchers: list[Callable[[str], object]] = []

Action = Callable[[], object]
"""What happens at an armed place: it returns, raises, or never comes back."""


class Planted(Exception):
    """The error of a place that was armed to fail without naming another."""


@dataclass
class _Armed:
    action: Action
    at_hit: int
    times: int
    hits: int = 0


def failpoint(name: str) -> None:
    """A place named `name`: nothing happens here unless it is armed."""
    if _armed or _watchers:
        _reach(name)


def kill() -> None:
    """The process is gone, as by `kill -9`: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full() -> None:
    """The disk takes no more. Raises OSError with ENOSPC."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def failing(error: type[Exception] = Planted) -> Action:
    """An action that raises this error."""

    def fail() -> None:
        raise error("planted by a failpoint")

    return fail


def delaying(seconds: float) -> Action:
    """An action that waits. ValueError for more than MOST_DELAY_S."""
    if not 0 <= seconds <= MOST_DELAY_S:
        raise ValueError(f"expected a delay of 0 to {MOST_DELAY_S:g} s")
    return partial(time.sleep, seconds)


def arm(name: str, action: Action, *, at_hit: int = 1, times: int = 1) -> None:
    """Let `action` happen at the place `name`: from its hit number `at_hit` on, so many times."""
    with _lock:
        _armed[name] = _Armed(action, at_hit, times)


def disarm() -> None:
    """Let nothing happen any more, at any place."""
    with _lock:
        _armed.clear()


def watch(seen: Callable[[str], object] | None) -> None:
    """Tell `seen` the name of every place that is reached; None ends that."""
    _watchers[:] = [] if seen is None else [seen]


def arm_plan(plan: str) -> None:
    """Arm what a plan of the settings asks for: steps between `;` or spaces.

    A step is `NAME=ACTION[:DETAIL][@HIT][xTIMES]`. ACTION is `kill`, `disk_full`,
    `exception[:CLASS]` (a built-in or a dotted path) or `delay:SECONDS` (whole or decimal).
    Raises SettingsError for anything else.
    """
    for step in re.split(r"[;\s]+", plan.strip()):
        if not step:
            continue
        read = _STEP.match(step)
        if read is None:
            raise SettingsError("SWIFTLINE_FAILPOINTS: expected NAME=ACTION[:DETAIL][@HIT][xTIMES]")
        action = _action(read["action"], read["detail"])
        arm(read["name"], action, at_hit=int(read["hit"] or 1), times=int(read["times"] or 1))
        _log.warning("a failpoint is armed", place=read["name"], action=read["action"])


def _reach(name: str) -> None:
    for seen in tuple(_watchers):
        seen(name)
    with _lock:
        armed = _armed.get(name)
        if armed is None:
            return
        armed.hits += 1
        if not armed.at_hit <= armed.hits < armed.at_hit + armed.times:
            return
    armed.action()


def _action(action: str, detail: str | None) -> Action:
    try:
        match action, detail:
            case "kill", None:
                return kill
            case "disk_full", None:
                return disk_full
            case "exception", None:
                return failing()
            case "exception", str(name):
                return failing(_error_class(name))
            case "delay", str(seconds):
                return delaying(float(seconds))
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        raise SettingsError(f"SWIFTLINE_FAILPOINTS: {action}: {error}") from None
    raise SettingsError(
        "SWIFTLINE_FAILPOINTS: expected kill, disk_full, exception[:CLASS] or delay:SECONDS"
    )


def _error_class(name: str) -> type[Exception]:
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module) if module else builtins, attribute)
    if not (isinstance(found, type) and issubclass(found, Exception)):
        raise TypeError(f"{name} is no class of errors")
    return found
