"""Callers of several kinds, many at once, each leaving by a way of its own."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

Step = Mapping[str, Any]

KEYED: tuple[Step, ...] = (
    {"interrupts": {"presses": "1"}},
    {"waits_s": 0.5},
    {"interrupts": {"presses": "2"}},
    {"waits_s": 0.5},
    {"interrupts": {"presses": "1"}},
    {"waits_s": 0.5},
    {"interrupts": {"presses": "1200#"}},
    {"waits_s": 0.5},
    {"interrupts": {"presses": "25275#"}},
    {"waits_s": 0.5},
    {"interrupts": {"presses": "1"}},
    {"hears": "is that right"},
    {"presses": "1"},
    {"hears": "your report number is"},
)
"""A street light at 1200 North Clark Street (not South), by keys, interrupting the line."""
_LISTENING: tuple[Step, ...] = (
    {"hears": "what is the problem"},
    {"presses": "1"},
    {"hears": "here is the list"},
    {"interrupts": {"presses": "2"}},
    {"hears": "where is it"},
    {"interrupts": {"presses": "1"}},
    {"hears": "house number"},
    {"presses": "1200#"},
    {"hears": "first letters"},
    {"interrupts": {"presses": "25275#"}},
    {"hears": "more than one place"},
    {"interrupts": {"presses": "1"}},
    {"hears": "is that right"},
    {"presses": "1"},
    {"hears": "your report number is"},
    {"waits_s": 3},
)
"""The same by somebody who waits for each question: trouble on the way finds them in step."""
_SENTENCES = ("a tree fell on clark street", "the traffic light is broken", "water on the road")
_KINDS = {"report": 20, "listener": 30, "hang_up": 20, "message": 20, "person": 10}


@dataclass(frozen=True)
class Driven:
    """One call that was placed. `failure`: why its script did not go to its end."""

    sid: str
    kind: str
    held: bool
    failure: str


Script = Callable[[random.Random, int], tuple[str, dict[str, Any]]]
"""From a source of chance and the number of a call: its kind and its scenario."""


def script(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    """The kind and the scenario of the `number`-th call under chaos."""
    kind = draw.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
    return kind, {"from": example_number(number), "steps": list(_steps(kind, draw))}


def example_number(number: int) -> str:
    """One of the numbers that are set aside for examples: 555-0101 to 555-0199."""
    return f"+131255501{1 + number % 99:02d}"


def _steps(kind: str, draw: random.Random) -> tuple[Step, ...]:
    match kind:
        case "report":
            return (*KEYED, {"hangs_up": True})
        case "listener":
            return (*_LISTENING, {"hangs_up": True})
        case "hang_up":
            return (*KEYED[: draw.randrange(len(KEYED))], {"hangs_up": True})
        case "message":
            return _message(draw.choice(_SENTENCES))
    asked = {"hears": "connecting you to a person"}
    return ({"interrupts": {"presses": "0"}}, asked, {"hangs_up": True})


def _message(sentence: str) -> tuple[Step, ...]:
    """Nobody is there, or nothing of ours answers: say it after the tone."""
    tones = ["then hang up or press the pound key", "what is wrong and where"]
    return (
        {"interrupts": {"presses": "0"}},
        {"hears": tones, "within_s": 40},
        {"waits_s": 1.5},
        {"says": sentence},
        {"waits_s": 0.5},
        {"hangs_up": True},
    )


class Drive:
    """Places calls at a simulator: `calls` in all, `at_once` at a time, for `seconds` at most."""

    def __init__(
        self,
        url: str,
        *,
        seed: int,
        calls: int,
        at_once: int,
        seconds: float,
        script: Script = script,
    ) -> None:
        self._url = url
        self._script = script
        self._draw = random.Random(f"{seed}:calls")
        self._calls = calls
        self._at_once = at_once
        self._until = time.monotonic() + seconds
        self.placed = 0
        self.driven: list[Driven] = []

    async def run(self) -> list[Driven]:
        """Place the calls and wait until their callers are done."""
        timeout = aiohttp.ClientTimeout(total=None, connect=60)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, read_bufsize=2**22
        ) as session:
            await asyncio.gather(*(self._caller(session, n) for n in range(self._at_once)))
        return self.driven

    async def _caller(self, session: aiohttp.ClientSession, place: int) -> None:
        """One line after the other; callers do not all begin at the same moment."""
        await asyncio.sleep(place * 0.15)
        while self.placed < self._calls and time.monotonic() < self._until:
            self.placed += 1
            kind, scenario = self._script(self._draw, self.placed)
            self.driven.append(await self._call(session, kind, scenario))

    async def _call(
        self, session: aiohttp.ClientSession, kind: str, scenario: dict[str, Any]
    ) -> Driven:
        sid, held, failure = "", False, "the simulator gave no end"
        async with session.post(
            f"{self._url}/simulator/calls", json={"scenario": scenario}
        ) as response:
            response.raise_for_status()
            async for line in response.content:
                event = json.loads(line)
                sid = event.get("call_sid") or sid
                if event["event"] == "end":
                    held, failure = bool(event["held"]), str(event["failure"] or "")
        return Driven(sid, kind, held, failure)
