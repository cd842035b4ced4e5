"""What a caller said in answer to a question: when it began and ended, and in which words.

When is measured on the caller's own sound, against the noise of their line. The words of a scripted
caller's sentence are known exactly; those of a clip or of a person are recognised by Vosk where a
model is given (`--speech-model`), else nothing is understood and the debugger says why.
"""

from __future__ import annotations

import asyncio

from simulator.calls.call import Call
from simulator.calls.known_words import KnownWords
from simulator.sound.audio import FRAME_S
from simulator.sound.silence import SilenceMeter
from simulator.speech.recogniser import Recogniser, Speech

AUTO_TIMEOUT_S = 1.0
"""What `speechTimeout="auto"` waits after the last word."""
_BEGINS_S = 0.16
_KNOWN = 1.0


class SpeechWatch:
    """Watches one answer: give it every frame; `began` and `ended` are set when it did.

    words: whose are known; the caller's where none are given. meter: what knows the noise of the
    line already.
    """

    def __init__(
        self,
        call: Call,
        *,
        silence_s: float,
        most_s: float,
        words: KnownWords | None = None,
        meter: SilenceMeter | None = None,
    ) -> None:
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self._call = call
        self._silence_s = silence_s
        self._most_s = most_s
        self._known = words or KnownWords(call)
        self._meter = meter or SilenceMeter()
        self._speaking_s = 0.0
        self._spoken_s = 0.0
        self._taken_s = 0.0
        self._sound = bytearray()

    def take(self, frame: bytes, _other: bytes = b"") -> None:
        """The next tick."""
        self._meter.take(frame)
        silent_s = self._meter.silent_s
        self._speaking_s = self._speaking_s + FRAME_S if silent_s == 0.0 else 0.0
        if self._speaking_s >= _BEGINS_S:
            self.began.set()
        self._sound += frame
        if not self.began.is_set():
            del self._sound[: -8000 // 2]
            if silent_s >= self._silence_s:
                self._known.forget()
            return
        self._taken_s += FRAME_S
        self._spoken_s += FRAME_S if silent_s == 0.0 else 0.0
        is_silent = silent_s >= self._silence_s and not self._known.is_held
        if is_silent or self._taken_s >= self._most_s:
            self.ended.set()

    def close(self) -> None:
        """Watch no longer."""
        self._known.close()

    @property
    def is_speaking(self) -> bool:
        """Whether this very frame is speech."""
        return self.began.is_set() and self._meter.silent_s == 0.0

    @property
    def lasts_s(self) -> float:
        """How long ago it began."""
        return self._taken_s

    @property
    def spoken_s(self) -> float:
        """How much of that was speech."""
        return self._spoken_s

    @property
    def goes_on(self) -> bool:
        """Whether a sentence whose words are known is being said."""
        return not self.ended.is_set() and self._known.saying() is not None

    def so_far(self) -> str:
        """The words that are known so far; of a sentence being said, its part by time."""
        return self._known.so_far()

    async def words(self, recogniser: Recogniser) -> Speech | None:
        """What was said; None when it cannot be known."""
        known = self._known.whole()
        if known:
            return Speech(known, _KNOWN)
        if not recogniser.is_there:
            return None
        async with self._call.clock.outside():
            return await recogniser.recognise(bytes(self._sound))
