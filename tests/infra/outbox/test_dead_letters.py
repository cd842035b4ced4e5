"""Work that was given up is seen with its reason, kept, and done once when it is retried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from config.settings import Settings
from infra.db import Database
from infra.outbox.dead_letters import dead_letters, retry
from infra.outbox.jobs import Permanent, Run, job
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import work
from infra.services import Services
from infra.spool import Spool
from ops.cli import main
from tests.web.conftest import Browser, app, browser_of
from web.access.guard import Role

__all__ = ["app", "browser_of"]

done: list[int] = []
repaired: list[bool] = []


@job
def needs_repair(run: Run, number: int) -> None:
    if not repaired:
        raise Permanent("the switch is off; turn it on")
    with run.finish():
        done.append(number)


@job
def is_hopeless(run: Run, number: int) -> None:
    raise Permanent("there is no such thing")


@pytest.fixture(autouse=True)
def broken() -> None:
    done.clear()
    repaired.clear()


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    """Three rows given up, of two jobs, and one that still waits."""
    made = Services(settings, database)
    with database.transaction() as session:
        for number in (1, 2):
            enqueue(session, queue="tickets", job=REPAIRED, key=f"a:{number}", args=[number])
        enqueue(session, queue="tickets", job=HOPELESS, key="b:1", args=[1])
    assert work(made, "tickets") == 3
    with database.transaction() as session:
        enqueue(session, queue="asr", job=REPAIRED, key="later", args=[3], delay_s=900)
    return made


REPAIRED, HOPELESS = f"{__name__}.needs_repair", f"{__name__}.is_hopeless"


def states(database: Database) -> dict[str, tuple[str, int]]:
    with database.read() as session:
        return {row.key: (row.state, row.failures) for row in session.scalars(select(Outbox))}


def test_what_was_given_up_is_counted_by_job_and_reason(services: Services) -> None:
    with services.database.read() as session:
        found = dead_letters(session)
    assert [(one.job, one.count, one.example) for one in found] == [
        (REPAIRED, 2, "a:1"),
        (HOPELESS, 1, "b:1"),
    ]
    assert found[0].reason == "Permanent: the switch is off; turn it on"


def test_retried_it_is_done_once_and_the_rest_stays(services: Services) -> None:
    repaired.append(True)
    with services.database.transaction() as session:
        assert retry(session, job=REPAIRED) == 2
    assert work(services, "tickets") == 2
    assert sorted(done) == [1, 2]
    with services.database.transaction() as session:
        assert retry(session, job=REPAIRED) == 0, "what is done is not done again"
        assert retry(session, key="later") == 0, "what waits is not hurried"
        assert retry(session, key="b:1") == 1
    assert work(services, "tickets") == 1
    assert states(services.database)["b:1"][0] == "dead", "given up anew, never deleted"


def test_a_supervisor_sees_it_and_an_agent_may_not_touch_it(
    services: Services, browser_of: Callable[..., Browser], app: Flask
) -> None:
    supervisor, agent = browser_of(Role.SUPERVISOR), browser_of(Role.AGENT)
    page = supervisor.get("/system").text
    assert "the switch is off; turn it on" in page
    assert agent.get("/system").status_code == 403
    assert agent.post("/system/retry", {"job": REPAIRED}).status_code == 403
    assert states(services.database)["a:1"][0] == "dead"
    assert supervisor.post("/system/retry", {"job": REPAIRED}).status_code == 303
    assert states(services.database)["a:1"] == ("waiting", 0)
    assert states(services.database)["b:1"][0] == "dead"
    assert supervisor.post("/system/retry", {}).status_code == 400


def test_the_command_lists_it_and_retries_what_it_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWIFTLINE_VAR_DIR", str(services.settings.var_dir))
    monkeypatch.setenv("DATABASE_URL", services.settings.database_url)
    run = CliRunner().invoke
    assert HOPELESS in run(main, ["dead-letters"]).output
    assert run(main, ["dead-letters", "--keys", REPAIRED]).output.split() == ["a:1", "a:2"]
    assert run(main, ["retry"]).exit_code == 2
    assert run(main, ["retry", "--key", "later"]).exit_code == 1
    assert "1 to be" in run(main, ["retry", "--key", "a:2"]).output
    assert states(services.database)["a:1"][0] == "dead"
    assert states(services.database)["a:2"] == ("waiting", 0)


def test_a_dead_callback_is_replayed_when_it_is_retried(settings: Settings) -> None:
    spool, taken = Spool(settings.spool), []

    def take(message: dict[str, str]) -> None:
        if not repaired:
            raise KeyError("a field")
        taken.append(message["path"])

    spool.keep({"path": "/ivr/status"})
    assert spool.replay(take) == 1
    assert (spool.dead_letters(), spool.waiting()) == (1, False)
    repaired.append(True)
    assert spool.retry() == 1
    assert spool.replay(take) == 1
    assert (taken, spool.dead_letters()) == (["/ivr/status"], 0)
