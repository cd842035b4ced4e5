"""A conversation on a media socket: what the caller hears, and what becomes of what they do."""

from __future__ import annotations

import pytest

from carriers.verbs import JoinQueue, Record, Say
from ivr.turns import Reply
from tests.conftest import eventually
from tests.streams.conftest import Opens, asks, ends
from tests.streams.phone import FakeVoice

pytestmark = pytest.mark.slow


def test_the_phrases_are_heard_in_order_and_marked(talk: Opens) -> None:
    _gateway, phone = talk(asks(1, "City hotline.", "What is the problem?"))
    phone.hears("What is the problem?")
    assert phone.heard == ["City hotline.", "What is the problem?"]
    eventually(lambda: phone.marks)
    assert phone.longest_ms <= 200


def test_words_become_a_turn_and_are_answered(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is wrong?"), asks(2, "Where is it?"))
    eventually(lambda: phone.marks)
    phone.says(1)
    phone.hears("Where is it?")
    assert gateway.answers == ["speech there is a hole in the road"]


def test_a_key_stops_the_line_and_becomes_a_turn(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "A long list."), asks(2, "Where is it?"), plays=False)
    phone.hears("A long list.")
    phone.presses("1")
    phone.hears("Where is it?")
    assert phone.clears == 1
    assert gateway.answers == ["keys 1"]


def test_words_stop_the_line_while_they_are_being_said(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "A long list."), asks(2, "Where is it?"), plays=False)
    phone.hears("A long list.")
    phone.sounds(1, 0.6)
    eventually(lambda: phone.clears)
    assert gateway.answers == []
    phone.sounds(0xFF, 0.2)
    phone.hears("Where is it?")


@pytest.mark.parametrize(("sound", "why"), [(3, "noise"), (2, "our own words"), (4, "no word")])
def test_what_is_not_the_caller_stops_nothing(talk: Opens, sound: int, why: str) -> None:
    gateway, phone = talk(asks(1, "What is the problem?"), asks(2, "Where is it?"), plays=False)
    phone.hears("What is the problem?")
    phone.says(sound)
    phone.says(1)
    phone.hears("Where is it?")
    assert gateway.answers == ["speech there is a hole in the road"], why


def test_words_after_the_question_count_even_if_they_are_its_own(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is the problem?"), asks(2, "Where is it?"))
    eventually(lambda: phone.marks)
    phone.says(2, paced=True)
    phone.hears("Where is it?")
    assert gateway.answers == ["speech what is the problem"]


def test_silence_is_counted_from_the_end_of_the_question(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "Hello?", no_input_s=1), asks(2, "Are you there?"), plays=False)
    phone.hears("Hello?")
    eventually(lambda: phone.marks)
    assert gateway.answers == []
    phone.plays_all()
    phone.hears("Are you there?")
    assert gateway.answers == ["silence"]


def test_voice_without_a_word_is_not_understood(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "Hello?"), asks(2, "Pardon?"))
    eventually(lambda: phone.marks)
    phone.says(4, seconds=2.2, paced=True)
    phone.hears("Pardon?")
    assert gateway.answers == ["speech"]


def test_several_keys_make_one_answer(talk: Opens) -> None:
    replies = asks(1, "House number.", max_keys=6), asks(2, "Street.", max_keys=3), asks(3, "Ok.")
    gateway, phone = talk(*replies)
    phone.hears("House number.")
    phone.presses("1200#")
    phone.hears("Street.")
    phone.presses("253")
    phone.hears("Ok.")
    assert gateway.answers == ["keys 1200", "keys 253"]


@pytest.mark.slow
def test_a_pause_ends_several_keys(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "House number.", max_keys=6), asks(2, "Street."))
    phone.hears("House number.")
    phone.presses("12")
    phone.hears("Street.")
    assert gateway.answers == ["keys 12"]


def test_keys_pressed_ahead_are_kept_for_the_next_question(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "First."), asks(2, "Second."), asks(3, "Third."))
    phone.presses("12")
    phone.hears("Third.")
    assert gateway.answers == ["keys 1", "keys 2"]


@pytest.mark.parametrize("last", [JoinQueue("handover-1"), Record("message"), None])
def test_more_than_a_question_closes_once_its_words_are_heard(
    talk: Opens, last: JoinQueue | Record | None
) -> None:
    reply = (
        Reply(1, "over", (Say(("Goodbye.",), "en"), last), "hotline")
        if last
        else ends(1, "Goodbye.")
    )
    gateway, phone = talk(reply, plays=False)
    phone.hears("Goodbye.")
    eventually(lambda: phone.marks)
    assert phone.close_code is None
    phone.presses("1")
    phone.plays_all()
    assert phone.is_closed() == 1000
    assert gateway.done == ["spoken 1"]
    assert phone.clears == 0


def test_a_carrier_that_does_not_follow_is_redirected(talk: Opens) -> None:
    gateway, phone = talk(ends(1, "Goodbye."), follows=False)
    assert phone.is_closed() == 1000
    eventually(lambda: gateway.done == ["spoken 1", "redirected"])


def test_a_mark_that_never_comes_back_does_not_hold_the_caller(talk: Opens) -> None:
    gateway, phone = talk(ends(1, "Goodbye."), plays=False)
    assert phone.is_closed() == 1000
    assert phone.heard == ["Goodbye."]
    assert gateway.done == ["spoken 1"]


def test_an_error_in_a_turn_is_an_apology_and_the_call_goes_on(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is wrong?"), fails=True, follows=False)
    eventually(lambda: phone.marks)
    phone.presses("1")
    assert phone.is_closed() == 1000
    assert "Something went wrong" in phone.heard[-1]
    eventually(lambda: gateway.done == ["redirected"])


def test_a_voice_that_fails_leaves_nobody_in_silence(talk: Opens) -> None:
    gateway, phone = talk(
        asks(1, "Fine.", "Broken."), voice=FakeVoice(fails="Broken"), follows=False
    )
    assert phone.is_closed() == 1000
    eventually(lambda: gateway.done == ["redirected"])


def test_recognition_that_fails_leaves_the_keys(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is wrong?"), asks(2, "Where is it?"))
    eventually(lambda: phone.marks)
    phone.sounds(0xEE, 0.1)
    phone.says(1)
    phone.presses("1")
    phone.hears("Where is it?")
    assert gateway.answers == ["keys 1"]


def test_a_caller_who_hangs_up_ends_it_without_a_turn(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is wrong?"), asks(2, "Where is it?"))
    eventually(lambda: phone.marks)
    phone.hangs_up()
    assert phone.is_closed()
    assert (gateway.answers, gateway.done) == ([], [])


def test_what_a_caller_was_saying_as_they_hung_up_is_a_turn(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "What is wrong?"), asks(2, "Where is it?"))
    eventually(lambda: phone.marks)
    phone.sounds(1, 0.6)
    phone.hangs_up()
    eventually(lambda: gateway.answers == ["speech there is a hole in the road"])
    assert gateway.done == []


def test_both_sides_of_a_talk_are_written_down(talk: Opens) -> None:
    gateway, phone = talk(purpose="transcription")
    phone.says(1, track="inbound")
    phone.says(5, track="outbound")
    phone.sounds(2, 0.6)
    phone.hangs_up()
    eventually(lambda: len(gateway.written) == 3)
    assert sorted(gateway.written) == [
        ("agent", "an agent please"),
        ("caller", "there is a hole in the road"),
        ("caller", "what is the problem"),
    ]
    assert phone.heard == []
