"""Where speech begins and ends on a telephone line, 20 ms at a time.

A frame counts as voice when webrtcvad says so, it stands out of the line's own noise, and
it is no tone (keys, beeps, ringing). Speech begins with several such frames close together
and ends when none has come for a while; how long is the listener's choice.
"""

from __future__ import annotations

from collections import deque
from typing import cast

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from sound.samples import LINE_RATE, Pcm

FRAME_MS = 20
_BEGIN_OF = 8
BEGIN_MS = _BEGIN_OF * FRAME_MS
"""When speech is noticed, it began at most so long ago."""
_BEGIN_NEEDS = 4
"""Speech begins when so many of the last frames are voice: 80 ms within 160 ms."""
_ABOVE_NOISE_DB = 6.0
_QUIETEST_DB = -62.0
_LOUDEST_NOISE_DB = -30.0
_SMOOTH = 3
_REMEMBER = 100
"""Frames over which the noise is remembered: 2 s."""
_TONE_SHARE = 0.94
"""Share of a frame's power in its two strongest peaks above which it is a tone."""


class Endpoint:
    """Feeds on frames of 20 ms and tells when speech begins and how long it has been quiet."""

    def __init__(self, rate: int = LINE_RATE, *, mode: int = 2) -> None:
        self.rate = rate
        self.frame = rate * FRAME_MS // 1000
        self._vad = webrtcvad.Vad(mode)
        self._recent: deque[bool] = deque(maxlen=_BEGIN_OF)
        self._levels: deque[float] = deque(maxlen=_SMOOTH)
        self._floors: deque[float] = deque(maxlen=_REMEMBER)
        self._quiet_frames = 0
        self.speaking = False

    def feed(self, frame: Pcm) -> bool:
        """Take one frame; True while somebody is speaking, pauses included."""
        voice = self._is_voice(frame)
        self._recent.append(voice)
        self._quiet_frames = 0 if voice else self._quiet_frames + 1
        if not self.speaking and sum(self._recent) >= _BEGIN_NEEDS:
            self.speaking = True
        return self.speaking

    @property
    def quiet_ms(self) -> int:
        """How long there has been no voice."""
        return self._quiet_frames * FRAME_MS

    def end(self) -> None:
        """The listener has decided that the utterance is over."""
        self.speaking = False
        self._recent.clear()

    def _is_voice(self, frame: Pcm) -> bool:
        level = _level_db(frame)
        return (
            level > max(self._noise_db(level) + _ABOVE_NOISE_DB, _QUIETEST_DB)
            and self._vad.is_speech(frame.tobytes(), self.rate)
            and not is_tone(frame)
        )

    def _noise_db(self, level: float) -> float:
        """The line's own noise: the quietest smoothed level of the last seconds.

        Speech dips between its sounds, steady noise does not.
        """
        self._levels.append(level)
        self._floors.append(sum(self._levels) / len(self._levels))
        return min(min(self._floors), _LOUDEST_NOISE_DB)


def is_tone(frame: Pcm) -> bool:
    """Whether nearly all power is in one or two narrow peaks: keys, beeps, ringing."""
    power = _spectrum(frame)
    total = float(power.sum())
    if total <= 0:
        return False
    held = 0.0
    for _ in range(2):
        peak = int(power.argmax())
        low, high = max(0, peak - 3), peak + 4
        held += float(power[low:high].sum())
        power[low:high] = 0
    return held / total > _TONE_SHARE


def _spectrum(frame: Pcm) -> NDArray[np.float64]:
    windowed = frame.astype(np.float64) * np.hanning(len(frame))
    power = np.abs(np.fft.rfft(windowed, 2 * len(frame))) ** 2
    power[:8] = 0
    return cast("NDArray[np.float64]", power)


def _level_db(frame: Pcm) -> float:
    rms = float(np.sqrt(np.mean(frame.astype(np.float64) ** 2)))
    return float(20 * np.log10(max(rms, 1e-3) / 32768))
