"""The learned half of telling an emergency: examples, n-grams and what the patterns found. Pure.

`config/languages/<lang>/emergencies.npz` is made by `fitting.py`.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.language import FOLDER
from config.toml_models import ConfigError
from ivr.understanding.classifier import (
    Examples,
    Floats,
    Space,
    grams,
    pieces,
    plain,
)
from ivr.understanding.emergency_patterns import SURE, UNSURE, Evidence
from ivr.understanding.sentences import encode_once, has_encoder

_WINDOW, _STEP = 40, 20
"""Words: a long story is judged piece by piece, so that one sentence in it is not drowned."""
_CLAUSE = 8


@dataclass(frozen=True)
class Judgement:
    """How much speaks for an emergency, its likeliest kind, and the piece that was judged."""

    score: float
    kind: str
    words: str


@dataclass(frozen=True)
class EmergencyModel:
    """Everything fitted for one language."""

    space: Space
    examples: Examples
    """Outputs: the emergency, then each kind."""
    kinds: tuple[str, ...]
    gram_weights: Floats
    signal_weights: Floats
    bias: float
    asks_from: float
    sure_from: float
    made_from: str
    """SHA-256 of the texts it was fitted to."""

    def judge(self, text: str, found: Evidence) -> Judgement:
        """Judge the piece of the text in which most speaks for an emergency."""
        signals = float(signals_of(found) @ self.signal_weights) + self.bias
        parts = pieces(plain(text), words=_WINDOW, step=_STEP)
        best = max((self._judge_piece(part) for part in parts), key=lambda each: each.score)
        return replace(best, score=best.score + signals)

    def clause(self, words: str) -> str:
        """The few words among these that speak most for an emergency."""
        parts = pieces(words, words=_CLAUSE, step=_CLAUSE // 2)
        return max(parts, key=lambda part: self._judge_piece(part).score)

    def _judge_piece(self, text: str) -> Judgement:
        outputs = self.examples.outputs(self.space.place(encode_once(text)[None]))[0]
        buckets, counts = grams(text)
        score = float(outputs[0]) + float(counts @ self.gram_weights[buckets])
        return Judgement(score, self.kinds[int(outputs[1:].argmax())], text)


def signals_of(found: Evidence) -> Floats:
    """What the patterns found, as numbers: (signals,)."""
    weight = sum(match.weight for match in found.told())
    heaviest = max((match.pattern_weight for match in found.matches), default=0.0)
    denied = sum(match.weight == 0 for match in found.matches)
    signals = (
        float(weight >= SURE),
        float(UNSURE <= weight < SURE),
        min(weight, 2.0),
        heaviest,
        min(len(found.matches), 3),
        min(denied, 2),
        min(found.harmless, 3),
        float(denied > 0 and weight == 0),
    )
    return np.array(signals, np.float32)


@cache
def emergency_model(language: str) -> EmergencyModel | None:
    """The model of a language, read once in a process; None where there is no encoder or model.

    Raises ConfigError.
    """
    file = model_file(language)
    return read_model(file) if file.is_file() and has_encoder() else None


def model_file(language: str) -> Path:
    """Where the model of a language is kept."""
    return FOLDER / language / "emergencies.npz"


def read_model(file: Path) -> EmergencyModel:
    """Read a model. Raises ConfigError, naming the file."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            values = {name: stored[name] for name in stored.files}
        return _model(values)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        told = (
            "is no emergency model; make it anew: python -m ivr.understanding.fitting --lang LANG"
        )
        raise ConfigError(f"{file} {told}") from error


def stored_model(model: EmergencyModel) -> dict[str, NDArray[Any]]:
    """The arrays of a model as they are kept in its file; placed examples in steps of 1/127."""
    reach = float(np.abs(model.examples.placed).max())
    return {
        "centre": model.space.centre.astype(np.float32),
        "directions": model.space.directions.astype(np.float16),
        "placed": np.round(model.examples.placed / reach * 127).astype(np.int8),
        "reach": np.array(reach, np.float32),
        "weights": model.examples.weights.astype(np.float16),
        "kinds": np.array(model.kinds),
        "gram_weights": model.gram_weights.astype(np.float16),
        "signal_weights": model.signal_weights.astype(np.float32),
        "levels": np.array([model.bias, model.asks_from, model.sure_from], np.float32),
        "made_from": np.array(model.made_from),
    }


def _model(stored: dict[str, NDArray[Any]]) -> EmergencyModel:
    bias, asks_from, sure_from = (float(level) for level in stored["levels"])
    placed = stored["placed"].astype(np.float32) * (float(stored["reach"]) / 127)
    return EmergencyModel(
        space=Space(stored["centre"], stored["directions"].astype(np.float32)),
        examples=Examples(placed, stored["weights"].astype(np.float32)),
        kinds=tuple(str(kind) for kind in stored["kinds"]),
        gram_weights=stored["gram_weights"].astype(np.float32),
        signal_weights=stored["signal_weights"],
        bias=bias,
        asks_from=asks_from,
        sure_from=sure_from,
        made_from=str(stored["made_from"]),
    )
