"""What callers of one language say in an emergency, read from its `emergencies.toml`: frozen."""

from __future__ import annotations

from functools import lru_cache

from config.language import FOLDER
from config.lexicon import Words
from config.toml_models import ConfigModel, read_model


class EmergencyKind(ConfigModel):
    """One kind of emergency: patterns by how much each says."""

    name: str
    sure: Words = ()
    even_if: Words = ()
    """Sure behind a "might", an "if" or a "going to" as well."""
    unsure: Words = ()
    hint: Words = ()


class EmergencyContext(ConfigModel):
    """Words around a match that take from it or give back."""

    negations: Words
    not_after_no: Words
    """ "No" is an answer of its own where one of these follows."""
    hypothetical: Words
    epistemic: Words
    """A guess at what is so, which is no "might happen"."""
    clause_starts: Words
    far_past: Words
    near_past: Words
    still: Words
    barriers: Words
    """No gap of a pattern reaches over one of these."""


class EmergencyTable(ConfigModel):
    """Everything of one language; the head of its file says how it is written."""

    rewrite: dict[str, str] = {}
    endings: dict[str, str] = {}
    words: dict[str, Words] = {}
    harmless: Words = ()
    context: EmergencyContext
    kind: tuple[EmergencyKind, ...]


@lru_cache(maxsize=32)
def emergency_table(language: str) -> EmergencyTable | None:
    """The table of a language, read once in a process; None where it has none yet.

    Raises ConfigError.
    """
    file = FOLDER / language / "emergencies.toml"
    return read_model(file, EmergencyTable) if file.is_file() else None
