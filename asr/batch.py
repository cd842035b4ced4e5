"""Recognises whole recordings: each channel by itself, words with their seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from asr.endpoint import BEGIN_MS, FRAME_MS, Endpoint
from asr.models.pool import SpeechModelLike
from asr.noise import floor_only
from asr.words import AsrError, Transcript, Word
from sound.files import SoundError, read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE, Pcm

_WIDE_RATE = 16_000
_PAD_MS = 300
_BEFORE_MS = 400
_AFTER_MS = 400
_PAUSE_MS = 800
_LONGEST_MS = 20_000


def transcribe(model: SpeechModelLike, path: Path) -> Transcript:
    """The words of a sound file, channel by channel. AsrError when it cannot be read."""
    try:
        channels, rate = read_sound(path)
    except SoundError as error:
        raise AsrError(str(error)) from error
    duration_s = len(channels[0]) / rate
    to_rate = LINE_RATE if rate <= LINE_RATE else _WIDE_RATE
    return Transcript(
        round(duration_s, 3),
        tuple(
            tuple(_words(model, resampled(channel, rate, to_rate), to_rate)) for channel in channels
        ),
    )


def transcribe_file(model: SpeechModelLike, path: Path) -> dict[str, Any]:
    """One line of `swiftline transcribe`: file, text, duration_s, words."""
    heard = transcribe(model, path)
    several = len(heard.channels) > 1
    words: list[dict[str, Any]] = [
        {
            "word": word.word,
            "start_s": word.start_s,
            "end_s": word.end_s,
            "confidence": word.confidence,
            **({"channel": number} if several else {}),
        }
        for number, channel in enumerate(heard.channels)
        for word in channel
    ]
    words.sort(key=lambda word: word["start_s"])
    return {
        "file": str(path),
        "text": heard.text,
        "duration_s": heard.duration_s,
        "words": words,
    }


def segments(pcm: Pcm, rate: int) -> Iterator[tuple[int, int]]:
    """Stretches of speech as (first, last) sample, with room around them."""
    endpoint = Endpoint(rate)
    size, begun = endpoint.frame, -1
    before, after = rate * _BEFORE_MS // 1000, rate * _AFTER_MS // 1000
    previous = 0
    for at in range(0, len(pcm) - size + 1, size):
        speaking = endpoint.feed(pcm[at : at + size])
        if speaking and begun < 0:
            begun = max(previous, at - before - BEGIN_MS * rate // 1000)
        over = endpoint.quiet_ms >= _PAUSE_MS or (at - begun) * 1000 // rate >= _LONGEST_MS
        if begun >= 0 and over and endpoint.quiet_ms >= 2 * FRAME_MS:
            last = min(len(pcm), at - endpoint.quiet_ms * rate // 1000 + after)
            yield begun, max(last, begun + size)
            previous, begun = max(last, begun + size), -1
            endpoint.end()
    if begun >= 0:
        yield begun, len(pcm)


def _words(model: SpeechModelLike, pcm: Pcm, rate: int) -> Iterator[Word]:
    pad = floor_only(rate * _PAD_MS // 1000)
    recogniser = model.take(rate)
    try:
        for first, last in segments(pcm, rate):
            recogniser.begin()
            recogniser.feed(np.concatenate([pad, pcm[first:last], pad]))
            offset = first / rate - _PAD_MS / 1000
            for word in recogniser.end().words:
                yield Word(
                    word.word,
                    round(max(0.0, word.start_s + offset), 3),
                    round(max(0.0, word.end_s + offset), 3),
                    word.confidence,
                )
    finally:
        model.release(recogniser)
