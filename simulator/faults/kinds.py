"""Every kind of fault with its parameters: what a plan may say, and what a page may offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CALLBACKS = frozenset({"status", "recording", "stream", "conference", "message"})
"""Purposes of requests whose answers steer nothing: only these are reordered."""
PURPOSES = (
    "voice", "fallback", "status", "recording", "stream", "conference", "announcement", "message",
    "sms",
)  # fmt: skip
"""What a request to the application is for."""


class BadPlan(Exception):
    """The plan cannot be understood; the text names the entry and what is allowed."""


@dataclass(frozen=True)
class Parameter:
    """One value of a fault.

    type: number, whole (a whole number), range (a number or [least, most], drawn evenly), choice
    (one of `choices`), choices (a list of them, empty for all), text, or yes (true or false).
    """

    name: str
    says: str
    type: str
    default: Any
    least: float = 0.0
    most: float = 0.0
    unit: str = ""
    choices: tuple[str, ...] = ()

    def read(self, where: str, given: Any) -> Any:
        """The value in its own type. Raises BadPlan."""
        value = _READERS[self.type](self, given)
        if value is None:
            raise BadPlan(f"{where}: {self.name}: expected {self.expected}, got {given!r}")
        return value

    @property
    def expected(self) -> str:
        """What may be given, in words."""
        bounds = f"{self.least:g} to {self.most:g}" + (f" {self.unit}" if self.unit else "")
        match self.type:
            case "number":
                return bounds
            case "whole":
                return f"a whole number, {bounds}"
            case "range":
                return f"one number or [least, most], {bounds}"
            case "choice":
                return f"one of {', '.join(self.choices)}"
            case "choices":
                return f"a list of {', '.join(self.choices)}"
            case "yes":
                return "true or false"
        return "text"

    def shown(self) -> dict[str, Any]:
        """Plain values for a page."""
        plain = {"name": self.name, "says": self.says, "type": self.type}
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        bounds = {"least": self.least, "most": self.most, "unit": self.unit}
        has_bounds = self.type in ("number", "whole", "range")
        choices = {"choices": list(self.choices)} if self.choices else {}
        return {**plain, "default": default, **(bounds if has_bounds else {}), **choices}


@dataclass(frozen=True)
class Kind:
    """One kind of fault, in its section of the plan."""

    section: str
    name: str
    says: str
    parameters: tuple[Parameter, ...]

    @property
    def by_name(self) -> dict[str, Parameter]:
        """Its parameters."""
        return {one.name: one for one in self.parameters}

    def shown(self) -> dict[str, Any]:
        """Plain values for a page."""
        parameters = [one.shown() for one in self.parameters]
        return {"fault": self.name, "says": self.says, "parameters": parameters}


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _number(one: Parameter, given: Any) -> float | None:
    return float(given) if _is_number(given) and one.least <= given <= one.most else None


def _whole(one: Parameter, given: Any) -> int | None:
    good = isinstance(given, int) and not isinstance(given, bool) and one.least <= given <= one.most
    return given if good else None


def _range(one: Parameter, given: Any) -> tuple[float, float] | None:
    pair = given if isinstance(given, list | tuple) else [given, given]
    if len(pair) != 2 or not all(_is_number(end) and one.least <= end <= one.most for end in pair):
        return None
    return (float(pair[0]), float(pair[1])) if pair[0] <= pair[1] else None


def _choice(one: Parameter, given: Any) -> str | None:
    return given if isinstance(given, str) and given in one.choices else None


def _choices(one: Parameter, given: Any) -> tuple[str, ...] | None:
    is_list = isinstance(given, list | tuple)
    good = is_list and all(isinstance(name, str) and name in one.choices for name in given)
    return tuple(given) if good else None


def _text(one: Parameter, given: Any) -> str | None:
    return given if isinstance(given, str) and len(given) <= 500 else None


def _yes(one: Parameter, given: Any) -> bool | None:
    return given if isinstance(given, bool) else None


_READERS = {
    "number": _number,
    "whole": _whole,
    "range": _range,
    "choice": _choice,
    "choices": _choices,
    "text": _text,
    "yes": _yes,
}
_DAY_S = 86_400.0


def _seconds(says: str, least: float = 1.0, most: float = 3.0, name: str = "seconds") -> Parameter:
    return Parameter(name, says, "range", (least, most), 0.0, _DAY_S, "s")


def _share(of: str) -> Parameter:
    return Parameter("share", f"how many {of} it strikes", "number", 1.0, 0.0, 1.0)


def _of(says: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter("of", says, "choices", (), choices=choices)


def _times(says: str) -> Parameter:
    return Parameter("times", says, "whole", 2, 1, 100)


_REQUESTS = (_share("requests"), _of("only requests for these purposes; none: all", PURPOSES))
_REORDERED = (
    _share("callbacks"),
    _of("only callbacks for these purposes; none: all", tuple(sorted(CALLBACKS))),
)
_FETCHES = (_share("recordings"), _times("fetches that it spoils"))
_SOCKETS = (_share("media sockets"),)
_WAY = _of("inbound: to the application, outbound: from it; none: both", ("inbound", "outbound"))
_FRAMES = (*_SOCKETS, _WAY)


def _ms(says: str, least: float, most: float) -> Parameter:
    return Parameter("ms", says, "range", (least, most), 0.0, 60_000.0, "ms")


KINDS = (
    Kind("webhooks", "delayed", "The request is sent late.", (*_REQUESTS, _seconds("how late"))),
    Kind(
        "webhooks",
        "repeated",
        "The same request is sent again, byte for byte.",
        (*_REQUESTS, _times("how often it is sent in all")),
    ),
    Kind(
        "webhooks",
        "reordered",
        "A callback is overtaken by those that follow it.",
        (*_REORDERED, _seconds("how late it comes")),
    ),
    Kind(
        "webhooks",
        "lost",
        "The request is never sent: a lost question is a failed connection.",
        _REQUESTS,
    ),
    Kind("webhooks", "bad_signature", "The request is signed with another key.", _REQUESTS),
    Kind(
        "recordings",
        "late",
        "A recording and its callback come late.",
        (_share("calls"), _seconds("how late")),
    ),
    Kind("recordings", "missing", "A recording is answered with 404 for a while.", _FETCHES),
    Kind("recordings", "short", "A recording breaks off half-way.", _FETCHES),
    Kind("recordings", "corrupt", "A recording is no sound file.", _FETCHES),
    Kind(
        "media",
        "cut",
        "The media socket drops as on a broken network.",
        (*_SOCKETS, _seconds("after how long")),
    ),
    Kind(
        "media",
        "lost",
        "Frames never come.",
        (
            *_FRAMES,
            Parameter("frames", "how many of its frames are lost", "number", 0.05, 0.0, 1.0),
            Parameter("in_a_row", "how many are lost together", "whole", 1, 1, 500),
        ),
    ),
    Kind("media", "late", "All frames come late.", (*_FRAMES, _ms("how late", 200, 400))),
    Kind(
        "media",
        "jittered",
        "Frames come late, each by its own time, in their order.",
        (*_FRAMES, _ms("how late", 0, 100)),
    ),
    Kind(
        "media",
        "noise",
        "The sound has noise.",
        (
            *_FRAMES,
            Parameter(
                "snr_db", "level of a telephone voice over it", "range", (15.0, 15.0), -20, 60, "dB"
            ),
        ),
    ),
    Kind("rest", "429", "A REST request is refused: too many.", (_share("requests"),)),
    Kind("rest", "500", "A REST request ends in an error of the carrier.", (_share("requests"),)),
)
"""All of them, in the order in which a page shows them."""

SECTIONS: Mapping[str, tuple[Kind, ...]] = {
    section: tuple(kind for kind in KINDS if kind.section == section)
    for section in dict.fromkeys(kind.section for kind in KINDS)
}


def described() -> dict[str, Any]:
    """All kinds as plain values: sections, their faults, and the parameters of each."""
    sections = [
        {"section": name, "kinds": [kind.shown() for kind in kinds]}
        for name, kinds in SECTIONS.items()
    ]
    return {"sections": sections}
