"""A scripted caller: an endpoint that does steps and knows whether they held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.calls.legs import Endpoint, Leg, Notice
from simulator.exchange import Exchange
from simulator.numbers.caller_id import CallerFacts
from simulator.registries.text_messages import Message
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
from simulator.scenario.around import around
from simulator.scenario.files import Scenario
from simulator.scenario.heard_words import HeardWords
from simulator.scenario.listening import Listener
from simulator.scenario.printing import told
from simulator.scenario.steps import Step, match, words
from simulator.scenario.utterance import Playback, Utterance, utterance
from simulator.sound.audio import RATE, BadSound, is_audible
from simulator.speech.synthesiser import CannotSpeak

QUIET_S = 0.3
SPEAKING_S = 0.2
BETWEEN_KEYS_S = 0.15
_FRAME_S = 0.02


class ExpectationFailed(Exception):
    """A step did not hold.

    The text says who waited for what, the conversation so far, and what the line was doing: the
    last document with its verb marked, the last messages of the media socket. `reason` leaves both
    out; `around` is the last part.
    """

    def __init__(self, reason: str, conversation: str, around: str = "") -> None:
        rest = f"\n{around}" if around else ""
        super().__init__(f"{reason}\nthe conversation so far:\n{conversation}{rest}")
        self.reason = reason
        self.around = around


class ScriptedCaller(Endpoint):
    """Give it to `network.dial`; then `await perform(step)` for each step."""

    def __init__(self, exchange: Exchange, *, number: str, language: str = "en") -> None:
        self.number = number
        self.language = language
        self._exchange = exchange
        self._heard = HeardWords()
        self._sounds: dict[Speech, Utterance] = {}
        self._texts: list[Message] = []
        self._answered = False
        self._transferred: list[str] = []
        self._listener: Listener | None = None
        self._ended_by: str | None = None
        self._quiet_s = 0.0
        self._sound_s = 0.0
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._playback = Playback(seed=sum(number.encode()), spoken=self._said)
        self._began_at = 0.0
        self._stop_texts = exchange.messages.listen(self._text)

    @property
    def call(self) -> Call:
        """The call this caller is on."""
        return self._exchange.calls[self.leg.sid]

    async def prepare(self, steps: Iterable[Step]) -> None:
        """Make the sound of all that will be said, so that none of it comes late.

        What cannot be made fails its own step.
        """
        for step in steps:
            act = step.act.by if isinstance(step.act, Interrupts) else step.act
            if isinstance(act, Says):
                with suppress(BadSound, CannotSpeak):
                    await self._sound_of(act.what)

    async def perform(self, step: Step) -> None:
        """Do one step. Raises ExpectationFailed."""
        try:
            await self._do(step.act, step.within_s)
        except TimeoutError:
            self._fail(step, f"the caller waited {step.within_s:g} s for {self._wish(step.act)}")
        except _CallOver:
            self._fail(step, f"the caller waited for {self._wish(step.act)}, but the call was over")
        except (BadSound, CannotSpeak, _NotDone) as error:
            self._fail(step, str(error))

    def finish(self) -> None:
        """Hang up if the call is still on, and stop watching for texts."""
        self._stop_texts()
        self.leg.hang_up()

    # On the line

    def speak(self) -> bytes:
        """The next frame of what this caller says."""
        return self._playback.next_frame(self._speech_ended)

    def saying(self) -> tuple[str, float] | None:
        """What this caller is saying, and how much of it is said."""
        return self._playback.progress

    def hear(self, frame: bytes) -> None:
        """Notice whether the line is quiet, and listen to what is not known."""
        audible = is_audible(frame)
        if audible:
            self._sound_s += _FRAME_S
            if self._quiet_s >= QUIET_S:
                self._sound_s = _FRAME_S
            self._quiet_s = 0.0
        else:
            self._quiet_s += _FRAME_S
        if self._listener is None:
            self._listener = Listener(self._exchange, self.call, self._keep_place)
        self._listener.take(frame, audible=audible and self._answered)
        self._look()

    def notice(self, notice: Notice) -> None:
        """Remember what happened."""
        match notice.kind:
            case "answered":
                self._answered = True
                self._quiet_s = self._sound_s = 0.0
            case "caption" if notice.facts["done"]:
                self._heard.add(str(notice.facts["spoken"]))
            case "caption" if self._listener is not None:
                self._listener.known_begins(round(float(notice.facts["start_s"]) * RATE))
            case "transferred":
                self._transferred += self._names_of(str(notice.facts["call_sid"]))
            case "ended":
                self._ended_by = str(notice.facts["by"])
                self._playback.stop()
                if self._listener is not None:
                    self._listener.close()
        self._look()

    def _names_of(self, call_sid: str) -> list[str]:
        """What the person on another call may be called."""
        party = self._exchange.calls[call_sid].party
        return [name.partition("?")[0] for name in (party.from_, party.to) if name != self.number]

    def _keep_place(self) -> Callable[[str], None]:
        fill = self._heard.keep_place()

        def recognised(text: str) -> None:
            fill(text)
            self._look()

        return recognised

    def _text(self, message: Message) -> None:
        call = self._exchange.calls.get(self.leg.sid)
        if message.to == self.number and call is not None:
            self._texts.append(message)
            call.log.add("sms", text=message.body, from_=message.from_)
            self._look()

    def _speech_ended(self, into_s: float) -> None:
        self.call.turns.caller_stopped(-into_s)

    def _said(self, what: Utterance) -> None:
        begin, end = self._began_at, self.call.log.age_s
        times = {"start_s": round(begin, 2), "end_s": round(end, 2)}
        self.call.log.add("said", text=what.name, exact=what.exact, **times, **what.how)
        self._look()

    # Steps

    async def _do(self, act: Act, within_s: float) -> None:
        match act:
            case Hears(phrases):
                await self._until(lambda: self._heard.take(phrases), within_s)
            case Says() | Presses():
                sound = await self._prepared(act)
                await self._when(self._is_quiet, within_s)
                await self._act(act, sound)
            case Interrupts(by):
                sound = await self._prepared(by)
                await self._when(self._is_spoken_to, within_s)
                await self._act(by, sound)
            case Waits(seconds):
                await self._exchange.clock.sleep(seconds)
            case GetsSms(phrases):
                await self._until(lambda: self._got(phrases), within_s, on_the_line=False)
            case IsTransferred(to):
                await self._until(lambda: self._is_with(to), within_s)
            case HangsUp():
                self.leg.hang_up()
            case IsHungUpOn():
                await self._until(lambda: self._ended_by == "line", within_s)

    async def _prepared(self, act: Says | Presses) -> Utterance | None:
        if isinstance(act, Presses):
            return None
        return await self._sound_of(act.what)

    async def _sound_of(self, what: Speech) -> Utterance:
        if what not in self._sounds:
            self._sounds[what] = await utterance(what, self.language, self._exchange.voice.said)
        return self._sounds[what]

    async def _act(self, act: Says | Presses, sound: Utterance | None) -> None:
        """Raises _NotDone when the call is over before it is done."""
        if isinstance(act, Presses):
            await self._press(act.digits)
        elif sound is not None:
            await self._say_all(sound)

    async def _say_all(self, what: Utterance) -> None:
        if not self.leg.over:
            self._say(what)
            seconds = len(what.sound) / RATE + 5
            await self._until(lambda: not self._playback.is_speaking, seconds, on_the_line=False)
        if self.leg.over and not self._playback.has_spoken:
            raise _NotDone(f"the call was over before the caller could say {what.name!r}")

    def _say(self, what: Utterance) -> None:
        self._began_at = self.call.log.age_s
        self._playback.say(what)

    async def _press(self, digits: str) -> None:
        for place, digit in enumerate(digits):
            if place:
                await self._exchange.clock.sleep(BETWEEN_KEYS_S)
            if self.leg.over:
                raise _NotDone(f"the call was over before the caller had pressed {digits!r}")
            self.leg.press(digit)

    async def _when(self, ready: Callable[[], bool], within_s: float) -> None:
        await self._until(lambda: self._answered and ready(), within_s)

    def _is_quiet(self) -> bool:
        return self._quiet_s >= QUIET_S and not self.call.recogniser.is_following

    def _is_spoken_to(self) -> bool:
        return self._sound_s >= SPEAKING_S and self._quiet_s == 0.0

    def _is_with(self, to: str) -> bool:
        return to in self._transferred if to else bool(self._transferred)

    def _got(self, phrases: tuple[str, ...]) -> bool:
        return any(
            match(phrase, words(text.body)) is not None
            for text in self._texts
            for phrase in phrases
        )

    # Waiting

    async def _until(
        self, held: Callable[[], bool], within_s: float, *, on_the_line: bool = True
    ) -> None:
        """Raises TimeoutError, or _CallOver when it can no longer happen."""

        def look() -> bool:
            if held():
                return True
            if on_the_line and self._ended_by is not None and not self._heard.is_waiting:
                raise _CallOver
            return False

        if look():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (look, future)
        self._waiters.append(waiter)
        try:
            await self._exchange.clock.within(within_s, future)
        finally:
            self._waiters.remove(waiter)

    def _look(self) -> None:
        for look, future in tuple(self._waiters):
            if future.done():
                continue
            try:
                if look():
                    future.set_result(None)
            except _CallOver as over:
                future.set_exception(over)

    # Failing

    def _wish(self, act: Act) -> str:
        match act:
            case Hears(phrases):
                return f"the line to say {' or '.join(map(repr, phrases))}"
            case Says() | Presses():
                return "the line to be quiet (`interrupts` does not wait for that)"
            case Interrupts():
                return "the line to speak"
            case GetsSms(phrases):
                return f"a text with {' or '.join(map(repr, phrases))}"
            case IsTransferred(to):
                return f"{to or 'a person'} to come on the line"
            case IsHungUpOn():
                return "the line to hang up"
        return "nothing"

    def _fail(self, step: Step, reason: str) -> None:
        unmatched = str(self._heard) or "nothing new"
        conversation = "\n".join(conversation_of(self.call.log.events)) or "  (nothing)"
        unknown_s = self._listener.unknown_s if self._listener else 0.0
        model = f"; {unknown_s:.1f} s of unknown sound need --speech-model" if unknown_s else ""
        raise ExpectationFailed(
            f"{step.name}: {reason}; heard since the last match: {unmatched}{model}",
            conversation,
            "\n".join(around(self.call)),
        )


class _NotDone(Exception):
    """The caller could not do what they began; the text says why."""


class _CallOver(Exception):
    """What is waited for can no longer happen."""


def conversation_of(events: list[Event]) -> list[str]:
    """The events that people care about, a line each."""
    return ["  " + line for event in events if (line := told(event)) is not None]


class Network(Protocol):
    """What scripted callers are put on."""

    exchange: Exchange

    def dial(self, endpoint: Endpoint, *, from_number: str, to: str, facts: CallerFacts) -> Leg:
        """Call a number. Raises NotReachable."""


async def run_scenario(network: Network, scenario: Scenario, *, to: str) -> ScriptedCaller:
    """Dial, do all steps, hang up. Raises ExpectationFailed, NotReachable."""
    caller = ScriptedCaller(
        network.exchange, number=scenario.from_number, language=scenario.language
    )
    await caller.prepare(scenario.steps)
    network.dial(caller, from_number=scenario.from_number, to=to, facts=scenario.facts)
    await play_scenario(caller, scenario)
    return caller


async def play_scenario(caller: ScriptedCaller, scenario: Scenario) -> None:
    """Do all steps of a caller who has dialled. Raises ExpectationFailed."""
    try:
        for step in scenario.steps:
            await caller.perform(step)
    finally:
        caller.finish()
