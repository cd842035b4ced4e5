"""Rules for all documents: where a call goes next, and what happens when its caller is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.calls.call import Inline
from simulator.network import Network
from tests.simulator.app import NUMBER, response
from tests.simulator.line import SHOP, Played, one, play


def inline(folder: Path, twiml: str) -> Played:
    """A live call that REST gives a document instead of an address."""

    async def redirect(net: Network) -> None:
        await net.exchange.clock.sleep(2)
        (call,) = net.exchange.calls.values()
        call.interrupt(Inline(twiml))

    replies = {"/voice": response("<Pause length='60'/>"), "/next": response("<Say>Next</Say>")}
    return play(folder, replies, meanwhile=redirect)


@pytest.mark.row("rule.relative")
@pytest.mark.parametrize(
    ("address", "path"), [("next", "/a/next"), ("/next", "/next"), ("?x=1", "/a/b")]
)
def test_an_address_is_relative_to_its_document(tmp_path: Path, address: str, path: str) -> None:
    replies = {
        "/voice": response("<Redirect>/a/b</Redirect>"),
        "/a/b": [response(f"<Redirect>{address}</Redirect>"), response()],
        path if path != "/a/b" else "/unused": response(),
    }
    assert play(tmp_path, replies).app.received[2].path == path


@pytest.mark.row("rule.inline.absolute")
@pytest.mark.parametrize(
    "verb", ['<Gather action="/next"/>', "<Gather/>", '<Record action="/next"/>']
)
def test_addresses_of_an_inline_document_are_absolute(tmp_path: Path, verb: str) -> None:
    assert inline(tmp_path, response(verb)).codes() == [11100]


@pytest.mark.row("rule.inline.absolute")
def test_an_absolute_address_of_an_inline_document_is_asked(tmp_path: Path) -> None:
    gather = '<Gather action="https://hotline.test/next" actionOnEmptyResult="true" timeout="1"/>'
    assert inline(tmp_path, response(gather)).heard() == ["Next"]


@pytest.mark.row("rule.inline.record")
def test_a_live_call_sent_to_a_record_without_action_is_an_error(tmp_path: Path) -> None:
    assert inline(tmp_path, response("<Record/>")).codes() == [11100]


@pytest.mark.row("rule.empty.hangup", "rule.out-of-verbs")
@pytest.mark.parametrize("verbs", ["", "<Pause/>", "<Say>Bye</Say>"], ids=str)
def test_the_end_of_a_document_ends_the_call(tmp_path: Path, verbs: str) -> None:
    played = one(tmp_path, verbs)
    assert played.call.status == "completed" and played.call.ended_by == "line"
    assert played.call.answered_at is not None


@pytest.mark.row("verb.Hangup")
def test_hangup_answers_and_ends(tmp_path: Path) -> None:
    played = one(tmp_path, "<Hangup/>", "<Say>Never</Say>")
    assert played.call.status == "completed" and played.call.answered_at is not None
    assert not played.heard()


@pytest.mark.row("verb.Redirect", "verb.Redirect.sid", "verb.Redirect.method")
def test_redirect_goes_on_elsewhere_with_the_same_call(tmp_path: Path) -> None:
    replies = {
        "/voice": response('<Redirect method="GET">/next</Redirect>', "<Say>Never</Say>"),
        "/next": response("<Redirect>/last</Redirect>"),
        "/last": response("<Say>Here</Say>"),
    }
    played = play(tmp_path, replies)
    first, second, third = played.app.received[:3]
    assert played.heard() == ["Here"]
    assert f"CallSid={first.form['CallSid']}" in second.url and not second.form
    assert third.form["CallSid"] == first.form["CallSid"]


@pytest.mark.row("verb.Redirect", "verb.Reject")
def test_a_call_that_is_redirected_first_still_rings_and_may_be_refused(tmp_path: Path) -> None:
    replies = {
        "/voice": response("<Redirect>/next</Redirect>"),
        "/next": response('<Reject reason="busy"/>'),
    }
    played = play(tmp_path, replies)
    assert played.app.forms("/next")[0]["CallStatus"] == "ringing"
    assert played.call.status == "busy" and played.call.answered_at is None


@pytest.mark.row("verb.Reject", "verb.Reject.reason", "verb.Reject.status")
@pytest.mark.parametrize(
    ("attributes", "status"),
    [("", "no-answer"), ('reason="rejected"', "no-answer"), ('reason="busy"', "busy")],
)
def test_reject_refuses_without_an_answer(tmp_path: Path, attributes: str, status: str) -> None:
    played = one(tmp_path, f"<Reject {attributes}/>", "<Say>Never</Say>")
    assert played.call.status == status and played.call.answered_at is None
    assert played.app.forms("/status")[0]["CallStatus"] == status
    assert played.app.forms("/status")[0]["CallDuration"] == "0"


@pytest.mark.row("verb.Reject")
def test_a_call_that_is_answered_can_only_be_hung_up_on(tmp_path: Path) -> None:
    played = one(tmp_path, "<Say>Hello</Say>", '<Reject reason="busy"/>')
    assert played.call.status == "completed" and played.heard() == ["Hello"]


@pytest.mark.row("verb.Say.escaped")
def test_text_is_escaped_as_xml(tmp_path: Path) -> None:
    assert one(tmp_path, "<Say>Salt &amp; pepper</Say>").heard() == ["Salt & pepper"]
    assert one(tmp_path, "<Say>Salt & pepper</Say>").codes() == [12100]


# Queues


def queued(folder: Path, wait: str, steps: list[dict[str, Any]] | None = None) -> Played:
    """A caller in a queue with a wait document."""
    replies = {
        "/voice": response('<Enqueue waitUrl="/wait" action="/over">desk</Enqueue>'),
        "/wait": wait,
        "/over": response("<Say>Over</Say>"),
    }
    return play(folder, replies, steps)


@pytest.mark.row("verb.Enqueue", "verb.Enqueue.new", "request.enqueue-wait.QueueSid")
@pytest.mark.row("request.enqueue-wait.QueueTime", "request.enqueue-wait.AvgQueueTime")
@pytest.mark.row("request.enqueue-wait.CurrentQueueSize", "request.enqueue-wait.MaxQueueSize")
def test_a_queue_of_a_new_name_is_made_and_its_state_told(tmp_path: Path) -> None:
    wait = response("<Say>Please wait</Say>", "<Pause length='3'/>")
    played = queued(tmp_path, wait, [{"waits_s": 9}, {"hangs_up": True}])
    first, second = played.app.forms("/wait")[:2]
    assert first["QueueSid"] == second["QueueSid"] == played.net.exchange.queues.named("desk").sid
    assert (first["QueuePosition"], first["CurrentQueueSize"]) == ("1", "1")
    assert (first["MaxQueueSize"], first["AvgQueueTime"]) == ("1000", "0")
    assert first["QueueTime"] == "0" and int(second["QueueTime"]) >= 3


@pytest.mark.row("queue.wait.verbs", "request.enqueue-action.QueueResult.system-error")
@pytest.mark.parametrize("verb", [f"<Dial>{SHOP}</Dial>", "<Record/>", "<Enqueue>b</Enqueue>"])
def test_a_wait_document_that_holds_more_fails(tmp_path: Path, verb: str) -> None:
    played = queued(tmp_path, response(verb))
    (over,) = played.app.forms("/over")
    assert over["QueueResult"] == "system-error" and played.codes() == [12200]


@pytest.mark.row("queue.wait.verbs")
def test_a_wait_document_may_hang_up(tmp_path: Path) -> None:
    played = queued(tmp_path, response("<Say>We are closed</Say>", "<Hangup/>"))
    assert played.call.status == "completed" and played.heard() == ["We are closed"]


@pytest.mark.row("verb.Leave", "queue.wait.verbs")
def test_a_key_in_a_wait_document_may_lead_out_of_the_queue(tmp_path: Path) -> None:
    gather = '<Gather numDigits="1" action="/out"><Say>Press one to leave</Say></Gather>'
    replies = {
        "/voice": response('<Enqueue waitUrl="/wait">desk</Enqueue>', "<Say>Next verb</Say>"),
        "/wait": response(gather),
        "/out": response("<Leave/>"),
    }
    steps = [{"hears": "press one"}, {"presses": "1"}, {"hears": "next verb"}]
    assert play(tmp_path, replies, steps).heard()[-1] == "Next verb"


@pytest.mark.row("verb.Leave.elsewhere")
def test_leave_changes_nothing_elsewhere(tmp_path: Path) -> None:
    assert one(tmp_path, "<Leave/>", "<Say>Still here</Say>").heard() == ["Still here"]


@pytest.mark.row("verb.Enqueue.waitUrl")
def test_without_a_wait_address_something_is_heard(tmp_path: Path) -> None:
    replies = {"/voice": response("<Enqueue>desk</Enqueue>")}
    played = play(tmp_path, replies, [{"waits_s": 10}, {"hangs_up": True}])
    assert sum(end - begin for begin, end in played.audible_s) > 1


@pytest.mark.row("verb.Enqueue.maxQueueSize", "request.enqueue-action.QueueResult.queue-full")
@pytest.mark.row("request.enqueue-action.QueueSid", "request.enqueue-action.QueueTime")
def test_a_full_queue_sends_the_next_one_to_the_action(tmp_path: Path) -> None:
    waits = '<Enqueue maxQueueSize="1" action="/over" waitUrl="/wait">desk</Enqueue>'

    async def somebody_else(net: Network) -> None:
        from simulator.calls.legs import Endpoint

        net.dial(Endpoint(), from_number=SHOP, to=NUMBER)
        await net.exchange.clock.sleep(1)

    replies = {
        "/voice": response(waits),
        "/wait": response("<Pause length='30'/>", "<Leave/>"),
        "/over": response("<Say>Over</Say>"),
    }
    played = play(tmp_path, replies, meanwhile=somebody_else)
    full, left = played.app.forms("/over")
    assert full["QueueResult"] == "queue-full" and "QueueSid" not in full
    assert left["QueueResult"] == "leave" and left["QueueSid"] and left["QueueTime"] == "30"


@pytest.mark.row("verb.Enqueue.method", "verb.Enqueue.waitUrlMethod")
def test_both_addresses_are_asked_by_the_methods_they_name(tmp_path: Path) -> None:
    enqueue = (
        '<Enqueue waitUrl="/wait" waitUrlMethod="GET" action="/over" method="GET">desk</Enqueue>'
    )
    played = play(tmp_path, {"/voice": response(enqueue), "/wait": response("<Leave/>"),
                             "/over": response()})  # fmt: skip
    wait, over = (next(r for r in played.app.received if r.path == p) for p in ("/wait", "/over"))
    assert "QueuePosition=1" in wait.url and "QueueResult=leave" in over.url
