"""<Gather>: keys and words, during and after what is spoken inside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from simulator.documents.scene import Outcome, Scene
from simulator.speech.recogniser import Speech
from simulator.time.waiting import first_of
from simulator.transcription.speech_input import AUTO_TIMEOUT_S, SpeechWatch
from simulator.twiml.parser import Verb
from simulator.webhooks.webhook import Form

_BETWEEN_PARTIALS_S = 1.0


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
    speech, partials = _watch(scene, verb), _Partials(scene, verb)
    with ExitStack() as stack:
        if "dtmf" in verb["input"]:
            stack.enter_context(scene.leg.keys_to(keys.take))
        if speech is not None:
            stack.callback(speech.close)
            stack.enter_context(scene.leg.tapped(speech.take))
            stack.enter_context(partials.sent(speech))
        await _prompt(scene, verb, keys, speech)
        await _wait(scene, verb, keys, speech)
        said = await understood(scene, speech) if not keys.pressed.is_set() else None
    if said is not None:
        partials.finish(said.text)
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


async def understood(scene: Scene, speech: SpeechWatch | None) -> Speech | None:
    """The words of an answer; None when there are none, or nobody can know them (a warning)."""
    if speech is None or not speech.began.is_set():
        return None
    found = await speech.words(scene.exchange.recogniser)
    if found is None:
        message = "the caller's words are not known; give --speech-model DIR to recognise them"
        scene.exchange.debugger.alert(scene.call, 0, message, scene.url, level="warning")
        return None
    return found if found.text else None


class _Partials:
    """Tells the words of an answer while it is given: at most once a second, and all at its end."""

    def __init__(self, scene: Scene, verb: Verb) -> None:
        self._scene = scene
        self._verb = verb
        self._url = scene.resolved(verb["partialResultCallback"])
        self._sent = 0

    @contextmanager
    def sent(self, speech: SpeechWatch) -> Iterator[None]:
        """Tell them meanwhile."""
        if not self._url:
            yield
            return
        telling = asyncio.ensure_future(self._follow(speech))
        try:
            yield
        finally:
            telling.cancel()

    def finish(self, words: str) -> None:
        """The last one: nothing changes any more."""
        if self._url:
            self._send(words, "", "1.0")

    async def _follow(self, speech: SpeechWatch) -> None:
        told = ""
        while True:
            await self._scene.exchange.clock.sleep(_BETWEEN_PARTIALS_S)
            words = speech.so_far()
            if words != told and speech.goes_on:
                told, parts = words, words.split()
                self._send(" ".join(parts[:-1]), parts[-1], "0.5")

    def _send(self, stable: str, unstable: str, stability: str) -> None:
        fields = (
            ("SequenceNumber", str(self._sent)),
            ("UnstableSpeechResult", unstable),
            ("StableSpeechResult", stable),
            ("Stability", stability),
            ("Language", self._verb["language"]),
        )
        self._sent += 1
        method = self._verb["partialResultCallbackMethod"]
        request = self._scene.request(self._url, method, *fields)
        self._scene.exchange.sender.send_in_background(self._scene.call, request)


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
    clock = scene.exchange.clock
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
