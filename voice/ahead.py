"""Speak ahead of time whatever can be known: fixed phrases, categories, departments, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from config.city import City
from config.settings import Settings
from voice.cache import VoiceCache
from voice.prompts import Prompts

_KEYS = "123456789"

Progress = Callable[[int, int], None]
"""Called with phrases done and phrases in all."""


def known_phrases(prompts: Prompts, city: City) -> tuple[str, ...]:
    """Every phrase that this city's line will surely speak in one language."""
    language = prompts.language
    names = [category.spoken_name(language) for category in city.categories]
    departments = [department.spoken_name(language) for department in city.departments]
    filled = (
        *_filled(prompts, "category", names),
        *_filled(prompts, "option", names),
        *_filled(prompts, "department", departments),
        *_filled(prompts, "key", _KEYS),
    )
    return tuple(dict.fromkeys((*prompts.fixed(), *filled)))


def speak_all(
    settings: Settings, prompts: Prompts, city: City, progress: Progress | None = None
) -> frozenset[str]:
    """Put every known phrase into the cache; what is there already is not spoken again.

    Returns the keys, which `VoiceCache.forget_older` must keep. Raises VoiceError.
    """
    cache = VoiceCache(settings)
    phrases = known_phrases(prompts, city)
    keys = set()
    for done, phrase in enumerate(phrases, start=1):
        keys.add(cache.spoken(phrase, prompts.language).key)
        if progress:
            progress(done, len(phrases))
    return frozenset(keys)


def speak_all_with_bar(settings: Settings, city: City) -> None:
    """Speak ahead in every language of the line, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        for language in settings.language_list:
            task = bar.add_task(f"Speaking the prompts ({language})", total=None)

            def show(done: int, total: int, task: object = task) -> None:
                bar.update(task, completed=done, total=total)  # type: ignore[arg-type]

            speak_all(settings, Prompts(language, city.name), city, show)


def _filled(prompts: Prompts, slot: str, values: Iterable[str]) -> list[str]:
    patterns = prompts.with_slot(slot)
    return [pattern.format_map({slot: value}) for value in values for pattern in patterns]
