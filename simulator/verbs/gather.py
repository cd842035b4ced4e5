"""<Gather>: keys and words, during and after what is spoken inside it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from simulator.scene import Outcome, Scene
from simulator.speech_input import AUTO_TIMEOUT_S, Speech, SpeechWatch
from simulator.twiml.parser import Verb
from simulator.waiting import first_of
from simulator.webhook import Form


class _Keys:
    """Keys pressed since the verb began."""

    def __init__(self, verb: Verb) -> None:
        self._finish = verb["finishOnKey"]
        self._most = verb["numDigits"]
        self.digits = ""
        self.finished_on = ""
        self.pressed = asyncio.Event()
        """Set by the first key."""
        self.one_more = asyncio.Event()
        """Set by each key."""
        self.complete = asyncio.Event()

    def take(self, digit: str) -> None:
        if self.complete.is_set():
            return
        self.pressed.set()
        self.one_more.set()
        if digit == self._finish:
            self.finished_on = digit
            self.complete.set()
            return
        self.digits += digit
        if self._most is not None and len(self.digits) >= self._most:
            self.complete.set()


async def gather(scene: Scene, verb: Verb) -> Outcome | None:
    """Ask the action with keys or words; without any, go on unless actionOnEmptyResult.

    A key stops what is being spoken, and so does speech unless bargeIn is false. The time-out
    starts after it and again with each key. The first key turns speech off.
    """
    scene.address(verb)
    keys = _Keys(verb)
    speech = _watch(scene, verb)
    with ExitStack() as stack:
        if "dtmf" in verb["input"]:
            stack.enter_context(scene.leg.keys_to(keys.take))
        if speech is not None:
            stack.callback(speech.close)
            stack.enter_context(scene.leg.tapped(speech.take))
        await _prompt(scene, verb, keys, speech)
        await _wait(scene, verb, keys, speech)
        said = await _understood(scene, verb, speech) if not keys.pressed.is_set() else None
    if said is not None:
        return scene.action(verb, *_speech_fields(verb, said))
    if not keys.digits and not verb["actionOnEmptyResult"]:
        return None
    if "dtmf" not in verb["input"]:
        return scene.action(verb, ("SpeechResult", ""), ("Language", verb["language"]))
    result = (
        ("Digits", keys.digits),
        ("FinishedOnKey", keys.finished_on),
        ("msg", "Gather End"),
    )
    return scene.action(verb, *result)


def _watch(scene: Scene, verb: Verb) -> SpeechWatch | None:
    """Whoever watches for speech; None where only keys count."""
    if "speech" not in verb["input"]:
        return None
    if "speechTimeout" not in verb.given:
        silence_s = float(verb["timeout"] or AUTO_TIMEOUT_S)
    else:
        silence_s = verb["speechTimeout"] or AUTO_TIMEOUT_S
    return SpeechWatch(scene.call, silence_s=silence_s, most_s=verb["maxSpeechTime"])


async def _understood(scene: Scene, verb: Verb, speech: SpeechWatch | None) -> Speech | None:
    """The words of an answer; None when there are none."""
    if speech is None or not speech.began.is_set():
        return None
    found = await speech.words(scene.network.recogniser)
    if found is None:
        message = "the caller's words are not known; give --speech-model DIR to recognise them"
        scene.network.complain(scene.call, 0, message, scene.url, level="warning")
        return None
    if found.text:
        _send_partial(scene, verb, found)
    return found if found.text else None


def _send_partial(scene: Scene, verb: Verb, found: Speech) -> None:
    """The one partial result of an answer: all of it, before the action is asked."""
    url = scene.resolved(verb["partialResultCallback"])
    if not url:
        return
    fields = (
        ("SequenceNumber", "0"),
        ("UnstableSpeechResult", ""),
        ("StableSpeechResult", found.text),
        ("Stability", "1.0"),
        ("Language", verb["language"]),
    )
    request = scene.request(url, verb["partialResultCallbackMethod"], *fields)
    scene.network.send_aside(scene.call, request)


def _speech_fields(verb: Verb, said: Speech) -> Form:
    return (
        ("SpeechResult", said.text),
        ("Confidence", str(said.confidence)),
        ("Language", verb["language"]),
    )


async def _prompt(scene: Scene, verb: Verb, keys: _Keys, speech: SpeechWatch | None) -> None:
    """Speak what is inside, until it is over or the caller does something."""

    async def speak() -> None:
        for child in verb.children:
            await scene.handlers[child.name](scene, child)

    stops = [keys.pressed]
    if speech is not None and verb["bargeIn"]:
        stops.append(speech.began)
    speaking = asyncio.ensure_future(speak())
    waits = [asyncio.ensure_future(event.wait()) for event in stops]
    try:
        await asyncio.wait({speaking, *waits}, return_when=asyncio.FIRST_COMPLETED)
        if speaking.done():
            speaking.result()
    finally:
        for task in (speaking, *waits):
            task.cancel()
        await asyncio.gather(speaking, *waits, return_exceptions=True)


async def _wait(scene: Scene, verb: Verb, keys: _Keys, speech: SpeechWatch | None) -> None:
    """Until the answer is complete, or nothing came for the time-out."""
    clock = scene.network.clock
    while not keys.complete.is_set():
        keys.one_more.clear()
        ends = [keys.complete, keys.one_more]
        if speech is not None and not keys.pressed.is_set():
            if speech.began.is_set():
                await first_of(speech.ended, keys.pressed)
                if not keys.pressed.is_set():
                    return
                continue
            ends.append(speech.began)
        try:
            await clock.within(verb["timeout"] or 0.02, first_of(*ends))
        except TimeoutError:
            return
