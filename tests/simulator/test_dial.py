"""<Dial> and the account's own calls: ringing, whispering, talking, and what is told of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.calls.call import Call
from simulator.network import Network
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import BadBehaviour, behaviour_from, scenario_from
from simulator.sound.audio import decoded
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run

SHOP = "+13125550177"
FRIEND = "+13125550178"
ALL = 'statusCallback="/child" statusCallbackEvent="initiated ringing answered completed"'


def describe(net: Network, address: str, **source: Any) -> None:
    net.phones.describe(address, behaviour_from(source, Path()))


def called(
    folder: Path,
    replies: dict[str, Any],
    steps: list[dict[str, Any]],
    **phones: dict[str, Any],
) -> tuple[FakeApp, list[Call]]:
    """One call from outside while those phones stand there."""
    app = FakeApp({"/status": response(), "/child": response(), **replies})

    async def work() -> list[Call]:
        async with network(app, folder, pace=0.0, seed=1) as net:
            for address, source in phones.items():
                describe(net, address, **source)
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await play_scenario(caller, scenario_from({"steps": steps}, Path()))
            await asyncio.gather(*(call.settling() for call in net.exchange.calls.values()))
            return list(net.exchange.calls.values())

    return app, run(work())


def heard(call: Call) -> list[str]:
    return [event["text"] for event in call.log.events if event["event"] == "heard"]


@pytest.mark.row("verb.Dial", "noun.Number", "dialstatus.completed", "verb.Dial.callerId")
@pytest.mark.row("noun.Number.statusCallback", "noun.Number.statusCallbackEvent")
@pytest.mark.row("dial.action.decides")
def test_two_people_talk_and_the_action_hears_how_it_ended(tmp_path: Path) -> None:
    replies = {
        "/voice": response(
            f'<Dial action="/after" callerId="{NUMBER}"><Number {ALL}>{SHOP}</Number></Dial>'
        ),
        "/after": response("<Say>Welcome back</Say>"),
    }
    shop: dict[str, Any] = {"steps": [{"waits_s": 3}, {"hangs_up": True}]}
    app, calls = called(
        tmp_path,
        replies,
        [{"is_transferred": True}, {"hears": "welcome back"}],
        **{SHOP: {"after_s": 4, **shop}},
    )
    parent, child = calls
    after = app.forms("/after")[0]
    assert after["DialCallStatus"] == "completed" and after["DialBridged"] == "true"
    assert after["DialCallSid"] == child.sid and after["DialCallDuration"] == "3"
    events = app.forms("/child")
    assert [one["CallStatus"] for one in events] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [one["SequenceNumber"] for one in events] == ["0", "1", "2", "3"]
    assert all(one["CallSid"] == child.sid for one in events)
    assert all(one["ParentCallSid"] == parent.sid for one in events)
    assert events[0]["Direction"] == "outbound-dial" and events[0]["From"] == NUMBER
    assert events[-1]["CallDuration"] == "3" and events[-1]["SipResponseCode"] == "200"


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ({"behaviour": "busy"}, "busy"),
        ({"behaviour": "failed"}, "failed"),
        ({"behaviour": "no-answer"}, "no-answer"),
    ],
    ids=["busy", "failed", "no-answer"],
)
@pytest.mark.row("dialstatus.busy", "dialstatus.failed", "dialstatus.no-answer")
def test_who_does_not_answer_is_told_to_the_action(
    tmp_path: Path, phone: dict[str, Any], status: str
) -> None:
    replies = {
        "/voice": response(f'<Dial action="/after" timeout="10">{SHOP}</Dial>'),
        "/after": response("<Say>Nobody there</Say>"),
    }
    app, calls = called(tmp_path, replies, [{"hears": "nobody there"}], **{SHOP: phone})
    after = app.forms("/after")[0]
    assert after["DialCallStatus"] == status == calls[1].status
    assert after["DialBridged"] == "false"


@pytest.mark.row("rule.action.below")
def test_without_an_action_the_next_verb_runs(tmp_path: Path) -> None:
    replies = {"/voice": response(f"<Dial>{SHOP}</Dial>", "<Say>Next verb</Say>")}
    called(tmp_path, replies, [{"hears": "next verb"}], **{SHOP: {"behaviour": "busy"}})


@pytest.mark.row("dial.first")
def test_the_first_to_answer_wins_and_the_others_are_let_go(tmp_path: Path) -> None:
    nouns = f"<Number>{SHOP}</Number><Number>{FRIEND}</Number>"
    replies = {"/voice": response(f"<Dial>{nouns}</Dial>")}
    _, calls = called(
        tmp_path,
        replies,
        [{"is_transferred": True}, {"waits_s": 1}],
        **{SHOP: {"after_s": 5}, FRIEND: {"after_s": 2}},
    )
    assert [call.status for call in calls] == ["completed", "canceled", "completed"]


@pytest.mark.row("verb.Dial.sequential", "dial.sequential")
def test_one_after_the_other_when_sequential(tmp_path: Path) -> None:
    nouns = f"<Number>{SHOP}</Number><Number>{FRIEND}</Number>"
    replies = {"/voice": response(f'<Dial sequential="true">{nouns}</Dial>')}
    phones: dict[str, dict[str, Any]] = {SHOP: {"behaviour": "busy"}, FRIEND: {"after_s": 2}}
    _, calls = called(
        tmp_path,
        replies,
        [{"is_transferred": True}, {"waits_s": 1}],
        **phones,
    )
    assert [call.status for call in calls] == ["completed", "busy", "completed"]
    assert calls[2].created_at > calls[1].created_at


@pytest.mark.row("noun.Number.url", "dialstatus.completed.whisper", "rule.empty.whisper")
def test_a_whisper_is_heard_by_the_callee_alone_and_may_refuse(tmp_path: Path) -> None:
    replies = {
        "/voice": response(f'<Dial action="/after"><Number url="/whisper">{SHOP}</Number></Dial>'),
        "/whisper": response(
            '<Gather action="/screened" numDigits="1"><Say>Press one to take it</Say></Gather>',
            "<Hangup/>",
        ),
        "/screened": response(),
        "/after": response("<Say>Done</Say>"),
    }
    takes = {
        "steps": [{"hears": "press one"}, {"presses": "1"}, {"waits_s": 2}, {"hangs_up": True}]
    }
    app, (parent, child) = called(
        tmp_path / "a", replies, [{"is_transferred": True}, {"hears": "done"}], **{SHOP: takes}
    )
    assert heard(child) == ["Press one to take it"] and heard(parent) == ["Done"]
    assert app.forms("/whisper")[0]["CallSid"] == child.sid
    refuses = {"steps": [{"hears": "press one"}]}
    app, _ = called(tmp_path / "b", replies, [{"hears": "done"}], **{SHOP: refuses})
    after = app.forms("/after")[0]
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "false")


def test_a_dial_in_a_whisper_is_an_error_of_its_own(tmp_path: Path) -> None:
    replies = {
        "/voice": response(f'<Dial><Number url="/whisper">{SHOP}</Number></Dial>'),
        "/whisper": response(f"<Dial>{FRIEND}</Dial>"),
    }
    _, (_, child) = called(tmp_path, replies, [{"is_hung_up_on": True}])
    assert [one["code"] for one in child.log.events if one["event"] == "error"] == [13201]


@pytest.mark.row("dialstatus.canceled.caller", "rule.hangup.dial")
def test_the_caller_hangs_up_while_it_rings(tmp_path: Path) -> None:
    replies = {"/voice": response(f'<Dial action="/after">{SHOP}</Dial>'), "/after": response()}
    app, calls = called(
        tmp_path,
        replies,
        [{"waits_s": 2}, {"hangs_up": True}],
        **{SHOP: {"behaviour": "no-answer"}},
    )
    assert [call.status for call in calls] == ["completed", "canceled"]
    assert app.forms("/after")[0]["DialCallStatus"] == "canceled"


@pytest.mark.row("verb.Dial.answerOnBridge", "dial.answer.on-bridge")
def test_with_answer_on_bridge_the_call_rings_until_the_callee_answers(tmp_path: Path) -> None:
    replies = {"/voice": response(f'<Dial answerOnBridge="true">{SHOP}</Dial>')}
    _, (parent, child) = called(
        tmp_path,
        replies,
        [{"is_transferred": True}, {"waits_s": 1}],
        **{SHOP: {"after_s": 5}},
    )
    assert parent.answered_at is not None and child.answered_at is not None
    assert parent.answered_at >= child.answered_at
    assert (parent.answered_at - parent.created_at).total_seconds() >= 5


@pytest.mark.row("verb.Dial.timeLimit", "dial.limit")
def test_the_time_limit_ends_the_talk_and_not_the_callers_call(tmp_path: Path) -> None:
    replies = {"/voice": response(f'<Dial timeLimit="3">{SHOP}</Dial>', "<Say>Time is up</Say>")}
    _, (_, child) = called(tmp_path, replies, [{"hears": "time is up"}])
    assert child.duration_s == 3


@pytest.mark.row("verb.Dial.hangupOnStar", "dial.star")
def test_a_star_ends_the_callees_leg_when_asked_for(tmp_path: Path) -> None:
    replies = {"/voice": response(f'<Dial hangupOnStar="true">{SHOP}</Dial>', "<Say>Back</Say>")}
    steps: list[dict[str, Any]] = [{"is_transferred": True}, {"presses": "*"}, {"hears": "back"}]
    _, (parent, child) = called(tmp_path, replies, steps)
    assert child.ended_at is not None and parent.status == "completed"


@pytest.mark.row("verb.Dial.recordingStatusCallback")
def test_the_talk_is_recorded_on_two_channels(tmp_path: Path) -> None:
    replies = {
        "/voice": response(
            '<Dial record="record-from-answer-dual" recordingStatusCallback="/recorded" '
            f'action="/after">{SHOP}</Dial>'
        ),
        "/after": response(),
        "/recorded": response(),
    }
    shop = {"steps": [{"waits_s": 1}, {"says": "good morning"}, {"hangs_up": True}]}
    app, _ = called(tmp_path, replies, [{"is_hung_up_on": True}], **{SHOP: shop})
    recorded = app.forms("/recorded")[0]
    assert recorded["RecordingSource"] == "DialVerb" and recorded["RecordingChannels"] == "2"
    assert app.forms("/after")[0]["RecordingUrl"] == recorded["RecordingUrl"]


def test_a_client_without_a_phone_is_not_reached(tmp_path: Path) -> None:
    replies = {
        "/voice": response(
            '<Dial action="/after"><Client><Identity>agent_7</Identity>'
            '<Parameter name="case" value="42"/></Client></Dial>'
        ),
        "/after": response(),
    }
    app, (_, child) = called(tmp_path, replies, [{"is_hung_up_on": True}])
    assert app.forms("/after")[0]["DialCallStatus"] == "failed"
    assert child.party.to == "client:agent_7"
    assert child.party.params == (("case", "42"),)


@pytest.mark.parametrize(
    ("does", "status", "code"),
    [("answers", "completed", "200"), ("busy", "busy", "486"), ("no-answer", "no-answer", "487")],
)
@pytest.mark.parametrize("scheme", ["", "sip:"])
def test_the_action_of_a_sip_call_is_told_the_answer_in_words_of_sip(
    tmp_path: Path, does: str, status: str, code: str, scheme: str
) -> None:
    replies = {
        "/voice": response(
            f'<Dial action="/after" timeout="5" timeLimit="2" callerId="front_desk">'
            f"<Sip>{scheme}desk@office.example</Sip></Dial>"
        ),
        "/after": response(),
    }
    phones: dict[str, dict[str, Any]] = {"sip:desk@office.example": {"behaviour": does}}
    app, (_, child) = called(tmp_path, replies, [{"is_hung_up_on": True}], **phones)
    (told,) = app.forms("/after")
    assert (told["DialCallStatus"], told["DialSipResponseCode"]) == (status, code)
    assert told["DialSipCallId"] == f"{child.sid.lower()}@office.example"
    assert child.party.from_ == "front_desk"


def test_an_answering_machine_speaks_at_once(tmp_path: Path) -> None:
    replies = {"/voice": response(f"<Dial>{SHOP}</Dial>")}
    _, (_, child) = called(
        tmp_path,
        replies,
        [{"is_transferred": True}, {"waits_s": 4}],
        **{SHOP: {"behaviour": "machine", "greeting": "nobody is at home"}},
    )
    (said,) = [event for event in child.log.events if event["event"] == "said"]
    assert said["text"] == "nobody is at home" and said["exact"]
    assert 0 < said["start_s"] < said["end_s"]


@pytest.mark.parametrize(
    "source", [{"behaviour": "sings"}, {"after_s": -1}, {"mood": "good"}], ids=str
)
def test_a_phone_described_wrongly_is_refused(source: dict[str, Any]) -> None:
    with pytest.raises(BadBehaviour, match=r"expected|unknown key"):
        behaviour_from(source, Path())


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (f'<Dial callerId="nonsense">{SHOP}</Dial>', 13214),
        (f'<Dial callerId="+13125550199">{SHOP}</Dial>', 13214),
        (f'<Dial callerId="client:desk"><Number>{SHOP}</Number></Dial>', 13214),
        ("<Dial>hello world</Dial>", 13223),
        ("<Dial><Number/></Dial>", 13223),
        ("<Dial><Client/></Dial>", 13223),
        ("<Dial><Sip>+13125550101</Sip></Dial>", 13243),
        ('<Dial callerId="two words"><Sip>sip:a@b.example</Sip></Dial>', 13214),
        ('<Dial callerId="bob"><Sip>sip:a@b.example</Sip><Number>1</Number></Dial>', 13214),
        ("<Dial/>", 12200),
        (f"<Dial><Queue>a</Queue><Number>{SHOP}</Number></Dial>", 13000),
    ],
)
@pytest.mark.row("dial.alone")
def test_what_cannot_be_dialled_is_an_error_with_its_code(
    tmp_path: Path, document: str, code: int
) -> None:
    _, calls = called(tmp_path, {"/voice": response(document)}, [{"is_hung_up_on": True}])
    assert [one["code"] for one in calls[0].log.events if one["event"] == "error"] == [code]
    assert len(calls) == 1


def test_the_callees_words_reach_the_caller_unchanged(tmp_path: Path) -> None:
    replies = {"/voice": response(f"<Dial>{SHOP}</Dial>")}
    shop: dict[str, Any] = {"steps": [{"waits_s": 1}, {"says": "good morning"}, {"hangs_up": True}]}
    app = FakeApp({"/status": response(), **replies})

    class Listener(ScriptedCaller):
        heard = b""

        def hear(self, frame: bytes) -> None:
            self.heard += frame
            super().hear(frame)

    async def work() -> tuple[bytes, bytes]:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            describe(net, SHOP, **shop)
            caller = Listener(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.call.gone.wait()
            return caller.heard, await net.exchange.voice.said("good morning", "en")

    heard_, said = run(work())
    samples, wanted = decoded(heard_).astype(float), decoded(said).astype(float)
    best = float(np.correlate(samples, wanted, "valid").max() / (wanted @ wanted))
    assert best == pytest.approx(1.0, abs=0.02)
