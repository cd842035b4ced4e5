"""A number that a program calls by REST: what it says there, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.rest import Client

from tests.simulator.app import NUMBER, response
from tests.simulator.rest_driver import Served
from tests.simulator.rest_driver import describe as described

PHONE = "+13125550160"
LISTENS = "<Response><Pause length='5'/></Response>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("calls"), pace=0.0) as one:
        one.app.replies |= {
            path: response() for path in ("/progress", "/hello", "/recording", "/fallback")
        }
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    served.app.received.clear()
    described(served, PHONE)
    return served.client()


def call(client: Client, **changes: Any) -> Any:
    """Call PHONE; `changes` make it another call."""
    plain = {"to": PHONE, "from_": NUMBER, "twiml": LISTENS}
    return client.calls.create(**{**plain, **changes})
