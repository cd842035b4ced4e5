"""The real English model, and the human clips of the checkout."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from rich.console import Console

from asr.models.derived import ensure_model
from asr.models.pool import Models, SpeechModel
from config.settings import load_settings

CLIPS = Path(__file__).resolve().parents[1] / "fixtures" / "speech"


@pytest.fixture(scope="session")
def model() -> SpeechModel:
    """The English model of the checkout's var/, fetched if need be."""
    settings = load_settings()
    ensure_model(settings, "en", Console(stderr=True))
    return Models(settings).model("en")


def references() -> dict[str, str]:
    """What is said in each clip."""
    with (CLIPS / "refs.tsv").open() as file:
        return {row["file"]: row["text"] for row in csv.DictReader(file, delimiter="\t")}
