"""The commands others script against: start, stop, call without a line, doctor."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.proof.line import share_voice
from tests.conftest import eventually
from tests.journeys.line import ROOT, Line
from tests.ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech]


def line_in(folder: Path) -> Line:
    var_dir = folder / "var"
    var_dir.mkdir()
    share_voice(var_dir)
    names = ("PORT", "SWIFTLINE_STREAMS_PORT", "SWIFTLINE_SIMULATOR_PORT")
    return Line(var_dir, dict(zip(names, map(str, free_ports(3)), strict=True)))


def swiftline(line: Line, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.cli", *arguments],
        cwd=ROOT,
        env=line.env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_ctrl_c_leaves_nothing_running_and_tickets_are_there_the_next_day(
    prepared: None, tmp_path: Path
) -> None:
    line = line_in(tmp_path)
    line.start()
    status, events = line.scenario("pothole")
    assert status == 0, events[-3:]
    started = line.programs()
    family = [p for program in started.values() for p in (program, *program.children(True))]
    line.stop()
    assert set(started) == {"valkey", "gunicorn", "streams", "worker", "simulator"}
    eventually(lambda: not any(alive(process) for process in family))
    line.start()
    number = next(
        "".join(c for c in event["text"] if c.isdigit())
        for event in events
        if event["event"] == "heard" and sum(c.isdigit() for c in event["text"]) == 8
    )
    assert line.ticket(number)["category"] == "pothole"
    line.stop()


def test_call_without_a_running_line_starts_one_for_the_call(
    prepared: None, tmp_path: Path
) -> None:
    line = line_in(tmp_path)
    called = swiftline(line, "call", "pothole")
    assert called.returncode == 0, called.stdout + called.stderr
    assert "ticket:" in called.stdout.splitlines()[-1]
    assert "answered in" in called.stdout
    port = line.env["PORT"]
    eventually(lambda: not any(port in " ".join(cmd(one)) for one in psutil.process_iter()))


def test_an_expectation_that_does_not_hold_fails_the_command(
    prepared: None, tmp_path: Path
) -> None:
    line = line_in(tmp_path)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("steps:\n  - hears: 'good morning captain'\n    within_s: 6\n")
    called = swiftline(line, "call", str(wrong))
    assert called.returncode == 1
    assert "good morning captain" in called.stdout


def test_a_taken_port_is_said_in_one_sentence(prepared: None, tmp_path: Path) -> None:
    line = line_in(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(line.env["PORT"])))
        taken.listen()
        ran = swiftline(line, "run")
    assert ran.returncode == 1
    assert f"port {line.env['PORT']} is taken" in ran.stderr
    assert "PORT" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    line = Line(tmp_path, {"SWIFTLINE_MODEL_EN": str(tmp_path)})
    ran = swiftline(line, "doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(ran.stdout)}
    assert ran.returncode == 1
    assert findings["speech model"]["level"] == "wrong"
    assert "SWIFTLINE_MODEL_EN" in findings["speech model"]["text"]
    assert findings["secrets"]["level"] == "wrong"


def test_transcribe_prints_one_line_a_file_and_names_what_it_cannot_read(
    prepared: None, tmp_path: Path
) -> None:
    line = line_in(tmp_path)
    clip = ROOT / "tests/fixtures/speech/misc/whats-the-weather.flac"
    ran = swiftline(line, "transcribe", str(clip), str(tmp_path / "nowhere.wav"))
    assert ran.returncode == 1
    (heard,) = [json.loads(text) for text in ran.stdout.splitlines()]
    assert heard["text"] == "what's the weather like"
    assert "no such file" in ran.stderr


def test_understand_says_of_each_line_whether_somebody_is_in_danger(tmp_path: Path) -> None:
    line = line_in(tmp_path)
    said = "my neighbor collapsed\nfire hydrant leaking\n\nthere is smoke\n"
    ran = swiftline(line, "understand", "--as", "emergency", "--lang", "en", stdin=said)
    assert ran.returncode == 0, ran.stderr
    meant = [json.loads(text) for text in ran.stdout.splitlines()]
    assert [each["emergency"] for each in meant] == ["yes", "no", "no", "unsure"]
    assert (meant[0]["kind"], meant[0]["why"]) == ("collapse", ["neighbor collapsed"])


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def cmd(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
