"""A queue's requests: the wait document, the whisper, and how it ended for both sides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.calls.call import Call, Inline
from simulator.calls.legs import Endpoint
from simulator.network import Network
from tests.simulator.app import response
from tests.simulator.conformance.line import Told, coming, story
from tests.simulator.conformance.test_fields import COMMON

HANG_UP = response("<Hangup/>")
LINE = '<Enqueue waitUrl="/wait" action="/over">desk</Enqueue>'
AGENT = '<Dial timeout="60" action="/dialled"><Queue url="/whisper">desk</Queue></Dial>'
DESK: dict[str, Any] = {
    "/voice": response(LINE),
    "/wait": response("<Pause length='2'/>"),
    "/whisper": response("<Pause length='2'/>"),
    "/over": HANG_UP,
    "/agent": response(AGENT),
    "/dialled": HANG_UP,
    "/elsewhere": response("<Pause length='1'/>"),
}
QUEUE = {
    "QueueSid",
    "QueuePosition",
    "QueueTime",
    "AvgQueueTime",
    "CurrentQueueSize",
    "MaxQueueSize",
}


def agent(net: Network) -> Call:
    """An agent's browser calls the application."""
    sid = net.exchange.settings.app_sid
    leg = net.call_app(sid, identity="agent_7", params={}, endpoint=Endpoint())
    return net.exchange.calls[leg.sid]


@pytest.mark.row("request.enqueue-wait.QueueSid", "request.enqueue-wait.QueuePosition")
@pytest.mark.row("request.enqueue-wait.QueueTime", "request.enqueue-wait.AvgQueueTime")
@pytest.mark.row("request.enqueue-wait.CurrentQueueSize", "request.enqueue-wait.MaxQueueSize")
def test_the_wait_document_is_told_the_place_again_and_again(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        first = coming(net)
        await net.exchange.clock.sleep(1)
        second = coming(net, "+13125550102")
        await net.exchange.clock.sleep(4)
        agent(net)
        await net.exchange.clock.sleep(4)
        for call in (first, second):
            call.end(by="caller")

    told = story(tmp_path, DESK, act)
    forms = told.app.forms("/wait")
    assert all(set(form) == COMMON | QUEUE for form in forms)
    first, second = (call.sid for call in told.calls[:2])
    mine = [form for form in forms if form["CallSid"] == first]
    theirs = [form for form in forms if form["CallSid"] == second]
    assert [form["QueueTime"] for form in mine] == ["0", "2", "4"]
    assert [form["QueuePosition"] for form in mine] == ["1"] * 3
    assert theirs[0]["QueuePosition"] == "2" and theirs[-1]["QueuePosition"] == "1"
    assert theirs[0]["CurrentQueueSize"] == "2" and theirs[-1]["CurrentQueueSize"] == "1"
    assert theirs[0]["AvgQueueTime"] == "0" and theirs[-1]["AvgQueueTime"] == "5"
    assert mine[0]["MaxQueueSize"] == "1000" and mine[0]["QueueSid"].startswith("QU")
    assert theirs[0]["QueueSid"] == mine[0]["QueueSid"]


@pytest.mark.row("request.queue-whisper.QueueSid", "request.queue-whisper.CallSid")
@pytest.mark.row("request.queue-whisper.QueueTime", "request.queue-whisper.DequeingCallSid")
@pytest.mark.row("request.dial-action.DialQueueResult", "request.dial-action.QueueSid")
@pytest.mark.row("request.enqueue-action.QueueResult.bridged", "request.enqueue-action.QueueSid")
@pytest.mark.row("request.enqueue-action.QueueTime")
def test_a_talk_is_told_to_the_whisper_and_to_both_actions(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        coming(net)
        await net.exchange.clock.sleep(3)
        one = agent(net)
        await net.exchange.clock.sleep(7)
        one.leg.hang_up()

    told = story(tmp_path, DESK, act)
    caller, one = told.calls
    whisper, over, dialled = told.at("/whisper"), told.at("/over"), told.at("/dialled")
    assert set(whisper) == COMMON | QUEUE | {"DequeingCallSid", "DequeueingCallSid"}
    assert whisper["CallSid"] == caller.sid and whisper["QueueTime"] == "3"
    assert whisper["DequeingCallSid"] == whisper["DequeueingCallSid"] == one.sid
    assert set(over) == COMMON | {"QueueResult", "QueueSid", "QueueTime"}
    assert over["QueueResult"] == "bridged" and over["QueueSid"] == whisper["QueueSid"]
    assert dialled["CallSid"] == one.sid and dialled["DialQueueResult"] == "bridged"
    assert dialled["QueueSid"] == whisper["QueueSid"] and dialled["DialCallSid"] == caller.sid


Ending = Callable[[Network, Call], Awaitable[None]]


async def hangs_up(net: Network, call: Call) -> None:
    call.leg.hang_up()


async def leaves(net: Network, call: Call) -> None:
    await net.exchange.clock.sleep(5)


async def is_redirected(net: Network, call: Call) -> None:
    call.interrupt(Inline(response("<Pause length='1'/>")))


async def is_redirected_while_talking(net: Network, call: Call) -> None:
    agent(net)
    await net.exchange.clock.sleep(4)
    call.interrupt(Inline(response("<Pause length='1'/>")))


async def hangs_up_while_being_connected(net: Network, call: Call) -> None:
    agent(net)
    await net.exchange.clock.sleep(1)
    call.leg.hang_up()


async def loses_the_agent_while_being_connected(net: Network, call: Call) -> None:
    one = agent(net)
    await net.exchange.clock.sleep(1)
    one.leg.hang_up()


row = pytest.mark.row


@pytest.mark.parametrize(
    ("ending", "replies", "result"),
    [
        pytest.param(
            hangs_up, {}, "hangup", marks=row("request.enqueue-action.QueueResult.hangup")
        ),
        pytest.param(
            leaves,
            {"/wait": response("<Leave/>")},
            "leave",
            marks=row("request.enqueue-action.QueueResult.leave"),
        ),
        pytest.param(
            leaves,
            {"/wait": response("<Record/>")},
            "system-error",
            marks=row("request.enqueue-action.QueueResult.system-error"),
        ),
        pytest.param(
            is_redirected,
            {},
            "redirected",
            marks=row("request.enqueue-action.QueueResult.redirected"),
        ),
        pytest.param(
            is_redirected_while_talking,
            {},
            "redirected-from-bridged",
            marks=row("request.enqueue-action.QueueResult.redirected-from-bridged"),
        ),
        pytest.param(
            hangs_up_while_being_connected,
            {},
            "bridging-in-process",
            marks=row("request.enqueue-action.QueueResult.bridging-in-process"),
        ),
        pytest.param(
            loses_the_agent_while_being_connected,
            {},
            "error",
            marks=row("request.enqueue-action.QueueResult.error"),
        ),
    ],
)
def test_how_waiting_ended_is_told(
    tmp_path: Path, ending: Ending, replies: dict[str, Any], result: str
) -> None:
    async def act(net: Network) -> None:
        call = coming(net)
        await net.exchange.clock.sleep(1)
        await ending(net, call)

    told: Told = story(tmp_path, {**DESK, **replies}, act)
    form = told.at("/over")
    assert form["QueueResult"] == result and form["QueueSid"].startswith("QU")


@pytest.mark.row("request.enqueue-action.QueueResult.queue-full")
@pytest.mark.row("request.enqueue-action.QueueSid", "request.enqueue-action.QueueTime")
def test_whoever_finds_no_room_was_never_in_the_queue(tmp_path: Path) -> None:
    replies = {**DESK, "/voice": response(LINE.replace("<Enqueue", '<Enqueue maxQueueSize="1"'))}

    async def act(net: Network) -> None:
        first = coming(net)
        await net.exchange.clock.sleep(1)
        await coming(net, "+13125550102").settling()
        first.end(by="line")

    forms = story(tmp_path, replies, act).app.forms("/over")
    full = next(form for form in forms if form["QueueResult"] == "queue-full")
    assert set(full) == COMMON | {"QueueResult"}
