"""Every sentence that the hotline speaks or sends, by key, from the language's `prompts.toml`.

A prompt is a list of phrases. Each phrase is a sound of its own in the voice cache; one with
a slot (`{category}`) is kept apart from those without, which are spoken ahead of time.
"""

from __future__ import annotations

from config.city import own_prompts
from config.language import load_language, slots_of
from config.toml_models import ConfigError


class PromptError(Exception):
    """A prompt is missing or wrong; the text names key and language."""


class Prompts:
    """The sentences of one language, with a city's own in place of those of the same key.

    city: the name of its folder in `config/city/`; without it the line cannot greet.
    Raises PromptError when there is none of that language that can be used.
    """

    def __init__(self, language: str, city: str | None = None) -> None:
        self.language = language
        try:
            file = load_language(language).prompts
            own = own_prompts(city, language).say if city else {}
        except ConfigError as error:
            raise PromptError(str(error)) from None
        self._phrases = {**own, **{key: own.get(key, said) for key, said in file.say.items()}}
        self._messages, self._words = file.sms, file.words

    def text(self, key: str, /, **slots: object) -> tuple[str, ...]:
        """The phrases of a prompt, slots filled; values without a slot are ignored.

        Raises PromptError for an unknown key or a slot without a value.
        """
        if key not in self._phrases:
            raise PromptError(f"no prompt {key} in config/languages/{self.language}/prompts.toml")
        return tuple(self._fill(key, phrase, slots) for phrase in self._phrases[key])

    def message(self, key: str, /, **slots: object) -> str:
        """The text of an SMS, slots filled. Raises PromptError as `text` does."""
        if key not in self._messages:
            raise PromptError(f"no message {key} in config/languages/{self.language}/prompts.toml")
        return self._fill(key, self._messages[key], slots)

    def word(self, key: str) -> str:
        """A word or pattern that code puts into slots: names of weekdays, months and the like."""
        if key not in self._words:
            raise PromptError(f"no word {key} in config/languages/{self.language}/prompts.toml")
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
        return frozenset(name for phrase in phrases for name in slots_of(phrase))

    def fixed(self) -> tuple[str, ...]:
        """Every phrase without a slot, once, in the order of the file."""
        every = (phrase for phrases in self._phrases.values() for phrase in phrases)
        return tuple(dict.fromkeys(phrase for phrase in every if not slots_of(phrase)))

    def with_slot(self, slot: str) -> tuple[str, ...]:
        """Every phrase whose only slot is that one."""
        every = (phrase for phrases in self._phrases.values() for phrase in phrases)
        return tuple(dict.fromkeys(phrase for phrase in every if set(slots_of(phrase)) == {slot}))

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
