"""The texts of `emergencies` spoken down a noisy telephone line and heard as a call hears them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from asr.live import LiveRecogniser, Utterance
from asr.models.pool import Models, SpeechModel
from asr.noise import mixed_at, with_floor
from config.settings import load_settings
from sound.files import read_sound
from sound.mulaw import from_mulaw, to_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE, Pcm
from voice.speaker import PiperVoice

_SNR_DB = 15
_LEAD_S, _TAIL_S = 0.5, 1.5
_FRAME = 160


class NoisyLine:
    """Speaks texts with Piper's voice over the noises of a folder in turn, and recognises them."""

    def __init__(self, language: str, noises: Path | None) -> None:
        self._language = language
        self._voice = PiperVoice(language)
        self._model: SpeechModel = Models(load_settings()).model(language)
        self._model.warm(1)
        self._noises = [_noise(file) for file in sorted(noises.glob("*.flac"))] if noises else []

    def heard(self, texts: Sequence[str]) -> list[list[str]]:
        """The utterances recognised of each text."""
        return [self._heard(text, number) for number, text in enumerate(texts)]

    def _heard(self, text: str, number: int) -> list[str]:
        spoken = from_mulaw(self._voice.speak(text, self._language))
        lead, tail = (np.zeros(round(LINE_RATE * s), np.int16) for s in (_LEAD_S, _TAIL_S))
        if self._noises:
            spoken = mixed_at(spoken, self._noises[number % len(self._noises)], _SNR_DB)
        sound = to_mulaw(with_floor(np.concatenate([lead, spoken, tail]), 0))
        return list(self._utterances(sound))

    def _utterances(self, sound: bytes) -> Iterator[str]:
        ear = LiveRecogniser(self._model)
        frames = (sound[at : at + _FRAME] for at in range(0, len(sound), _FRAME))
        events = [event for frame in frames for event in ear.feed(frame)]
        for event in (*events, *ear.flush()):
            if isinstance(event, Utterance) and event.heard.text:
                yield event.heard.text
        ear.close()


def _noise(file: Path) -> Pcm:
    channels, rate = read_sound(file)
    return resampled(channels[0], rate, LINE_RATE)
