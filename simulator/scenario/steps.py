"""Scenarios and their steps, read from YAML or JSON; SCENARIOS.md describes the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.scenario.acts import (
    Act,
    GetsSms,
    HangsUp,
    Hears,
    Interrupts,
    IsHungUpOn,
    IsTransferred,
    Presses,
    Says,
    Speech,
    Waits,
)

WITHIN_S = 20.0
MOST_S = 7 * 86_400.0
_KEYS = frozenset("0123456789*#")
_SPEECH = {"text", "clip", "noise", "snr_db", "gain_db", "packet_loss"}


class ScenarioError(Exception):
    """The scenario cannot be understood; the text names the step and what is allowed."""


@dataclass(frozen=True)
class Step:
    """One thing to do or to expect, within a time."""

    act: Act
    within_s: float = WITHIN_S
    name: str = ""


def step_from(where: str, source: Any, folder: Path) -> Step:
    """One step from plain values: an act and perhaps `within_s`. Raises ScenarioError."""
    given = mapping(where, source, {*_ACTS, "within_s"})
    acts = [name for name in given if name != "within_s"]
    if len(acts) != 1:
        raise ScenarioError(f"{where}: expected one of {', '.join(_ACTS)}, got {len(acts)} of them")
    name = f"{where} ({acts[0]})"
    within_s = _seconds(f"{where}, within_s", given.get("within_s", WITHIN_S))
    return Step(_ACTS[acts[0]](name, given[acts[0]], folder), within_s, name)


def _hears(name: str, value: Any, folder: Path) -> Act:
    return Hears(_phrases(name, value))


def _gets_sms(name: str, value: Any, folder: Path) -> Act:
    return GetsSms(_phrases(name, value))


def _says(name: str, value: Any, folder: Path) -> Says:
    if isinstance(value, str) and value.strip():
        return Says(Speech(value))
    if not isinstance(value, dict):
        raise ScenarioError(f"{name}: expected text or {{clip: FILE}}, got {kind_of(value)}")
    given = mapping(name, value, _SPEECH)
    if ("text" in given) == ("clip" in given):
        raise ScenarioError(f"{name}: expected text or clip, with how it comes if wanted")
    if ("noise" in given) != ("snr_db" in given):
        raise ScenarioError(f"{name}: noise and snr_db come together")
    return Says(
        Speech(
            text(f"{name}, text", given["text"]) if "text" in given else "",
            _file(f"{name}, clip", given["clip"], folder) if "clip" in given else None,
            _file(f"{name}, noise", given["noise"], folder) if "noise" in given else None,
            _within(f"{name}, snr_db", given["snr_db"], -40, 80) if "snr_db" in given else None,
            _within(f"{name}, gain_db", given.get("gain_db", 0.0), -60, 40),
            _within(f"{name}, packet_loss", given.get("packet_loss", 0.0), 0, 1),
        )
    )


def _presses(name: str, value: Any, folder: Path) -> Presses:
    if not isinstance(value, str) or not value or set(value) - _KEYS:
        hint = "; put it in quotes" if isinstance(value, int) else ""
        raise ScenarioError(f"{name}: expected keys 0-9 * # as text, got {value!r}{hint}")
    return Presses(value)


def _interrupts(name: str, value: Any, folder: Path) -> Act:
    given = mapping(name, value, {"says", "presses"})
    if len(given) != 1:
        raise ScenarioError(f"{name}: expected says or presses")
    if "says" in given:
        return Interrupts(_says(f"{name}, says", given["says"], folder))
    return Interrupts(_presses(f"{name}, presses", given["presses"], folder))


def _waits(name: str, value: Any, folder: Path) -> Act:
    return Waits(_seconds(name, value))


def _is_transferred_to(name: str, value: Any, folder: Path) -> Act:
    return IsTransferred(text(name, value))


def _simply(act: Act) -> Callable[[str, Any, Path], Act]:
    def read(name: str, value: Any, folder: Path) -> Act:
        if value is not True:
            raise ScenarioError(f"{name}: expected true, got {value!r}")
        return act

    return read


_ACTS: Mapping[str, Callable[[str, Any, Path], Act]] = {
    "hears": _hears,
    "says": _says,
    "presses": _presses,
    "waits_s": _waits,
    "waits": _waits,
    "interrupts": _interrupts,
    "gets_sms": _gets_sms,
    "is_transferred": _simply(IsTransferred()),
    "is_transferred_to": _is_transferred_to,
    "hangs_up": _simply(HangsUp()),
    "is_hung_up_on": _simply(IsHungUpOn()),
}


def mapping(where: str, value: Any, allowed: set[str]) -> dict[str, Any]:
    names = ", ".join(sorted(allowed))
    if not isinstance(value, dict):
        raise ScenarioError(f"{where}: expected {names}, got {kind_of(value)}")
    for key in value:
        if key not in allowed:
            raise ScenarioError(f"{where}: unknown key {key!r}; allowed: {names}")
    return value


def _phrases(name: str, value: Any) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    if not given or not all(isinstance(one, str) and words(one) for one in given):
        raise ScenarioError(f"{name}: expected words or a list of alternatives, got {value!r}")
    return tuple(given)


def text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ScenarioError(f"{name}: expected text in quotes, got {value!r}")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScenarioError(f"{name}: expected a number, got {value!r}")
    try:
        return float(value)
    except OverflowError as error:
        raise ScenarioError(f"{name}: expected a number, got one far too large") from error


def _within(name: str, value: Any, least: float, most: float) -> float:
    number = _number(name, value)
    if not least <= number <= most:
        raise ScenarioError(f"{name}: expected {least:g} to {most:g}, got {value!r}")
    return number


def _seconds(name: str, value: Any) -> float:
    seconds = _number(name, value)
    if not 0 < seconds <= MOST_S:
        raise ScenarioError(f"{name}: expected seconds above 0, got {value!r}")
    return seconds


def _file(name: str, value: Any, folder: Path) -> Path:
    path = folder / text(name, value)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):
        pass
    raise ScenarioError(f"{name}: there is no file {path}")


def kind_of(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def words(text: str) -> list[str]:
    """The words of a text without case and punctuation; each Chinese character is one."""
    found: list[str] = []
    word = ""
    for letter in text.casefold():
        if "\u3040" <= letter <= "\u9fff":
            found += [word, letter]
            word = ""
        elif letter.isalnum():
            word += letter
        elif letter not in "'’":
            found.append(word)
            word = ""
    return [one for one in (*found, word) if one]


@lru_cache(maxsize=1024)
def _wanted(phrase: str) -> tuple[str, ...]:
    """A phrase's words; asked for with every frame while somebody waits for them."""
    return tuple(words(phrase))


def match(phrase: str, heard: list[str]) -> int | None:
    """How many words of `heard` it takes to find the phrase's words in order; None if not there."""
    at = 0
    wanted = _wanted(phrase)
    for taken, word in enumerate(heard, start=1):
        if word == wanted[at]:
            at += 1
            if at == len(wanted):
                return taken
    return None
