"""Fits the emergency model of a language: `python -m ivr.understanding.fitting --lang LANG`.

Examples are `config/languages/<lang>/examples/emergencies/*.tsv`, a kind and a text on each line.
`validation.tsv` is by another writer than the rest: it is not fitted to, and sets the levels from
which the line asks and acts.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from config.language import FOLDER
from ivr.understanding.classifier import Examples, Floats, Space, closeness, gram_rows, plain
from ivr.understanding.emergency_model import (
    EmergencyModel,
    model_file,
    read_model,
    signals_of,
    stored_model,
)
from ivr.understanding.emergency_patterns import Evidence, evidence
from ivr.understanding.sentences import encode

HARMLESS = "harmless"
UNKNOWN = "emergency"
"""An emergency whose kind nobody wrote down."""
VALIDATION = "validation"

# Chosen on the validation texts; none of them changes the outcome much within a factor of two.
_DIMENSIONS = 192
_GRAMS_COUNT = 0.3
_SIGNALS_COUNT = 0.02
_RIDGE = 0.1
_SENT_AWAY, _SENT_AWAY_OR_ASKED = 0.01, 0.04
"""Shares of the harmless validation texts that may reach each level."""


@dataclass(frozen=True)
class Example:
    """What somebody may say, and what kind of emergency it tells of."""

    kind: str
    text: str


def main(arguments: Sequence[str] = ()) -> None:
    """Write the model file and print how it does on the validation texts."""
    parser = argparse.ArgumentParser(prog="fitting")
    parser.add_argument("--lang", required=True, help="a folder of config/languages")
    language = parser.parse_args(arguments or None).lang
    examples, held_out = examples_of(language), validation_of(language)
    model = fitted(examples, language)
    file = model_file(language)
    np.savez_compressed(file, allow_pickle=False, **stored_model(model))
    levelled = with_levels(read_model(file), held_out, language)
    np.savez_compressed(file, allow_pickle=False, **stored_model(levelled))
    _show(read_model(file), held_out, language)


def examples_of(language: str) -> list[Example]:
    """What the model is fitted to, each text once."""
    files = sorted(_folder(language).glob("*.tsv"))
    read = [each for file in files if file.stem != VALIDATION for each in _read(file)]
    return list({example.text: example for example in read}.values())


def validation_of(language: str) -> list[Example]:
    """What the levels are chosen on."""
    return _read(_folder(language) / f"{VALIDATION}.tsv")


def digest(examples: Sequence[Example]) -> str:
    """SHA-256 of the examples, by which a model file is known to belong to them."""
    lines = "".join(f"{example.kind}\t{example.text}\n" for example in examples)
    return hashlib.sha256(lines.encode()).hexdigest()


def fitted(examples: Sequence[Example], language: str) -> EmergencyModel:
    """The model of these examples, without levels."""
    texts = [example.text for example in examples]
    space, placed = _space(encode(texts))
    letters = gram_rows(texts)
    signals = np.stack([signals_of(_evidence(text, language)) for text in texts])
    close = closeness(placed, placed)
    together = close + _GRAMS_COUNT * (letters @ letters.T) + _SIGNALS_COUNT * (signals @ signals.T)
    told = np.array([1.0 if example.kind != HARMLESS else -1.0 for example in examples])
    weights = _ridge(together + 1, told[:, None])
    kinds, kind_weights = _kinds(examples, close)
    return EmergencyModel(
        space=space,
        examples=Examples(placed, np.hstack([weights, kind_weights])),
        kinds=kinds,
        gram_weights=_GRAMS_COUNT * (letters.T @ weights[:, 0]),
        signal_weights=_SIGNALS_COUNT * (signals.T @ weights[:, 0]),
        bias=float(weights.sum()),
        asks_from=0.0,
        sure_from=0.0,
        made_from=digest(examples),
    )


def with_levels(
    model: EmergencyModel, held_out: Sequence[Example], language: str
) -> EmergencyModel:
    """The model with the levels that only so many harmless texts reach."""
    scores = sorted(
        (_score(model, each.text, language) for each in held_out if each.kind == HARMLESS),
        reverse=True,
    )
    return replace(
        model,
        sure_from=_between(scores, _SENT_AWAY),
        asks_from=_between(scores, _SENT_AWAY_OR_ASKED),
    )


def _between(scores: list[float], share: float) -> float:
    """Half way between the last score that may reach a level and the first that may not."""
    allowed = int(share * len(scores))
    return (scores[allowed - 1] + scores[allowed]) / 2


def _space(vectors: Floats) -> tuple[Space, Floats]:
    centre, spread = vectors.mean(0), vectors.std(0) * np.sqrt(vectors.shape[1])
    directions = np.linalg.svd((vectors - centre) / spread, full_matrices=False)[2]
    space = Space(centre, directions[:_DIMENSIONS].T / spread[:, None])
    return space, space.place(vectors)


def _kinds(examples: Sequence[Example], close: Floats) -> tuple[tuple[str, ...], Floats]:
    """The kinds, and how much each example speaks for each: none for what is no example of any."""
    kinds = tuple(sorted({example.kind for example in examples} - {HARMLESS, UNKNOWN}))
    rows = [at for at, example in enumerate(examples) if example.kind in kinds]
    wanted = np.array([[examples[at].kind == kind for kind in kinds] for at in rows], np.float64)
    weights = np.zeros((len(examples), len(kinds)), np.float32)
    weights[rows] = _ridge(close[np.ix_(rows, rows)], wanted)
    return kinds, weights


def _ridge(kernel: Floats, wanted: np.ndarray) -> Floats:
    steady = kernel.astype(np.float64) + _RIDGE * np.eye(len(kernel))
    return np.linalg.solve(steady, wanted).astype(np.float32)


def _evidence(text: str, language: str) -> Evidence:
    return evidence(text, language) or Evidence()


def _score(model: EmergencyModel, text: str, language: str) -> float:
    return model.judge(text, _evidence(text, language)).score


def _show(model: EmergencyModel, held_out: Sequence[Example], language: str) -> None:
    print(f"asks from {model.asks_from:.3f}, acts from {model.sure_from:.3f}")
    for name, harmless in (("told", False), (HARMLESS, True)):
        scores = np.array(
            [
                _score(model, each.text, language)
                for each in held_out
                if (each.kind == HARMLESS) is harmless
            ]
        )
        acted, reached = scores >= model.sure_from, scores >= model.asks_from
        print(f"{name}: {acted.mean():.1%} at once, {reached.mean():.1%} at once or asked")


def _folder(language: str) -> Path:
    return FOLDER / language / "examples" / "emergencies"


def _read(file: Path) -> list[Example]:
    rows = (row.split("\t") for row in _lines(file))
    return [Example(kind, plain(text)) for kind, text in rows]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    main()
