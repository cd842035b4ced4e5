"""The values of a fault: their types, limits and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
