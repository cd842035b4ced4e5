"""One question under way on a media socket: what words, keys and silence answer to it."""

from __future__ import annotations

import time

from asr.live import Partial, SpeechStarted, Utterance
from carriers.media import Key, Played
from carriers.messages import Heard, Keys, Silence, Speech
from carriers.verbs import Listen
from ivr.live.barge_in import interrupts, is_echo, says_nothing
from ivr.live.incoming import Happening
from ivr.live.playback import Playback
from ivr.live.recognition import Recognition

_KEY_PAUSE_S = 3.0
_LEAST_SPEECH_S = 0.2
"""Speech shorter than this does not interrupt."""
_UNCLEAR_S = 0.8
"""Voice of at least this length without a single word counts as not understood."""
_LONGEST_ANSWER_S = 35.0
"""Noise that sounds like speech for so long counts as no answer."""


class Question:
    """What is asked, while it is being spoken and answered; times by the monotonic clock."""

    def __init__(
        self,
        listen: Listen,
        playback: Playback,
        recognition: Recognition | None,
        *,
        unfinished_silence_s: float,
    ) -> None:
        self._listen, self._playback, self._recognition = listen, playback, recognition
        self._pause_s = unfinished_silence_s
        self._keys = ""
        self._spoke_at: float | None = None
        self.answered_at: float | None = None
        """When the answer ended."""

    @property
    def is_being_answered(self) -> bool:
        """Whether the caller is in the middle of words or keys."""
        speaks = self._recognition is not None and self._recognition.speaking
        return bool(self._keys) or (self._listen.speech and speaks)

    def due(self) -> Heard | None:
        """What it means that nothing has happened for so long; None: it may still come."""
        now, playback, recognition = time.monotonic(), self._playback, self._recognition
        if self._keys and self.answered_at is not None:
            return Keys(self._keys) if now - self.answered_at >= _KEY_PAUSE_S else None
        playback.look_for_end(now)
        if not playback.over:
            return None
        if recognition and recognition.speaking and now - playback.over_at < _LONGEST_ANSWER_S:
            return None
        quiet_since = playback.over_at
        if recognition is not None:
            quiet_since = max(quiet_since, recognition.voice_at)
            if self._listen.speech and self._was_unclear(recognition):
                return Speech("", 0.0)
        return Silence() if now - quiet_since >= self._listen.no_input_s else None

    async def take(self, event: Happening) -> Heard | None:
        """The answer that something makes whole, or None."""
        match event:
            case Key():
                return await self._take_key(event.digit)
            case Played():
                self._playback.played(event.mark)
            case SpeechStarted():
                self._spoke_at = time.monotonic()
            case Partial():
                await self._consider_interruption(event.text)
            case Utterance():
                return self.take_words(event)
        return None

    def take_words(self, event: Utterance) -> Heard | None:
        """The words as an answer; None where they are noise, our own echo or not asked for."""
        text, playback, recognition = event.heard.text, self._playback, self._recognition
        self._spoke_at = None
        if (
            not self._listen.speech
            or self._keys
            or recognition is None
            or says_nothing(text, self._listen.language)
        ):
            return None
        while_we_spoke = not playback.over or recognition.moment(event.start_s) < playback.over_at
        if while_we_spoke and not playback.cut and is_echo(text, playback.text):
            return None
        self.answered_at = recognition.moment(event.end_s)
        return Speech(text, round(event.heard.confidence, 3))

    async def _take_key(self, digit: str) -> Heard | None:
        await self._playback.stop()
        self.answered_at = time.monotonic()
        if digit == "#" and self._listen.max_keys > 1:
            return Keys(self._keys)
        self._keys += digit
        return Keys(self._keys) if len(self._keys) >= self._listen.max_keys else None

    async def _consider_interruption(self, text: str) -> None:
        if self._playback.over or not self._listen.speech or self._recognition is None:
            return
        if self._recognition.speech_s >= _LEAST_SPEECH_S and interrupts(
            text, self._playback.text, self._listen.language
        ):
            await self._playback.stop()

    def _was_unclear(self, recognition: Recognition) -> bool:
        """Whether somebody spoke for a good while and not one word came of it."""
        if self._spoke_at is None or self._spoke_at < self._playback.over_at:
            return False
        return recognition.voice_at - self._spoke_at >= _UNCLEAR_S + self._pause_s
