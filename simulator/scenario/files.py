"""Scenario files: a caller's whole call, and how those behave whom the line calls for them.

SCENARIOS.md describes the format. Everything is read from plain values, YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.numbers.caller_id import BadFacts, CallerFacts, facts_from
from simulator.scenario.steps import (
    ScenarioError,
    Step,
    kind_of,
    mapping,
    step_from,
    text,
)
from simulator.yaml_files import read_as

MOST_STEPS = 10_000
BEHAVIOURS = ("answers", "busy", "no-answer", "failed", "machine", "fax")
_GREETING = "You have reached my voice mail. Please leave a message after the tone."
_PERSON = {"behaviour", "after_s", "steps", "language", "greeting", "tone"}
_CALLED = ("+", "client:", "sip:")
"""How the address of somebody who is called begins."""


class BadBehaviour(Exception):
    """A telephone is described wrongly; the text says what was expected."""


@dataclass(frozen=True)
class Scenario:
    """A caller's whole call; `dials` is the number called, empty for the account's own."""

    steps: tuple[Step, ...]
    from_number: str = "+13125550101"
    language: str = "en"
    facts: CallerFacts = field(default_factory=CallerFacts)
    dials: str = ""
    people: Mapping[str, Behaviour] = field(default_factory=dict)
    """How those behave whom the line calls meanwhile, by address."""
    source: Mapping[str, Any] = field(default_factory=dict)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; clip paths are relative to it. Raises ScenarioError."""
    folder = path.resolve().parent
    return read_as(path, lambda source: scenario_from(source, folder), ScenarioError)


def scenario_from(source: Any, folder: Path) -> Scenario:
    """A scenario from plain values. Raises ScenarioError."""
    top = mapping("scenario", source, {"from", "dials", "caller", "language", "people", "steps"})
    steps = top.get("steps")
    if not isinstance(steps, list) or not steps:
        raise ScenarioError(f"steps: expected a list of steps, got {kind_of(steps)}")
    if len(steps) > MOST_STEPS:
        raise ScenarioError(f"steps: expected at most {MOST_STEPS} steps, got {len(steps)}")
    return Scenario(
        tuple(step_from(f"step {n}", step, folder) for n, step in enumerate(steps, start=1)),
        text("from", top.get("from", "+13125550101")),
        text("language", top.get("language", "en")),
        source=top,
        facts=_facts(top.get("caller", {})),
        dials=text("dials", top["dials"]) if "dials" in top else "",
        people=_people(top.get("people", {}), folder),
    )


def _people(source: Any, folder: Path) -> dict[str, Behaviour]:
    if not isinstance(source, Mapping):
        raise ScenarioError(f"people: expected addresses, got {kind_of(source)}")
    return {check_address("people", one): _person(one, source[one], folder) for one in source}


def _person(address: Any, source: Any, folder: Path) -> Behaviour:
    known = mapping(f"people, {address}", source, _PERSON)
    try:
        return behaviour_from(known, folder)
    except (BadBehaviour, ScenarioError) as error:
        raise ScenarioError(f"people, {address}: {error}") from error


def check_address(where: str, address: Any) -> str:
    """Somebody who can be called. Raises ScenarioError."""
    if not isinstance(address, str) or not address.startswith(_CALLED):
        hint = "; put it in quotes" if isinstance(address, int) else ""
        raise ScenarioError(
            f"{where}: expected +1..., client:... or sip:..., got {address!r}{hint}"
        )
    return address


def _facts(source: Any) -> CallerFacts:
    try:
        return facts_from(source)
    except BadFacts as error:
        raise ScenarioError(f"caller: {error}") from error


def with_facts(scenario: Scenario, facts: Mapping[str, str], folder: Path) -> Scenario:
    """The same with more known of the caller than it says itself. Raises ScenarioError."""
    caller = {**scenario.source.get("caller", {}), **facts}
    return scenario_from({**scenario.source, "caller": caller}, folder) if facts else scenario


@dataclass(frozen=True)
class Behaviour:
    """What a telephone does when it is called.

    kind: one of BEHAVIOURS. after_s: how long it rings before that. scenario: what whoever answers
    does and expects; without one they listen until the call is over. greeting: what is said at
    once; a machine then sounds its tone if it has one. None: a person says nothing, unless it is
    judged who answers (answering-machine detection), which a real person would help by a hello.
    """

    kind: str = "answers"
    after_s: float = 1.0
    scenario: Scenario = field(default_factory=lambda: Scenario(()))
    greeting: str | None = None
    has_tone: bool = False

    def shown(self) -> dict[str, Any]:
        """Plain values."""
        greeting = {} if self.greeting is None else {"greeting": self.greeting}
        return {
            "behaviour": self.kind,
            "after_s": self.after_s,
            **greeting,
            **self.scenario.source,
        }


def behaviour_from(source: Mapping[str, Any], folder: Path) -> Behaviour:
    """Read a description: behaviour, after_s, steps, language, greeting, tone.

    Raises BadBehaviour.
    """
    allowed = {"address", *_PERSON}
    unknown = sorted(set(source) - allowed)
    if unknown:
        raise BadBehaviour(f"unknown key {unknown[0]!r}; allowed: {', '.join(sorted(allowed))}")
    kind, after_s = source.get("behaviour", "answers"), source.get("after_s", 1.0)
    if kind not in BEHAVIOURS:
        raise BadBehaviour(f"behaviour: expected one of {', '.join(BEHAVIOURS)}, got {kind!r}")
    if isinstance(after_s, bool) or not isinstance(after_s, int | float) or after_s < 0:
        raise BadBehaviour(f"after_s: expected seconds, got {after_s!r}")
    greeting, has_tone = source.get("greeting"), source.get("tone", kind == "machine")
    if greeting is not None and not isinstance(greeting, str):
        raise BadBehaviour(f"greeting: expected text, got {greeting!r}")
    if not isinstance(has_tone, bool):
        raise BadBehaviour(f"tone: expected true or false, got {has_tone!r}")
    if kind == "machine" and greeting is None:
        greeting = _GREETING
    steps = {name: source[name] for name in ("steps", "language") if name in source}
    scenario = scenario_from(steps, folder) if "steps" in steps else Scenario(())
    return Behaviour(kind, float(after_s) or 0.02, scenario, greeting, has_tone)
