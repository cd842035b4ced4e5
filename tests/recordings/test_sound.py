"""Checking and compressing what the carrier sent, with real files and the real decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from recordings.sound import compress, inspect
from sound.wav import NotWhole, read_header
from tests.recordings.sounds import bad_bodies, call_wav, mulaw_wav, speechlike, wav


def kept(folder: Path, body: bytes) -> Path:
    path = folder / "came.wav"
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("name", sorted(bad_bodies()))
def test_a_bad_body_is_not_a_recording(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotWhole):
        inspect(kept(tmp_path, bad_bodies()[name]), announced_s=4)


@pytest.mark.slow
def test_any_cut_and_any_flipped_header_byte_is_refused_or_decodes(tmp_path: Path) -> None:
    """No accepted file may claim more than it has, whatever a header byte says."""
    good = call_wav(1.0)
    rng = np.random.default_rng(3)
    for number in range(400):
        body = bytearray(good)
        body[rng.integers(0, 44)] = rng.integers(0, 256)
        body = body[: rng.integers(0, len(body) + 1)] if number % 2 else body
        path = kept(tmp_path, bytes(body))
        try:
            header = read_header(path)
        except NotWhole:
            continue
        assert header.frames * header.channels <= len(body)


def test_a_whole_recording_is_measured(tmp_path: Path) -> None:
    shape = inspect(kept(tmp_path, call_wav(4.0)), announced_s=4)
    assert (shape.channels, shape.rate_hz, shape.duration_s) == (2, 8000, 4.0)
    assert [len(channel) for channel in shape.peaks] == [160, 160]
    assert all(0 <= peak <= 1 for channel in shape.peaks for peak in channel)
    assert max(shape.peaks[0]) > 0.2


def test_mu_law_with_other_chunks_is_a_recording_too(tmp_path: Path) -> None:
    shape = inspect(kept(tmp_path, mulaw_wav(2.0)), announced_s=2)
    assert (shape.channels, shape.duration_s) == (1, 2.0)


@pytest.mark.parametrize(
    ("announced_s", "is_near"), [(4, True), (5, True), (3, True), (6, False), (2, False)]
)
def test_the_length_may_differ_by_a_second(
    announced_s: float, is_near: bool, tmp_path: Path
) -> None:
    path = kept(tmp_path, call_wav(4.0))
    if is_near:
        assert inspect(path, announced_s=announced_s).duration_s == 4.0
    else:
        with pytest.raises(NotWhole, match="s of sound"):
            inspect(path, announced_s=announced_s)


def test_peaks_belong_to_their_channel(tmp_path: Path) -> None:
    loud_then_quiet = np.concatenate([speechlike(2), np.zeros(16000)])
    quiet_then_loud = loud_then_quiet[::-1]
    shape = inspect(kept(tmp_path, wav(loud_then_quiet, quiet_then_loud)), announced_s=4)
    first, second = (np.array(channel) for channel in shape.peaks)
    assert first[:80].max() > 0.2 > 0.01 > first[81:].max()
    assert second[80:].max() > 0.2 > 0.01 > second[:79].max()


def test_a_small_copy_has_the_same_length_and_channels(tmp_path: Path) -> None:
    path = kept(tmp_path, call_wav(6.0))
    small = compress(path, tmp_path)
    assert small.media_type == "audio/ogg; codecs=opus"
    original, copy = soundfile.info(path), soundfile.info(small.path)
    assert abs(original.duration - copy.duration) < 0.02
    assert copy.channels == 2
    assert small.path.stat().st_size < path.stat().st_size / 4


def test_speakers_do_not_leak_into_each_other(tmp_path: Path) -> None:
    caller = np.concatenate([speechlike(3), np.zeros(24000)])
    line = np.concatenate([np.zeros(24000), speechlike(3, seed=2)])
    small = compress(kept(tmp_path, wav(caller, line)), tmp_path)
    sound, _ = soundfile.read(small.path)
    level = np.sqrt((sound**2).mean())
    assert np.sqrt((sound[26000:46000, 0] ** 2).mean()) < 0.05 * level
    assert np.sqrt((sound[2000:22000, 1] ** 2).mean()) < 0.05 * level


def test_sound_that_opus_would_change_stays_exact(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).uniform(-0.9, 0.9, 8000 * 3)
    path = kept(tmp_path, wav(noise, noise[::-1]))
    small = compress(path, tmp_path)
    assert small.media_type == "audio/flac"
    assert np.array_equal(
        soundfile.read(path, dtype="int16")[0], soundfile.read(small.path, dtype="int16")[0]
    )


def test_a_silent_call_can_be_compressed(tmp_path: Path) -> None:
    silence = np.zeros(16000)
    assert compress(kept(tmp_path, wav(silence, silence)), tmp_path).path.exists()


def test_the_decoder_limits_itself(tmp_path: Path) -> None:
    """A file that makes the decoder fail is an answer, not a crash of ours."""
    with pytest.raises(NotWhole, match="cannot be decoded"):
        compress(kept(tmp_path, b"RIFF____WAVE"), tmp_path)
