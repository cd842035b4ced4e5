"""The phone network itself: calls at once, calls a minute, and how evenly its frames go out.

Each figure stands beside an anchor of the same run: an empty loop that wakes every 20 ms (what the
machine itself adds to a frame's time), and a bare client that sends the same requests (what the
application and HTTP cost without a carrier around them).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp.test_utils import unused_port

from bench.clips import machine
from simulator.load.crowd import Crowd, Habits, Tally
from simulator.load.report import Percentiles
from simulator.network import Network
from simulator.scenario.files import Scenario, scenario_from
from simulator.settings import Hook, Settings
from simulator.sound.audio import FRAME_S
from simulator.speech.synthesiser import Speaker
from simulator.webhooks.origins import OriginMap

_KEYED = {
    "steps": [step for _ in range(5) for step in ({"hears": "press a key"}, {"presses": "1"})]
    + [{"hears": "goodbye"}]
}
_LONG_SENTENCE = (
    "Welcome. You have reached the hotline for reports about water, light and streets; please say "
    "in a few words what has happened and where, and we will take care of it."
)
_CALL_S = 5.0
"""A little less than a keyed call takes, so that so many are on at once."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print the four tables."""
    parser = argparse.ArgumentParser(prog="bench phone")
    parser.add_argument("--calls", type=int, default=1000, help="keyed calls in simulated time")
    parser.add_argument("--at-once", type=int, default=100, help="calls at once in real time")
    parser.add_argument("--streams", type=int, default=50, help="media sockets at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the real-time parts")
    given = parser.parse_args(arguments)
    port = unused_port()
    app = subprocess.Popen([sys.executable, "-m", "bench.phone_app", str(port)])
    try:
        print(f"{machine()}; the application beside it in its own process\n")
        asyncio.run(_measure(given, port))
    finally:
        app.terminate()
        app.wait()


async def _measure(given: argparse.Namespace, port: int) -> None:
    await ready(port)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(port, Path(folder))
        await _simulated(settings, given.calls, port)
        await _speaking(Path(folder))
        await _at_once(settings, given.at_once, given.seconds)
        await _streams(settings, given.streams, given.seconds, port)


async def _simulated(settings: Settings, calls: int, port: int) -> None:
    """Keyed calls in simulated time, beside a bare client that sends the same requests."""
    quick = replace(settings, pace=0.0, seed=1)
    async with Network(quick) as network:
        began = time.perf_counter()
        tally = await Crowd(network, [("keys", _scenario())], Habits(), seed=1).call_all(
            0.1 * n for n in range(calls)
        )
        took_s = time.perf_counter() - began
        requests = sum(len(result.webhooks_s) for result in tally.results)
    bare_s = await _bare(port, requests)
    print("| keyed calls in simulated time | calls a minute | served | ratio to bare HTTP |")
    print("| --- | --- | --- | --- |")
    print(
        f"| {calls} | {calls / took_s * 60:.0f} | {tally.count('served')} | {took_s / bare_s:.1f} |"
    )
    print(f"\nbare client: {requests} requests in {bare_s:.1f} s, one after the other\n")


async def _bare(port: int, requests: int) -> float:
    """Seconds for the same number of requests, one after the other."""
    began = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        for _ in range(requests):
            async with session.post(f"http://127.0.0.1:{port}/keys", data={"a": "b"}) as answer:
                await answer.read()
    return time.perf_counter() - began


async def _speaking(folder: Path) -> None:
    """What the loop feels of a sentence that is spoken for the first time, voice and all."""
    rest = await idle(3.0)
    began = time.perf_counter()
    late = await _beats(asyncio.to_thread(Speaker(folder).speak, _LONG_SENTENCE, "en"))
    took_s = time.perf_counter() - began
    print("| speaking a new sentence | took | loop late p50 / p99 | idle |")
    print("| --- | --- | --- | --- |")
    print(
        f"| {len(_LONG_SENTENCE.split())} words | {took_s:.1f} s "
        f"| {ms(late.p50)} / {ms(late.p99)} | {ms(rest.p50)} / {ms(rest.p99)} |\n"
    )


async def _at_once(settings: Settings, calls: int, seconds: float) -> None:
    """Many calls in real time: what an answer takes, and how late the frames are."""
    print(
        "| calls at once, real time | served | webhook p50 / p99 | frames late p50 / p99 | idle |"
    )
    print("| --- | --- | --- | --- | --- |")
    rest = await idle(3.0)
    async with Network(settings) as network:
        tally = await Crowd(network, [("keys", _scenario())], Habits(), seed=2).call_all(
            _CALL_S * n / calls for n in range(round(calls * (1 + seconds / _CALL_S)))
        )
        late = Percentiles.of(network.exchange.clock.lateness_s)
    _row(f"{tally.most_at_once}", tally, late, rest)


def _row(name: str, tally: Tally, late: Percentiles, rest: Percentiles) -> None:
    asked = Percentiles.of(one for result in tally.results for one in result.webhooks_s)
    print(
        f"| {name} | {tally.count('served')} of {len(tally.results)} "
        f"| {ms(asked.p50)} / {ms(asked.p99)} "
        f"| {ms(late.p50)} / {ms(late.p99)} | {ms(rest.p50)} / {ms(rest.p99)} |\n"
    )


async def _streams(settings: Settings, streams: int, seconds: float, port: int) -> None:
    """Media sockets both ways: how far a frame's arrival is from its place in an even row."""
    rest = await idle(3.0)
    late = await stream_calls(settings, streams, seconds)
    came = await arrivals(port)
    print(
        "| media sockets, both ways | frames | arrival off p50 / p99 | sent late p50 / p99 | idle |"
    )
    print("| --- | --- | --- | --- | --- |")
    print(
        f"| {streams} | {came.count} | {ms(came.p50)} / {ms(came.p99)} "
        f"| {ms(late.p50)} / {ms(late.p99)} | {ms(rest.p50)} / {ms(rest.p99)} |"
    )


async def stream_calls(settings: Settings, streams: int, seconds: float) -> Percentiles:
    """Calls with a media socket for so long, at once; how late frames were handed on, seconds."""
    waits = scenario_from({"steps": [{"waits_s": seconds}, {"hangs_up": True}]}, Path())
    hooked = replace(settings, voice=Hook("https://bench.example/echo"))
    async with Network(hooked) as network:
        await Crowd(network, [("echo", waits)], Habits(lines=streams), seed=3).call_all(
            0.02 * n for n in range(streams)
        )
        return Percentiles.of(network.exchange.clock.lateness_s)


async def arrivals(port: int) -> Percentiles:
    """How far frames came from their places in an even row, as the application saw it, seconds."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/figures") as answer,
    ):
        return Percentiles.of(abs(one) for one in await answer.json())


async def idle(seconds: float) -> Percentiles:
    """How late an empty loop wakes that wants to every 20 ms."""
    return await _beats(asyncio.sleep(seconds))


async def _beats(meanwhile: Awaitable[object]) -> Percentiles:
    """How late the loop wakes that wants to every 20 ms, until something is done."""
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(meanwhile)
    late = []
    due = loop.time() + FRAME_S
    while not work.done():
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append(max(0.0, loop.time() - due))
        due += FRAME_S
    await work
    return Percentiles.of(late)


async def ready(port: int) -> None:
    """Wait until the application answers."""
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            try:
                async with session.get(f"http://127.0.0.1:{port}/status"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise SystemExit("the application did not start")


def _scenario() -> Scenario:
    return scenario_from(_KEYED, Path())


def settings_for(port: int, folder: Path) -> Settings:
    """A network whose application answers on that port; what it keeps is in the folder."""
    maps = (
        f"https://bench.example=http://127.0.0.1:{port}",
        f"wss://bench.example=ws://127.0.0.1:{port}",
    )
    return Settings(
        voice=Hook("https://bench.example/keys"),
        status_callback="https://bench.example/status",
        origins=OriginMap.of(maps),
        data_dir=folder,
    )


def ms(seconds: float) -> str:
    """As milliseconds."""
    return f"{seconds * 1000:.1f} ms"
