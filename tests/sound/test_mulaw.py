"""mu-law both ways, beside the coder of libsndfile."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from sound.mulaw import from_mulaw, to_mulaw
from sound.samples import pcm_of, samples_of
from sound.wav import mulaw_wav


def test_mu_law_comes_back_as_the_same_bytes() -> None:
    every = bytes(range(256))
    again = to_mulaw(pcm_of(samples_of(from_mulaw(every)) * np.float32(32768 / 32767)))
    assert [byte for byte in again if byte != 0xFF] == [b for b in every if b not in (0x7F, 0xFF)]


def test_mu_law_agrees_with_another_decoder() -> None:
    every = bytes(range(256))
    decoded, rate = soundfile.read(io.BytesIO(mulaw_wav(every)), dtype="float32")
    assert rate == 8000
    assert np.array_equal(decoded, samples_of(from_mulaw(every)))


def test_mulaw_comes_back_as_it_was_for_every_code() -> None:
    codes = bytes(range(256))
    again = to_mulaw(from_mulaw(codes))
    assert [a for a, b in zip(codes, again, strict=True) if a != b] in ([], [0x7F])


def test_every_sample_has_the_code_that_another_coder_gives_it() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    other = io.BytesIO()
    soundfile.write(other, every, 8000, format="RAW", subtype="ULAW")
    assert to_mulaw(every) == other.getvalue()
