"""The command line, from outside."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from tests.simulator.app import PUBLIC, TOKEN, FakeApp, response, run

HEARS = "steps:\n  - hears: good morning\n  - is_hung_up_on: true\n"
HOPES = "steps:\n  - hears: good night\n    within_s: 30\n"


MORNING = response("<Say>Good morning.</Say>")


def called(
    folder: Path, scenario: str, *flags: str, document: str = MORNING
) -> subprocess.CompletedProcess[str]:
    """`python -m simulator call` against an application that says good morning."""
    path = folder / "scenario.yaml"
    path.write_text(scenario)
    app = FakeApp({"/voice": document})

    async def go() -> subprocess.CompletedProcess[str]:
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", app.answer)
        async with TestServer(outer) as server:
            local = f"http://127.0.0.1:{server.port}"
            command = ["call", f"{PUBLIC}/voice", "--map", f"{PUBLIC}={local}"]
            rest = ["--scenario", str(path), "--port", str(unused_port()), "--pace", "10"]
            data = ["--data-dir", str(folder)]
            return await asyncio.to_thread(simulator, *command, *rest, *data, *flags)

    return run(go())


def simulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "SIMULATOR_AUTH_TOKEN": TOKEN},
        timeout=200,
        check=False,
    )


@pytest.mark.slow
def test_a_call_whose_expectations_hold_exits_with_0(tmp_path: Path) -> None:
    ran = called(tmp_path, HEARS)
    assert ran.returncode == 0, ran.stderr
    assert "line:    Good morning." in ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fact", "ends_with"), [("forwarded_from=+13125550199", 0), ("nam=J SMITH", 1)]
)
def test_what_is_known_of_the_caller_may_stand_on_the_command_line(
    tmp_path: Path, fact: str, ends_with: int
) -> None:
    ran = called(tmp_path, HEARS, "--caller", fact)
    assert ran.returncode == ends_with, ran.stderr
    assert ("caller: unknown key 'nam'" in ran.stderr) == (ends_with == 1)


DIALS = """
steps:
  - is_transferred_to: "+13125550177"
  - says: "is the shop open"
  - is_hung_up_on: true
people:
  "+13125550177":
    after_s: 1
    steps: [{hears: "%s", within_s: 5}, {hangs_up: true}]
  "+13125550178": {behaviour: busy}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("hears", "ends_with"), [("shop open", 0), ("good night", 1)])
def test_whoever_the_line_calls_behaves_as_the_scenario_says_and_may_fail_the_call(
    tmp_path: Path, hears: str, ends_with: int
) -> None:
    numbers = "".join(f"<Number>+1312555017{n}</Number>" for n in (7, 8))
    document = response(f'<Dial sequential="true">{numbers}</Dial>')
    ran = called(tmp_path, DIALS % hears, "--json", document=document)
    assert ran.returncode == ends_with, ran.stdout + ran.stderr
    end = json.loads(ran.stdout.splitlines()[-1])
    assert end["held"] is (ends_with == 0)
    if ends_with:
        assert end["failure"].startswith("+13125550177: step 1 (hears): the caller waited")
        assert '"message":"+13125550177: step 1 (hears)' in ran.stdout


@pytest.mark.slow
def test_a_failed_expectation_exits_with_1_and_says_why(tmp_path: Path) -> None:
    ran = called(tmp_path, HOPES, "--json")
    assert ran.returncode == 1
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert events[-1]["event"] == "end" and events[-1]["held"] is False
    assert "the line to say 'good night', but the call was over" in events[-1]["failure"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("call", "--scenario", "no.yaml"), "no.yaml: cannot be read"),
        (
            (
                "call",
                "http://a.example/",
                "--server",
                "http://127.0.0.1:1",
                "--scenario",
                "no.yaml",
            ),
            "VOICE_URL is of no use with --server",
        ),
        (("serve", "--account-sid", "AC12"), "account_sid: expected AC and 32 hex digits"),
        (("serve", "--map", "https://a.example"), "expected PUBLIC=LOCAL"),
        (("serve", "--number", "911"), "number: expected E.164"),
        (("serve", "--faults", __file__), "test_command.py: "),
    ],
)
def test_bad_input_is_said_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    ran = simulator(*arguments)
    assert ran.returncode != 0
    assert message in ran.stderr and "Traceback" not in ran.stderr
