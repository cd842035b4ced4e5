"""Every sentence that the hotline speaks or sends, by key, from `config/prompts/<language>.toml`.

A prompt is a list of phrases. Each phrase is a sound of its own in the voice cache; one with
a slot (`{category}`) is kept apart from those without, which are spoken ahead of time.
"""

from __future__ import annotations

import string
import tomllib
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "config" / "prompts"

_FORMATTER = string.Formatter()


class PromptError(Exception):
    """A prompt is missing or wrong; the text names key and language."""


class Prompts:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._phrases, self._messages, self._words = _read(language)

    def text(self, key: str, /, **slots: object) -> tuple[str, ...]:
        """The phrases of a prompt, slots filled; values without a slot are ignored.

        Raises PromptError for an unknown key or a slot without a value.
        """
        if key not in self._phrases:
            raise PromptError(f"no prompt {key} in config/prompts/{self.language}.toml")
        return tuple(self._fill(key, phrase, slots) for phrase in self._phrases[key])

    def message(self, key: str, /, **slots: object) -> str:
        """The text of an SMS, slots filled. Raises PromptError as `text` does."""
        if key not in self._messages:
            raise PromptError(f"no message {key} in config/prompts/{self.language}.toml")
        return self._fill(key, self._messages[key], slots)

    def word(self, key: str) -> str:
        """A word or pattern that code puts into slots: names of weekdays, months and the like."""
        if key not in self._words:
            raise PromptError(f"no word {key} in config/prompts/{self.language}.toml")
        return self._words[key]

    def keys(self) -> frozenset[str]:
        """The keys of all spoken prompts."""
        return frozenset(self._phrases)

    def message_keys(self) -> frozenset[str]:
        """The keys of all messages."""
        return frozenset(self._messages)

    def slots(self, key: str) -> frozenset[str]:
        """The names of the slots of a prompt or message."""
        phrases = self._phrases.get(key) or (self._messages.get(key, ""),)
        return frozenset(name for phrase in phrases for name in _slots(phrase))

    def fixed(self) -> tuple[str, ...]:
        """Every phrase without a slot, once, in the order of the file."""
        every = (phrase for phrases in self._phrases.values() for phrase in phrases)
        return tuple(dict.fromkeys(phrase for phrase in every if not _slots(phrase)))

    def with_slot(self, slot: str) -> tuple[str, ...]:
        """Every phrase whose only slot is that one."""
        every = (phrase for phrases in self._phrases.values() for phrase in phrases)
        return tuple(dict.fromkeys(phrase for phrase in every if set(_slots(phrase)) == {slot}))

    def places_of(self, phrase: str) -> tuple[tuple[str, int], ...]:
        """Where a fixed phrase stands: prompt key and number, counted from 1."""
        return tuple(
            (key, number)
            for key, phrases in self._phrases.items()
            for number, stands in enumerate(phrases, start=1)
            if stands == phrase
        )

    def _fill(self, key: str, phrase: str, slots: dict[str, object]) -> str:
        try:
            return phrase.format_map(slots)
        except KeyError as error:
            raise PromptError(f"prompt {key} ({self.language}) needs a value for {error}") from None


def spoken_number(number: str) -> str:
    """A report's number as it is said: digit by digit in groups of three, with small pauses."""
    digits = [digit for digit in number if digit.isdigit()]
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2][:2], [groups[-2][2], *groups[-1]]]
    return ", ".join(" ".join(group) for group in groups)


def missing_keys(languages: tuple[str, ...]) -> tuple[str, ...]:
    """What a language lacks that another one has, as "key (language)"; empty when all is well."""
    all_prompts = [Prompts(language) for language in languages]
    wanted = {key for prompts in all_prompts for key in prompts.keys() | prompts.message_keys()}
    return tuple(
        f"{key} ({prompts.language})"
        for prompts in all_prompts
        for key in sorted(wanted - prompts.keys() - prompts.message_keys())
    )


def languages() -> tuple[str, ...]:
    """The languages that have prompts."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


def _slots(phrase: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in _FORMATTER.parse(phrase) if name)


_Read = tuple[dict[str, tuple[str, ...]], dict[str, str], dict[str, str]]


@lru_cache(maxsize=16)
def _read(language: str) -> _Read:
    file = FOLDER / f"{language}.toml"
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PromptError(
            f"no prompts in language {language}; expected config/prompts/{language}.toml "
            f"(there are: {', '.join(languages())})"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"config/prompts/{language}.toml cannot be read: {error}") from None
    spoken = {key: _phrases(file, key, said) for key, said in tables.get("say", {}).items()}
    messages = {key: _one(file, key, said) for key, said in tables.get("sms", {}).items()}
    words = {key: _one(file, key, said) for key, said in tables.get("words", {}).items()}
    return spoken, messages, words


def _phrases(file: Path, key: str, said: object) -> tuple[str, ...]:
    phrases = [said] if isinstance(said, str) else said
    if not isinstance(phrases, list) or not phrases:
        raise PromptError(f"{file.name}: {key} must be a phrase or a list of phrases")
    return tuple(_one(file, key, phrase) for phrase in phrases)


def _one(file: Path, key: str, phrase: object) -> str:
    if not isinstance(phrase, str) or not phrase.strip():
        raise PromptError(f"{file.name}: {key} has a phrase that is empty or no text")
    try:
        _slots(phrase)
    except ValueError as error:
        raise PromptError(f"{file.name}: {key} has a broken slot: {error}") from None
    return phrase
