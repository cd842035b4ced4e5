"""Short answers, the wish for a person, the end of an answer, and words nobody can hear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialogues.completeness import is_complete
from ivr.dialogues.hotline import HOTLINE
from ivr.dialogues.vocabulary import Context
from ivr.understanding.intents import choice, wants_person, yes_no
from ivr.understanding.vocabulary import unknown_words
from tests import cities

CITY = cities.chicago()


@pytest.mark.parametrize(
    "text",
    [
        "yes", "yeah", "yep", "yes it is", "that's right", "correct", "that is correct", "right",
        "sure", "okay", "uh huh", "yes please", "yeah that's right", "exactly", "that's it",
        "yes that is the right address",
    ],
)  # fmt: skip
def test_yes(text: str) -> None:
    assert yes_no(text, "en") is True


@pytest.mark.parametrize(
    "text",
    [
        "no", "nope", "nah", "that is wrong", "not right", "that's not right", "incorrect", "no no",
        "that is not correct", "it isn't right", "not really", "know", "no that's wrong",
        "yes but the address is wrong", "no it is on the right side of the street",
    ],
)  # fmt: skip
def test_no(text: str) -> None:
    assert yes_no(text, "en") is False


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "i don't know", "maybe", "not sure", "what", "yes no", "clark street", "uh",
        "no that's right",
        "there is a car parked on the right side of the road near my house every night",
    ],
)  # fmt: skip
def test_neither_yes_nor_no(text: str) -> None:
    assert yes_no(text, "en") is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("네", True), ("예 맞아요", True), ("맞습니다", True), ("아니요", False), ("아뇨", False),
        ("틀렸어요", False), ("안 맞아요", False), ("글쎄요", None), ("", None),
        ("네 아니요", None),
    ],
)  # fmt: skip
def test_korean_answers(text: str, answer: bool | None) -> None:
    assert yes_no(text, "ko") is answer


@pytest.mark.parametrize(
    "text",
    [
        "agent", "operator", "a person please", "human", "representative", "an agent",
        "i want to talk to a person", "can i speak to somebody", "let me speak to a human being",
        "give me an operator", "connect me to an agent please", "i need a real person",
        "customer service", "no agent", "transfer me to a representative",
    ],
)  # fmt: skip
def test_the_wish_for_a_person(text: str) -> None:
    assert wants_person(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "", "yes", "the agent's car is blocking my driveway", "a person fell on the sidewalk",
        "somebody sprayed graffiti on the wall", "people keep throwing garbage",
        "there is a person sleeping in the park", "can somebody fill the hole",
        "someone is parked across my driveway",
        "i want to report a person who dumps trash",
    ],
)  # fmt: skip
def test_talk_about_persons_is_no_wish_for_one(text: str) -> None:
    assert not wants_person(text, "en")


def test_korean_wish_for_a_person() -> None:
    assert wants_person("상담원 연결해 주세요", "ko")
    assert wants_person("사람하고 통화하고 싶어요", "ko")
    assert not wants_person("사람이 길에 쓰레기를 버려요", "ko")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("the problem", "1"), ("the place", "2"), ("the address is wrong", "2"), ("one", "1"),
        ("the second one", None), ("problem and place", None), ("", None), ("yes", None),
    ],
)  # fmt: skip
def test_what_to_change(text: str, key: str | None) -> None:
    assert choice("problem_or_place", text, "en") == key


@pytest.mark.parametrize(
    ("question", "text", "done"),
    [
        ("read_back", "yes", True),
        ("read_back", "uh", False),
        ("ask_problem", "there is a pothole in the road", True),
        ("ask_problem", "there is a pothole in the", False),
        ("ask_problem", "pothole", False),
        ("ask_problem", "there is a pothole at twelve hundred", False),
        ("ask_problem", "operator", True),
        ("ask_problem", "", False),
        ("ask_place", "twelve hundred north clark", True),
        ("ask_place", "twelve hundred north clark and", False),
        ("ask_place", "twelve hundred north", False),
        ("ask_place", "twelve hundred", False),
        ("what_is_wrong", "the place", True),
        ("key_house", "twelve", False),
    ],
)
def test_whether_an_answer_is_complete(question: str, text: str, done: bool) -> None:
    assert is_complete(HOTLINE.state(question), Context(CITY, "en", {}), text) is done


def test_words_that_the_model_does_not_know_are_listed_with_sound_alikes() -> None:
    missing = {"touhy", "goethe", "halsted"}
    found = unknown_words(CITY, lambda word: word not in missing, "en")
    assert set(found) == missing
    assert "to he" in found["touhy"]
    assert unknown_words(CITY, lambda word: True, "en") == {}


@given(st.text(max_size=200), st.sampled_from(["en", "ko"]))
def test_no_text_breaks_it(text: str, language: str) -> None:
    yes_no(text, language)
    wants_person(text, language)
    choice("problem_or_place", text, language)
    for question in ("read_back", "ask_problem", "ask_place"):
        is_complete(HOTLINE.state(question), Context(CITY, language, {}), text)
