"""Keyed calls of several kinds, many at once, through the phone network's own API."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

_SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "keys.yaml"
_NUMBER = "your report number is"


@dataclass(frozen=True)
class Dialled:
    """One call as the phone network saw it.

    told: the caller heard a report's number. held: everything went as the scenario says.
    """

    sid: str
    number: str
    kind: str
    told: bool
    held: bool
    events: tuple[dict[str, Any], ...]


class Driver:
    """Lets a crowd call; `done` counts."""

    def __init__(self, simulator: str, *, seed: int) -> None:
        self.done = 0
        self._simulator = simulator
        self._seed = seed
        self._steps = yaml.safe_load(_SCENARIO.read_text())["steps"]
        self._lock = threading.Lock()

    def call_all(self, ordinals: Iterable[int], *, at_once: int) -> list[Dialled]:
        """Every call, so many at a time."""
        with ThreadPoolExecutor(at_once) as pool:
            return [one for one in pool.map(self._call, ordinals) if one is not None]

    def _call(self, ordinal: int) -> Dialled | None:
        draw = random.Random(f"{self._seed}:{ordinal}")
        number = f"+1312{556_0000 + ordinal:07d}"
        kind = "report" if draw.random() < 0.75 else "hangs up"
        steps = [step for step in self._steps if "gets_sms" not in step]
        if kind == "hangs up":
            steps = [*steps[: draw.randrange(1, len(steps) - 1)], {"hangs_up": True}]
        events = self._events({"from": number, "language": "en", "steps": steps})
        with self._lock:
            self.done += 1
        if not events:
            return None
        told = any(one["event"] == "heard" and _NUMBER in one["text"].lower() for one in events)
        held = bool(events[-1].get("held"))
        return Dialled(events[0]["call_sid"], number, kind, told, held, tuple(events))

    def _events(self, scenario: dict[str, Any]) -> list[dict[str, Any]]:
        with requests.post(
            f"{self._simulator}/simulator/calls",
            json={"scenario": scenario},
            stream=True,
            timeout=(5, 600),
        ) as answer:
            answer.raise_for_status()
            return [json.loads(line) for line in answer.iter_lines() if line]
