"""Our document that joins a caller to another number, run by the network of the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from carriers.base import CarrierRequest
from carriers.messages import Dialled
from carriers.twilio.forms import read
from carriers.twilio.twiml import document
from carriers.verbs import DialNumber, HangUp
from tests.cities import chicago
from tests.simulator.test_dial import called

NUMBER = chicago().emergency_number


def dialled(folder: Path, **phone: Any) -> Dialled | None:
    """What we read of the action after the call to that phone is over."""
    replies = {
        "/voice": document((DialNumber(NUMBER, timeout_s=5, then="/connected?n=3"),)),
        "/connected": document((HangUp(),)),
    }
    app, _ = called(folder, replies, [{"waits_s": 8}], **{NUMBER: phone})
    form = app.forms("/connected")[0]
    return read(CarrierRequest("/connected?n=3", form=form)).dialled


def test_a_caller_is_joined_to_whoever_answers_at_the_number_of_the_demo_city(
    tmp_path: Path,
) -> None:
    found = dialled(tmp_path, steps=[{"waits_s": 3}, {"hangs_up": True}])
    assert found is not None
    assert (found.connected, found.duration_s, found.sid[:2]) == (True, 3, "CA")


def test_we_hear_that_a_number_is_busy(tmp_path: Path) -> None:
    found = dialled(tmp_path, behaviour="busy")
    assert found is not None
    assert not found.connected
