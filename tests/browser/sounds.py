"""Sound for browser tests: a voice nobody has, and whether one sound is heard inside another.

Browsers clean a microphone's sound (echo, noise, loudness), so what arrives is compared by shape:
`likeness` finds where a second of the spoken sound fits best and how well, from 0 to 1. Unrelated
sounds stay below 0.2; the same one through a browser and a telephone line gives 0.6 and more.

`keep_sound(page)` lets the phone of an open call remember what it plays; `played(page)` gives it.
"""

from __future__ import annotations

import wave
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page

RATE = 8000
ALIKE, UNLIKE = 0.5, 0.3
"""Likenesses above which it is the same sound, and below which it is another."""
THE_SOUND = "[...Phone.sounds][0]"
AS_TEXT = """async ({ samples, rate }) => {
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([samples]));
  await new Promise((resolve) => { reader.onload = resolve; });
  return { rate, samples: reader.result.split(",")[1] || "" };
}"""
Samples = npt.NDArray[np.float64]


def voice(seconds: float, seed: int) -> Samples:
    """Babble like a voice's (gliding pitch, three formants, syllables): 8 kHz, within ±0.6."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE)) / RATE

    def glide(low: float, high: float) -> Samples:
        knots = rng.uniform(low, high, int(seconds * 5) + 2)
        return np.interp(at, np.arange(len(knots)) / 5, knots)

    pitch = glide(110, 220)
    formants = [glide(300, 800), glide(900, 2200), glide(2300, 3200)]
    sound = np.zeros(len(at))
    for harmonic in range(1, 25):
        hz = harmonic * pitch
        loud = sum(np.exp(-(((hz - formant) / 120) ** 2)) for formant in formants) * (hz < 3400)
        sound += loud * np.sin(harmonic * 2 * np.pi * np.cumsum(pitch) / RATE)
    syllables = rng.choice([0.0, 0.3, 1.0], int(seconds * 8) + 2, p=[0.25, 0.25, 0.5])
    sound *= np.interp(at, np.arange(len(syllables)) / 8, syllables)
    return np.asarray(0.6 * sound / np.abs(sound).max())


def write_wav(path: Path, sound: Samples) -> Path:
    """Write 16-bit PCM, 8 kHz, mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def from_mulaw(mulaw: bytes | bytearray) -> Samples:
    """Mu-law (ITU-T G.711) as samples within ±1. More may be added to it meanwhile."""
    code = ~np.frombuffer(bytes(mulaw), dtype=np.uint8).astype(np.int32) & 0xFF
    size = (((code & 0x0F) << 3) + 132 << ((code >> 4) & 7)) - 132
    return np.asarray(np.where(code & 0x80, -size, size) / 32768)


def at_8khz(samples: npt.ArrayLike, rate: int) -> Samples:
    """The same sound at 8 kHz."""
    sound = np.asarray(samples, dtype=np.float64)
    length = len(sound) * RATE // rate
    if not length:
        return np.zeros(0)
    spectrum = np.fft.rfft(sound)[: length // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, length) * (length / len(sound)))


def keep_sound(page: Page, seconds: float = 8) -> None:
    """Let the page's phone remember the last `seconds` that it plays. Needs a call under way."""
    page.evaluate(f"{THE_SOUND}.keep({seconds})")


def played(page: Page) -> Samples:
    """What the page's phone played since `keep_sound`: 8 kHz, within ±1."""
    got: dict[str, Any] = page.evaluate(f"{THE_SOUND}.heard().then({AS_TEXT})")
    return at_8khz(np.frombuffer(b64decode(got["samples"]), dtype="<f4"), got["rate"])


def likeness(heard: Samples, spoken: Samples) -> float:
    """How well the best second of `spoken` is found in `heard`: 0 not at all, 1 exactly."""
    if len(heard) < RATE:
        return 0.0
    sound = np.asarray(heard, dtype=np.float64)
    size = 1 << (len(sound) + RATE).bit_length()
    spectrum = np.fft.rfft(sound, size)
    power = np.concatenate(([0.0], np.cumsum(sound**2)))
    norms = np.sqrt(np.maximum(power[RATE:] - power[:-RATE], 1e-6))
    pieces = [spoken[start : start + RATE] for start in range(0, len(spoken) - RATE + 1, RATE)]
    return max((_best_fit(spectrum, size, norms, piece) for piece in pieces), default=0.0)


def _best_fit(
    spectrum: npt.NDArray[np.complex128], size: int, norms: Samples, piece: Samples
) -> float:
    if not np.any(piece):
        return 0.0
    overlap = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)[: len(norms)]
    return float(np.max(overlap / norms) / np.linalg.norm(piece))
