"""Conversations as values: what the line says and does after what it hears."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.handovers.actions import EMERGENCY
from carriers.messages import Heard, Keys, Message, Silence, Speech, Unanswered, Unheard
from config.city import City
from ivr.dialogues.engine import answer, begin
from ivr.dialogues.hotline import HOTLINE
from ivr.dialogues.steps import ONLY_KEYS, Place, Step
from ivr.dialogues.vocabulary import ASK_FOR_PERSON, Goodbye, Handover
from tests import cities

POTHOLE = Speech("there is a big pothole in the road")
CLARK = Speech("twelve hundred north clark street")


@lru_cache(maxsize=1)
def chicago() -> City:
    return cities.chicago()


def talk(*heard: Heard) -> Step:
    """The last step of a conversation; effects give a handover as the real ones do."""
    step = begin(HOTLINE, chicago(), "en")
    for each in heard:
        step = answer(HOTLINE, chicago(), "en", step.place, each)
    return step


def says(step: Step) -> list[str]:
    return [prompt.key for prompt in step.says]


def effects(step: Step) -> list[str]:
    return [effect.name for effect in step.effects]


def test_a_call_opens_with_one_open_question() -> None:
    step = talk()
    assert [prompt.key for prompt in step.says if not prompt.when] == ["greeting", "ask_problem"]
    assert step.place == Place("ask_problem", 0, {})


def test_a_report_is_filed_only_after_yes() -> None:
    assert effects(talk(POTHOLE, CLARK)) == []
    step = talk(POTHOLE, CLARK, Speech("yes"))
    assert effects(step) == ["file_report"]
    assert step.place.state == "goodbye"
    assert step.place.draft["category"] == "pothole"


def test_the_place_in_the_same_breath_is_not_asked_again() -> None:
    step = talk(Speech("there's a pothole at forty two hundred south michigan avenue"))
    assert step.place.state == "read_back"


def test_no_lets_the_caller_change_one_part_and_keeps_the_other() -> None:
    step = talk(POTHOLE, CLARK, Keys("2"), Keys("1"), Speech("there is graffiti on the wall"))
    assert step.place.state == "read_back"
    assert step.place.draft["category"] == "graffiti"
    assert step.place.draft["place"]["house_number"] == 1200


def test_keys_alone_are_enough() -> None:
    keys = ("1", "1", "1", "1200", "25275", "1", "1")
    step = talk(*(Keys(key) for key in keys))
    assert effects(step) == ["file_report"]
    assert step.place.draft["by_keys"]


@pytest.mark.parametrize(
    ("first", "then", "says_first"),
    [
        (Silence(), "ask_problem", "didnt_hear"),
        (Speech("", 0.0), "ask_problem", "didnt_understand"),
        (Keys("7"), "ask_problem", "wrong_key"),
        (Speech("blue monday orchestra"), "ask_problem", "problem_unclear"),
    ],
)
def test_a_failure_is_named_and_asked_again(first: Heard, then: str, says_first: str) -> None:
    step = talk(first)
    assert step.place.state == then
    assert step.place.failures == 1
    assert says(step) == [says_first, "ask_problem_again"]


def test_the_third_failure_at_one_question_goes_to_a_person() -> None:
    step = talk(Silence(), Silence(), Silence())
    assert step.place.state == "to_agent"
    assert step.place.draft["reason"] == "not_understood"
    assert effects(step) == ["ask_for_person"]


def test_an_answer_forgives_earlier_failures() -> None:
    assert talk(Silence(), Silence(), POTHOLE).place.failures == 0


@pytest.mark.parametrize(
    "wish", [Keys("0"), Speech("operator"), Speech("i want to talk to a person")]
)
@pytest.mark.parametrize("before", [(), (POTHOLE,), (POTHOLE, CLARK)])
def test_a_person_can_be_had_at_any_question(before: tuple[Heard, ...], wish: Heard) -> None:
    assert talk(*before, wish).place.state == "to_agent"


def test_danger_goes_before_everything() -> None:
    step = talk(Speech("the house is on fire"))
    assert says(step) == ["emergency", "offer_emergency"]
    assert effects(step) == ["record_emergency"]
    assert step.place.draft["emergency"] == {"text": "the house is on fire", "kind": "fire"}


FIRE = Speech("the house is on fire")


@pytest.mark.parametrize("yes", [Speech("yes"), Speech("yes please hurry"), Keys("1")])
def test_who_is_in_danger_and_says_yes_is_joined_to_the_emergency_number(yes: Heard) -> None:
    step = talk(FIRE, yes)
    assert (says(step), step.place.state) == (["connect_emergency"], "connect_emergency")
    assert effects(step) == []


@pytest.mark.parametrize("other", [Silence(), Speech("he is not breathing"), Keys("0"), Keys("7")])
def test_anything_but_yes_brings_the_advice_again_and_a_person(other: Heard) -> None:
    step = talk(FIRE, other)
    assert says(step) == ["emergency_again", "to_agent"]
    assert effects(step) == [ASK_FOR_PERSON]
    assert step.effects[0].values["priority"] == EMERGENCY


def test_where_the_emergency_number_cannot_be_reached_a_person_is_next() -> None:
    step = talk(FIRE, Keys("1"), Unanswered())
    assert says(step) == ["emergency_again", "to_agent"]


def test_who_is_in_danger_is_offered_the_connection_by_keys_where_speech_is_unavailable() -> None:
    assert says(talk(FIRE, Unheard())) == ["keys_instead", "offer_emergency_keys"]


def test_who_is_in_danger_and_finds_nobody_free_hears_the_advice_again() -> None:
    step = talk(FIRE, Silence(), Unanswered())
    assert says(step) == ["emergency_again", "agent_absent"]
    assert says(talk(Keys("0"), Unanswered())) == ["agent_absent"]


def test_what_may_be_an_emergency_is_asked_about_once() -> None:
    smoke = Speech("there is smoke")
    step = talk(smoke)
    assert says(step) == ["ask_emergency"]
    assert says(talk(smoke, Speech("yes"))) == ["emergency", "offer_emergency"]
    assert talk(smoke, Keys("1")).place.state == "offer_emergency"
    assert talk(smoke, Speech("no"), smoke).place.state == "ask_problem"


def test_who_cannot_say_whether_anyone_is_in_danger_is_taken_to_be() -> None:
    step = talk(Speech("there is smoke"), Silence(), Silence(), Silence())
    assert step.place.state == "offer_emergency"
    assert effects(step) == ["record_emergency"]


def test_who_is_in_no_danger_need_not_say_it_again() -> None:
    asked = talk(Speech("the street light is out and somebody fell"))
    assert asked.place.state == "ask_emergency"
    step = talk(Speech("the street light is out and somebody fell"), Speech("no"))
    assert step.place.state == "ask_place"
    assert "street light" in step.place.draft["problem_text"]
    assert "interrupted" not in step.place.draft


def test_nobody_there_means_a_message() -> None:
    step = talk(Keys("0"), Unanswered())
    assert step.place.state == "leave_message"
    kept = answer(HOTLINE, chicago(), "en", step.place, Message("RE" + "0" * 32, 7))
    assert effects(kept) == ["keep_message"]
    assert kept.place.state == "message_kept"


HEARD = st.one_of(
    st.builds(Silence),
    st.builds(Keys, st.text("0123456789*#", min_size=1, max_size=6)),
    st.builds(Speech, st.sampled_from(["yes", "no", POTHOLE.text, CLARK.text, "", "clark street"])),
    st.builds(Speech, st.text(max_size=40)),
)


@given(st.lists(HEARD, max_size=12))
def test_whatever_is_heard_a_caller_is_always_asked_or_given_to_somebody(
    heard: list[Heard],
) -> None:
    step = begin(HOTLINE, chicago(), "en")
    for each in heard:
        state = HOTLINE.state(step.place.state)
        if isinstance(state, (Handover, Goodbye)) or state.name == "leave_message":
            break
        step = answer(HOTLINE, chicago(), "en", step.place, each)
        assert step.says
        assert step.place.failures < 3


def test_when_nobody_recognises_speech_the_question_goes_to_the_keypad_and_says_why() -> None:
    step = talk(Unheard())
    assert (says(step)[0], step.place.state, step.place.failures) == (
        "keys_instead",
        "problem_menu",
        0,
    )
    step = talk(Unheard(), Keys("1"))
    assert (says(step), step.place.state) == (["key_house"], "key_house")
    assert "keys_instead" not in says(step)


def test_a_question_that_takes_keys_as_it_is_stays_and_counts_no_failure() -> None:
    step = talk(POTHOLE, CLARK, Unheard())
    assert says(step) == ["keys_instead", "read_back_keys"]
    assert (step.place.state, step.place.failures) == ("read_back", 0)


def test_three_wrong_keys_lead_a_caller_who_has_only_keys_to_a_person() -> None:
    assert talk(Unheard(), Keys("*"), Keys("*"), Silence()).place.state == "to_agent"
    assert talk(Unheard(), Keys("0")).place.state == "to_agent"


def test_a_call_that_begins_without_speech_is_greeted_and_told_so() -> None:
    step = begin(HOTLINE, chicago(), "en", {ONLY_KEYS: True})
    assert says(step)[:3] == ["greeting", "keys_instead", "problem_menu"]
    assert step.place.state == "problem_menu"
