"""Turns what the application sends into sound, in the order in which it came.

Words are spoken a sentence at a time as soon as one is whole, the rest at the end of the talk
cycle, or once nothing more has come for a while.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from simulator.documents.scene import Scene, VerbError
from simulator.relay.protocol import NONE, Play, SendDigits, Text
from simulator.relay.relay_socket import INVALID_ARGUMENT
from simulator.relay.speaker import Cut, Cycle, Part, Speaker
from simulator.sound.audio import RATE, BadSound, key_tone
from simulator.speech.synthesiser import CannotSpeak
from simulator.webhooks.webhook import WebhookFailed

_SENTENCE = re.compile(r".*?[.!?:;\n。！？](?=\s)\s*|.*?[。！？\n]", re.S)
_UNFINISHED_S = 1.0
_MOST_WAITING = 1000
"""Characters without the end of a sentence that are spoken as they are."""
_OTHER_VOICE = "en-US"
_MOST_TIMES = 1000
_TONE_TICKS = 8
_SHORT_WAIT = b"\xff" * (RATE // 2)

Made = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class _Job:
    """A part that is to be made into sound."""

    cycle: Cycle
    made: Made
    words: str = ""
    times: int = 1


class Script:
    """What is still to be said. `language` is what words are spoken in that name none."""

    def __init__(
        self,
        scene: Scene,
        speaker: Speaker,
        *,
        language: str,
        interruptible: str,
        preemptible: bool,
    ) -> None:
        self.language = language
        self._scene = scene
        self._speaker = speaker
        self._interruptible = interruptible
        self._preemptible = preemptible
        self._work: asyncio.Queue[_Job] = asyncio.Queue()
        self._cycles: list[Cycle] = []
        self._open: Cycle | None = None
        self._is_left_over = False
        self._rest = ""
        self._rest_language = language
        self._flush: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Make sound of what comes, for ever."""
        while True:
            job = await self._work.get()
            sound = b"" if job.cycle.is_dropped else await job.made()
            self._speaker.unmade -= 1
            self._speaker.add(Part(job.cycle, job.words, sound, job.times))

    def greet(self, words: str, interruptible: str) -> None:
        """Say a sentence of the document's before anything else."""
        self._say(self._begin(interruptible, None), words, self.language)

    def text(self, message: Text) -> None:
        """Some words of a talk cycle."""
        cycle = self._open
        if cycle is None or cycle.is_dropped:
            cycle = self._open = self._begin(message.interruptible, message.preemptible)
            self._rest = ""
        self._stop_waiting()
        language = message.lang or self.language
        if language != self._rest_language:
            self._say_rest(cycle)
        self._rest_language = language
        self._rest += message.token
        self._say_sentences(cycle)
        if message.last or len(self._rest) > _MOST_WAITING:
            self._say_rest(cycle)
        if message.last:
            self._open, self._is_left_over = None, False
        elif self._rest.strip():
            self._flush = asyncio.ensure_future(self._say_rest_later(cycle))

    def play(self, message: Play) -> None:
        """A sound file: a talk cycle of its own."""
        cycle = self._begin(message.interruptible, message.preemptible)
        self._add(_Job(cycle, lambda: self._fetched(message), times=message.loop or _MOST_TIMES))

    def send_digits(self, message: SendDigits) -> None:
        """Key tones, which nothing stops."""
        self._add(_Job(Cycle(NONE, preemptible=False), lambda: _tones(message.digits)))

    def stop(self, source: str) -> Cut | None:
        """Drop whatever this input of the caller's stops; how far the cycle that is heard got."""
        self._is_left_over = True
        return self._drop([cycle for cycle in self._cycles if cycle.stops_for(source)])

    def end_left_over(self) -> None:
        """What comes next answers something new: no part of a cycle that came late after a stop."""
        if self._open is not None and self._is_left_over:
            self._stop_waiting()
            self._say_rest(self._open)
            self._open = None
        self._is_left_over = False

    def close(self) -> None:
        """Nothing more is said."""
        self._stop_waiting()

    def _begin(self, interruptible: str | None, preemptible: bool | None) -> Cycle:
        """A new cycle; it stops those before that may be preempted."""
        self._drop([cycle for cycle in self._cycles if cycle.preemptible])
        cycle = Cycle(
            self._interruptible if interruptible is None else interruptible,
            self._preemptible if preemptible is None else preemptible,
        )
        self._cycles.append(cycle)
        return cycle

    def _drop(self, cycles: list[Cycle]) -> Cut | None:
        for cycle in cycles:
            cycle.is_dropped = True
            self._cycles.remove(cycle)
        if self._open is not None and self._open.is_dropped:
            self._stop_waiting()
            self._open = None
        return self._speaker.clear()

    def _add(self, job: _Job) -> None:
        self._speaker.unmade += 1
        self._work.put_nowait(job)

    def _say_sentences(self, cycle: Cycle) -> None:
        while (whole := _SENTENCE.match(self._rest)) is not None:
            self._rest = self._rest[whole.end() :]
            self._say(cycle, whole[0], self._rest_language)

    def _say_rest(self, cycle: Cycle) -> None:
        words, self._rest = self._rest, ""
        self._say(cycle, words, self._rest_language)

    async def _say_rest_later(self, cycle: Cycle) -> None:
        await self._scene.exchange.clock.sleep(_UNFINISHED_S)
        self._say_rest(cycle)

    def _stop_waiting(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None

    def _say(self, cycle: Cycle, words: str, language: str) -> None:
        said = " ".join(_whole(words).split())
        if said:
            self._add(_Job(cycle, lambda: self._voiced(said, language), words))

    async def _voiced(self, words: str, language: str) -> bytes:
        """A sentence in its language, or else in another voice, with a warning."""
        exchange = self._scene.exchange
        try:
            return await exchange.voice.spoken(words, language)
        except CannotSpeak as error:
            self._warn(INVALID_ARGUMENT, f"{error}; it is read in {_OTHER_VOICE}")
        try:
            return await exchange.voice.spoken(words, _OTHER_VOICE)
        except CannotSpeak as error:
            self._warn(INVALID_ARGUMENT, str(error))
            return b""

    async def _fetched(self, message: Play) -> bytes:
        scene = self._scene
        try:
            url = scene.resolved(message.source)
            sound = await scene.exchange.sound_files.fetched(url, scene.call.cookies)
        except (WebhookFailed, VerbError) as failed:
            self._warn(failed.code, str(failed))
            return b""
        except BadSound as error:
            self._warn(13420, str(error))
            return b""
        return sound

    def _warn(self, code: int, message: str) -> None:
        scene = self._scene
        scene.exchange.debugger.alert(scene.call, code, message, scene.url, level="warning")


def _whole(words: str) -> str:
    """Characters that came in two halves, as JavaScript counts them, put together."""
    return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


async def _tones(digits: str) -> bytes:
    return b"".join(
        _SHORT_WAIT if digit == "w" else key_tone(digit, _TONE_TICKS) for digit in digits
    )
