"""Waiting in a queue, being taken out of it, and talking."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from simulator.calls.legs import Endpoint, Notice
from simulator.network import Network
from simulator.sound.audio import decoded, encoded, frames, is_audible
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run


class Person(Endpoint):
    """Hums one note, and keeps what is heard and noticed."""

    def __init__(self, hertz: float) -> None:
        at = np.arange(8000) / 8000
        self._note = frames(encoded(8000 * np.sin(2 * np.pi * hertz * at)))
        self._at = 0
        self.heard = bytearray()
        self.noticed: list[Notice] = []
        self.changed = asyncio.Event()

    def speak(self) -> bytes:
        self._at = (self._at + 1) % len(self._note)
        return self._note[self._at]

    def hear(self, frame: bytes) -> None:
        self.heard += frame

    def notice(self, notice: Notice) -> None:
        self.noticed.append(notice)
        self.changed.set()

    async def sees(self, kind: str) -> Notice:
        while True:
            for notice in self.noticed:
                if notice.kind == kind:
                    return notice
            self.changed.clear()
            await self.changed.wait()


def strength(sound: bytes, hertz: float) -> float:
    """How much of a note is in a sound, 0 to 1."""
    pcm = decoded(sound).astype(np.float64)
    at = np.arange(len(pcm)) / 8000
    power = np.abs(np.mean(pcm * np.exp(-2j * np.pi * hertz * at))) * 2
    return float(power / 8000)


def the_line() -> FakeApp:
    return FakeApp(
        {
            "/voice": response(
                '<Enqueue waitUrl="/wait" action="/queue-over">desk</Enqueue>',
            ),
            "/wait": response("<Say>Please hold.</Say>"),
            "/queue-over": response("<Say>Goodbye then.</Say>"),
            "/agent": response('<Dial action="/dial-over"><Queue>desk</Queue></Dial>'),
            "/dial-over": response("<Hangup/>"),
            "/status": "",
        }
    )


async def connected(net: Network) -> tuple[Person, Person]:
    """A caller on 400 Hz and an agent on 1000 Hz who talk to each other."""
    caller, agent = Person(400), Person(1000)
    net.dial(caller, from_number=CALLER, to=NUMBER)
    await caller.sees("caption")
    net.call_app(
        net.exchange.settings.app_sid, identity="agent_7", params={"offer": "42"}, endpoint=agent
    )
    await agent.sees("transferred")
    await caller.sees("transferred")
    return caller, agent


def the_line_that_whispers() -> FakeApp:
    app = the_line()
    app.replies["/agent"] = response(
        '<Dial action="/dial-over"><Queue url="/whisper">desk</Queue></Dial>'
    )
    app.replies["/whisper"] = response("<Say>Here comes a person.</Say>")
    return app


@pytest.mark.row("noun.Queue", "request.enqueue-action.QueueResult.bridged")
@pytest.mark.row("request.enqueue-wait.QueuePosition", "queue.agent-leaves")
def test_sound_and_keys_flow_both_ways(tmp_path: Path) -> None:
    app = the_line()

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller, agent = await connected(net)
            await net.exchange.clock.sleep(0.2)
            caller.heard.clear()
            agent.heard.clear()
            await net.exchange.clock.sleep(1)
            assert strength(bytes(caller.heard), 1000) > 0.9
            assert strength(bytes(agent.heard), 400) > 0.9
            assert strength(bytes(caller.heard), 400) < 0.05
            agent.heard.clear()
            caller.leg.press("5")
            await net.exchange.clock.sleep(0.3)
            assert strength(bytes(agent.heard), 770) > 0.05
            agent.leg.hang_up()
            await caller.sees("released")
            await caller.sees("ended")
            for call in net.exchange.calls.values():
                await call.settling()

    run(play())
    agent_form = app.forms("/agent")[0]
    assert agent_form["From"] == "client:agent_7" and agent_form["offer"] == "42"
    assert agent_form["Direction"] == "inbound" and agent_form["To"] == ""
    assert app.forms("/queue-over")[0]["QueueResult"] == "bridged"
    over = app.forms("/dial-over")[0]
    assert over["DialCallStatus"] == "completed" and over["DialBridged"] == "true"
    assert app.forms("/wait")[0]["QueuePosition"] == "1"


def test_the_agent_goes_on_when_the_caller_hangs_up(tmp_path: Path) -> None:
    app = the_line()

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller, agent = await connected(net)
            caller.leg.hang_up()
            await agent.sees("released")
            assert (await agent.sees("ended")).facts["by"] == "line"
            for call in net.exchange.calls.values():
                await call.settling()

    run(play())
    assert app.forms("/dial-over") and app.forms("/queue-over")
    assert app.forms("/status")[0]["CallStatus"] == "completed"


def test_a_caller_whose_agent_leaves_at_that_very_moment_goes_on(tmp_path: Path) -> None:
    app = the_line()

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller, agent = Person(400), Person(1000)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.sees("caption")
            (member,) = net.exchange.queues.named("desk").members
            member.taken.add_done_callback(lambda _: agent.leg.hang_up())
            net.call_app(
                net.exchange.settings.app_sid, identity="agent_7", params={}, endpoint=agent
            )
            await caller.sees("ended")

    run(play())
    assert app.forms("/queue-over")[0]["QueueResult"] == "error"


@pytest.mark.row("verb.Leave", "request.enqueue-action.QueueResult.leave", "queue.wait.again")
def test_leave_takes_the_caller_out_of_the_queue(tmp_path: Path) -> None:
    app = the_line()
    app.replies["/wait"] = [response("<Say>Please hold.</Say>"), response("<Leave/>")]

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller = Person(400)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.sees("ended")

    run(play())
    assert app.forms("/queue-over")[0]["QueueResult"] == "leave"


@pytest.mark.row("rule.hangup.enqueue", "request.enqueue-action.QueueResult.hangup")
def test_hanging_up_while_waiting_is_told_to_the_action(tmp_path: Path) -> None:
    app = the_line()

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller = Person(400)
            leg = net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.sees("caption")
            leg.hang_up()
            await net.exchange.calls[leg.sid].settling()
            assert not net.exchange.queues.named("desk").members

    run(play())
    assert app.forms("/queue-over")[0]["QueueResult"] == "hangup"


@pytest.mark.row("noun.Queue.url", "request.queue-whisper.DequeingCallSid")
def test_a_whisper_is_heard_by_the_waiting_caller_before_the_talk(tmp_path: Path) -> None:
    app = the_line_that_whispers()

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller, _agent = await connected(net)
            heard = [n.facts["text"] for n in caller.noticed if n.kind == "caption"]
            assert "Here comes a person." in heard

    run(play())
    assert app.forms("/whisper")[0]["DequeingCallSid"].startswith("CA")


@pytest.mark.row("queue.empty")
def test_an_agent_who_waits_in_vain_hears_ringing_and_is_told(tmp_path: Path) -> None:
    app = the_line()
    app.replies["/agent"] = response(
        '<Dial timeout="5" action="/dial-over"><Queue>desk</Queue></Dial>'
    )

    async def play() -> None:
        async with network(app, tmp_path) as net:
            agent = Person(1000)
            net.call_app(
                net.exchange.settings.app_sid, identity="agent_7", params={}, endpoint=agent
            )
            await agent.sees("ended")
            assert is_audible(bytes(agent.heard))

    run(play())
    assert app.forms("/dial-over")[0]["DialCallStatus"] == "no-answer"


def test_a_redirect_by_rest_takes_the_caller_out_of_the_talk(tmp_path: Path) -> None:
    app = the_line()
    app.replies["/elsewhere"] = response("<Say>You are elsewhere.</Say>")

    async def play() -> None:
        async with network(app, tmp_path) as net:
            caller, agent = await connected(net)
            call = net.exchange.calls[caller.leg.sid]
            call.interrupt(call.request("https://hotline.test/elsewhere"))
            await agent.sees("released")
            await caller.sees("ended")
            heard = [n.facts["text"] for n in caller.noticed if n.kind == "caption"]
            assert heard[-1] == "You are elsewhere."

    run(play())
    assert app.forms("/dial-over")[0]["DialCallStatus"] == "completed"


@pytest.mark.row("queue.wait.stops")
def test_the_wait_document_stops_the_moment_the_caller_is_taken(tmp_path: Path) -> None:
    app = the_line()
    app.replies["/wait"] = response("<Say>Please hold, and go on holding, it takes long.</Say>")

    async def play() -> None:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            caller, agent = Person(400), Person(1000)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.sees("caption")
            net.call_app(
                net.exchange.settings.app_sid, identity="agent_7", params={}, endpoint=agent
            )
            await caller.sees("transferred")
            await net.exchange.clock.sleep(5)
            cut = [one.facts["cut"] for one in caller.noticed if one.kind == "caption"]
            assert cut[-1] is True and len(app.forms("/wait")) == 1

    run(play())


@pytest.mark.row("queue.order", "queue.agent-leaves")
def test_first_the_whisper_then_the_talk_then_both_actions(tmp_path: Path) -> None:
    app = the_line_that_whispers()

    async def play() -> None:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            caller, agent = await connected(net)
            await net.exchange.clock.sleep(3)
            agent.leg.hang_up()
            heard = await caller.sees("ended")
            assert heard.facts["by"] == "line"
            for call in tuple(net.exchange.calls.values()):
                await call.settling()

    run(play())
    paths = [one.path for one in app.received if one.path not in ("/wait", "/status")]
    assert paths[:3] == ["/voice", "/agent", "/whisper"]
    assert set(paths[3:]) == {"/dial-over", "/queue-over"}
    assert app.forms("/dial-over")[0]["DialQueueResult"] == "bridged"
