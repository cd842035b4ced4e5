"""The phone network beside what the field has: the same REST traffic, the same media sockets.

Beside `emulate` (npm, its Twilio service): calls and messages created by REST, each with four or
two status callbacks to one little application. Beside `streamdouble` (PyPI): media sockets that
send and get a frame every 20 ms. Neither is needed by the project; what is not given is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.test_utils import unused_port

from bench.clips import machine
from bench.phone_network import arrivals, idle, ms, ready, settings_for, stream_calls
from simulator.load.report import Percentiles

_ACCOUNT, _TOKEN = "AC" + "0" * 32, "0" * 32
_NUMBER, _PERSON = "+13125550100", "+13125550142"
_WORKERS = 16
_TIMEOUT_S = 60.0
_NO_EMULATE = (
    "emulate is left out: `npm install --prefix FOLDER emulate@0.12.2`, then "
    "`--emulate FOLDER/node_modules` (and `--node PATH` of Node 22 or newer)"
)
_NO_STREAMDOUBLE = (
    "streamdouble is left out: `python -m venv FOLDER`, "
    "`FOLDER/bin/pip install streamdouble==0.3.0`, then `--streamdouble FOLDER/bin/python`"
)


@dataclass(frozen=True)
class Side:
    """One of both: its name, where its REST answers, and what its client must do.

    events: names of the four states that a call tells. pushes: states that the client has to set by
    further requests, because the emulator does not get there by itself.
    """

    name: str
    root: str
    events: tuple[str, ...]
    call_pushes: tuple[str, ...] = ()
    message_pushes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Of one kind of traffic: how many a second were brought to their end, and answer times."""

    a_second: float
    answers: Percentiles
    told: dict[str, int]

    @property
    def callbacks(self) -> int:
        """How many states the application was told."""
        return sum(count for state, count in self.told.items() if state != "document")


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table for each that is given, and how to get the one that is not."""
    parser = argparse.ArgumentParser(prog="bench beside")
    parser.add_argument("--emulate", type=Path, help="node_modules with npm's emulate")
    parser.add_argument("--node", default="node", help="Node 22 or newer")
    parser.add_argument("--streamdouble", help="a Python where streamdouble is installed")
    parser.add_argument("--calls", type=int, default=200, help="calls and messages by REST")
    parser.add_argument("--streams", type=int, default=50, help="media sockets at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the media part")
    given = parser.parse_args(arguments)
    port = unused_port()
    with _process(sys.executable, "-m", "bench.phone_app", str(port)):
        print(f"{machine()}; the application beside it in its own process\n")
        asyncio.run(_measure(given, port))


async def _measure(given: argparse.Namespace, port: int) -> None:
    await ready(port)
    with tempfile.TemporaryDirectory() as folder:
        if given.emulate is None:
            print(_NO_EMULATE)
        else:
            await _rest(given, port, Path(folder))
        if given.streamdouble is None:
            print(_NO_STREAMDOUBLE)
        else:
            await _media(given, port, Path(folder))


# Calls and messages by REST


async def _rest(given: argparse.Namespace, port: int, folder: Path) -> None:
    print(
        "| REST | calls a second | POST Calls p50 / p99 | callbacks, documents a call "
        "| messages a second | POST Messages p50 / p99 | callbacks a message |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    async with asyncio.timeout(4 * _TIMEOUT_S):
        found = [
            await _ours("ours, simulated time", "0", given.calls, port, folder),
            await _ours("ours, real time", "1", given.calls, port, folder),
            await _emulate(given, port, folder),
        ]
    calls, messages = ([pair[n].a_second for pair in found] for n in (0, 1))
    print(
        f"\nours in simulated time to emulate: {ratio(calls[0], calls[2])} calls a second, "
        f"{ratio(messages[0], messages[2])} messages a second\n"
    )


async def _ours(
    name: str, pace: str, count: int, port: int, folder: Path
) -> tuple[Outcome, Outcome]:
    own = unused_port()
    options = ("--port", str(own), "--pace", pace, "--account-sid", _ACCOUNT)
    paths = ("--number", _NUMBER, "--data-dir", str(folder / "ours"))
    secret = {"SIMULATOR_AUTH_TOKEN": _TOKEN}
    events = ("initiated", "ringing", "answered", "completed")
    with _process(sys.executable, "-m", "simulator", "serve", *options, *paths, **secret):
        side = Side(name, f"http://127.0.0.1:{own}", events)
        return await _traffic(side, f"{side.root}/healthz", count, port)


async def _emulate(given: argparse.Namespace, port: int, folder: Path) -> tuple[Outcome, Outcome]:
    own, seed = unused_port(), folder / "seed.json"
    account = {"sid": _ACCOUNT, "auth_token": _TOKEN}
    seed.write_text(
        json.dumps({"twilio": {"account": account, "phone_numbers": [{"phone_number": _NUMBER}]}})
    )
    command = str(given.emulate / "emulate" / "dist" / "index.js")
    options = ("start", "--service", "twilio", "--port", str(own), "--seed", str(seed))
    with _process(given.node, command, *options):
        side = Side(
            "emulate",
            f"http://127.0.0.1:{own}",
            ("queued", "ringing", "in-progress", "completed"),
            call_pushes=("in-progress", "completed"),
            message_pushes=("delivered",),
        )
        return await _traffic(side, side.root, given.calls, port)


async def _traffic(side: Side, probe: str, count: int, port: int) -> tuple[Outcome, Outcome]:
    app = f"http://127.0.0.1:{port}"
    both = [("From", _NUMBER), ("To", _PERSON), ("StatusCallback", f"{app}/told")]
    call = [*both, ("Url", f"{app}/bye"), *(("StatusCallbackEvent", one) for one in side.events)]
    message = [*both, ("Body", "A word")]
    auth = aiohttp.BasicAuth(_ACCOUNT, _TOKEN)
    async with aiohttp.ClientSession(auth=auth) as session:
        await _answers(session, probe)
        calls = await _run(session, side, "Calls", call, "completed", count, app)
        messages = await _run(session, side, "Messages", message, "delivered", count, app)
    print(
        f"| {side.name} | {calls.a_second:.0f} | {ms(calls.answers.p50)} / {ms(calls.answers.p99)} "
        f"| {calls.callbacks / count:.1f}, {calls.told.get('document', 0) / count:.1f} "
        f"| {messages.a_second:.0f} | {ms(messages.answers.p50)} / {ms(messages.answers.p99)} "
        f"| {messages.callbacks / count:.1f} |",
        flush=True,
    )
    return calls, messages


async def _run(
    session: aiohttp.ClientSession,
    side: Side,
    kind: str,
    form: list[tuple[str, str]],
    last: str,
    count: int,
    app: str,
) -> Outcome:
    """So many, sixteen at a time, until the application was told the last state of each."""
    await _counts(session, app, forget=True)
    resource = f"{side.root}/2010-04-01/Accounts/{_ACCOUNT}/{kind}"
    pushes = side.call_pushes if kind == "Calls" else side.message_pushes
    answers: list[float] = []
    todo = iter(range(count))

    async def work() -> None:
        for _ in todo:
            began = time.perf_counter()
            made = await _post(session, f"{resource}.json", form)
            answers.append(time.perf_counter() - began)
            for state in pushes:
                await _post(session, f"{resource}/{made['sid']}.json", [("Status", state)])

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_WORKERS)))
    while (await _counts(session, app)).get(last, 0) < count:
        if time.perf_counter() - began > _TIMEOUT_S:
            break
        await asyncio.sleep(0.01)
    took_s = time.perf_counter() - began
    told = await _counts(session, app, forget=True)
    return Outcome(told.get(last, 0) / took_s, Percentiles.of(answers), told)


async def _post(
    session: aiohttp.ClientSession, url: str, form: list[tuple[str, str]]
) -> dict[str, str]:
    async with session.post(url, data=form) as answer:
        if answer.status >= 300:
            raise SystemExit(f"{url} answered {answer.status}: {await answer.text()}")
        made: dict[str, str] = await answer.json()
        return made


async def _counts(
    session: aiohttp.ClientSession, app: str, *, forget: bool = False
) -> dict[str, int]:
    async with session.get(f"{app}/counts{'?forget=1' if forget else ''}") as answer:
        found: dict[str, int] = await answer.json()
        return found


async def _answers(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(400):
        try:
            async with session.get(url):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


# Media sockets


async def _media(given: argparse.Namespace, port: int, folder: Path) -> None:
    """Ours, then theirs, each beside an idle loop of its own."""
    print("| media sockets | frames | arrival off p50 / p99 | idle p50 / p99 | p99 to idle |")
    print("| --- | --- | --- | --- | --- |")
    rest = await idle(3.0)
    await stream_calls(settings_for(port, folder), given.streams, given.seconds)
    ours = await arrivals(port)
    _media_row(f"{given.streams}, ours", ours, rest)
    rest = await idle(3.0)
    facts = await _streamdouble(given, port)
    theirs = await arrivals(port)
    _media_row(f"{given.streams}, streamdouble", theirs, rest)
    print(
        f"\nours to streamdouble at p99: {ratio(ours.p99, theirs.p99)}; "
        f"by its own account {facts['frames']} frames, {facts['came_back']} came back, "
        f"late {facts['mean_ms']:.1f} ms in the mean and {facts['most_ms']:.1f} ms at most"
    )


async def _streamdouble(given: argparse.Namespace, port: int) -> dict[str, float]:
    script = str(Path(__file__).with_name("streamdouble_calls.py"))
    url = f"ws://127.0.0.1:{port}/sound"
    process = await asyncio.create_subprocess_exec(
        given.streamdouble,
        script,
        url,
        str(given.streams),
        str(given.seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"streamdouble ended with {process.returncode}")
    facts: dict[str, float] = json.loads(out)
    return facts


def _media_row(name: str, came: Percentiles, rest: Percentiles) -> None:
    print(
        f"| {name} | {came.count} | {ms(came.p50)} / {ms(came.p99)} "
        f"| {ms(rest.p50)} / {ms(rest.p99)} | {ratio(came.p99, rest.p99)} |",
        flush=True,
    )


def ratio(one: float, other: float) -> str:
    """How many times the other one is; a dash when the other one is nothing."""
    return f"{one / other:.2f}" if other else "-"


@contextmanager
def _process(*command: str, **variables: str) -> Iterator[None]:
    """A program that runs meanwhile; what it says is not shown."""
    running = subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait()
