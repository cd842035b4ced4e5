"""One reply on its way down a media socket: phrase by phrase, until it is heard or cut short."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Protocol

from carriers.media import BYTES_A_SECOND
from carriers.verbs import Say
from ivr.live.link import Link, LinkLost, in_thread
from ivr.turns import Reply
from voice.speaker import Spoken

_MARK_LATE_S = 3.0
"""How long after the last word its mark may come back before we go on without it."""


class Voice(Protocol):
    """Phrases as sound."""

    def spoken(self, text: str, language: str) -> Spoken:
        """The phrase as 8 kHz mu-law, remembered or spoken now."""


class Playback:
    """Speaks the words of one reply. `over` once they were played, or the caller cut in."""

    def __init__(
        self,
        link: Link,
        voice: Voice,
        pool: Executor,
        reply: Reply,
        first_sound: Callable[[], None],
    ) -> None:
        self._link, self._voice, self._pool = link, voice, pool
        self._first_sound = first_sound
        says = [verb for verb in reply.verbs if isinstance(verb, Say)]
        self._phrases = [(phrase, say.language) for say in says for phrase in say.phrases]
        self._mark = f"said:{reply.turn}"
        self._began = self._all_sent = False
        self._heard_by = time.monotonic()
        self.over = False
        self.over_at = time.monotonic()
        self.cut = False

    @property
    def text(self) -> str:
        """Every word of the reply."""
        return " ".join(phrase for phrase, _language in self._phrases)

    async def speak(self) -> None:
        """Send phrase by phrase: a later one is being spoken while the earlier ones play.

        Raises VoiceError and LinkLost.
        """
        for phrase, language in self._phrases:
            sound = await in_thread(self._pool, self._voice.spoken, phrase, language)
            await self._send(sound.mulaw)
            if self.over:
                return
        await self._link.send(self._link.media.mark(self._link.stream_sid, self._mark))
        self._all_sent = True

    async def stop(self) -> None:
        """The caller has begun to answer: be quiet. On a lost link nobody hears us anyway."""
        if self.over:
            return
        self.cut = True
        self._end()
        with suppress(LinkLost):
            await self._link.send(self._link.media.clear(self._link.stream_sid))

    def played(self, mark: str) -> None:
        """A mark came back."""
        if mark == self._mark and not self.over:
            self._end()

    def look_for_end(self, now: float) -> None:
        """Go on without a mark that does not come back."""
        if self._all_sent and not self.over and now > self._heard_by + _MARK_LATE_S:
            self._end()

    async def _send(self, mulaw: bytes) -> None:
        length_s = len(mulaw) / BYTES_A_SECOND
        for message in self._link.media.sounds(self._link.stream_sid, mulaw):
            if self.over:
                return
            await self._link.send(message)
            self._note_first()
        self._heard_by = max(self._heard_by, time.monotonic()) + length_s

    def _note_first(self) -> None:
        if not self._began:
            self._began = True
            self._first_sound()

    def _end(self) -> None:
        self.over, self.over_at = True, time.monotonic()
