"""Failpoints: nothing when off, exactly what was asked for when armed, and never by accident."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings, SettingsError, load_settings
from infra import failpoints
from infra.failpoints import Planted, arm, arm_plan, disarm, failpoint

REHEARSAL: dict[str, Any] = {"carrier_api_url": "http://127.0.0.1:8100", "_env_file": None}


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    disarm()
    yield
    disarm()
    failpoints.watch(None)


def test_a_place_that_is_not_armed_does_nothing() -> None:
    arm("another.place", failpoints.disk_full)
    failpoint("a.place")


def test_an_armed_place_acts_at_its_hit_and_as_often_as_asked() -> None:
    arm("a.place", failpoints.failing(), at_hit=2, times=2)
    failpoint("a.place")
    for _ in range(2):
        with pytest.raises(Planted):
            failpoint("a.place")
    failpoint("a.place")


def test_a_full_disk_is_the_error_that_the_system_gives() -> None:
    arm("a.place", failpoints.disk_full)
    with pytest.raises(OSError) as raised:
        failpoint("a.place")
    assert raised.value.errno == errno.ENOSPC


def test_a_killed_process_says_nothing_more(tmp_path: Path) -> None:
    pid = os.fork()
    if not pid:
        arm("a.place", failpoints.kill)
        failpoint("a.place")
        (tmp_path / "alive").touch()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert not (tmp_path / "alive").exists()


def test_a_delay_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    arm_plan("a.place=delay:2.5")
    failpoint("a.place")
    assert waited == [2.5]


@pytest.mark.parametrize("seconds", ["-1", "61", "1e9"])
def test_a_delay_beyond_its_bound_is_refused(seconds: str) -> None:
    with pytest.raises(SettingsError):
        arm_plan(f"a.place=delay:{seconds}")


def test_disarmed_places_do_nothing() -> None:
    arm("a.place", failpoints.failing())
    disarm()
    failpoint("a.place")


def test_a_watcher_hears_of_every_place_that_is_reached() -> None:
    seen: list[str] = []
    failpoints.watch(seen.append)
    failpoint("one")
    failpoint("two")
    failpoints.watch(None)
    failpoint("three")
    assert seen == ["one", "two"]


def test_a_plan_names_place_action_error_hit_and_times() -> None:
    arm_plan("a.place=exception:requests.exceptions.ConnectionError@2x1; b.place=disk_full")
    failpoint("a.place")
    with pytest.raises(OSError, match="planted"):
        failpoint("a.place")
    failpoint("a.place")
    with pytest.raises(OSError, match="No space"):
        failpoint("b.place")


@pytest.mark.parametrize(
    "plan",
    [
        "a.place",
        "a.place=explode",
        "a.place=kill:now",
        "a.place=exception:no.such.Error",
        "a.place=exception:os.path.join",
        "a.place=exception:SystemExit",
        "a.place=kill@0",
        "a.place=delay",
        "A PLACE=kill",
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused_by_its_setting(plan: str) -> None:
    with pytest.raises(SettingsError, match="SWIFTLINE_FAILPOINTS"):
        arm_plan(plan)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"failpoints": "a.place=kill", **REHEARSAL}, "SWIFTLINE_FAILPOINTS"),
        ({"breakable": True, **REHEARSAL, "carrier_api_url": ""}, "SWIFTLINE_BREAKABLE"),
        ({"breakable": True, "secure_cookies": True, **REHEARSAL}, "SWIFTLINE_BREAKABLE"),
    ],
)
def test_an_installation_where_people_call_cannot_be_armed(
    values: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Settings(**values)


def test_a_rehearsal_that_allows_it_can_be_armed() -> None:
    assert Settings(breakable=True, failpoints="a.place=kill", **REHEARSAL).failpoints


def test_the_environment_alone_arms_nothing_on_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWIFTLINE_FAILPOINTS", "a.place=exception")
    failpoint("a.place")
    with pytest.raises(SettingsError, match="SWIFTLINE_FAILPOINTS"):
        load_settings()
