"""What an answer means at each question of the hotline: the caller's words to draft values.

The understanding itself is in `ivr.understanding`; here is what the dialogue does with it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ivr.dialogues.vocabulary import Context, NotUnderstood, Option, Understood
from ivr.understanding.category import category
from ivr.understanding.intents import choice, yes_no
from places.geocoder import geocoder_of
from places.in_words import street_by_keys
from places.place import PlaceGuess
from places.wording import spoken_place

_LEAST_TO_READ_BACK = 0.5
"""Least score of a category that may be read back; below it the caller is asked again."""
_CLEAR = 0.6
"""Least score of a category that a short silence may end."""
_FEWEST_WORDS = 4
"""A problem in fewer words often goes on: "pothole ... on Clark Street"."""
_MENU_LENGTH = 8
_MOST_PLACES = 3

_PLACE_PROMPTS = {
    "no_street": "place_no_street",
    "no_number": "place_no_number",
    "no_such_number": "place_no_such_number",
    "no_such_intersection": "place_no_such_intersection",
    "which_street": "place_which_street",
    "area_only": "place_area_only",
}


def heard_problem(context: Context, text: str) -> Understood | NotUnderstood:
    """What is wrong, and where too if the caller said it in the same breath."""
    guess = category(context.city, text, context.language)
    words: dict[str, Any] = {"problem_text": text}
    where = geocoder_of(context.city).find(text, context.language)
    if where.problem is None:
        words |= _remembered(where, text)
    if guess.code is None or guess.score < _LEAST_TO_READ_BACK:
        return NotUnderstood("problem_unclear", words)
    words |= {"category": guess.code, "category_score": round(guess.score, 3)}
    known = "place" in words or "place" in context.draft
    return Understood(words, then="read_back" if known else None)


def problem_is_complete(context: Context, text: str) -> bool:
    """Whether the words tell of one problem, and enough of it."""
    clear = category(context.city, text, context.language).score >= _CLEAR
    return clear and len(text.split()) >= _FEWEST_WORDS


def category_list(context: Context) -> tuple[Option, ...]:
    """The city's commonest problems, for the keypad."""
    return tuple(
        Option(
            each.spoken_name(context.language),
            {"category": each.code, "category_score": 1.0, "by_keys": True},
        )
        for each in context.city.menu[:_MENU_LENGTH]
    )


def named_category(context: Context, text: str) -> Understood | NotUnderstood:
    """A problem named while the list is read."""
    guess = category(context.city, text, context.language)
    if guess.code is None or guess.score < _LEAST_TO_READ_BACK:
        return NotUnderstood("problem_unclear")
    return Understood({"category": guess.code, "category_score": round(guess.score, 3)})


def heard_place(context: Context, text: str) -> Understood | NotUnderstood:
    """Where it is: one place, a few to choose from, or what is missing."""
    guess = geocoder_of(context.city).find(text, context.language)
    if guess.problem is None:
        return Understood(_remembered(guess, text))
    choices = _choices(guess)
    if len(choices) > 1:
        return Understood({"place_text": text, "choices": choices}, then="choose_place")
    return NotUnderstood(_PLACE_PROMPTS.get(guess.problem, "place_unknown"), {"place_text": text})


def place_is_complete(context: Context, text: str) -> bool:
    """Whether the words name one certain place."""
    return geocoder_of(context.city).find(text, context.language).problem is None


def keyed_house(context: Context, keys: str) -> Understood | NotUnderstood:
    """The house number from the keypad."""
    if not keys.isdecimal() or not 0 < int(keys) < 100_000:
        return NotUnderstood("place_no_such_number")
    return Understood({"house_number": int(keys), "by_keys": True})


def keyed_street(context: Context, keys: str) -> Understood | NotUnderstood:
    """The street whose first letters were keyed, among those that have the number."""
    house = int(context.draft["house_number"])
    found = street_by_keys(geocoder_of(context.city), house, keys.replace("*", ""))
    if not found:
        return NotUnderstood("place_unknown")
    if len(found) == 1:
        return Understood(_remembered(found[0], found[0].address))
    choices = [asdict(each) for each in found[:_MOST_PLACES]]
    return Understood({"choices": choices}, then="choose_place")


def found_places(context: Context) -> tuple[Option, ...]:
    """The places that the caller may have meant."""
    return tuple(
        Option(
            spoken_place(each, context.language),
            {"place": dict(each), "place_text": each["address"]},
        )
        for each in context.draft.get("choices", ())
    )


def named_place(context: Context, text: str) -> Understood | NotUnderstood:
    """A place said again while the list is read."""
    guess = geocoder_of(context.city).find(text, context.language)
    if guess.problem is None:
        return Understood(_remembered(guess, text))
    return NotUnderstood("didnt_understand")


def what_to_change(context: Context, text: str) -> str | None:
    """Whether the problem or the place is to be said again."""
    return choice("problem_or_place", text, context.language)


def is_yes(context: Context, text: str) -> bool | None:
    """Yes, no, or neither."""
    return yes_no(text, context.language)


def _remembered(guess: PlaceGuess, text: str) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(guess).items() if name != "runner_ups"}
    return {"place": kept, "place_text": text}


def _choices(guess: PlaceGuess) -> list[dict[str, Any]]:
    return [asdict(each) for each in guess.runner_ups[:_MOST_PLACES]]
