"""Streets named in a caller's words, with the number, direction and kind said around them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from places.geocoder import Geocoder
from places.numbers_in_words import ordinal
from places.spoken_numbers import HIGHEST_NUMBERED_STREET, Token, tokens
from places.street_names import SAME_NAME, Named, StreetNames, street_names
from places.street_words import StreetVocabulary, street_vocabulary

_SURE_NAME = 0.85
"""Least likeness of a misheard name when nothing else is known of the street."""
_CLOSE = 0.06
_LONGER_LIKENESS = 0.8
_HEARD = 0.95
"""A misheard name counts less than one that was heard."""
_ALIKE_IF_ALL_ELSE_FITS = 0.6
_FEW_WORDS = 4
"""A text this short is hardly about anything but the street."""


@dataclass(frozen=True)
class Mention:
    """A street that was named, with what was said around it."""

    names: tuple[str, ...]
    likeness: float
    start: int
    end: int
    direction: str | None = None
    suffix: str | None = None
    house: int | None = None
    after_odd_word: bool = False
    """What stands before the house number may be a misheard part of it."""


@dataclass(frozen=True)
class Sentence:
    """A caller's words, with what is needed to find streets in them."""

    names: StreetNames
    language: str
    known: StreetVocabulary
    words: tuple[str, ...]
    """In lower case, misheard street names put right."""
    said: tuple[Token, ...]
    """The same with numbers put together, and directions put right."""

    def word(self, at: int) -> str:
        """The word there; an empty one beyond the ends."""
        return self.said[at].word if 0 <= at < len(self.said) else ""


def sentence(geocoder: Geocoder, text: str, language: str) -> Sentence:
    """The words of a caller who speaks that language."""
    known = street_vocabulary(language, geocoder.language)
    plain = " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?|&", text.lower()))
    words = _mended(geocoder, plain.replace("&", known.words.ampersand)).split()
    said = _with_directions(tokens(words, language), known)
    return Sentence(street_names(geocoder), language, known, tuple(words), tuple(said))


def mentions_in(sentence: Sentence) -> list[Mention]:
    """Every street named in the words, from left to right, without overlaps."""
    found: list[Mention] = []
    at = 0
    while at < len(sentence.said):
        mention = _mention_at(sentence, at)
        if mention is None:
            at += 1
            continue
        house = _house_before(sentence, mention.start)
        odd = house is not None and _is_odd_before(sentence, mention.start, house)
        found.append(replace(mention, house=house, after_odd_word=odd))
        at = mention.end
    return found


def strength(mention: Mention) -> tuple[float, int, int]:
    told = (mention.direction is not None) + (mention.suffix is not None)
    return mention.likeness, told, -mention.start


def _with_directions(said: list[Token], known: StreetVocabulary) -> list[Token]:
    """Behind a house number: words that sound like a direction, or have one grown to the name."""
    mended: list[Token] = []
    for at, token in enumerate(said):
        behind_number = at > 0 and said[at - 1].house is not None
        sounds_like = known.words.direction_sounds.get(token.word)
        grown = known.grown_together.fullmatch(token.word)
        if behind_number and sounds_like and at + 1 < len(said):
            mended.append(Token(sounds_like.lower()))
        elif behind_number and grown:
            mended += [Token(grown[1]), Token(grown[2])]
        else:
            mended.append(token)
    return mended


def _mended(geocoder: Geocoder, plain: str) -> str:
    """The words with misheard street names put right, longest first, each place once."""
    return _misheard(geocoder).sub(lambda found: geocoder.aliases[found[0]], plain)


@lru_cache(maxsize=4)
def _misheard(geocoder: Geocoder) -> re.Pattern[str]:
    heard = sorted(geocoder.aliases, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, heard))})\b" if heard else r"(?!)")


def _mention_at(sentence: Sentence, at: int) -> Mention | None:
    """A street named from word `at` on: with its direction, or as a name by itself."""
    direction = sentence.known.directions.get(sentence.word(at))
    options = [_named_at(sentence, at, at, None)]
    if direction and at + 1 < len(sentence.said):
        options.append(_named_at(sentence, at, at + 1, direction))
    good = [option for option in options if option]
    return max(good, key=lambda each: (each.likeness, each.end, each.direction or ""), default=None)


def _named_at(sentence: Sentence, start: int, at: int, direction: str | None) -> Mention | None:
    """A name that begins at `at`: exact and longest first, then by sound where one must stand."""
    names = sentence.names
    for length in range(min(names.longest, len(sentence.said) - at), 0, -1):
        phrase = _phrase(sentence, at, at + length, counts=direction is not None)
        name = names.exact(phrase) if phrase else None
        end = at + length
        if name and _may_stand(sentence, start, end, direction, name):
            exact = _with_suffix(sentence, Mention((name,), 1.0, start, end, direction))
            return exact if exact.suffix else _longer_by_sound(sentence, exact)
    return _by_sound(sentence, start, at, direction)


def _longer_by_sound(sentence: Sentence, exact: Mention) -> Mention:
    """ "bell plane avenue" is Belle Plaine Avenue and not Bell, followed by something else."""
    at = exact.start + (exact.direction is not None)
    longer = _by_sound(sentence, exact.start, at, exact.direction)
    if longer and longer.suffix and longer.likeness >= _LONGER_LIKENESS:
        return longer
    return exact


def _phrase(sentence: Sentence, start: int, end: int, *, counts: bool) -> str:
    """The tokens as a street would be written; after a direction "fifty three" is 53rd."""
    written = []
    for token in sentence.said[start:end]:
        if token.ordinal is not None:
            written.append(ordinal(token.ordinal, sentence.language))
        elif token.house is not None:
            if not counts or token.house > HIGHEST_NUMBERED_STREET:
                return ""
            written.append(ordinal(token.house, sentence.language))
        else:
            written.append(token.word)
    return " ".join(written)


def _may_stand(sentence: Sentence, start: int, end: int, direction: str | None, name: str) -> bool:
    """Whether these words are meant as a street: many street names are everyday words."""
    known, follows = sentence.known, sentence.word(end)
    has_kind, is_followed = follows in known.kinds, follows in known.words.following
    if name.lower() in known.directions and not (direction or has_kind or is_followed):
        return False
    if direction or name[0].isdigit() or _house_before(sentence, start) is not None:
        return True
    if has_kind:
        return True
    if len(sentence.said) <= _FEW_WORDS or is_followed:
        return start == 0 or sentence.word(start - 1) not in known.words.articles
    return start > 0 and sentence.word(start - 1) in known.words.leading


def _by_sound(sentence: Sentence, start: int, at: int, direction: str | None) -> Mention | None:
    """A misheard name: only behind a house number or a direction, or before "street"."""
    known = sentence.known
    if direction is None and sentence.word(start - 1) in known.directions:
        return None
    house = _house_before(sentence, start)
    best: Mention | None = None
    for end in range(at + 1, min(at + 4, len(sentence.said) + 1)):
        if any(_is_structure(known, token) for token in sentence.said[at:end]):
            break
        suffix = known.kinds.get(sentence.word(end))
        if house is None and direction is None and not (suffix and _follows_lead(sentence, start)):
            continue
        wanted = _Wanted(sentence.names, direction, suffix, house)
        heard = _phrase(sentence, at, end, counts=False)
        alike = sentence.names.alike(heard, wanted.least, wanted.fits)
        close = _close(alike)
        if close and (best is None or alike[0].likeness > best.likeness / _HEARD):
            likeness = alike[0].likeness * _HEARD
            best = Mention(close, likeness, start, end, direction)
    return _with_suffix(sentence, best) if best else None


@dataclass(frozen=True)
class _Wanted:
    """What is known of a street whose name was misheard."""

    names: StreetNames
    direction: str | None
    suffix: str | None
    house: int | None

    @property
    def least(self) -> float:
        """The more else is known, the less the name must be alike."""
        if self.house is not None and self.direction:
            return _ALIKE_IF_ALL_ELSE_FITS
        return SAME_NAME if self.house is not None or self.direction else _SURE_NAME

    def fits(self, name: str) -> bool:
        """Whether a street of that name has the direction, kind and number that were said."""
        return any(
            self.direction in (None, street.direction)
            and self.suffix in (None, street.suffix)
            and (self.house is None or street.has_number(self.house))
            for street in self.names.streets(name)
        )


def _close(alike: tuple[Named, ...]) -> tuple[str, ...]:
    """The best name, with those level with it; where none is convincing, a choice or nothing."""
    if not alike:
        return ()
    best = alike[0].likeness
    if best >= SAME_NAME:
        return tuple(named.name for named in alike if named.likeness > best - _CLOSE)
    return tuple(named.name for named in alike) if len(alike) > 1 else ()


def _is_structure(known: StreetVocabulary, token: Token) -> bool:
    return (
        token.house is not None
        or token.ordinal is not None
        or token.word in known.directions
        or token.word in known.kinds
        or token.word in known.structure
    )


def _follows_lead(sentence: Sentence, start: int) -> bool:
    return start == 0 or sentence.word(start - 1) in sentence.known.words.leading


def _with_suffix(sentence: Sentence, mention: Mention) -> Mention:
    suffix = sentence.known.kinds.get(sentence.word(mention.end))
    return replace(mention, suffix=suffix, end=mention.end + 1) if suffix else mention


def _house_before(sentence: Sentence, start: int) -> int | None:
    """The house number right before a street, past words like "block of"."""
    known, at = sentence.known, start - 1
    if sentence.word(at) in known.directions:
        at -= 1
    while sentence.word(at) in known.between_number_and_name:
        at -= 1
    if at < 0 or sentence.said[at].house is None:
        return None
    if at + 1 < start and sentence.word(at + 1) == known.words.ampersand:
        return None
    house = sentence.said[at].house
    return house if house and house < 100_000 else None


def _is_odd_before(sentence: Sentence, start: int, house: int) -> bool:
    """Whether a lone word at the very start, before the number, is none that leads to one."""
    said = sentence.said[:start]
    first = next((at for at, token in enumerate(said) if token.house == house), 0)
    return first == 1 and sentence.word(0) not in sentence.known.before_number
