"""Is this the whole recording, and a smaller copy of it: the sound never enters this process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sound.wav import Header, NotWhole, read_header

MOST_BYTES = 200 * 1024 * 1024
_LEAST_TOLERANCE_S = 1.0
_TOLERANCE = 0.02
_TIMEOUT_S = 900


class NoSound(NotWhole):
    """A whole file with nothing in it, as announced: the caller hung up at once."""


@dataclass(frozen=True)
class Shape:
    """What a checked recording holds. `peaks`: per channel, the loudest of each slice, 0..1."""

    channels: int
    rate_hz: int
    duration_s: float
    peaks: list[list[float]]


@dataclass(frozen=True)
class Small:
    """A compressed copy that was decoded again and sounds like the original."""

    path: Path
    media_type: str


def inspect(path: Path, *, announced_s: float | None) -> Shape:
    """Check that the file is a whole WAV of the length the carrier announced.

    The length may differ by 1 s or 2 %, whichever is more. Raises NotWhole, or NoSound when
    the carrier announced less than a second and the file is empty.
    """
    header = read_header(path)
    _check_length(header, announced_s)
    found = _decoder("inspect", str(path))
    if (found["frames"], found["channels"]) != (header.frames, header.channels):
        raise NotWhole(f"expected {header.frames} frames, {found['frames']} could be decoded")
    return Shape(header.channels, header.rate_hz, round(header.duration_s, 3), found["peaks"])


def compress(path: Path, folder: Path) -> Small:
    """Make a small copy in `folder`: Ogg Opus, or FLAC where Opus would change the sound.

    Raises NotWhole if no copy sounds like the original.
    """
    made = _decoder("compress", str(path), str(folder))
    return Small(folder / made["file"], made["media_type"])


def _check_length(header: Header, announced_s: float | None) -> None:
    if header.frames == 0:
        is_no_surprise = announced_s is not None and announced_s < _LEAST_TOLERANCE_S
        raise (NoSound if is_no_surprise else NotWhole)("expected sound, got none")
    if announced_s is None:
        return
    tolerance_s = max(_LEAST_TOLERANCE_S, _TOLERANCE * announced_s)
    if abs(header.duration_s - announced_s) > tolerance_s:
        raise NotWhole(f"expected {announced_s:.0f} s of sound, got {header.duration_s:.1f} s")


def _decoder(*arguments: str) -> dict[str, Any]:
    """Run the decoder as a process without our environment; NotWhole when it fails."""
    program = Path(__file__).with_name("decoder.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(program), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotWhole(f"the decoder did not end within {_TIMEOUT_S} s") from None
    if done.returncode != 0:
        raise NotWhole(f"the file cannot be decoded (status {done.returncode})")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
