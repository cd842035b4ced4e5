"""A bad network on the media socket: frames lost, late, jittered, noisy; the same by one seed."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from simulator.calls.call import Call
from simulator.calls.legs import Endpoint
from simulator.faults.plan import plan_from
from simulator.faults.sound_faults import VOICE_RMS, SoundFaults
from simulator.faults.strikes import Faults
from simulator.sound.audio import FRAME_BYTES, SILENCE, decoded
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run
from tests.simulator.test_streams import CONNECT, SECOND, Server, mark, media

pytestmark = pytest.mark.slow


def faulty(*faults: dict[str, Any], call: str = "CA1", seed: int = 1) -> SoundFaults:
    plan = plan_from({"seed": seed, "media": list(faults)})
    return SoundFaults(Faults(plan).of_media(call, 1))


class Socket:
    """Takes frames as a media socket does; None where one never came."""

    def __init__(self) -> None:
        self.ticks: list[list[int | None]] = []

    def tap(self, inbound: bytes, outbound: bytes) -> None:
        self.ticks[-1].append(inbound[0])

    def miss(self) -> None:
        self.ticks[-1].append(None)


def sent(under: SoundFaults, count: int = 200) -> list[list[int | None]]:
    """What reaches the application in each tick of frames numbered from 0, each over 200 anew."""
    socket = Socket()
    tap = under.tap(socket)  # type: ignore[arg-type]
    for number in range(count):
        socket.ticks.append([])
        tap(bytes([number % 200]) * FRAME_BYTES, SILENCE)
    return socket.ticks


def flat(ticks: list[list[int | None]]) -> list[int | None]:
    return [one for tick in ticks for one in tick]


class Numbers:
    """Frames that carry their number."""

    def __init__(self) -> None:
        self._at = -1

    def next_frame(self) -> bytes:
        self._at += 1
        return bytes([self._at % 200]) * FRAME_BYTES


def test_without_a_fault_every_frame_comes_in_its_tick() -> None:
    fair = faulty({"fault": "lost", "share": 0})
    assert sent(fair) == [[number] for number in range(200)]
    source = Numbers()
    assert fair.source(source) is source


def test_about_the_share_of_frames_is_lost_and_its_place_is_counted() -> None:
    found = flat(sent(faulty({"fault": "lost", "frames": 0.2}), 2000))
    assert found.count(None) == pytest.approx(400, rel=0.25)
    assert len(found) == 2000
    assert all(one in (None, place % 200) for place, one in enumerate(found))


def test_frames_lost_in_a_row_keep_the_share() -> None:
    found = flat(sent(faulty({"fault": "lost", "frames": 0.2, "in_a_row": 10}), 5000))
    assert found.count(None) == pytest.approx(1000, rel=0.3)
    lengths = [len(run_) for run_ in "".join("x" if one is None else " " for one in found).split()]
    assert min(lengths[:-1]) >= 10


def test_late_frames_all_come_late_by_the_same_time() -> None:
    ticks = sent(faulty({"fault": "late", "ms": 200}))
    assert ticks[:10] == [[]] * 10
    assert ticks[10:] == [[number] for number in range(190)]


def test_jittered_frames_keep_their_order_and_come_in_bursts() -> None:
    ticks = sent(faulty({"fault": "jittered", "ms": [0, 200]}))
    found = flat(ticks)
    assert found == list(range(len(found))) and len(found) > 180
    assert [] in ticks and max(map(len, ticks)) > 1


def test_noise_has_its_level_in_the_direction_that_is_asked_for() -> None:
    under = faulty({"fault": "noise", "snr_db": 20, "of": ["outbound"]})
    assert sent(under, 5) == [[number] for number in range(5)]
    source = under.source(_Quiet())
    heard = decoded(b"".join(source.next_frame() for _ in range(100))).astype(float)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(VOICE_RMS / 10, rel=0.1)


def test_what_the_caller_hears_late_begins_with_silence() -> None:
    source = faulty({"fault": "late", "ms": 100}).source(Numbers())
    heard = [source.next_frame() for _ in range(10)]
    assert heard[:5] == [SILENCE] * 5
    assert [frame[0] for frame in heard[5:]] == [0, 1, 2, 3, 4]


def test_a_jittered_caller_hears_gaps_and_then_everything() -> None:
    source = faulty({"fault": "jittered", "ms": [0, 200]}).source(Numbers())
    heard = [source.next_frame()[0] for _ in range(200)]
    numbers = [one for one in heard if one != SILENCE[0]]
    assert numbers == list(range(len(numbers))) and len(numbers) < 200


def test_one_seed_gives_the_same_faults_and_each_call_its_own() -> None:
    faults: list[dict[str, Any]] = [
        {"fault": "lost", "frames": 0.3},
        {"fault": "jittered", "ms": [0, 90]},
    ]
    first = sent(faulty(*faults))
    assert first == sent(faulty(*faults))
    assert first != sent(faulty(*faults, seed=2))
    one = Faults(plan_from({"media": faults}))
    assert sent(SoundFaults(one.of_media("CA1", 1))) != sent(SoundFaults(one.of_media("CA2", 1)))


class _Quiet:
    def next_frame(self) -> bytes:
        return SILENCE


def called(folder: Path, plan: Any, voice: str = CONNECT) -> tuple[Server, Call]:
    """A call whose application sends a second of sound and a last mark."""

    async def act(server: Server, socket: web.WebSocketResponse, sid: str) -> None:
        await socket.send_str(media(sid, SECOND))
        await socket.send_str(mark(sid, "last"))

    server = Server(act)
    app = FakeApp({"/voice": voice, "/status": ""}, socket=server)

    async def work() -> Call:
        async with network(app, folder, pace=4.0) as net:
            net.exchange.faults = Faults(plan_from(plan))
            leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
            await net.exchange.calls[leg.sid].settling()
            return net.exchange.calls[leg.sid]

    return server, run(work())


def test_lost_frames_leave_holes_in_the_numbers_that_the_application_sees(tmp_path: Path) -> None:
    plan = {"media": [{"fault": "lost", "frames": 0.5, "of": ["inbound"]}]}
    server, call = called(tmp_path, plan)
    frames = [one for one in server.messages if one["event"] == "media"]
    chunks = [int(one["media"]["chunk"]) for one in frames]
    assert chunks == sorted(set(chunks)) and len(chunks) < chunks[-1]
    assert all(int(one["media"]["timestamp"]) == (at - 1) * 20
               for at, one in zip(chunks, frames, strict=True))  # fmt: skip
    numbers = [int(one["sequenceNumber"]) for one in server.messages if "sequenceNumber" in one]
    assert numbers == list(range(1, len(numbers) + 1))
    (fault,) = [event for event in call.log.events if event["event"] == "fault"]
    assert (fault["fault"], fault["purpose"]) == ("lost", "media")
    stopped = next(event for event in call.log.events if event.get("state") == "stopped")
    assert stopped["frames_lost"] >= chunks[-1] - len(chunks)


def test_a_stream_beside_the_call_is_cut_as_well(tmp_path: Path) -> None:
    voice = response(
        '<Start><Stream url="wss://hotline.test/media"/></Start>', '<Pause length="3"/>'
    )
    server, call = called(tmp_path, {"media": [{"fault": "cut", "seconds": 1}]}, voice)
    kinds = [(one["event"], one.get("state") or one.get("fault")) for one in call.log.events]
    assert kinds.index(("fault", "cut")) < kinds.index(("stream", "stopped"))
    assert server.messages[-1]["event"] != "stop"
    assert call.status == "completed"


def test_sound_is_noisy_on_the_way_to_the_application(tmp_path: Path) -> None:
    server, _ = called(tmp_path, {"media": [{"fault": "noise", "snr_db": 0, "of": ["inbound"]}]})
    sound = b"".join(
        base64.b64decode(one["media"]["payload"])
        for one in server.messages
        if one["event"] == "media"
    )
    assert np.sqrt(np.mean(decoded(sound).astype(float) ** 2)) == pytest.approx(2000, rel=0.15)
