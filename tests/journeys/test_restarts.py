"""A restart that nobody notices: programs are told to stop while callers are on the line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest

from simulator.callers import Caller, ScriptedCall
from tests.conftest import eventually
from tests.journeys.line import Line, line_of_its_own
from tests.journeys.test_a_call import ticket_of

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.speech]


@pytest.fixture(scope="module")
def line(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line whose web workers give notice before they stop."""
    with line_of_its_own(
        tmp_path_factory.mktemp("restarts"),
        SWIFTLINE_NO_INPUT_S="6",
        SWIFTLINE_NOBODY_WAIT_S="3",
        SWIFTLINE_DRAIN_NOTICE_S="10",
    ) as running:
        yield running


def failures(call: ScriptedCall) -> list[dict[str, Any]]:
    """What the carrier complains of: failed webhooks, sounds and sockets."""
    return [event for event in call.facts()["events"] if event["event"] == "error"]


class Milestones:
    """Where callers have come by: the first question is answered; the place is known.

    Between the first and `stopped` they listen: a key pressed while nobody holds the line is lost.
    """

    def __init__(self) -> None:
        self.answered, self.placed = Semaphore(0), Semaphore(0)
        self.stopped = Event()


def all_of(passed: Semaphore, under_way: list[Future[ScriptedCall]]) -> None:
    """Wait until every caller has come by; one who has failed says why."""
    for _ in under_way:
        while not passed.acquire(timeout=0.5):
            for each in under_way:
                if each.done():
                    each.result()


def restarted(line: Line, began: dict[str, int]) -> set[str]:
    """The programs that run as another process than at the beginning."""
    now = {name: one.pid for name, one in line.programs().items()}
    return {name for name in now if now[name] != began[name]}


def reports_by_keys(line: Line, number: str, by: Milestones) -> ScriptedCall:
    """A caller who goes the whole way by keys."""
    call = Caller(line.simulator(""), number=number).dials()
    call.hears("what is the problem", within_s=60).presses("1")
    call.hears("here is the list", within_s=60)
    by.answered.release()
    assert by.stopped.wait(180)
    call.hears("here is the list", within_s=60).interrupts(presses="2")
    call.hears("where is it", within_s=60).interrupts(presses="1")
    call.hears("key in the house number", within_s=60).presses("1200#")
    call.hears("spell the first letters", within_s=60).presses("25275#")
    call.hears("for twelve hundred north clark street", within_s=60)
    by.placed.release()
    call.interrupts(presses="1")
    call.hears("is that right", within_s=60).presses("1")
    return call.hears("your report number is", within_s=60).hangs_up()


def test_streams_workers_and_web_are_stopped_one_by_one_under_three_callers(line: Line) -> None:
    began = {name: one.pid for name, one in line.programs().items()}
    with ThreadPoolExecutor(3) as pool:
        numbers = ("+13125550171", "+13125550172", "+13125550173")
        by = Milestones()
        under_way = [pool.submit(reports_by_keys, line, number, by) for number in numbers]
        all_of(by.answered, under_way)
        line.programs()["streams"].send_signal(signal.SIGTERM)
        line.programs()["worker"].send_signal(signal.SIGTERM)
        by.stopped.set()
        all_of(by.placed, under_way)
        web = line.programs()["gunicorn"]
        workers = {one.pid for one in web.children()}
        web.send_signal(signal.SIGHUP)
        calls = [each.result() for each in under_way]
    for call in calls:
        assert failures(call) == []
        assert ticket_of(line, call.sid).category == "street_light"
    eventually(lambda: restarted(line, began) == {"streams", "worker"})
    eventually(lambda: workers.isdisjoint(one.pid for one in web.children()), within_s=120)
    eventually(line.ready, within_s=120)
