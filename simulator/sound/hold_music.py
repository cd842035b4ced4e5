"""Hold music and the beeps of a conference, made at first use.

The music is this project's own: a slow arpeggio over four chords (C, A minor, F, G) in plucked
sine tones, 16 s that join their own beginning. The beeps are two short notes, upwards when somebody
comes and downwards when somebody goes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from simulator.sound.audio import RATE, encoded

_CHORDS = ((48, 64, 67, 72), (45, 60, 64, 69), (41, 60, 65, 69), (43, 62, 67, 71))
"""MIDI notes of each bar, the bass first."""
_BAR_S = 4.0
_NOTES_PER_BAR = 8
_PLUCK = 3500
_BEEP_S = 0.12
_BEEP = 6000


@cache
def hold_music() -> bytes:
    """The music as mu-law, to be played again and again."""
    length = round(len(_CHORDS) * _BAR_S * RATE)
    sound = np.zeros(length)
    for bar, (bass, *notes) in enumerate(_CHORDS):
        _add(sound, _pluck(bass, 3.0), bar * _BAR_S)
        for step in range(_NOTES_PER_BAR):
            note = (*notes, notes[1])[step % 4]
            _add(sound, _pluck(note, 1.5), bar * _BAR_S + step * _BAR_S / _NOTES_PER_BAR)
    return encoded(sound)


@cache
def enter_beep() -> bytes:
    """Somebody came in."""
    return _beep(620, 930)


@cache
def exit_beep() -> bytes:
    """Somebody went out."""
    return _beep(930, 620)


def _beep(*hertz: int) -> bytes:
    at = np.arange(round(_BEEP_S * RATE)) / RATE
    fade = np.minimum(1.0, np.minimum(at, _BEEP_S - at) / 0.005)
    return encoded(np.concatenate([_BEEP * fade * np.sin(2 * np.pi * hz * at) for hz in hertz]))


def _pluck(note: int, seconds: float) -> npt.NDArray[np.float64]:
    hertz = 440 * 2 ** ((note - 69) / 12)
    at = np.arange(round(seconds * RATE)) / RATE
    attack = np.minimum(1.0, at / 0.01)
    tone = np.sin(2 * np.pi * hertz * at) + 0.3 * np.sin(4 * np.pi * hertz * at)
    plucked: npt.NDArray[np.float64] = _PLUCK * attack * np.exp(-at / 0.5) * tone
    return plucked


def _add(sound: npt.NDArray[np.float64], tone: npt.NDArray[np.float64], at_s: float) -> None:
    """Add a tone; what goes over the end is heard at the beginning."""
    places = (round(at_s * RATE) + np.arange(len(tone))) % len(sound)
    np.add.at(sound, places, tone)
