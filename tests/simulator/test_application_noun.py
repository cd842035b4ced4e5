"""<Dial><Application>, <Refer> and referUrl: calls that are handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.network import Network
from simulator.settings import Hook
from tests.simulator.app import CALLER, NUMBER, PUBLIC, response
from tests.simulator.line import SHOP, Played, play

APP = "AP" + "7" * 32
DESK, BOSS = "sip:desk@office.example", "sip:boss@office.example"


def dialled(
    folder: Path, noun: str, app: str, steps: list[dict[str, Any]] | None = None, dial: str = ""
) -> Played:
    """A call that is put through to an application."""
    replies = {
        "/voice": response(f'<Dial action="/after" {dial}>{noun}</Dial>'),
        "/app": app,
        "/after": response("<Say>Welcome back</Say>"),
        "/child": response(),
        "/keys": lambda form: response(f"<Say>You pressed {form['Digits']}</Say>"),
    }
    return play(folder, replies, steps, app_sid=APP, app_voice=Hook(f"{PUBLIC}/app"))


NOUN = f"<Application><ApplicationSid>{APP}</ApplicationSid></Application>"


@pytest.mark.row("noun.Application")
def test_the_caller_hears_the_application_and_presses_keys_for_it(tmp_path: Path) -> None:
    app = response('<Gather action="/keys" numDigits="1"><Say>Which floor</Say></Gather>')
    steps: list[dict[str, Any]] = [{"waits_s": 3}, {"presses": "4"}, {"hears": "welcome back"}]
    played = dialled(tmp_path, NOUN, app, steps)
    parent, child = played.calls
    assert played.heard(child) == ["Which floor", "You pressed 4"]
    assert played.heard() == ["Which floor", "You pressed 4", "Welcome back"]
    (after,) = played.app.forms("/after")
    assert after["DialCallStatus"] == "completed" and after["DialBridged"] == "true"
    assert after["DialCallSid"] == child.sid and parent.status == "completed"


@pytest.mark.row("noun.Application.customerId", "noun.Application.Parameter")
def test_the_application_is_asked_as_if_the_caller_had_called_it(tmp_path: Path) -> None:
    noun = (
        f'<Application customerId="shop 7"><ApplicationSid>{APP}</ApplicationSid>'
        '<Parameter name="case" value="42"/></Application>'
    )
    played = dialled(tmp_path, noun, response("<Say>Hello</Say>"))
    (form,) = played.app.forms("/app")
    assert form["From"] == CALLER and form["To"] == APP and form["ApplicationSid"] == APP
    assert form["CustomerId"] == "shop 7" and form["Param_case"] == "42"
    assert form["ParentCallSid"] == played.call.sid != form["CallSid"]
    assert form["CallStatus"] == "ringing"


@pytest.mark.row("noun.Application.customerId")
def test_without_a_customer_id_the_account_is_named(tmp_path: Path) -> None:
    played = dialled(tmp_path, NOUN, response())
    assert played.app.forms("/app")[0]["CustomerId"] == played.call.account_sid


@pytest.mark.row("noun.Application.copyParentTo")
def test_the_callers_own_number_may_be_copied(tmp_path: Path) -> None:
    noun = f'<Application copyParentTo="true">{APP}</Application>'
    assert dialled(tmp_path, noun, response()).app.forms("/app")[0]["To"] == NUMBER


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_an_application_may_refuse(tmp_path: Path, reason: str, status: str) -> None:
    app = response(f'<Reject reason="{reason}"><Parameter name="why" value="late"/></Reject>')
    (after,) = dialled(tmp_path, NOUN, app).app.forms("/after")
    assert after["DialCallStatus"] == status and after["DialBridged"] == "false"
    assert after["ReturnParam_why"] == "late"


def test_an_application_gives_parameters_back(tmp_path: Path) -> None:
    app = response("<Say>Hello</Say>", '<Hangup><Parameter name="score" value="5"/></Hangup>')
    assert dialled(tmp_path, NOUN, app).app.forms("/after")[0]["ReturnParam_score"] == "5"


def test_its_progress_is_told(tmp_path: Path) -> None:
    events = 'statusCallback="/child" statusCallbackEvent="initiated ringing answered completed"'
    played = dialled(tmp_path, NOUN.replace("on>", f"on {events}>", 1), response("<Say>Hi</Say>"))
    told = [one["CallStatus"] for one in played.app.forms("/child")]
    assert told[0] == "initiated" and told[-1] == "completed" and "in-progress" in told


def test_the_time_limit_ends_the_talk_with_an_application(tmp_path: Path) -> None:
    app = response('<Pause length="1"/>', '<Say loop="0">Still here</Say>')
    played = dialled(tmp_path, NOUN, app, dial='timeLimit="4"')
    assert played.heard()[-1] == "Welcome back"
    assert played.app.forms("/after")[0]["DialCallDuration"] == "4"


def test_a_caller_who_hangs_up_ends_the_applications_call(tmp_path: Path) -> None:
    app = response('<Say loop="0">Still here</Say>')
    played = dialled(tmp_path, NOUN, app, [{"waits_s": 5}, {"hangs_up": True}])
    assert [call.status for call in played.calls] == ["completed", "completed"]


@pytest.mark.parametrize(
    ("noun", "code"),
    [
        (f"<Application>AP{'8' * 32}</Application>", 21218),
        ("<Application/>", 21218),
        (f"{NOUN}<Number>{SHOP}</Number>", 13000),
        ("<Sim>DE1</Sim>", 12200),
        ("<WhatsApp>+13125550101</WhatsApp>", 12200),
    ],
    ids=["unknown", "none", "not alone", "sim", "whatsapp"],
)
def test_what_is_no_application_is_an_error(tmp_path: Path, noun: str, code: int) -> None:
    assert dialled(tmp_path, noun, response()).codes() == [code]


# <Refer>


def referred(folder: Path, boss: dict[str, Any], **options: Any) -> Played:
    """A call from a SIP telephone that is asked to call the boss by itself."""
    replies = {
        "/voice": response(f'<Refer action="/done"><Sip>{BOSS}</Sip></Refer>', "<Say>Next</Say>"),
        "/done": response("<Say>Done</Say>"),
    }
    phones = {BOSS: boss} if boss else {}
    return play(folder, replies, phones=phones, **{"from_number": DESK, **options})


@pytest.mark.parametrize(
    ("boss", "status", "code"),
    [
        ({"behaviour": "answers"}, "in-progress", "200"),
        ({"behaviour": "busy"}, "busy", "486"),
        ({"behaviour": "failed"}, "failed", "404"),
        ({}, "failed", "404"),
        ({"behaviour": "no-answer"}, "no-answer", "408"),
    ],
    ids=["answers", "busy", "failed", "nobody", "no-answer"],
)
@pytest.mark.row("verb.Refer", "verb.Refer.action")
def test_how_a_referred_call_went_is_told(
    tmp_path: Path, boss: dict[str, Any], status: str, code: str
) -> None:
    played = referred(tmp_path, boss)
    (done,) = played.app.forms("/done")
    assert done["ReferCallStatus"] == status and done["NotifySipResponseCode"] == code
    assert done["ReferSipResponseCode"] == "202" and played.heard() == ["Done"]


def test_a_caller_who_hangs_up_first_cancels_it(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [{"waits_s": 2}, {"hangs_up": True}]
    played = referred(tmp_path, {"behaviour": "answers", "after_s": 9}, steps=steps)
    (done,) = played.app.forms("/done")
    assert (done["ReferCallStatus"], done["NotifySipResponseCode"]) == ("canceled", "180")


@pytest.mark.row("verb.Refer.sip-only")
def test_only_sip_calls_can_be_referred(tmp_path: Path) -> None:
    played = referred(tmp_path, {}, from_number=CALLER)
    assert played.codes() == [13801] and not played.app.forms("/done")


def test_without_an_action_a_refer_goes_on_below(tmp_path: Path) -> None:
    document = response(f"<Refer><Sip>{BOSS}</Sip></Refer>", "<Say>Next</Say>")
    assert play(tmp_path, {"/voice": document}, from_number=DESK).heard() == ["Next"]


def test_a_refer_needs_a_sip_address(tmp_path: Path) -> None:
    document = response(f"<Refer><Sip>{SHOP}</Sip></Refer>")
    assert play(tmp_path, {"/voice": document}, from_number=DESK).codes() == [13243]


# A callee that refers


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.row("verb.Dial.referUrl", "verb.Dial.referMethod")
def test_a_callee_may_ask_for_somebody_else(tmp_path: Path, given: bool) -> None:
    async def desk_refers(net: Network) -> None:
        await net.exchange.clock.sleep(5)
        (desk,) = [call for call in net.exchange.calls.values() if call.party.to == DESK]
        desk.leg.refer(BOSS)

    refer = 'referUrl="/refer" referMethod="GET"' if given else ""
    replies = {
        "/voice": response(f'<Dial action="/after" {refer}><Sip>{DESK}</Sip></Dial>'),
        "/refer": response("<Say>Calling the boss</Say>"),
        "/after": response("<Say>After all</Say>"),
    }
    desk = {"steps": [{"waits_s": 9}, {"hangs_up": True}]}
    played = play(tmp_path, replies, phones={DESK: desk}, meanwhile=desk_refers)
    asked = [one for one in played.app.received if one.path == "/refer"]
    if given:
        assert "ReferTransferTarget=sip%3Aboss%40office.example" in asked[0].url
        assert played.heard() == ["Calling the boss"] and not played.app.forms("/after")
    else:
        assert played.codes() == [13802] and not asked and played.heard() == ["After all"]
        assert played.app.forms("/after")[0]["DialCallDuration"] == "9", "the talk went on"
