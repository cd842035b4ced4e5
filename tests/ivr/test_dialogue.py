"""A table that could trap or puzzle a caller is refused, with the state's name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.language import languages, lexicon
from ivr.dialogues.dialogue import Dialogue, DialogueError, check_phrases, check_prompts
from ivr.dialogues.hotline import HOTLINE
from ivr.dialogues.vocabulary import (
    Announce,
    Ask,
    Context,
    Do,
    Goodbye,
    Handover,
    State,
    TakeMessage,
    Understood,
)
from voice.prompts import Prompts


def anything(context: Context, text: str) -> Understood:
    return Understood()


HELLO = Announce("hello", say="greeting", then="ask")
ASK = Ask("ask", say="q", again="q", understand=anything, then="bye")
BYE = Goodbye("bye", say="goodbye")
PERSON = Handover("person", say="to", queue="general", reason="asked", unanswered="message")
MESSAGE = TakeMessage("message", say="tone", then="bye")
GOOD: tuple[State, ...] = (HELLO, ASK, BYE, PERSON, MESSAGE)


def table(*states: State) -> Dialogue:
    return Dialogue(name="test", start="hello", give_up="person", emergency="person", states=states)


def test_a_good_table_is_taken() -> None:
    assert table(*GOOD).state("ask") is ASK


@pytest.mark.parametrize(
    ("states", "complaint"),
    [
        ((*GOOD, BYE), "two states are called bye"),
        ((replace(HELLO, then="nowhere"), *GOOD[1:]), "hello leads to nowhere"),
        ((*GOOD, Goodbye("island", say="goodbye")), "nothing leads to island"),
        ((HELLO, replace(ASK, then="ask"), BYE, PERSON, MESSAGE), "could never reach an end"),
        (
            (
                HELLO,
                replace(ASK, keys={"1": "round"}),
                Do("round", effect="x", then="again"),
                Announce("again", say="x", then="round"),
                *GOOD[2:],
            ),
            "could never reach an end",
        ),
        (GOOD[1:], "names hello, which is no state"),
    ],
)
def test_a_bad_table_is_refused_by_name(states: tuple[State, ...], complaint: str) -> None:
    with pytest.raises(DialogueError, match=complaint):
        table(*states)


def test_a_prompt_that_a_language_lacks_is_named() -> None:
    with pytest.raises(DialogueError, match=r"ask speaks q, missing in languages/xx/prompts\.toml"):
        check_prompts(table(*GOOD), {"greeting", "goodbye", "to", "tone"}, "xx")


@pytest.mark.parametrize("language", languages())
def test_the_hotline_can_speak_every_language(language: str) -> None:
    check_prompts(HOTLINE, Prompts(language, "chicago").keys(), language)
    check_phrases(HOTLINE, lexicon(language).expected, language)


def test_expected_phrases_that_a_language_lacks_are_named() -> None:
    with pytest.raises(DialogueError, match=r"expects yes_no, missing in languages/xx/lexicon"):
        check_phrases(HOTLINE, {"problem_or_place"}, "xx")
