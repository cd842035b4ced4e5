"""WAV files of mu-law hold every byte as it was."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile

from sound.wav import NotWhole, mulaw_wav, read_header, read_mulaw
from tests.recordings import sounds


def test_the_wav_holds_the_sound_bit_for_bit_also_when_its_length_is_odd() -> None:
    for mulaw in (b"\x01\x02\x03", b"\x01\x02"):
        wav = mulaw_wav(mulaw)
        assert mulaw in wav and len(wav) % 2 == 0
        assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
        assert soundfile.info(io.BytesIO(wav)).frames == len(mulaw)


@pytest.mark.parametrize("mulaw", [bytes(range(256)), b"\x01\x02\x03"])
def test_a_file_gives_back_the_bytes_that_were_written(tmp_path: Path, mulaw: bytes) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(mulaw_wav(mulaw))
    assert read_mulaw(path) == mulaw
    assert read_header(path).duration_s == len(mulaw) / 8000


def test_chunks_before_the_sound_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(sounds.mulaw_wav(1.0))
    assert read_mulaw(path)[:256] == bytes(range(256))


def test_what_is_no_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(b"<!doctype html>")
    with pytest.raises(NotWhole, match="expected a WAV file"):
        read_mulaw(path)
