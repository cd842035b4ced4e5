"""R3: at every place of ours, death, an error, a full disk and a delay lose and double nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from infra import failpoints
from tests.faults.points import disk, line, outbound, people, sockets, work
from tests.faults.points.boundaries import places, sources
from tests.faults.points.stage import PostgresStores, SqliteStores, Stage, ends_well, set_up
from tests.faults.points.world import Drive, World

pytestmark = [pytest.mark.slow, pytest.mark.long]

DRIVES = (
    *disk.PHRASES,
    *line.DRIVES,
    *disk.DRIVES,
    *work.DRIVES,
    *outbound.DRIVES,
    *people.DRIVES,
    *sockets.DRIVES,
)
PLACES = tuple(sorted(places(sources())))
ON_POSTGRES = {".commit": "delay", ".committed": "kill"}
"""Where the databases differ: who waits for whom before a commit, what is there after one."""
COMMITS = tuple(
    (place, trouble)
    for place in PLACES
    for ending, trouble in ON_POSTGRES.items()
    if place.endswith(ending)
)
_GROUPS = 3
"""In how many processes the trials go on."""
_CHILD_S = 60.0
_HELD_UP_S = 0.1


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of the whole test run, also when that has several processes."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "places"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, found: Path) -> Iterator[Stage]:
    stores = SqliteStores(sqlite_template)
    with disk.models_at_the_desk(), set_up(stores, DRIVES, found) as made:
        yield made


@pytest.fixture(scope="module")
def postgres_stage(postgres_url: str, found: Path) -> Iterator[Stage]:
    stores = PostgresStores(postgres_url)
    with disk.models_at_the_desk(), set_up(stores, DRIVES, found) as made:
        yield made


def dies(drive: Drive, world: World, place: str) -> None:
    """The process is killed at that place; another one takes over."""
    world.close()
    pid = os.fork()
    if not pid:
        try:
            failpoints.arm(place, failpoints.kill)
            drive.act(world)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)
    assert _status(pid) == -signal.SIGKILL, f"{drive.name} did not die at {place}"


def fails(action: failpoints.Action, drive: Drive, world: World, place: str) -> None:
    """An error comes up at that place; the same process goes on."""
    reached = []

    def act() -> None:
        reached.append(place)
        action()

    failpoints.arm(place, act)
    answer = tried(drive, world)
    if isinstance(answer, TestResponse) and b"trouble=" in answer.data:
        world.posts("/ivr/continue?after=trouble&trouble=1")
    failpoints.disarm()
    assert reached, f"{drive.name} did not pass {place}"


def tried(drive: Drive, world: World) -> object:
    """What the drive comes to, also when it fails; a thing that must never be is raised."""
    try:
        return drive.act(world)
    except AssertionError:
        raise
    except Exception as error:
        return error


def is_held_up(drive: Drive, world: World, place: str) -> None:
    """The process is held up at that place, and meanwhile the same thing comes once more."""
    others: list[threading.Thread] = []

    def come_again() -> None:
        with suppress(Exception):
            drive.repeats(world)

    def hold_up() -> None:
        others.append(threading.Thread(target=come_again))
        others[0].start()
        others[0].join(_HELD_UP_S)

    failpoints.arm(place, hold_up)
    tried(drive, world)
    assert others, f"{drive.name} did not pass {place}"
    others[0].join(_CHILD_S)
    assert not others[0].is_alive()


TROUBLES: dict[str, Callable[[Drive, World, str], None]] = {
    "kill": dies,
    "exception": lambda *where: fails(failpoints.failing(), *where),
    "disk_full": lambda *where: fails(failpoints.disk_full, *where),
    "delay": is_held_up,
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, marks=pytest.mark.xdist_group(f"failpoints-{number % _GROUPS}"))
        for number, place in enumerate(PLACES)
    ],
)
def test_nothing_is_lost_or_doubled(stage: Stage, place: str, trouble: str) -> None:
    try_at(stage, place, trouble)


@pytest.mark.postgres
@pytest.mark.xdist_group("failpoints-postgres")
@pytest.mark.parametrize(("place", "trouble"), COMMITS)
def test_nothing_is_lost_or_doubled_on_postgres(
    postgres_stage: Stage, place: str, trouble: str
) -> None:
    try_at(postgres_stage, place, trouble)


def try_at(stage: Stage, place: str, trouble: str) -> None:
    """Make trouble at a place, do again what would be done again, and look at the end."""
    drive = stage.drive_through(place)
    with stage.open(drive) as world:
        TROUBLES[trouble](drive, world, place)
        failpoints.disarm()
        drive.repeats(world)
        ends_well(drive, world)


@pytest.mark.xdist_group("failpoints-0")
def test_what_the_drives_pass_is_known_by_name(stage: Stage) -> None:
    passed = frozenset[str]().union(*(stage.reached_by(drive) for drive in DRIVES))
    unknown = {name for name in passed if not name.startswith(("tests.", "unnamed."))}
    assert unknown <= set(PLACES)


def test_there_are_more_than_a_hundred_and_fifty_trials() -> None:
    assert len(set(PLACES)) * len(TROUBLES) >= 150


def _status(pid: int) -> int:
    deadline = time.monotonic() + _CHILD_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the process neither died nor ended")
