"""What a caller hears while the other end rings, by country: frequencies and cadence.

Values after ITU-T E.180 Supplement 2. A cadence is seconds of tone and of silence in turn.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from simulator.sound.audio import RATE, encoded
from simulator.sound.tone_files import sound_file

_EUROPE = ((425,), (1.0, 4.0))
_BRITISH = ((400, 450), (0.4, 0.2, 0.4, 2.0))
_AMERICAN = ((440, 480), (2.0, 4.0))

COUNTRIES: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "at": ((420,), (1.0, 5.0)),
    "au": _BRITISH,
    "be": ((425,), (1.0, 3.0)),
    "bg": _EUROPE,
    "br": _EUROPE,
    "ch": _EUROPE,
    "cl": ((400,), (1.0, 3.0)),
    "cn": ((450,), (1.0, 4.0)),
    "cz": _EUROPE,
    "de": _EUROPE,
    "dk": _EUROPE,
    "ee": _EUROPE,
    "es": ((425,), (1.5, 3.0)),
    "fi": _EUROPE,
    "fr": ((440,), (1.5, 3.5)),
    "gr": _EUROPE,
    "hu": ((425,), (1.25, 3.75)),
    "il": ((400,), (1.0, 3.0)),
    "in": _BRITISH,
    "it": _EUROPE,
    "jp": ((400,), (1.0, 2.0)),
    "lt": _EUROPE,
    "mx": _EUROPE,
    "my": ((425,), (0.4, 0.2, 0.4, 2.0)),
    "nl": _EUROPE,
    "no": _EUROPE,
    "nz": _BRITISH,
    "ph": ((425, 480), (1.0, 4.0)),
    "pl": _EUROPE,
    "pt": ((425,), (1.0, 5.0)),
    "ru": ((425,), (0.8, 3.2)),
    "se": ((425,), (1.0, 5.0)),
    "sg": ((425,), (0.4, 0.2, 0.4, 2.0)),
    "th": _EUROPE,
    "tw": _AMERICAN,
    "uk": _BRITISH,
    "us": _AMERICAN,
    "us-old": ((420,), (2.0, 4.0)),
    "ve": _EUROPE,
    "za": ((400,), (0.4, 0.2, 0.4, 2.0)),
}
"""What `ringTone` may be besides `automatic`."""

_LEVEL = 4000


@cache
def ring_tone(name: str) -> bytes:
    """One round of ringing as mu-law; `automatic` is the American one."""
    if name == "automatic":
        return sound_file("ringback_us.wav")
    hertz, cadence = COUNTRIES[name]
    sound = b""
    for place, seconds in enumerate(cadence):
        at = np.arange(round(seconds * RATE)) / RATE
        tone = sum((np.sin(2 * np.pi * hz * at) for hz in hertz), np.zeros(len(at)))
        sound += encoded((_LEVEL if place % 2 == 0 else 0) * tone)
    return sound
