"""Who answers when the account calls: telephones with a behaviour, by address.

An address is a number in E.164, `client:name` or `sip:...`. A number that nobody described is
answered by a person who listens, or rings on the softphone page of whoever waits for its calls; a
client rings its registered browser phones; a SIP address that nobody described is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.callees.client_phone import ClientPhone
from simulator.calls.call import Call
from simulator.calls.legs import Notice
from simulator.exchange import Exchange
from simulator.listeners import Listeners
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller
from simulator.scenario.files import Behaviour
from simulator.scenario.utterance import Utterance
from simulator.sound.tone_files import sound_file
from simulator.sound.tones import tone

_HELLO = "Hello?"
_FAX_HZ, _FAX_S = 2100, 3.0


class Phone(ScriptedCaller):
    """A telephone that is being called; give it to a leg, then await `rings()`."""

    def __init__(self, exchange: Exchange, address: str, behaviour: Behaviour) -> None:
        super().__init__(exchange, number=address, language=behaviour.scenario.language)
        self.behaviour = behaviour
        self.failure: ExpectationFailed | None = None
        """Why a step of theirs did not hold."""
        self.done = asyncio.Event()
        """Set when they have done their steps, or were not reached."""
        self.is_judged = False
        """Whether who answers is being detected."""

    async def rings(self) -> str:
        """Ring; the outcome is answered, busy or failed. Rings for ever when nobody is there."""
        ready = asyncio.ensure_future(self._prepare())
        try:
            await self._exchange.clock.sleep(self.behaviour.after_s)
            await ready
        finally:
            ready.cancel()
        match self.behaviour.kind:
            case "busy" | "failed" as outcome:
                return outcome
            case "no-answer":
                await asyncio.Event().wait()
        return "answered"

    async def _prepare(self) -> None:
        """Make the sound of all that will be said while it rings."""
        if self.behaviour.kind in ("answers", "machine"):
            await self.prepare(self.behaviour.scenario.steps)

    def notice(self, notice: Notice) -> None:
        """Remember what happened; a call that nobody took brings no texts."""
        super().notice(notice)
        if notice.kind == "ended" and not self._answered:
            self._stop_texts()
            self.done.set()

    async def talks(self) -> None:
        """Do what the scenario says once answered; whether it held stands in the call's log."""
        call = self.call
        try:
            await self._play(call)
            self.done.set()
            await call.gone.wait()
        finally:
            self.done.set()
            self._stop_texts()

    async def _play(self, call: Call) -> None:
        await self._greet()
        try:
            for step in self.behaviour.scenario.steps:
                await self.perform(step)
        except ExpectationFailed as failed:
            self.failure = failed
            call.log.add("error", message=failed.reason, expectation=True, around=failed.around)
            self.leg.hang_up()
        if self.behaviour.scenario.steps:
            text = None if self.failure is None else str(self.failure)
            call.log.add("end", held=text is None, failure=text, status=call.status)

    async def _greet(self) -> None:
        """Speak at once, whoever else does, then sound the tone."""
        kind, text = self.behaviour.kind, self.behaviour.greeting
        if text is None and kind == "answers" and not self.behaviour.scenario.steps:
            text = _HELLO if self.is_judged else None
        sound = await self._exchange.voice.said(text, self.language) if text else b""
        speech_ends_at = len(sound)
        if kind == "fax":
            sound += tone(_FAX_HZ, _FAX_S)
        if self.behaviour.has_tone:
            sound += sound_file("record_beep_1000hz.wav")
        if sound:
            self._say(Utterance(sound, speech_ends_at, text or kind, exact=bool(text)))


class Phones:
    """The telephones of the world, by address."""

    def __init__(self, exchange: Exchange) -> None:
        self.described: dict[str, Behaviour] = {}
        self._exchange = exchange
        self._listeners: Listeners[Phone] = Listeners()

    def describe(self, address: str, behaviour: Behaviour) -> None:
        """Say what a telephone does; replaces what was said before. Its number is verified."""
        self.described[address] = behaviour
        if address.removeprefix("+").isdigit():
            self._exchange.account.verified.verify(address, self._exchange.clock.date)

    def forget(self, address: str) -> None:
        """Back to what every telephone does."""
        self.described.pop(address, None)

    def listen(self, listener: Callable[[Phone], None]) -> Callable[[], None]:
        """Call `listener(phone)` for each that is called, until what this returns is called."""
        return self._listeners.add(listener)

    def at(self, address: str) -> Phone | ClientPhone:
        """The telephone that is called at an address."""
        waits = address.startswith("client:") or self._exchange.clients.called(address)
        if waits and address not in self.described:
            return ClientPhone(self._exchange, address)
        phone = Phone(self._exchange, address, self.behaviour_of(address))
        self._listeners.tell(phone)
        return phone

    def behaviour_of(self, address: str) -> Behaviour:
        """What happens at a number or SIP address when it is called."""
        known = self.described.get(address.partition("?")[0])
        if known is not None:
            return known
        return Behaviour() if address.startswith("+") else Behaviour("failed", 0.02)
