"""The process itself: how it starts, says no, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from infra.db import Database
from migrations.tables import metadata
from tests.conftest import eventually
from tests.journeys.line import ROOT
from tests.ports import free_ports
from tests.streams.phone import Phone, dials
from tests.streams.test_live_feed import page_of, signed_in

pytestmark = pytest.mark.slow

GOING_AWAY = 1001


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings of a process without recognition, which starts at once."""
    settings = Settings(
        _env_file=None,
        var_dir=tmp_path,
        streams_port=free_ports(1)[0],
        twilio_auth_token="test-token",
        speech_on=False,
    )
    database = Database(settings.database)
    metadata.create_all(database.engine)
    database.close()
    return settings


@pytest.fixture
def process(own: Settings) -> Iterator[subprocess.Popen[str]]:
    """The process at work."""
    made = _start(own)
    yield made
    made.kill()
    made.communicate()


def test_sigterm_ends_it_and_waits_for_nobody_who_is_on(
    own: Settings, process: subprocess.Popen[str]
) -> None:
    phone = eventually(lambda: _dialled(own))
    assert phone is not None
    database = Database(own.database)
    _id, token = signed_in(database)
    page = page_of(own.streams_port, token)
    process.terminate()
    assert process.wait(60) == 0
    assert phone.is_closed() == GOING_AWAY
    eventually(lambda: page.close_code == GOING_AWAY)
    database.close()


def test_a_taken_port_is_one_sentence(own: Settings, process: subprocess.Popen[str]) -> None:
    eventually(lambda: _dialled(own))
    second = _start(own)
    _out, told = second.communicate(timeout=200)
    assert second.returncode == 1
    assert "SWIFTLINE_STREAMS_PORT" in told
    assert "Traceback" not in told


def _start(settings: Settings) -> subprocess.Popen[str]:
    env = {
        **os.environ,
        "SWIFTLINE_VAR_DIR": str(settings.var_dir),
        "SWIFTLINE_STREAMS_PORT": str(settings.streams_port),
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
        "SWIFTLINE_SPEECH": "false",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "ops.streams"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )


def _dialled(settings: Settings) -> Phone | None:
    try:
        return dials(settings, settings.streams_port)
    except OSError:
        return None
