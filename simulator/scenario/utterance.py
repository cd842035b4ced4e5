"""What a scripted caller sends down the line: speech, noise, and the line's own faint noise."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.scenario.acts import Speech
from simulator.sound.audio import (
    FRAME_BYTES,
    SILENCE,
    comfort_noise,
    decoded,
    encoded,
    frames,
    mixed,
    read_sound,
    speech_bounds,
)
from simulator.sound.spoken import Sentence, Spoken

_LINE_NOISE_S = 2.0


@dataclass(frozen=True)
class Utterance:
    """Sound to be sent; `speech_ends_at` is the byte after the last audible one of the speech."""

    sound: bytes
    speech_ends_at: int
    name: str
    exact: bool = False
    """Whether the name is what is said, word for word."""
    how: Mapping[str, str | float] = field(default_factory=dict)
    """What became of it on the way, for the log."""
    speech_begins_at: int = 0
    """The byte of the speech's first sound."""


async def utterance(
    what: Speech, language: str, speak: Callable[[str, str], Awaitable[bytes]]
) -> Utterance:
    """The sound of a text or a recording as it comes over the line. Raises BadSound, CannotSpeak.

    What is lost on the way is the same each time.
    """
    if what.clip is None:
        sound, name = await speak(what.text, language), what.text
    else:
        sound, name = read_sound(what.clip, what.clip.name), what.clip.name
    begin, end = speech_bounds(sound)
    if what.noise is not None and what.snr_db is not None:
        sound = with_noise(sound, read_sound(what.noise, what.noise.name), what.snr_db)
    sound = with_loss(with_gain(sound, what.gain_db), what.packet_loss, seed=name)
    is_exact = what.clip is None and what.is_clean
    return Utterance(sound, end, name, exact=is_exact, how=_how(what), speech_begins_at=begin)


def _how(what: Speech) -> dict[str, str | float]:
    """What the log says of it besides its name."""
    facts: dict[str, str | float] = {}
    if what.clip is not None:
        facts["clip"] = str(what.clip)
    if what.noise is not None and what.snr_db is not None:
        facts |= {"noise": str(what.noise), "snr_db": what.snr_db}
    if what.gain_db:
        facts["gain_db"] = what.gain_db
    if what.packet_loss:
        facts["packet_loss"] = what.packet_loss
    return facts


def with_gain(sound: bytes, gain_db: float) -> bytes:
    """Louder or softer; what is too loud for the line is clipped."""
    return encoded(decoded(sound) * 10 ** (gain_db / 20)) if gain_db else sound


def with_loss(sound: bytes, share: float, *, seed: str) -> bytes:
    """Without a share of its frames: in their place is silence."""
    if not share:
        return sound
    draw = random.Random(seed)
    return b"".join(SILENCE if draw.random() < share else one for one in frames(sound))


def with_noise(speech: bytes, noise: bytes, snr_db: float) -> bytes:
    """Speech with noise at a signal-to-noise ratio of mean powers; short noise is repeated."""
    voice = decoded(speech).astype(np.float64)
    rustle = decoded(noise).astype(np.float64)
    if not len(rustle) or not len(voice):
        return speech
    rustle = np.resize(rustle, len(voice))
    begin, end = speech_bounds(speech)
    voice_power = float(np.mean(voice[begin:end] ** 2)) if end else 0.0
    noise_power = float(np.mean(rustle**2))
    if not voice_power or not noise_power:
        return speech
    gain = np.sqrt(voice_power / (noise_power * 10 ** (snr_db / 10)))
    return encoded(voice + gain * rustle)


class Playback:
    """Frames for the line: what is being said, over the line's noise."""

    def __init__(self, seed: int, spoken: Callable[[Utterance], None]) -> None:
        self._hiss = comfort_noise(_LINE_NOISE_S, seed)
        self._at = 0
        self._saying: Utterance | None = None
        self._last: Utterance | None = None
        self._said = 0
        self._sentence = Sentence("")
        self._spoken = spoken

    @property
    def is_speaking(self) -> bool:
        """Whether something is still being said."""
        return self._saying is not None

    @property
    def has_spoken(self) -> bool:
        """Whether any sound of what was said last went out."""
        return self._last is not None and self._said > self._last.speech_begins_at

    @property
    def progress(self) -> tuple[str, float] | None:
        """The sentence that is being said, and its share that is said; None when not known."""
        saying = self._saying
        if saying is None or not saying.exact:
            return None
        return saying.name, self._share

    @property
    def _share(self) -> float:
        ends_at = self._last.speech_ends_at if self._last else 0
        return min(1.0, self._said / max(1, ends_at))

    def say(self, what: Utterance) -> None:
        """Begin to say something."""
        self._saying, self._last, self._said = what, what, 0
        self._sentence = Sentence(what.name)

    def stop(self) -> None:
        """Fall silent."""
        self._saying = None

    def next_frame(self, speech_ended: Callable[[float], None]) -> bytes:
        """The next frame; `speech_ended(into_s)` is called in the frame where the speech ends."""
        hiss = self._hiss[self._at : self._at + FRAME_BYTES]
        self._at = (self._at + FRAME_BYTES) % (len(self._hiss) - len(self._hiss) % FRAME_BYTES)
        saying = self._saying
        if saying is None:
            return hiss
        begin = self._said
        part = saying.sound[begin : begin + FRAME_BYTES]
        self._said += FRAME_BYTES
        if begin < saying.speech_ends_at <= self._said:
            speech_ended((saying.speech_ends_at - begin) / 8000)
        if self._said >= len(saying.sound):
            self._saying = None
            self._spoken(saying)
        frame = mixed(hiss, part)
        return Spoken.of(frame, self._sentence, self._share) if saying.exact else frame
