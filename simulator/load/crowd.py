"""A crowd on the line: each caller rings, waits, loses patience, rings again, or is served."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from simulator.callees.described import Described
from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.calls.legs import NotReachable
from simulator.network import Network
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, play_scenario
from simulator.scenario.files import Scenario

_LOOK_S = 0.5


@dataclass(frozen=True)
class Habits:
    """How the callers of a crowd behave.

    patience_s: mean of how long a caller waits for an answer or a person before hanging up
    (exponential); redial: share of those turned away who try again, redial_after_s later.
    lines: calls at once; who comes beyond that hears the busy tone.
    """

    patience_s: float = 120.0
    redial: float = 0.5
    redial_after_s: float = 60.0
    most_tries: int = 3
    lines: int = 1000


@dataclass(frozen=True)
class Turn:
    """One answer of the line: which of the call, and how long after the caller it came."""

    number: int
    answer_s: float


@dataclass(frozen=True)
class CallResult:
    """What became of one call.

    outcome: served (its scenario held), abandoned (the caller lost patience), busy (no line was
    free), failed (an expectation did not hold), error (no answer, or an application error).
    """

    scenario: str
    outcome: str
    began_s: float
    duration_s: float
    answered: bool
    turns: tuple[Turn, ...] = ()
    webhooks_s: tuple[float, ...] = ()
    errors: tuple[int, ...] = ()
    reason: str = ""
    attempt: int = 1
    connected: bool = True
    """Whether the carrier took the call at all."""

    @property
    def was_turned_away(self) -> bool:
        """Whether the caller got nobody, and may try again."""
        return self.outcome in {"busy", "abandoned"} or not self.connected


@dataclass
class Tally:
    """What has happened so far; `results` grows while the crowd calls."""

    results: list[CallResult] = field(default_factory=list)
    on_the_line: int = 0
    most_at_once: int = 0
    load: list[tuple[float, int]] = field(default_factory=list)
    """How many were on the line from which second on."""

    def count(self, outcome: str) -> int:
        """How many calls ended so."""
        return sum(result.outcome == outcome for result in self.results)


class Crowd:
    """Use once: `await Crowd(...).call_all(arrivals)`."""

    def __init__(
        self,
        network: Network,
        scenarios: Sequence[tuple[str, Scenario]],
        habits: Habits,
        *,
        seed: int,
    ) -> None:
        self.tally = Tally()
        self._network = network
        self._scenarios = scenarios
        self._habits = habits
        self._seed = seed
        self._began_s = network.exchange.clock.now_s

    async def call_all(self, arrivals: Iterable[float]) -> Tally:
        """Let everybody call at their time, and wait until the last one is done."""
        people = {who: how for _, one in self._scenarios for who, how in one.people.items()}
        with Described(self._network.phones, people):
            return await self._call_all(arrivals)

    async def _call_all(self, arrivals: Iterable[float]) -> Tally:
        calling: list[asyncio.Task[None]] = []
        for ordinal, at_s in enumerate(arrivals):
            wait_s = at_s - self._now_s
            if wait_s > 0:
                await self._network.exchange.clock.sleep(wait_s)
            calling.append(asyncio.ensure_future(self._somebody(ordinal)))
        if calling:
            await asyncio.gather(*calling)
        return self.tally

    @property
    def _now_s(self) -> float:
        return self._network.exchange.clock.now_s - self._began_s

    async def _somebody(self, ordinal: int) -> None:
        """One person, who may try several times."""
        draw = random.Random(f"{self._seed}:{ordinal}")
        name, scenario = draw.choice(list(self._scenarios))
        number = f"+1555{ordinal % 10_000_000:07d}"
        for attempt in range(1, self._habits.most_tries + 1):
            result = await self._one_try(draw, name, scenario, number, attempt)
            self.tally.results.append(result)
            if not result.was_turned_away or draw.random() >= self._habits.redial:
                return
            await self._network.exchange.clock.sleep(
                draw.expovariate(1 / self._habits.redial_after_s)
            )

    async def _one_try(
        self, draw: random.Random, name: str, scenario: Scenario, number: str, attempt: int
    ) -> CallResult:
        began_s = self._now_s
        if self.tally.on_the_line >= self._habits.lines:
            return CallResult(name, "busy", began_s, 0.0, answered=False, attempt=attempt)
        caller = ScriptedCaller(self._network.exchange, number=number, language=scenario.language)
        await caller.prepare(scenario.steps)
        try:
            here = self._network.exchange.settings.number
            self._network.dial(caller, from_number=number, to=here, facts=scenario.facts)
        except NotReachable as error:
            return CallResult(
                name, "error", began_s, 0.0, answered=False, reason=str(error), attempt=attempt
            )
        self._count(+1)
        try:
            lost, reason = await self._until_done(caller, scenario, draw)
        finally:
            self._count(-1)
        return _result(caller.call, name, began_s, lost=lost, reason=reason, attempt=attempt)

    def _count(self, change: int) -> None:
        tally = self.tally
        tally.on_the_line += change
        tally.most_at_once = max(tally.most_at_once, tally.on_the_line)
        tally.load.append((self._now_s, tally.on_the_line))

    async def _until_done(
        self, caller: ScriptedCaller, scenario: Scenario, draw: random.Random
    ) -> tuple[bool, str]:
        """Whether patience was lost, and why the scenario did not hold (empty: it did)."""
        call = caller.call
        patience = Patience(call, draw.expovariate(1 / self._habits.patience_s))
        watching = asyncio.ensure_future(patience.watch())
        reason = ""
        try:
            await play_scenario(caller, scenario)
        except ExpectationFailed as failed:
            reason = failed.reason
        finally:
            watching.cancel()
        await call.settling()
        return patience.is_lost, reason


class Patience:
    """Hangs up when the caller has waited too long for an answer or for a person."""

    def __init__(self, call: Call, most_s: float) -> None:
        self.is_lost = False
        self._call = call
        self._most_s = most_s
        self._waiting_since: float | None = 0.0
        self._stop: Callable[[], None] = call.log.follow(self._note)

    async def watch(self) -> None:
        """Until the call is over or patience is."""
        try:
            while not self._call.is_over:
                await self._call.clock.sleep(_LOOK_S)
                since = self._waiting_since
                if since is not None and self._call.log.age_s - since > self._most_s:
                    self.is_lost = not self._call.is_over
                    self._call.leg.hang_up()
                    return
        finally:
            self._stop()

    def _note(self, event: Event) -> None:
        match event["event"], event.get("state"):
            case ("queue", "joined"):
                self._waiting_since = float(event["at_s"])
            case ("status" | "transferred", _) | ("queue", "left"):
                self._waiting_since = None


def _result(
    call: Call, name: str, began_s: float, *, lost: bool, reason: str, attempt: int
) -> CallResult:
    events = call.log.events
    codes = tuple(
        int(event["code"])
        for event in events
        if event["event"] == "error" and event.get("code") and event.get("level") != "warning"
    )
    answers = [float(event["answer_s"]) for event in events if "answer_s" in event]
    return CallResult(
        name,
        _outcome(call, codes, lost=lost, reason=reason),
        round(began_s, 2),
        round(call.log.age_s, 2),
        answered=call.answered_at is not None,
        turns=tuple(Turn(number, one) for number, one in enumerate(answers, start=1)),
        webhooks_s=tuple(sent.took_s for sent in call.webhooks if sent.status),
        errors=codes,
        reason="" if lost else reason,
        attempt=attempt,
        connected=call.status != "failed" or call.answered_at is not None,
    )


def _outcome(call: Call, codes: tuple[int, ...], *, lost: bool, reason: str) -> str:
    if lost:
        return "abandoned"
    if call.answered_at is None or codes:
        return "error"
    return "failed" if reason else "served"
