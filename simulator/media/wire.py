"""The last messages of a call's media sockets, for whoever wants to know what went wrong there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 20
_MOST_CHARACTERS = 160


@dataclass
class Passed:
    """A message, or several with sound one after the other; `to_app` tells its direction."""

    at_s: float
    to_app: bool
    event: str
    text: str = ""
    count: int = 1

    def line(self) -> str:
        """For people."""
        arrow = "->" if self.to_app else "<-"
        what = f"{self.event} x {self.count}" if self.count > 1 else self.event
        return f"{self.at_s:7.2f}  {arrow} {what} {self.text}".rstrip()


class Wire:
    """Keeps the latest messages; sound is counted, not kept."""

    def __init__(self, age_s: Callable[[], float]) -> None:
        self.passed: deque[Passed] = deque(maxlen=KEPT)
        self._age_s = age_s
        self._sound: dict[bool, Passed] = {}

    def note(self, message: Any, *, to_app: bool) -> None:
        """A message of the protocol, or whatever else came."""
        event = _kind_of(message)
        if event == "media" and to_app in self._sound:
            self._sound[to_app].count += 1
            return
        text = "" if event == "media" else _shown(message)
        one = Passed(round(self._age_s(), 2), to_app, event, text)
        self.passed.append(one)
        if event == "media":
            self._sound[to_app] = one
        else:
            self._sound.clear()

    def lines(self) -> list[str]:
        """All of them, oldest first; `->` is to the application."""
        return [one.line() for one in self.passed]


def _kind_of(message: Any) -> str:
    """`event` of Media Streams, `type` of ConversationRelay."""
    if not isinstance(message, Mapping):
        return "not a message"
    return str(message.get("event", message.get("type")))


def _shown(message: Any) -> str:
    """What a message says besides its envelope."""
    if not isinstance(message, Mapping):
        return repr(message)[:_MOST_CHARACTERS]
    if "type" in message:
        rest = {name: value for name, value in message.items() if name != "type"}
        return repr(rest)[:_MOST_CHARACTERS]
    inner = message.get(str(message.get("event")))
    return "" if inner is None else repr(inner)[:_MOST_CHARACTERS]
