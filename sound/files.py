"""Reads sound files of any kind that people and carriers have."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import soundfile

from sound.samples import Pcm


class SoundError(Exception):
    """A file that holds no sound we can read; the text says what was expected."""


_NO_SOUND = "the file holds no sound; expected WAV, FLAC, Ogg or MP3"


def read_sound(path: Path) -> tuple[list[Pcm], int]:
    """The channels of a sound file and its sample rate. Raises SoundError when it is none."""
    if not path.is_file():
        raise SoundError("there is no such file")
    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        return _read_by_pydub(path)
    if len(samples) == 0:
        raise SoundError(_NO_SOUND)
    return [np.ascontiguousarray(samples[:, i]) for i in range(samples.shape[1])], int(rate)


def _read_by_pydub(path: Path) -> tuple[list[Pcm], int]:
    """Odd WAV files that libsndfile refuses; pydub reads their headers more leniently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment
    try:
        segment = AudioSegment.from_wav(path).set_sample_width(2)
    except Exception as error:
        raise SoundError(
            f"not a sound file that can be read ({type(error).__name__});"
            " expected WAV, FLAC, Ogg or MP3"
        ) from None
    if len(segment) == 0:
        raise SoundError(_NO_SOUND)
    samples = np.array(segment.get_array_of_samples(), dtype=np.int16)
    count = segment.channels
    return [np.ascontiguousarray(samples[i::count]) for i in range(count)], segment.frame_rate
