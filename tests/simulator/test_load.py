"""Crowds: arrivals by a curve, patience, redials, busy lines, and a report that adds up."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from simulator.load.arrivals import BadArrivals, Curve, read_arrivals, read_duration
from simulator.load.crowd import CallResult, Crowd, Habits, Tally
from simulator.load.picture import NoPicture, check, draw
from simulator.load.report import OUTCOMES, Percentiles, report_of
from simulator.scenario.files import Scenario, scenario_from
from tests.simulator.app import FakeApp, network, response, run
from tests.simulator.test_command import simulator

MENU = response('<Gather action="/chosen" numDigits="1"><Say>Press one</Say></Gather>', "<Hangup/>")
GOOD = scenario_from(
    {"steps": [{"hears": "press one"}, {"presses": "1"}, {"hears": "thank you"}]}, Path()
)
WAITS = scenario_from({"steps": [{"is_transferred": True, "within_s": 900}]}, Path())
ASKS_TOO_MUCH = scenario_from({"steps": [{"hears": "never said", "within_s": 3}]}, Path())


def an_app() -> FakeApp:
    return FakeApp(
        {
            "/voice": MENU,
            "/chosen": response("<Say>Thank you</Say>"),
            "/queue": response("<Enqueue>people</Enqueue>"),
            "/status": response(),
        }
    )


def crowd_of(
    folder: Path,
    scenarios: list[tuple[str, Scenario]],
    habits: Habits,
    arrivals: list[float],
    app: FakeApp | None = None,
    **changes: Any,
) -> Tally:
    async def work() -> Tally:
        async with network(app or an_app(), folder, pace=0.0, seed=5, **changes) as net:
            return await Crowd(net, scenarios, habits, seed=5).call_all(arrivals)

    return run(work())


def test_a_steady_rate_brings_about_that_many() -> None:
    times = list(read_arrivals("120/min").times(3600, seed=1))
    assert len(times) == pytest.approx(7200, rel=0.05)
    assert times == sorted(times) and times[0] > 0 and times[-1] < 3600


def test_a_curve_rings_when_its_slots_say_so_and_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("hour,calls\n0,0\n1,600\n2,0\n3,60\n")
    times = list(read_arrivals(str(path)).times(8 * 3600, seed=2))
    slots = [sum(int(one // 3600) == hour for one in times) for hour in range(8)]
    assert slots[0] == slots[2] == slots[4] == slots[6] == 0
    assert slots[1] == pytest.approx(600, rel=0.15) and slots[5] == pytest.approx(600, rel=0.15)
    assert slots[3] == pytest.approx(60, rel=0.4)


def test_a_seed_repeats_the_crowd_and_a_scale_makes_it_denser() -> None:
    curve = Curve((10.0,), 60.0)
    assert list(curve.times(600, seed=4)) == list(curve.times(600, seed=4))
    assert list(curve.times(600, seed=4)) != list(curve.times(600, seed=5))
    assert len(list(curve.times(600, seed=4, scale=3))) > 2 * len(list(curve.times(600, seed=4)))


@pytest.mark.parametrize(
    "text", ["12/fortnight", "no-such-file.csv", "", "0/min"], ids=["unit", "file", "empty", "zero"]
)
def test_what_is_no_rate_and_no_file_is_refused(text: str) -> None:
    with pytest.raises(BadArrivals, match=r"expected|a rate is"):
        read_arrivals(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1d", 86400)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "ten", "5y", "0s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadArrivals, match="expected a duration"):
        read_duration(text)


@pytest.mark.slow
def test_everybody_is_served_and_every_call_is_counted(tmp_path: Path) -> None:
    tally = crowd_of(tmp_path, [("good", GOOD)], Habits(), [0.2 * n for n in range(30)])
    assert [result.outcome for result in tally.results] == ["served"] * 30
    assert tally.most_at_once > 3 and tally.on_the_line == 0
    assert all(len(result.turns) == 1 for result in tally.results)


@pytest.mark.slow
def test_an_expectation_that_does_not_hold_is_a_failed_call_with_its_reason(tmp_path: Path) -> None:
    tally = crowd_of(tmp_path, [("too much", ASKS_TOO_MUCH)], Habits(), [0.0, 1.0])
    assert [result.outcome for result in tally.results] == ["failed", "failed"]
    assert "never said" in tally.results[0].reason


@pytest.mark.slow
def test_callers_in_a_queue_lose_patience_and_some_call_again(tmp_path: Path) -> None:
    app = an_app()
    app.replies["/voice"] = response("<Enqueue>people</Enqueue>")
    habits = Habits(patience_s=20, redial=1.0, redial_after_s=5, most_tries=2)
    tally = crowd_of(tmp_path, [("waits", WAITS)], habits, [0.0, 1.0, 2.0], app)
    assert [result.outcome for result in tally.results] == ["abandoned"] * 6
    assert sorted(result.attempt for result in tally.results) == [1, 1, 1, 2, 2, 2]
    assert all(result.answered for result in tally.results)


@pytest.mark.slow
def test_more_callers_than_lines_hear_the_busy_tone(tmp_path: Path) -> None:
    habits = Habits(lines=2, redial=0.0)
    tally = crowd_of(tmp_path, [("good", GOOD)], habits, [0.0, 0.1, 0.2, 0.3])
    assert tally.count("served") == 2 and tally.count("busy") == 2
    assert tally.most_at_once == 2


@pytest.mark.slow
def test_an_application_error_is_an_error_with_its_code(tmp_path: Path) -> None:
    app = an_app()
    del app.replies["/chosen"]
    tally = crowd_of(tmp_path, [("good", GOOD)], Habits(), [0.0], app)
    assert [result.outcome for result in tally.results] == ["error"]
    assert tally.results[0].errors == (11200,)


@pytest.mark.slow
def test_the_report_adds_up_in_text_json_and_picture(tmp_path: Path) -> None:
    habits = Habits(lines=3, redial=0.0)
    mixed = [("good", GOOD), ("too much", ASKS_TOO_MUCH)]
    tally = crowd_of(tmp_path, mixed, habits, [0.3 * n for n in range(12)])
    report = report_of(tally, seed=5, pace=0.0, wall_s=2.0, line_s=20.0, lateness_s=())
    assert sum(report.as_json()["outcomes"].values()) == report.calls == 12
    assert set(report.outcomes) == set(OUTCOMES)
    assert "12 calls of 12 people" in report.text() and "never said" in report.text()
    assert report.answered == 12 - report.outcomes["busy"] > 0 and report.redials == 0
    draw(report, tally, tmp_path / "load.png")
    assert (tmp_path / "load.png").read_bytes()[:4] == b"\x89PNG"


def test_a_report_counts_redials_and_says_how_late_sound_was() -> None:
    calls = [CallResult("a", "abandoned", 0.0, 9.0, answered=True, attempt=n) for n in (1, 2, 3)]
    report = report_of(
        Tally(calls), seed=1, pace=1.0, wall_s=9.0, line_s=9.0, lateness_s=[0.001] * 99 + [0.2]
    )
    assert (report.calls, report.people, report.redials, report.answered) == (3, 1, 2, 3)
    assert report.as_json()["frame_lateness"]["p99"] == 0.2
    assert "media lag: p50 0.001" in report.text()


@pytest.mark.parametrize(
    ("name", "said"), [("load.xyz", "ends in one of"), ("gone/load.png", "there is no folder")]
)
def test_a_picture_that_cannot_be_drawn_is_refused_before_anybody_calls(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(NoPicture, match=said):
        check(tmp_path / name)


def test_percentiles_are_of_the_sample() -> None:
    found = Percentiles.of(n / 100 for n in range(100))
    assert (found.p50, found.p90, found.p99, found.most) == (0.5, 0.9, 0.99, 0.99)
    assert Percentiles.of(()).line() == "none"


@pytest.mark.slow
def test_the_command_calls_in_crowds_and_prints_the_report(tmp_path: Path) -> None:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    (scenarios / "morning.yaml").write_text("steps:\n  - hears: press one\n")

    async def go() -> subprocess.CompletedProcess[str]:
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", an_app().answer)
        async with TestServer(outer) as server:
            return await asyncio.to_thread(
                simulator,
                *("load", f"http://127.0.0.1:{server.port}/voice", "--scenarios", str(scenarios)),
                *("--arrivals", "60/min", "--duration", "20s", "--pace", "0", "--json"),
                *("--port", str(unused_port()), "--data-dir", str(tmp_path), "--seed", "9"),
            )

    ran = run(go())
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["outcomes"]["served"] == report["calls"] > 10
    assert report["seed"] == 9 and report["webhooks"]["count"] >= report["calls"]
