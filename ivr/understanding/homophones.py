"""Words that a recogniser cannot tell apart by their sound. Pure."""

from __future__ import annotations

from config.language import lexicon


def respelled(text: str, language: str) -> str:
    """The words that callers more often mean where two sound the same: "hole" for "whole"."""
    homophones = lexicon(language).homophones
    return " ".join(homophones.get(word, word) for word in text.lower().split())
