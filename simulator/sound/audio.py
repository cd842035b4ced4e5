"""Sound: 8 kHz mu-law in frames of 20 ms, and what turns other sound into it.

Mu-law is ITU-T G.711. One frame is 160 bytes. A sample's loudness is compared by its mu-law
magnitude (0 to 127, growing with the amplitude), so that no decoding is needed.
"""

from __future__ import annotations

import io
import wave
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Pcm = npt.NDArray[np.int16]

RATE = 8000
FRAME_BYTES = 160
FRAME_S = 0.02
SILENCE = b"\xff" * FRAME_BYTES
KEYS = "0123456789*#"

AUDIBLE = 24
"""Magnitude from which a sample is heard, about 1 % of full scale."""

_LOW = dict(zip(("123A", "456B", "789C", "*0#D"), (697, 770, 852, 941), strict=True))
_HIGH = dict(zip(("147*", "2580", "369#", "ABCD"), (1209, 1336, 1477, 1633), strict=True))
_BIAS = 132
_CLIP = 32635


class BadSound(Exception):
    """The bytes are no sound that the network can play; the text says what was found."""


@cache
def _decode_table() -> Pcm:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code >> 4) & 7)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


@cache
def _encode_table() -> npt.NDArray[np.uint8]:
    pcm = np.arange(-32768, 32768, dtype=np.int32)
    size = np.minimum(np.abs(pcm), _CLIP) + _BIAS
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    code = (exponent << 4) | mantissa | np.where(pcm < 0, 0x80, 0)
    codes: npt.NDArray[np.uint8] = (~code & 0xFF).astype(np.uint8)
    return codes


@cache
def _unheard() -> bytes:
    """The codes of samples that nobody hears."""
    return bytes(code for code, size in enumerate(_magnitudes()) if size < AUDIBLE)


@cache
def _magnitudes() -> bytes:
    return bytes(127 - (code & 0x7F) for code in range(256))


def decoded(mulaw: bytes) -> Pcm:
    """Mu-law as 16-bit samples."""
    return _decode_table()[np.frombuffer(mulaw, dtype=np.uint8)]


def encoded(pcm: npt.NDArray[np.generic]) -> bytes:
    """Samples in 16-bit range as mu-law; louder ones are clipped."""
    clipped = np.clip(pcm.astype(np.float64), -32768, 32767).astype(np.int32)
    return _encode_table()[clipped + 32768].tobytes()


def loudness(mulaw: bytes) -> int:
    """Mu-law magnitude of the loudest sample, 0 to 127."""
    return max(mulaw.translate(_magnitudes()), default=0)


def is_audible(mulaw: bytes) -> bool:
    """Whether a person would hear something."""
    return bool(mulaw.translate(None, _unheard()))


def speech_bounds(mulaw: bytes) -> tuple[int, int]:
    """First audible byte and the one after the last; (0, 0) when all is silent."""
    loud = np.flatnonzero(np.frombuffer(mulaw.translate(_magnitudes()), dtype=np.uint8) >= AUDIBLE)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, 0)


def mixed(one: bytes, other: bytes) -> bytes:
    """Both at once; the shorter one is followed by silence."""
    if other.count(0xFF) == len(other) and len(other) <= len(one):
        return one
    length = max(len(one), len(other))
    total = np.zeros(length, dtype=np.int32)
    total[: len(one)] += decoded(one)
    total[: len(other)] += decoded(other)
    return encoded(total)


def louder(mulaw: bytes, gain_db: float) -> bytes:
    """The same sound so much louder; softer when negative."""
    return encoded(decoded(mulaw).astype(np.float64) * 10 ** (gain_db / 20))


def frames(mulaw: bytes) -> list[bytes]:
    """Cut into frames; the last one is filled up with silence."""
    return [
        mulaw[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
        for at in range(0, len(mulaw), FRAME_BYTES)
    ]


@cache
def key_tone(digit: str, ticks: int) -> bytes:
    """The two-tone signal of a key (ITU-T Q.23)."""
    low = next(hz for row, hz in _LOW.items() if digit in row)
    high = next(hz for column, hz in _HIGH.items() if digit in column)
    at = np.arange(ticks * FRAME_BYTES) / RATE
    return encoded(5000 * (np.sin(2 * np.pi * low * at) + np.sin(2 * np.pi * high * at)))


def tone_frames(digit: str, ticks: int) -> list[bytes]:
    """The tone of a key as frames."""
    return frames(key_tone(digit, ticks))


def comfort_noise(seconds: float, seed: int) -> bytes:
    """Faint noise of a line, far below what is audible."""
    noise = np.random.default_rng(seed).normal(0, 10, int(seconds * RATE))
    return encoded(noise)


def resampled(
    samples: npt.NDArray[np.float64], rate: int, to: int = RATE
) -> npt.NDArray[np.float64]:
    """The same sound at another sampling rate, low-passed by its spectrum."""
    if rate == to or not len(samples):
        return samples
    length = max(1, round(len(samples) * to / rate))
    spectrum = np.fft.rfft(samples)
    wanted = length // 2 + 1
    kept = np.zeros(wanted, dtype=np.complex128)
    kept[: min(wanted, len(spectrum))] = spectrum[:wanted]
    return np.fft.irfft(kept, length) * (length / len(samples))


def read_sound(source: Path | bytes, name: str = "sound") -> bytes:
    """A file's sound as mu-law. Mu-law files keep their bytes. Raises BadSound."""
    raw = source if isinstance(source, bytes) else source.read_bytes()
    plain = _mulaw_wav(raw)
    if plain is not None:
        return plain
    try:
        samples, rate = soundfile.read(io.BytesIO(raw), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise BadSound(f"{name}: not a sound that can be played ({error})") from error
    mono = resampled(samples.mean(axis=1), rate)
    return encoded(np.round(mono * 32768))


def read_gsm(raw: bytes, name: str = "sound") -> bytes:
    """GSM 06.10 frames at 8 kHz without a header, as mu-law. Raises BadSound."""
    try:
        samples, _ = soundfile.read(
            io.BytesIO(raw), format="RAW", subtype="GSM610", samplerate=RATE, channels=1
        )
    except soundfile.LibsndfileError as error:
        raise BadSound(f"{name}: not GSM 06.10 ({error})") from error
    return encoded(np.round(samples * 32768))


def _mulaw_wav(raw: bytes) -> bytes | None:
    """The bytes of a mono 8 kHz mu-law WAV, untouched; None for any other file."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return None
    at, is_plain = 12, False
    while at + 8 <= len(raw):
        name, size = raw[at : at + 4], int.from_bytes(raw[at + 4 : at + 8], "little")
        body = raw[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 8:
            shape = tuple(
                int.from_bytes(body[i : i + n], "little") for i, n in ((0, 2), (2, 2), (4, 4))
            )
            is_plain = shape == (7, 1, RATE)
        if name == b"data":
            return body if is_plain else None
        at += 8 + size + size % 2
    return None


def wav_file(*channels: bytes) -> bytes:
    """A 16-bit 8 kHz WAV of mu-law channels; shorter ones are filled up with silence."""
    length = max((len(channel) for channel in channels), default=0)
    sound = np.stack([decoded(channel.ljust(length, b"\xff")) for channel in channels], axis=1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return out.getvalue()
