"""Mixing a conference: everybody hears the sum of all the others, in linear samples.

The sum is made once per tick and each speaker's own voice is taken out of it for that speaker
alone, so that a room costs as much as it has people talking. Louder than full scale is clipped, as
on a line. What is no louder than the noise of an idle line is left out, so that fifty listeners do
not hiss. Where one voice remains it is passed on byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.sound.audio import SILENCE, decoded, encoded, loudness

LINE_NOISE = 8
"""Mu-law magnitude below which a frame is not mixed, 0.2 % of full scale."""

_NOBODY = -1


@dataclass(frozen=True)
class Voice:
    """20 ms of sound in a room.

    not_to: place of the hearer who does not hear it (whoever speaks). only_to: place of the one
    hearer who does (whoever is coached); -1 where there is none.
    """

    frame: bytes
    not_to: int = _NOBODY
    only_to: int = _NOBODY


@dataclass(frozen=True)
class Mix:
    """What each of the hearers gets, by place, and the whole room for its recording."""

    ears: tuple[bytes, ...]
    whole: bytes


def mix(voices: Sequence[Voice], hearers: int) -> Mix:
    """Mix one tick of a room with that many hearers, places 0 to hearers - 1."""
    audible = [one for one in voices if one.frame != SILENCE and loudness(one.frame) >= LINE_NOISE]
    public = [one for one in audible if one.only_to == _NOBODY]
    whispers = [one for one in audible if one.only_to != _NOBODY]
    linear = {id(one): decoded(one.frame).astype(np.int32) for one in audible}
    total = _total([linear[id(one)] for one in public])
    whole = _mixed(public, total)
    ears = [whole] * hearers
    special = {one.not_to for one in public} | {one.only_to for one in whispers}
    for place in special - {_NOBODY}:
        heard = [one for one in public if one.not_to != place]
        own = [linear[id(one)] for one in public if one.not_to == place]
        told = [one for one in whispers if one.only_to == place]
        sum_ = total - _total(own) + _total([linear[id(one)] for one in told])
        ears[place] = _mixed([*heard, *told], sum_)
    return Mix(tuple(ears), whole)


def _total(sounds: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    total = np.zeros(len(SILENCE), dtype=np.int32)
    for sound in sounds:
        total += sound
    return total


def _mixed(heard: list[Voice], total: npt.NDArray[np.int32]) -> bytes:
    """One voice as it came, several as their sum."""
    if not heard:
        return SILENCE
    return heard[0].frame if len(heard) == 1 else encoded(total)
