"""Words of a city that the speech model does not know, and what it may write instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from config.city import City
from config.language import lexicon
from places.geocoder import geocoder_of


def unknown_words(
    city: City, knows: Callable[[str], bool], language: str
) -> dict[str, tuple[str, ...]]:
    """Each word of the city that the model can never hear, with known sound-alikes (or none).

    knows: whether the model's lexicon has a word. Words come from streets, neighbourhoods,
    categories and emergency words; a word without sound-alikes is one to add to a table of them.
    """
    found = {}
    for word in sorted(_words(city, language)):
        if not knows(word):
            alikes = (heard for heard in sound_alikes(city, word) if _all_known(heard, knows))
            found[word] = tuple(alikes)
    return found


def sound_alikes(city: City, word: str) -> tuple[str, ...]:
    """What the recogniser may write for a word, by the tables of the city and its languages."""
    tables: Iterable[tuple[str, str]] = (
        *geocoder_of(city).aliases.items(),
        *(pair for table in city.sounds.values() for pair in table.items()),
        *(pair for name in city.languages for pair in lexicon(name).sounds.items()),
    )
    return tuple(heard for heard, means in tables if word in means.split())


def _all_known(phrase: str, knows: Callable[[str], bool]) -> bool:
    return all(knows(word) for word in phrase.split())


def _words(city: City, language: str) -> set[str]:
    is_local = language == city.languages[0]
    clues = (
        clue.words for category in city.categories for clue in category.clues.get(language, ())
    )
    places = geocoder_of(city)
    streets = (street.name for street in places.streets if street.has_houses and is_local)
    districts = places.districts if is_local else ()
    emergencies = city.emergencies[language].words if language in city.emergencies else ()
    texts = (*clues, *streets, *districts, *emergencies)
    words = {word for text in texts for word in re.findall(r"[^\W\d_]+", text.lower())}
    return {word for word in words if len(word) > 1 or not lexicon(language).writing.spaced}
