"""Work that was given up is seen with its reason, kept, and done once when it is driven again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from config.settings import Settings
from infra.db import Database
from infra.jobs import Outbox, Permanent, Run, enqueue, job, work
from infra.parked import drive_again, given_up
from infra.services import Services
from infra.spool import Spool
from ops.cli import main
from tests.web.conftest import Browser, app, browser_of
from web.access.guard import Role

__all__ = ["app", "browser_of"]

done: list[int] = []
mended: list[bool] = []


@job
def needs_mending(run: Run, number: int) -> None:
    if not mended:
        raise Permanent("the switch is off; turn it on")
    with run.finish():
        done.append(number)


@job
def is_hopeless(run: Run, number: int) -> None:
    raise Permanent("there is no such thing")


@pytest.fixture(autouse=True)
def broken() -> None:
    done.clear()
    mended.clear()


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    """Three rows given up, of two jobs, and one that still waits."""
    made = Services(settings, database)
    with database.transaction() as session:
        for number in (1, 2):
            enqueue(session, queue="tickets", job=MENDED, key=f"a:{number}", args=[number])
        enqueue(session, queue="tickets", job=HOPELESS, key="b:1", args=[1])
    assert work(made, "tickets") == 3
    with database.transaction() as session:
        enqueue(session, queue="asr", job=MENDED, key="later", args=[3], delay_s=900)
    return made


MENDED, HOPELESS = f"{__name__}.needs_mending", f"{__name__}.is_hopeless"


def states(database: Database) -> dict[str, tuple[str, int]]:
    with database.read() as session:
        return {row.key: (row.state, row.failures) for row in session.scalars(select(Outbox))}


def test_what_was_given_up_is_counted_by_job_and_reason(services: Services) -> None:
    with services.database.read() as session:
        found = given_up(session)
    assert [(one.job, one.count, one.example) for one in found] == [
        (MENDED, 2, "a:1"),
        (HOPELESS, 1, "b:1"),
    ]
    assert found[0].reason == "Permanent: the switch is off; turn it on"


def test_driven_again_it_is_done_once_and_the_rest_stays(services: Services) -> None:
    mended.append(True)
    with services.database.transaction() as session:
        assert drive_again(session, job=MENDED) == 2
    assert work(services, "tickets") == 2
    assert sorted(done) == [1, 2]
    with services.database.transaction() as session:
        assert drive_again(session, job=MENDED) == 0, "what is done is not done again"
        assert drive_again(session, key="later") == 0, "what waits is not hurried"
        assert drive_again(session, key="b:1") == 1
    assert work(services, "tickets") == 1
    assert states(services.database)["b:1"][0] == "parked", "given up anew, never deleted"


def test_a_supervisor_sees_it_and_an_agent_may_not_touch_it(
    services: Services, browser_of: Callable[..., Browser], app: Flask
) -> None:
    supervisor, agent = browser_of(Role.SUPERVISOR), browser_of(Role.AGENT)
    page = supervisor.get("/system").text
    assert "the switch is off; turn it on" in page
    assert agent.get("/system").status_code == 403
    assert agent.post("/system/drive-again", {"job": MENDED}).status_code == 403
    assert states(services.database)["a:1"][0] == "parked"
    assert supervisor.post("/system/drive-again", {"job": MENDED}).status_code == 303
    assert states(services.database)["a:1"] == ("waiting", 0)
    assert states(services.database)["b:1"][0] == "parked"
    assert supervisor.post("/system/drive-again", {}).status_code == 400


def test_the_command_lists_it_and_drives_again_what_it_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWIFTLINE_VAR_DIR", str(services.settings.var_dir))
    monkeypatch.setenv("DATABASE_URL", services.settings.database_url)
    run = CliRunner().invoke
    assert HOPELESS in run(main, ["parked"]).output
    assert run(main, ["parked", "--keys", MENDED]).output.split() == ["a:1", "a:2"]
    assert run(main, ["drive-again"]).exit_code == 2
    assert run(main, ["drive-again", "--key", "later"]).exit_code == 1
    assert "1 to be" in run(main, ["drive-again", "--key", "a:2"]).output
    assert states(services.database)["a:1"][0] == "parked"
    assert states(services.database)["a:2"] == ("waiting", 0)


def test_a_parked_callback_is_replayed_when_it_is_driven_again(settings: Settings) -> None:
    spool, taken = Spool(settings.spool), []

    def take(message: dict[str, str]) -> None:
        if not mended:
            raise KeyError("a field")
        taken.append(message["path"])

    spool.keep({"path": "/ivr/status"})
    assert spool.replay(take) == 1
    assert (spool.parked(), spool.waiting()) == (1, False)
    mended.append(True)
    assert spool.drive_again() == 1
    assert spool.replay(take) == 1
    assert (taken, spool.parked()) == (["/ivr/status"], 0)
