"""What the pages show, made from what is stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from typing import Any

from recordings.life import State
from recordings.queries import Wanted
from recordings.spoken import Pressed
from recordings.transcript import Said, Turn, in_turns

SPEAKERS = {"caller": "Caller", "line": "Hotline", "agent": "Agent"}
PURPOSES = {"call": "Call", "message": "Message", "turn": "Spoken answer"}
STATES = {
    State.ANNOUNCED: ("Being fetched", "info"),
    State.STORED: ("Being transcribed", "info"),
    State.TRANSCRIBED: ("Ready", "good"),
    State.REVIEWED: ("Reviewed", "good"),
    State.PURGED: ("Deleted", "plain"),
    State.MISSING: ("Missing", "bad"),
    State.ABSENT: ("Nothing recorded", "plain"),
    State.FAILED: ("Failed at the carrier", "bad"),
}
"""Each state in words, and how good or bad that is."""

_SURE, _UNSURE = 0.8, 0.5
_SNIPPET_WORDS = 12
_LONGEST_TEXT = 100


@dataclass(frozen=True)
class Snippet:
    """A piece of a transcript around what was looked for."""

    before: str
    hit: str
    after: str


@dataclass(frozen=True)
class Asked:
    """What the address asks for, and what in it could not be understood."""

    wanted: Wanted
    values: Mapping[str, str]
    problems: tuple[str, ...]

    def with_page(self, page: int) -> dict[str, str]:
        """The same address with another page."""
        kept = {name: value for name, value in self.values.items() if value and name != "page"}
        return kept | ({"page": str(page)} if page > 1 else {})


def read_filter(args: Mapping[str, str], *, zone: tzinfo = UTC) -> Asked:
    """The filter of an address; what cannot be read is left out and said."""
    problems: list[str] = []
    values = {name: str(args.get(name, "")).strip() for name in _FIELDS}
    wanted = Wanted(zone=zone)
    for name, (field, read, expected) in _FIELDS.items():
        if not values[name]:
            continue
        try:
            wanted = replace(wanted, **{field: read(values[name])})
        except ValueError:
            problems.append(f"{expected}; this part of the filter was left out")
    return Asked(wanted, values, tuple(problems))


def entries(said: Iterable[Said], pressed: Sequence[Pressed]) -> list[Turn | Pressed]:
    """Turns and key presses in the order they happened; a press divides what was being said."""
    turns = in_turns(said, breaks_s=[keys.at_s for keys in pressed])
    mixed: list[tuple[float, Turn | Pressed]] = [(turn.start_s, turn) for turn in turns]
    mixed += [(max(0.0, keys.at_s), keys) for keys in pressed]
    return [entry for _, entry in sorted(mixed, key=lambda item: item[0])]


def who(turn: Turn, names: Mapping[int, str]) -> str:
    """Who speaks; a person of ours by their name, where it is known."""
    name = names.get(turn.staff_id) if turn.staff_id is not None else None
    role = SPEAKERS.get(turn.speaker, turn.speaker)
    return f"{role} {name}" if name else role


def confidence_class(confidence: float) -> str:
    """How a word looks: the less the recogniser believed it, the lighter."""
    if confidence >= _SURE:
        return ""
    return "w--unsure" if confidence >= _UNSURE else "w--guess"


def snippet(text: str, looked_for: str) -> Snippet:
    """The beginning of a transcript, or the words around the first hit."""
    start = text.lower().find(looked_for.lower()) if looked_for else -1
    if start < 0:
        words = text.split()
        return Snippet(_shortened(words, _SNIPPET_WORDS), "", "")
    end = start + len(looked_for)
    before, after = text[:start].split(" "), text[end:].split(" ")
    half = _SNIPPET_WORDS // 2
    lead = "… " if len(before) > half else ""
    return Snippet(lead + " ".join(before[-half:]), text[start:end], _shortened(after, half))


def _shortened(words: list[str], most: int) -> str:
    return " ".join(words[:most]) + (" …" if len(words) > most else "")


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 2000 <= day.year <= 2200:
        raise ValueError(text)
    return day


def _seconds(text: str) -> float:
    """Minutes as `2` or `2.5`, or `m:ss`."""
    minutes, colon, seconds = text.partition(":")
    value = float(minutes) * 60 + (float(seconds) if colon else 0)
    if not 0 <= value <= 86400:
        raise ValueError(text)
    return value


def _state(text: str) -> str:
    return State(text).value


def _purpose(text: str) -> str:
    if text not in PURPOSES:
        raise ValueError(text)
    return text


def _text(text: str) -> str:
    return " ".join(text[:_LONGEST_TEXT].lower().split())


def _page(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise ValueError(text)
    return number


_FIELDS: dict[str, tuple[str, Any, str]] = {
    "q": ("text", _text, "expected words"),
    "from": ("from_day", _day, "From: expected a day like 2026-03-07"),
    "to": ("to_day", _day, "To: expected a day like 2026-03-07"),
    "least": ("least_s", _seconds, "At least: expected minutes, like 2 or 1:30"),
    "most": ("most_s", _seconds, "At most: expected minutes, like 2 or 1:30"),
    "kind": ("purpose", _purpose, f"Kind: expected one of {', '.join(PURPOSES)}"),
    "state": ("state", _state, f"State: expected one of {', '.join(State)}"),
    "page": ("page", _page, "Page: expected a number from 1"),
}
