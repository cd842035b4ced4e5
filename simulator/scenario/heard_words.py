"""What a scripted caller has heard, word for word, in the order in which it was spoken."""

from __future__ import annotations

from collections.abc import Callable

from simulator.scenario.steps import match, words


class HeardWords:
    """Words since the last match. Those still being recognised keep their place."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._later: list[list[str] | None] = []
        """From the first words on that are not known yet (None)."""
        self._settled = 0
        """How many sentences went from there to the words."""

    def __str__(self) -> str:
        return " ".join(self._words)

    @property
    def is_waiting(self) -> bool:
        """Whether some words are still being recognised."""
        return bool(self._later)

    def add(self, text: str) -> None:
        """A sentence that is known came to its end."""
        self._later.append(words(text))
        self._settle()

    def keep_place(self) -> Callable[[str], None]:
        """A place for words that are being recognised: call it once with them, or with ""."""
        number = self._settled + len(self._later)
        self._later.append(None)

        def fill(text: str) -> None:
            self._later[number - self._settled] = words(text)
            self._settle()

        return fill

    def take(self, phrases: tuple[str, ...]) -> bool:
        """Whether one of the phrases was heard; it and what came before it are then forgotten."""
        for phrase in phrases:
            taken = match(phrase, self._words)
            if taken is not None:
                del self._words[:taken]
                return True
        return False

    def _settle(self) -> None:
        while self._later and self._later[0] is not None:
            self._words += self._later.pop(0) or []
            self._settled += 1
