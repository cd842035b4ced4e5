"""What counts as the caller while the line is speaking."""

from __future__ import annotations

import pytest

from carriers.media import Pace, StreamError
from ivr.live.barge_in import interrupts, is_echo, says_nothing

SAID = "Is that right? Say yes or no. Or press 1 for yes, 2 for no."


@pytest.mark.parametrize("text", ["", "the", "uh", "huh the", "Hm"])
def test_breath_and_noise_say_nothing(text: str) -> None:
    assert says_nothing(text, "en")
    assert not interrupts(text, SAID, "en")


@pytest.mark.parametrize("text", ["that's wrong", "agent", "yes that is right", "it's the road"])
def test_a_caller_interrupts(text: str) -> None:
    assert interrupts(text, SAID, "en")
    assert not is_echo(text, SAID)


@pytest.mark.parametrize("text", ["is that", "say yes or no", "no or press"])
def test_our_own_words_do_not_interrupt(text: str) -> None:
    assert not interrupts(text, SAID, "en")


def test_a_short_answer_from_the_question_is_an_answer() -> None:
    assert not is_echo("yes", SAID)
    assert not is_echo("no", SAID)
    assert is_echo("say yes or no", SAID)
    assert not is_echo("yes or maybe no", SAID)


def test_a_flood_is_told_from_a_burst() -> None:
    pace = Pace(a_second=100, at_once=10)
    for _ in range(10):
        pace.count(0.0)
    for number in range(200):
        pace.count(1.0 + number / 100)
    with pytest.raises(StreamError):
        for _ in range(12):
            pace.count(3.0)
