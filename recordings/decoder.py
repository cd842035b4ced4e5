"""A program of its own that touches a stranger's sound file, so that a crash stays here.

    python -I decoder.py inspect FILE            what the file holds, and its peaks
    python -I decoder.py compress FILE FOLDER    a small copy in FOLDER that sounds the same

Prints one line of JSON. It limits itself before it opens anything (reliability 4.1, hostile
audio files) and imports nothing of Swiftline. Any failure is a non-zero exit status.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MIB = 1024 * 1024
_BLOCK = 65536
_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_OPUS_LEVEL = 0.96
"""14 kbit/s a channel at 8 kHz; one step lower lets one speaker leak into the other's channel."""
_PEAKS_PER_S = 40
_MOST_PEAKS = 4000
_LEAST_LIKENESS = 0.9
_QUIET = 0.002
"""Below this mean level a channel counts as silent: a likeness of noise says nothing."""


def limit(*, cpu_s: int, file_bytes: int) -> None:
    """Bound processor time, memory, files written and files open for this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (1024 * _MIB, 1024 * _MIB))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def inspect(path: Path) -> dict[str, Any]:
    """Decode the whole file: frames, rate, channels, and peaks per channel in 0..1."""
    import numpy as np
    import soundfile

    with soundfile.SoundFile(path) as file:
        if file.format != "WAV" and file.format != "WAVEX":
            raise SystemExit(f"expected WAV, got {file.format}")
        slices = min(_MOST_PEAKS, max(1, int(file.frames / file.samplerate * _PEAKS_PER_S)))
        width = -(-file.frames // slices)
        loudest, frames = [], 0
        for block in _blocks(file, width * max(1, _BLOCK // width)):
            frames += len(block)
            edges = np.arange(0, len(block), width)
            loudest.append(np.maximum.reduceat(np.abs(block), edges, axis=0))
        peaks = np.concatenate(loudest).T.round(3).tolist() if loudest else []
        return {
            "frames": frames,
            "rate_hz": file.samplerate,
            "channels": file.channels,
            "peaks": peaks,
        }


def compress(path: Path, folder: Path) -> dict[str, Any]:
    """Ogg Opus if it sounds like the original, FLAC otherwise; decoded again to be sure."""
    import soundfile

    rate_hz = soundfile.info(path).samplerate
    small = folder / "small.ogg"
    if rate_hz in _OPUS_RATES_HZ:
        _copy(path, small, format="OGG", subtype="OPUS", compression_level=_OPUS_LEVEL)
        if _likeness(path, small) >= _LEAST_LIKENESS:
            return {"file": small.name, "media_type": "audio/ogg; codecs=opus"}
    exact = folder / "small.flac"
    _copy(path, exact, format="FLAC", subtype="PCM_16")
    if _likeness(path, exact) < 0.999:
        raise SystemExit("the copy does not sound like the original")
    return {"file": exact.name, "media_type": "audio/flac"}


def _blocks(file: Any, size: int) -> Iterator[Any]:
    while True:
        block = file.read(size, dtype="float32", always_2d=True)
        if not len(block):
            return
        yield block


def _copy(source: Path, target: Path, **form: Any) -> None:
    """Write in blocks: one large write of Ogg overflows libsndfile's stack."""
    import soundfile

    with (
        soundfile.SoundFile(source) as read,
        soundfile.SoundFile(target, "w", read.samplerate, read.channels, **form) as write,
    ):
        for block in _blocks(read, 8000):
            write.write(block)


def _likeness(one: Path, other: Path) -> float:
    """The lowest correlation of any channel that is not silent; 0 if lengths or shapes differ."""
    import numpy as np
    import soundfile

    with soundfile.SoundFile(one) as a, soundfile.SoundFile(other) as b:
        if (a.samplerate, a.channels) != (b.samplerate, b.channels):
            return 0.0
        if abs(a.frames - b.frames) > a.samplerate // 50:
            return 0.0
        frames = 0
        sums = np.zeros((3, a.channels))
        for left, right in zip(_blocks(a, _BLOCK), _blocks(b, _BLOCK), strict=False):
            size = min(len(left), len(right))
            x, y = left[:size].astype("float64"), right[:size].astype("float64")
            sums += np.stack([(x * y).sum(0), (x * x).sum(0), (y * y).sum(0)])
            frames += size
    likeness = sums[0] / np.sqrt(sums[1] * sums[2] + 1e-12)
    level = np.sqrt(sums[1:] / max(frames, 1))
    silent = (level < _QUIET).all(axis=0)
    return float(np.where(silent, 1.0, likeness).min())


def main(arguments: list[str]) -> int:
    """Run one verb and print its result."""
    match arguments:
        case ["inspect", path]:
            limit(cpu_s=60, file_bytes=0)
            print(json.dumps(inspect(Path(path))))
        case ["compress", path, folder]:
            limit(cpu_s=600, file_bytes=400 * _MIB)
            print(json.dumps(compress(Path(path), Path(folder))))
        case _:
            print("expected: inspect FILE, or compress FILE FOLDER", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
