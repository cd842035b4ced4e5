"""The limit of REST requests."""

from __future__ import annotations

from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioRestException

from simulator.rest.limit import RateLimit
from tests.simulator.rest_driver import Served


class Watch:
    """A time one can set."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


def allowed(limit: RateLimit, asked: int) -> int:
    return sum(limit.allows() for _ in range(asked))


def test_without_a_limit_everything_is_answered() -> None:
    assert allowed(RateLimit(None, Watch()), 1000) == 1000


def test_a_second_holds_as_many_as_were_set() -> None:
    watch = Watch()
    limit = RateLimit(5, watch)
    assert allowed(limit, 20) == 5
    watch.at_s += 0.4
    assert allowed(limit, 20) == 2
    watch.at_s += 3600
    assert allowed(limit, 20) == 5


def test_less_than_one_a_second_is_one_now_and_then() -> None:
    watch = Watch()
    limit = RateLimit(0.1, watch)
    assert allowed(limit, 5) == 1
    watch.at_s += 9
    assert allowed(limit, 5) == 0
    watch.at_s += 1.01
    assert allowed(limit, 5) == 1


@pytest.mark.row("error.429")
@pytest.mark.slow
def test_the_client_gets_429_with_the_carriers_code(tmp_path: Path) -> None:
    with Served(tmp_path, rest_limit=0.001) as served:
        client = served.client()
        mine = client.incoming_phone_numbers.list()[0]
        with pytest.raises(TwilioRestException) as refused:
            client.incoming_phone_numbers(mine.sid).fetch()
        assert (refused.value.status, refused.value.code) == (429, 20429)
