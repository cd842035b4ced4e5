"""The carrier's records are read to the last page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from carriers.twilio import rest
from carriers.twilio.carrier import TwilioCarrier
from config.settings import Settings
from infra.clock import now
from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, TOKEN, response
from tests.simulator.rest_driver import Served

pytestmark = pytest.mark.slow

CALLS = 5


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "carrier") as one:
        yield one


@pytest.fixture
def carrier(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwilioCarrier:
    monkeypatch.setattr(rest, "_PAGE", 2)
    return TwilioCarrier(
        Settings(
            var_dir=tmp_path,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            carrier_api_url=served.root,
        )
    )


def test_every_call_and_recording_is_found_on_however_many_pages(
    served: Served, carrier: TwilioCarrier
) -> None:
    begun = now()
    served.app.replies["/voice"] = response("<Record playBeep='false' timeout='60'/>")
    placed = []
    for _ in range(CALLS):
        call = Caller(served.root, number=CALLER).dials().waits(0.5)
        call.hangs_up()
        placed.append(call.sid)
    since = begun - timedelta(minutes=1)
    assert {call.sid for call in carrier.calls(since=since)} == set(placed)
    eventually(lambda: len(carrier.recordings(since=since)) >= CALLS)
    made = [recording.call_sid for recording in carrier.recordings(since=since)]
    assert sorted(made) == sorted(placed)
    assert carrier.calls(since=now() + timedelta(days=2)) == []
    first = placed[0]
    assert [one.call_sid for one in carrier.recordings_of(first)] == [first]


def test_a_call_is_found_by_its_end_once_its_beginning_is_long_ago(
    served: Served, carrier: TwilioCarrier
) -> None:
    served.app.replies["/voice"] = response("<Say>Hello.</Say><Pause length='600'/>")
    begun = now() - timedelta(hours=1)
    call = Caller(served.root, number=CALLER).dials().waits(3.5)
    (known,) = [one for one in carrier.calls(since=begun) if one.sid == call.sid]
    assert known.started_at is not None
    later = known.started_at + timedelta(seconds=2)
    assert call.sid not in {one.sid for one in carrier.calls(since=later)}
    call.hangs_up()
    (found,) = [one for one in carrier.calls(since=later) if one.sid == call.sid]
    assert (found.status, found.ended_at is not None) == ("completed", True)
