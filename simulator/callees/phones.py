"""Who answers when the account calls: telephones with a behaviour, by address.

An address is a number in E.164, `client:name` or `sip:...`. A number that nobody described is
answered by a person who listens, or rings on the softphone page of whoever waits for its calls; a
client rings its registered browser phones; a SIP address that nobody described is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.callees.client_phone import ClientPhone
from simulator.calls.call import Call
from simulator.calls.legs import Notice
from simulator.exchange import Exchange
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller
from simulator.scenario.steps import Scenario, scenario_from
from simulator.scenario.utterance import Utterance
from simulator.sound.tone_files import sound_file
from simulator.sound.tones import tone

BEHAVIOURS = ("answers", "busy", "no-answer", "failed", "machine", "fax")
_HELLO = "Hello?"
_FAX_HZ, _FAX_S = 2100, 3.0
_GREETING = "You have reached my voice mail. Please leave a message after the tone."


class BadBehaviour(Exception):
    """A telephone is described wrongly; the text says what was expected."""


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


class Phone(ScriptedCaller):
    """A telephone that is being called; give it to a leg, then await `rings()`."""

    def __init__(self, exchange: Exchange, address: str, behaviour: Behaviour) -> None:
        super().__init__(exchange, number=address, language=behaviour.scenario.language)
        self._behaviour = behaviour
        self.is_judged = False
        """Whether who answers is being detected."""

    async def rings(self) -> str:
        """Ring; the outcome is answered, busy or failed. Rings for ever when nobody is there."""
        ready = asyncio.ensure_future(self._prepare())
        try:
            await self._exchange.clock.sleep(self._behaviour.after_s)
            await ready
        finally:
            ready.cancel()
        match self._behaviour.kind:
            case "busy" | "failed" as outcome:
                return outcome
            case "no-answer":
                await asyncio.Event().wait()
        return "answered"

    async def _prepare(self) -> None:
        """Make the sound of all that will be said while it rings."""
        if self._behaviour.kind in ("answers", "machine"):
            await self.prepare(self._behaviour.scenario.steps)

    def notice(self, notice: Notice) -> None:
        """Remember what happened; a call that nobody took brings no texts."""
        super().notice(notice)
        if notice.kind == "ended" and not self._answered:
            self._stop_texts()

    async def talks(self) -> None:
        """Do what the scenario says once answered; whether it held stands in the call's log."""
        call = self.call
        try:
            await self._play(call)
            await call.gone.wait()
        finally:
            self._stop_texts()

    async def _play(self, call: Call) -> None:
        failure = None
        await self._greet()
        try:
            for step in self._behaviour.scenario.steps:
                await self.perform(step)
        except ExpectationFailed as failed:
            failure = str(failed)
            call.log.add("error", message=failed.reason, expectation=True, around=failed.around)
            self.leg.hang_up()
        if self._behaviour.scenario.steps:
            call.log.add("end", held=failure is None, failure=failure, status=call.status)

    async def _greet(self) -> None:
        """Speak at once, whoever else does, then sound the tone."""
        kind, text = self._behaviour.kind, self._behaviour.greeting
        if text is None and kind == "answers" and not self._behaviour.scenario.steps:
            text = _HELLO if self.is_judged else None
        sound = await self._exchange.voice.said(text, self.language) if text else b""
        speech_ends_at = len(sound)
        if kind == "fax":
            sound += tone(_FAX_HZ, _FAX_S)
        if self._behaviour.has_tone:
            sound += sound_file("record_beep_1000hz.wav")
        if sound:
            self._say(Utterance(sound, speech_ends_at, text or kind, exact=bool(text)))


class Phones:
    """The telephones of the world, by address."""

    def __init__(self, exchange: Exchange) -> None:
        self.described: dict[str, Behaviour] = {}
        self._exchange = exchange

    def describe(self, address: str, behaviour: Behaviour) -> None:
        """Say what a telephone does; replaces what was said before. Its number is verified."""
        self.described[address] = behaviour
        if address.removeprefix("+").isdigit():
            self._exchange.account.verified.verify(address, self._exchange.clock.date)

    def forget(self, address: str) -> None:
        """Back to what every telephone does."""
        self.described.pop(address, None)

    def at(self, address: str) -> Phone | ClientPhone:
        """The telephone that is called at an address."""
        waits = address.startswith("client:") or self._exchange.clients.called(address)
        if waits and address not in self.described:
            return ClientPhone(self._exchange, address)
        return Phone(self._exchange, address, self.behaviour_of(address))

    def behaviour_of(self, address: str) -> Behaviour:
        """What happens at a number or SIP address when it is called."""
        known = self.described.get(address.partition("?")[0])
        if known is not None:
            return known
        return Behaviour() if address.startswith("+") else Behaviour("failed", 0.02)


def behaviour_from(source: Mapping[str, Any], folder: Path) -> Behaviour:
    """Read a description: behaviour, after_s, steps, language, greeting, tone.

    Raises BadBehaviour.
    """
    allowed = {"address", "behaviour", "after_s", "steps", "language", "greeting", "tone"}
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
