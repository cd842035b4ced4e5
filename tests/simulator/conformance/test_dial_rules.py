"""What <Dial> does: who rings, for how long, who hears what, and what becomes of both calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.network import Network
from simulator.sound.audio import RATE
from simulator.sound.ring_tones import ring_tone
from tests.simulator.app import CALLER, NUMBER, response
from tests.simulator.line import FRIEND, SHOP, Played, play, stretches_s
from tests.simulator.test_queues import strength

DESK = "sip:desk@office.example"
ANSWERS: dict[str, Any] = {"after_s": 3, "steps": [{"waits_s": 4}, {"hangs_up": True}]}
NOBODY = {"behaviour": "no-answer"}


def dialled(
    folder: Path,
    dial: str,
    steps: list[dict[str, Any]] | None = None,
    *,
    before: str = "",
    after: str = "<Say>Next verb</Say>",
    **options: Any,
) -> Played:
    """One Dial; its action, where it has one, says so."""
    replies = {
        "/voice": response(before, dial, after),
        "/after": response("<Say>The action</Say>"),
        "/child": response(),
        "/whisper": response("<Say>A call for you</Say>"),
    }
    return play(folder, replies, steps, **options)


@pytest.mark.row("verb.Dial.action", "dial.action.decides")
def test_its_action_decides_what_follows(tmp_path: Path) -> None:
    dial = f'<Dial action="/after">{SHOP}</Dial>'
    assert dialled(tmp_path, dial, phones={SHOP: ANSWERS}).heard() == ["The action"]


@pytest.mark.row("dial.no-action", "rule.action.below")
def test_without_an_action_the_next_verb_runs_after_the_talk(tmp_path: Path) -> None:
    played = dialled(tmp_path, f"<Dial>{SHOP}</Dial>", phones={SHOP: ANSWERS})
    assert played.heard() == ["Next verb"] and len(played.app.forms("/after")) == 0


@pytest.mark.row("verb.Dial.timeout")
@pytest.mark.parametrize(("attribute", "seconds"), [("", 30), ('timeout="5"', 5)])
def test_it_rings_as_long_as_it_says(tmp_path: Path, attribute: str, seconds: int) -> None:
    dial = f'<Dial action="/after" {attribute}>{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: NOBODY})
    child = played.calls[1]
    assert child.ended_at is not None
    rang_s = (child.ended_at - child.created_at).total_seconds()
    assert rang_s == pytest.approx(seconds, abs=0.5)
    assert played.app.forms("/after")[0]["DialCallStatus"] == "no-answer"


@pytest.mark.row("verb.Dial.callerId")
@pytest.mark.parametrize(("attribute", "shown"), [("", CALLER), (f'callerId="{NUMBER}"', NUMBER)])
def test_the_callee_sees_the_caller_unless_told_otherwise(
    tmp_path: Path, attribute: str, shown: str
) -> None:
    number = f'<Number statusCallback="/child">{SHOP}</Number>'
    played = dialled(tmp_path, f"<Dial {attribute}>{number}</Dial>", phones={SHOP: ANSWERS})
    assert {one["From"] for one in played.app.forms("/child")} == {shown}


@pytest.mark.row("verb.Dial.callerId")
@pytest.mark.parametrize("caller", [CALLER, NUMBER, SHOP])
def test_a_number_sees_a_caller_whom_the_account_may_show(tmp_path: Path, caller: str) -> None:
    """The caller, the called number, and a verified one, as is that of a described phone."""
    number = f'<Number statusCallback="/child">{SHOP}</Number>'
    dial = f'<Dial callerId="{caller}">{number}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: ANSWERS})
    assert {one["From"] for one in played.app.forms("/child")} == {caller}


@pytest.mark.row("code.13214")
@pytest.mark.parametrize("caller", ["client:bob", "sip:bob@hotline.test"])
def test_a_caller_without_a_number_needs_a_caller_id_to_call_one(
    tmp_path: Path, caller: str
) -> None:
    away: dict[str, Any] = {"from_number": caller, "phones": {SHOP: NOBODY}}
    refused = dialled(tmp_path / "a", f"<Dial>{SHOP}</Dial>", **away)
    assert refused.codes() == [13214] and len(refused.calls) == 1
    dial = f'<Dial callerId="{NUMBER}">{SHOP}</Dial>'
    shown = dialled(tmp_path / "b", dial, **away)
    assert not shown.codes() and len(shown.calls) == 2


@pytest.mark.row("dial.most")
def test_ten_ring_at_once_and_eleven_are_refused(tmp_path: Path) -> None:
    numbers = [f"+131255502{place:02}" for place in range(11)]
    nouns = [f"<Number>{number}</Number>" for number in numbers]
    phones = {number: {"behaviour": "busy"} for number in numbers}
    ten = dialled(tmp_path / "a", f"<Dial>{''.join(nouns[:10])}</Dial>", phones=phones)
    assert len(ten.calls) == 11 and ten.heard() == ["Next verb"]
    eleven = dialled(tmp_path / "b", f"<Dial>{''.join(nouns)}</Dial>", phones=phones)
    assert len(eleven.calls) == 1 and eleven.codes() == [12200]


@pytest.mark.row("dial.first")
def test_the_one_who_answers_first_talks(tmp_path: Path) -> None:
    nouns = f"<Number>{SHOP}</Number><Number>{FRIEND}</Number>"
    phones = {SHOP: {"after_s": 9}, FRIEND: ANSWERS}
    played = dialled(tmp_path, f'<Dial action="/after">{nouns}</Dial>', phones=phones)
    _, shop, friend = played.calls
    assert (shop.status, friend.status) == ("canceled", "completed")
    assert played.app.forms("/after")[0]["DialCallSid"] == friend.sid


@pytest.mark.row("dial.alone")
@pytest.mark.parametrize("noun", ["<Conference>a</Conference>", "<Queue>a</Queue>"])
def test_a_room_or_a_queue_stands_alone(tmp_path: Path, noun: str) -> None:
    played = dialled(tmp_path, f"<Dial>{noun}<Number>{SHOP}</Number></Dial>")
    assert played.codes() == [13000] and len(played.calls) == 1


@pytest.mark.row("dial.answer.at-once", "verb.Dial.answerOnBridge")
def test_the_caller_is_answered_at_once_and_hears_ringing(tmp_path: Path) -> None:
    played = dialled(tmp_path, f"<Dial>{SHOP}</Dial>", phones={SHOP: ANSWERS})
    call = played.call
    assert call.answered_at is not None
    assert (call.answered_at - call.created_at).total_seconds() < 0.1
    ringing = ring_tone("automatic")[:8000]
    assert ringing in bytes(played.caller.heard)


@pytest.mark.row("dial.answer.earlier")
def test_whatever_is_said_before_answers_all_the_same(tmp_path: Path) -> None:
    dial = f'<Dial answerOnBridge="true">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, before="<Say>One moment</Say>", phones={SHOP: ANSWERS})
    call, child = played.calls
    assert call.answered_at is not None and child.answered_at is not None
    assert call.answered_at < child.answered_at


@pytest.mark.row("verb.Dial.answerOnBridge")
def test_a_call_that_nobody_took_is_still_ringing_at_the_action(tmp_path: Path) -> None:
    dial = f'<Dial action="/after" answerOnBridge="true">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: {"behaviour": "busy"}})
    (after,) = played.app.forms("/after")
    assert after["CallStatus"] == "ringing" and played.heard() == ["The action"]


@pytest.mark.row("verb.Dial.ringTone")
@pytest.mark.parametrize("country", ["de", "uk", "jp", "us"])
def test_the_caller_hears_the_ringing_of_a_country(tmp_path: Path, country: str) -> None:
    dial = f'<Dial ringTone="{country}" timeout="10">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: NOBODY})
    assert ring_tone(country) in bytes(played.caller.heard)
    assert ring_tone("fr") not in bytes(played.caller.heard)


@pytest.mark.row("dial.star", "verb.Dial.hangupOnStar")
@pytest.mark.parametrize(("given", "goes_on"), [("", True), ('hangupOnStar="true"', False)])
def test_a_star_lets_the_callee_go_only_where_asked_for(
    tmp_path: Path, given: str, goes_on: bool
) -> None:
    steps: list[dict[str, Any]] = [{"is_transferred": True}, {"waits_s": 1}, {"presses": "*"}]
    steps += [{"hears": "the action"}]
    dial = f'<Dial action="/after" {given}>{SHOP}</Dial>'
    played = dialled(tmp_path, dial, steps, phones={SHOP: ANSWERS})
    talked_s = int(played.app.forms("/after")[0]["DialCallDuration"])
    assert (talked_s == 4) == goes_on and played.call.status == "completed"


@pytest.mark.row("dial.parent")
def test_a_caller_who_hangs_up_ends_the_callees_call(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [{"is_transferred": True}, {"waits_s": 1}, {"hangs_up": True}]
    played = dialled(tmp_path, f"<Dial>{SHOP}</Dial>", steps, phones={SHOP: {}})
    call, child = played.calls
    assert (call.ended_by, child.ended_by) == ("caller", "line")
    assert call.ended_at == child.ended_at


@pytest.mark.row("dialstatus.completed.voicemail")
def test_a_machine_that_answers_counts_as_completed(tmp_path: Path) -> None:
    machine = {"behaviour": "machine", "greeting": "nobody is here"}
    dial = f'<Dial action="/after" timeLimit="5">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: machine})
    (after,) = played.app.forms("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "true")


@pytest.mark.row("dialstatus.canceled.rest")
def test_a_callee_whom_rest_takes_away_while_it_rings_was_canceled(tmp_path: Path) -> None:
    async def take_away(net: Network) -> None:
        await net.exchange.clock.sleep(5)
        _, child = net.exchange.calls.values()
        child.end(by="line", status="canceled")

    dial = f'<Dial action="/after">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: NOBODY}, meanwhile=take_away)
    assert played.app.forms("/after")[0]["DialCallStatus"] == "canceled"


@pytest.mark.row("verb.Dial.method")
def test_its_action_is_asked_by_the_method_it_names(tmp_path: Path) -> None:
    dial = f'<Dial action="/after" method="GET">{SHOP}</Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: {"behaviour": "busy"}})
    (request,) = [one for one in played.app.received if one.path == "/after"]
    assert "DialCallStatus=busy" in request.url and not request.form


# Nouns


@pytest.mark.row("noun.Client", "noun.Client.identity")
@pytest.mark.parametrize(
    "noun", ["<Client>agent_7</Client>", "<Client><Identity>agent_7</Identity></Client>"]
)
def test_a_client_is_called_by_its_identity(tmp_path: Path, noun: str) -> None:
    dial = f'<Dial action="/after">{noun}</Dial>'
    played = dialled(tmp_path, dial, phones={"client:agent_7": ANSWERS})
    assert played.calls[1].party.to == "client:agent_7"
    assert played.app.forms("/after")[0]["DialCallStatus"] == "completed"


@pytest.mark.row("noun.Client.Parameter")
def test_a_clients_parameters_go_along(tmp_path: Path) -> None:
    noun = '<Client>agent_7<Parameter name="case" value="4 2"/></Client>'
    played = dialled(tmp_path, f"<Dial>{noun}</Dial>", phones={"client:agent_7": ANSWERS})
    assert dict(played.calls[1].party.params) == {"case": "4 2"}


@pytest.mark.row("noun.Sip")
def test_a_sip_address_is_called(tmp_path: Path) -> None:
    sip = f'<Sip username="alice" password="secret">{DESK}</Sip>'
    played = dialled(tmp_path, f'<Dial action="/after">{sip}</Dial>', phones={DESK: ANSWERS})
    assert played.calls[1].party.to == DESK
    assert played.app.forms("/after")[0]["DialCallStatus"] == "completed"


@pytest.mark.row("noun.Number.url", "noun.Client.url", "noun.Sip.url", "noun.Number.method")
@pytest.mark.row("noun.Client.method", "noun.Sip.method")
@pytest.mark.parametrize(
    ("element", "address"), [("Number", SHOP), ("Client", "agent_7"), ("Sip", DESK)]
)
def test_each_noun_may_whisper_to_its_callee_alone(
    tmp_path: Path, element: str, address: str
) -> None:
    noun = f'<{element} url="/whisper" method="GET">{address}</{element}>'
    at = "client:agent_7" if element == "Client" else address
    played = dialled(tmp_path, f"<Dial>{noun}</Dial>", phones={at: ANSWERS})
    assert played.heard(played.calls[1]) == ["A call for you"]
    assert "A call for you" not in played.heard()
    (request,) = [one for one in played.app.received if one.path == "/whisper"]
    assert f"ParentCallSid={played.call.sid}" in request.url


@pytest.mark.row("noun.Number.statusCallback", "noun.Client.statusCallback")
@pytest.mark.row("noun.Sip.statusCallback", "noun.Number.statusCallbackMethod")
@pytest.mark.row("noun.Client.statusCallbackMethod", "noun.Sip.statusCallbackMethod")
@pytest.mark.row("noun.Client.statusCallbackEvent", "noun.Sip.statusCallbackEvent")
@pytest.mark.parametrize(
    ("element", "address"), [("Number", SHOP), ("Client", "agent_7"), ("Sip", DESK)]
)
def test_each_noun_tells_of_its_progress_as_asked(
    tmp_path: Path, element: str, address: str
) -> None:
    asked = (
        'statusCallback="/child" statusCallbackMethod="GET" statusCallbackEvent="ringing answered"'
    )
    at = "client:agent_7" if element == "Client" else address
    dial = f"<Dial><{element} {asked}>{address}</{element}></Dial>"
    played = dialled(tmp_path, dial, phones={at: ANSWERS})
    told = [one.url for one in played.app.received if one.path == "/child"]
    assert [("ringing" in url, "in-progress" in url) for url in told] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.row("noun.Number.statusCallbackEvent")
def test_by_default_only_the_end_is_told(tmp_path: Path) -> None:
    dial = f'<Dial><Number statusCallback="/child">{SHOP}</Number></Dial>'
    played = dialled(tmp_path, dial, phones={SHOP: ANSWERS})
    assert [one["CallStatus"] for one in played.app.forms("/child")] == ["completed"]


@pytest.mark.row("noun.Number.sendDigits")
def test_keys_are_sent_once_the_callee_answers(tmp_path: Path) -> None:
    heard = bytearray()

    async def listen(net: Network) -> None:
        await net.exchange.clock.sleep(1)
        _, child = net.exchange.calls.values()
        child.leg.add_tap(lambda inbound, outbound: heard.extend(outbound))

    dial = f'<Dial><Number sendDigits="ww1W#">{SHOP}</Number></Dial>'
    dialled(tmp_path, dial, phones={SHOP: {**ANSWERS, "after_s": 3}}, meanwhile=listen)
    one, hash_ = stretches_s(bytes(heard))
    # From 1 s on: it answers at 3.1 s, waits twice 0.5 s, and 1 s between the keys.
    assert one[0] == pytest.approx(3.1, abs=0.1) and hash_[0] == pytest.approx(4.3, abs=0.1)
    for (begin, end), low_hz in ((one, 697), (hash_, 941)):
        assert strength(bytes(heard[round(begin * RATE) : round(end * RATE)]), low_hz) > 0.3
