"""Down the fallback chain, step by step: a caller hears what to do and is not lost.

The first step, from a dead or cut media socket to turns, is in `test_things_break`. Silence is
measured on the line: five seconds without a word are a failure. What the budgets of the steps
allow is far less, two seconds while we live and four when nothing of ours answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bench.proof.evidence import Carrier
from bench.proof.figures import Silence, silences
from calls.models import Call
from simulator.callers import Caller, ScriptedCall
from tests.journeys.line import Line, line_of_its_own
from tickets.models import Report

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.speech]


@pytest.fixture(scope="module")
def line(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line whose streams process is dead, and whose workers are."""
    with (
        line_of_its_own(
            tmp_path_factory.mktemp("fallback"),
            SWIFTLINE_NO_INPUT_S="4",
            SWIFTLINE_NOBODY_WAIT_S="3",
            SWIFTLINE_HEARD_WITHIN_MS="3000",
        ) as running,
        running.without("streams"),
        running.without("worker"),
    ):
        yield running


def speaks_in_vain(line: Line, number: str) -> ScriptedCall:
    """A caller who answers the first question in words, and is led to the keys."""
    call = Caller(line.simulator(""), number=number).dials()
    call.hears("this call is recorded", within_s=60).hears("what is the problem")
    call.hears("answer after the tone").waits(1)
    call.says("there is a big pothole in the road").hears("one moment", within_s=60)
    return call.hears("i cannot understand speech at this moment", within_s=60)


def call_of(line: Line, call: ScriptedCall) -> tuple[Call, list[Report]]:
    with line.database() as database, database.read() as session:
        found = session.scalars(select(Call).where(Call.carrier_sid == call.sid)).one()
        reports = session.scalars(select(Report).where(Report.call_id == found.id))
        return found, list(reports)


def waits_for_words(call: ScriptedCall) -> Silence:
    """How long the caller heard nothing where the line had to answer, by the carrier's log."""
    return silences(Carrier(calls=[call.facts()]))


def goes_on_by_keys(line: Line) -> ScriptedCall:
    call = speaks_in_vain(line, "+13125550162")
    call.hears("if anyone is in danger hang up now").hears("here is the list")
    call.interrupts(presses="2").hears("key in the house number", within_s=60)
    call.presses("1200#").hears("now spell", "spell the first letters", within_s=60)
    call.presses("25275#").hears("for twelve hundred north clark street", within_s=60)
    call.interrupts(presses="1").hears("press 1 for yes", within_s=60).presses("1")
    return call.hears("your report number is", within_s=60).is_hung_up_on(within_s=60)


def fails_with_the_keys_too(line: Line) -> ScriptedCall:
    call = speaks_in_vain(line, "+13125550163")
    for _ in range(2):
        call.hears("here is the list", within_s=60).interrupts(presses="*")
        call.hears("that key does nothing here", within_s=60)
    call.hears("here is the list", within_s=60).interrupts(presses="*")
    call.hears("i am connecting you to a person", within_s=60)
    call.hears("no one is free right now", within_s=60).hears("press the pound key").waits(1)
    call.says("a tree has fallen on the road near halsted street")
    return call.hears("a person will listen", within_s=60).is_hung_up_on(within_s=60)


def says_nothing_at_first(line: Line) -> ScriptedCall:
    call = Caller(line.simulator(""), number="+13125550165").dials()
    call.hears("answer after the tone", within_s=60)
    call.hears("i did not hear you", within_s=60).hears("answer after the tone", within_s=60)
    return call.presses("1").hears("here is the list", within_s=60).hangs_up()


@pytest.fixture(scope="module")
def callers(line: Line) -> tuple[ScriptedCall, ...]:
    """Three callers at the same time, who end on different steps."""
    steps = (goes_on_by_keys, fails_with_the_keys_too, says_nothing_at_first)
    with ThreadPoolExecutor(len(steps)) as pool:
        return tuple(pool.map(lambda caller: caller(line), steps))


def test_words_that_nobody_recognises_lead_to_keys_and_a_report_by_keys(
    line: Line, callers: tuple[ScriptedCall, ...]
) -> None:
    found, reports = call_of(line, callers[0])
    assert found.mode == "turn"
    assert waits_for_words(callers[0]).silent_calls == 0, waits_for_words(callers[0])
    assert [(one.category, one.confirmed, one.source) for one in reports] == [
        ("street_light", True, "keys")
    ]


def test_wrong_keys_lead_to_a_person_nobody_there_to_a_message_kept_here(
    line: Line, callers: tuple[ScriptedCall, ...]
) -> None:
    found, reports = call_of(line, callers[1])
    assert found.draft["reason"] == "not_understood"
    assert waits_for_words(callers[1]).silent_calls == 0, waits_for_words(callers[1])
    assert [(one.source, one.confirmed) for one in reports] == [("message", False)]


def test_a_caller_who_says_nothing_is_asked_again_and_not_dropped(
    line: Line, callers: tuple[ScriptedCall, ...]
) -> None:
    found, reports = call_of(line, callers[2])
    assert (found.mode, found.place, reports) == ("turn", "problem_menu", [])
    events = callers[2].facts()["events"]
    webhooks = [one for one in events if one["event"] == "webhook"]
    turns = [one["form"] for one in webhooks if "/ivr/turn?" in one["url"]]
    assert ["RecordingSid" in turn for turn in turns] == [False, False]
    assert [turn.get("Digits") for turn in turns] == [None, "1"]


def test_nothing_of_ours_is_left_and_a_document_hosted_elsewhere_goes_on(
    line: Line, callers: tuple[ScriptedCall, ...]
) -> None:
    call = Caller(line.simulator(""), number="+13125550164").dials()
    call.hears("what is the problem", within_s=60).hears("answer after the tone")
    with line.stunned("gunicorn"):
        call.presses("1").hears("technical problem", within_s=60)
        call.hears("dial nine one one", within_s=60).hears("after the tone", within_s=60)
        call.waits(1.5).says("the street light is out").hangs_up()
    assert waits_for_words(call).silent_calls == 0, waits_for_words(call)
    kept = [event for event in call.facts()["events"] if event["event"] == "recording"]
    assert kept, "what was said is in the carrier's records, where reconciling finds it"
