"""What <Gather> does with keys, and when it stops waiting for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.app import response
from tests.simulator.line import Played, play

HEARS = {"hears": "which number"}


def asked(folder: Path, attributes: str, *steps: dict[str, Any], before: str = "") -> Played:
    """One question; then the keys that came are said."""
    replies = {
        "/voice": response(
            before,
            f'<Gather action="/keys" {attributes}><Say>Which number</Say></Gather>',
            "<Say>Nothing came</Say>",
        ),
        "/keys": lambda form: response(f"<Say>Thank you for {form['Digits'] or 'silence'}</Say>"),
    }
    is_over = steps[-1:] == ({"hangs_up": True},)
    return play(folder, replies, [*steps, *([] if is_over else [{"is_hung_up_on": True}])])


def ended_s(played: Played) -> float:
    """Seconds from the end of the question to the request or sentence that came next."""
    question, after = played.events("heard")[:2]
    asked_at = [one["sent_at_s"] for one in played.events("webhook") if "/keys" in one["url"]]
    return float((asked_at or [after["start_s"]])[0]) - float(question["end_s"])


@pytest.mark.row("gather.timeout.after-prompt")
def test_the_time_out_begins_when_the_question_is_over(tmp_path: Path) -> None:
    played = asked(tmp_path, 'timeout="4"')
    assert played.heard() == ["Which number", "Nothing came"]
    assert ended_s(played) == pytest.approx(4, abs=0.2)


@pytest.mark.row("gather.timeout.restarts", "gather.timeout.digits")
def test_each_key_begins_the_time_out_again_and_its_end_asks_the_action(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [HEARS]
    for key in "123":
        steps += [{"waits_s": 3}, {"presses": key}]
    played = asked(tmp_path, 'timeout="4"', *steps)
    (form,) = played.app.forms("/keys")
    assert form["Digits"] == "123" and form["FinishedOnKey"] == ""
    assert ended_s(played) == pytest.approx(3 * 3 + 4, abs=1.2)


@pytest.mark.row("gather.finish.alone")
def test_the_finish_key_alone_counts_as_nothing(tmp_path: Path) -> None:
    silent = asked(tmp_path / "a", "", HEARS, {"presses": "#"})
    assert not silent.app.forms("/keys") and silent.heard()[-1] == "Nothing came"
    asks = asked(tmp_path / "b", 'actionOnEmptyResult="true"', HEARS, {"presses": "#"})
    (form,) = asks.app.forms("/keys")
    assert (form["Digits"], form["FinishedOnKey"]) == ("", "#")


@pytest.mark.row("gather.finish.none", "verb.Gather.finishOnKey")
def test_without_a_finish_key_it_is_a_digit_like_others(tmp_path: Path) -> None:
    played = asked(tmp_path, 'finishOnKey="" numDigits="3"', HEARS, {"presses": "1#2"})
    assert played.app.forms("/keys")[0]["Digits"] == "1#2"


@pytest.mark.row("gather.finish", "verb.Gather.finishOnKey")
def test_another_finish_key_leaves_the_usual_one_a_digit(tmp_path: Path) -> None:
    played = asked(tmp_path, 'finishOnKey="*"', HEARS, {"presses": "4#*"})
    (form,) = played.app.forms("/keys")
    assert (form["Digits"], form["FinishedOnKey"]) == ("4#", "*")


@pytest.mark.row("gather.numDigits", "verb.Gather.numDigits")
def test_enough_digits_end_it_at_once(tmp_path: Path) -> None:
    played = asked(tmp_path, 'numDigits="2" timeout="60"', HEARS, {"presses": "12"})
    (form,) = played.app.forms("/keys")
    assert (form["Digits"], form["FinishedOnKey"]) == ("12", "") and ended_s(played) < 2


@pytest.mark.row("verb.Gather.numDigits")
def test_without_a_number_of_digits_any_number_is_taken(tmp_path: Path) -> None:
    played = asked(tmp_path, "", HEARS, {"presses": "12345678901234567890#"})
    assert played.app.forms("/keys")[0]["Digits"] == "12345678901234567890"


@pytest.mark.row("gather.after")
def test_with_input_what_stands_after_it_never_runs(tmp_path: Path) -> None:
    played = asked(tmp_path, "", HEARS, {"presses": "1#"})
    assert played.heard() == ["Which number", "Thank you for 1"]


@pytest.mark.row("gather.early")
def test_keys_from_before_are_lost(tmp_path: Path) -> None:
    before = "<Say>Wait</Say><Pause length='3'/>"
    steps = ({"hears": "wait"}, {"presses": "9"}, HEARS, {"presses": "1#"})
    played = asked(tmp_path, "", *steps, before=before)
    assert played.app.forms("/keys")[0]["Digits"] == "1"


@pytest.mark.row("gather.nested")
def test_say_play_and_pause_run_inside_it_in_order(tmp_path: Path) -> None:
    inside = '<Say>One</Say><Pause length="2"/><Play digits="5"/><Say>Two</Say>'
    document = response(f'<Gather timeout="1" action="/keys">{inside}</Gather>')
    played = play(tmp_path, {"/voice": document})
    first, second = played.events("heard")
    assert played.heard() == ["One", "Two"] and second["start_s"] - first["end_s"] > 2


@pytest.mark.row("rule.action.loops", "verb.Gather.action", "verb.Record.action")
@pytest.mark.parametrize(
    "verb", ["<Gather numDigits='1'><Say>Which number</Say></Gather>", "<Record maxLength='2'/>"]
)
def test_without_an_action_the_document_is_asked_again(tmp_path: Path, verb: str) -> None:
    documents = [response("<Say>Which number</Say>", verb), response("<Say>Again</Say>")]
    steps: list[dict[str, Any]] = [HEARS, {"waits_s": 2.5}, {"presses": "1"}]
    played = play(tmp_path, {"/voice": documents}, [*steps, {"is_hung_up_on": True}])
    first, second = played.app.forms("/voice")
    assert "Digits" not in first and second["CallStatus"] == "in-progress"
    assert played.heard()[-1] == "Again"


@pytest.mark.row("rule.hangup.gather")
def test_a_caller_who_hangs_up_in_it_is_not_told_to_its_action(tmp_path: Path) -> None:
    played = asked(tmp_path, "", HEARS, {"hangs_up": True})
    assert not played.app.forms("/keys") and played.call.status == "completed"


@pytest.mark.row("verb.Gather.method")
def test_its_action_is_asked_by_the_method_it_names(tmp_path: Path) -> None:
    def keys(form: dict[str, str]) -> str:
        return response()

    document = response('<Gather action="/keys" method="GET" numDigits="1"><Say>Hi</Say></Gather>')
    played = play(
        tmp_path,
        {"/voice": document, "/keys": keys},
        [{"hears": "hi"}, {"presses": "4"}, {"is_hung_up_on": True}],
    )
    (request,) = [one for one in played.app.received if one.path == "/keys"]
    assert "Digits=4" in request.url and not request.form


@pytest.mark.row("verb.Gather.maxSpeechTime")
def test_speech_that_does_not_end_is_cut_short(tmp_path: Path) -> None:
    gather = (
        '<Gather input="speech" action="/said" maxSpeechTime="2" speechTimeout="9" bargeIn="true">'
        "<Say>Tell me at length about everything that is wrong in your street</Say></Gather>"
    )
    replies = {"/voice": response(gather), "/said": response("<Say>Enough</Say>")}
    played = play(tmp_path, replies, [{"interrupts": {"says": LONG}}])
    (form,) = played.app.forms("/said")
    assert LONG.startswith(form["SpeechResult"]) and 2 < len(form["SpeechResult"]) < len(LONG) / 2


LONG = "there is a very deep hole in the road in front of my house and nobody comes to mend it"


@pytest.mark.row("verb.Gather.partialResultCallback")
def test_words_are_told_while_they_come(tmp_path: Path) -> None:
    gather = (
        '<Gather input="speech" action="/said" speechTimeout="2" '
        'partialResultCallback="/partial"><Say>Hi</Say></Gather>'
    )
    replies = {"/voice": response(gather), "/said": response(), "/partial": response()}
    steps: list[dict[str, Any]] = [{"hears": "hi"}, {"says": LONG}, {"is_hung_up_on": True}]
    forms = play(tmp_path, replies, steps).app.forms("/partial")
    assert len(forms) > 3
    assert [form["SequenceNumber"] for form in forms] == [str(n) for n in range(len(forms))]
    heard = [f"{form['StableSpeechResult']} {form['UnstableSpeechResult']}" for form in forms]
    assert all(LONG.startswith(text.strip()) for text in heard)
    assert [len(text) for text in heard] == sorted(len(text) for text in heard)
    last = forms[-1]
    assert (last["StableSpeechResult"], last["UnstableSpeechResult"]) == (LONG, "")
    assert (last["Stability"], forms[0]["Stability"]) == ("1.0", "0.5")


@pytest.mark.row("verb.Gather.partialResultCallbackMethod")
def test_partial_results_come_by_the_method_it_names(tmp_path: Path) -> None:
    gather = (
        '<Gather input="speech" action="/said" speechTimeout="1" '
        'partialResultCallback="/partial" partialResultCallbackMethod="GET"/>'
    )
    replies = {"/voice": response(gather), "/said": response(), "/partial": response()}
    played = play(tmp_path, replies, [{"says": "a lamp"}, {"is_hung_up_on": True}])
    partials = [one for one in played.app.received if one.path == "/partial"]
    assert "StableSpeechResult=a+lamp" in partials[-1].url and not partials[-1].form
