"""Who may open a media socket, what it may send, and that a lost one loses no call."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calls.actions import end_call, find_call, new_stream_token
from carriers.base import Carrier
from carriers.messages import Keys
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from ivr import turns
from ivr.live.gateway import CallGateway
from tests.cities import chicago
from tests.conftest import arrives, eventually
from tests.streams.conftest import TOKEN, Opens, Running, ScriptGateway, asks, running
from tests.streams.phone import CALL, Phone

pytestmark = pytest.mark.slow


class RedirectingCarrier:
    """Notes which calls it was asked to redirect."""

    def __init__(self) -> None:
        self.redirected: list[tuple[str, str]] = []

    def redirect_call(self, sid: str, url: str) -> None:
        """Note it."""
        self.redirected.append((sid, url))


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    """The parts behind a real dialogue."""
    made = Services(settings, database)
    made.add(City, chicago())
    made.add(Carrier, RedirectingCarrier())
    return made


@pytest.fixture
def token(services: Services) -> str:
    """A call that has begun, and the token of its media socket."""
    with services.database.transaction() as session:
        call = arrives(session, CALL)
        turns.start(session, services, call)
        return new_stream_token(call)


@pytest.fixture
def line(services: Services) -> Iterator[Running]:
    """The process before real calls."""
    with running(services.settings, services.database, CallGateway(services)) as made:
        yield made


@pytest.fixture
def scripted(bare: Settings) -> Iterator[Running]:
    """The process before a dialogue of one question."""
    database = Database(bare.database)
    with running(bare, database, ScriptGateway([asks(1, "Hello?")]), most=2) as made:
        yield made
    database.close()


def test_the_token_opens_its_call_once(line: Running, token: str) -> None:
    first = line.dials().starts(token=token)
    first.hears("What is the problem?")
    again = line.dials().starts(token=token)
    assert again.is_closed() == 1008
    assert again.heard == []
    first.leaves()


def test_of_many_who_come_at_once_with_a_token_one_enters(services: Services, token: str) -> None:
    gateway = CallGateway(services)
    with ThreadPoolExecutor(6) as pool:
        entered = list(pool.map(lambda _: gateway.may_enter(CALL, token), range(6)))
    assert sum(entered) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "guessed"},
        {"token": ""},
        {"call": "CA" + "9" * 32},
        {"purpose": "rule"},
        {"customParameters": {}},
        {"callSid": "CA" + "9" * 32},
    ],
)
def test_a_wrong_token_or_purpose_is_refused(
    line: Running, token: str, wrong: dict[str, Any]
) -> None:
    phone = line.dials().starts(**{"token": token, **wrong})
    assert phone.is_closed() == 1008
    assert phone.heard == []


def test_a_token_ends_after_a_minute(line: Running, token: str, services: Services) -> None:
    with services.database.transaction() as session:
        call = find_call(session, CALL)
        assert call is not None
        call.stream_token = old = "1700000000." + token.partition(".")[2]
    assert line.dials().starts(token=old).is_closed() == 1008


def test_an_unsigned_socket_is_refused(line: Running) -> None:
    with pytest.raises(InvalidStatus) as refused:
        line.dials(signed_by="another token")
    assert refused.value.response.status_code == 403


def test_without_a_token_of_ours_every_socket_is_refused(bare: Settings) -> None:
    settings = bare.model_copy(update={"twilio_auth_token": ""})
    database = Database(bare.database)
    with (
        running(settings, database, ScriptGateway([asks(1, "Hello?")])) as line,
        pytest.raises(InvalidStatus) as refused,
    ):
        line.dials(signed_by="anything")
    database.close()
    assert refused.value.response.status_code == 403


def test_a_lost_socket_leaves_the_call_where_it_was(
    line: Running, token: str, services: Services
) -> None:
    phone = line.dials().starts(token=token)
    phone.hears("What is the problem?")
    phone.presses("1")
    phone.hears("For something else, press 9.")
    reached = turns.present(services, CALL)
    phone.sounds(1, 0.4)
    phone.cuts()
    eventually(lambda: line.streams.media.count == 0)
    assert turns.present(services, CALL) == reached
    assert turns.take_turn(services, CALL, reached.turn, Keys("1")).place == "ask_place"


def test_the_wish_for_a_person_closes_and_redirects(
    line: Running, token: str, services: Services
) -> None:
    phone = line.dials().starts(token=token)
    phone.hears("What is the problem?")
    phone.presses("0")
    assert phone.is_closed() == 1000
    assert "I am connecting you to a person." in phone.heard
    carrier = services.get(Carrier)
    assert isinstance(carrier, RedirectingCarrier)
    eventually(lambda: carrier.redirected)
    assert carrier.redirected[0][0] == CALL
    with services.database.read() as session:
        call = find_call(session, CALL)
        assert call is not None
        assert call.spoken_turn == call.turn_count


def test_a_call_that_is_over_is_not_redirected(
    line: Running, token: str, services: Services
) -> None:
    phone = line.dials(plays=False).starts(token=token)
    phone.hears("What is the problem?")
    phone.presses("0")
    phone.hears("I am connecting you to a person.")
    with services.database.transaction() as session:
        call = find_call(session, CALL)
        assert call is not None
        end_call(session, call, status="completed", duration_s=3)
    eventually(lambda: phone.marks)
    phone.plays_all()
    assert phone.is_closed() == 1000
    eventually(lambda: line.streams.media.count == 0)
    carrier = services.get(Carrier)
    assert isinstance(carrier, RedirectingCarrier)
    assert carrier.redirected == []


@pytest.mark.parametrize(
    "broken",
    [
        "not json",
        b"\x00\x01",
        "[]",
        '{"event": "fly"}',
        '{"event": ["media"]}',
        '{"event": "media"}',
        '{"event": "media", "media": {"payload": "***"}}',
        '{"event": "media", "media": {"payload": 5}}',
        '{"event": "dtmf", "dtmf": {"digit": "12345678901234567890"}}',
        '{"event": "mark", "mark": null}',
        "[" * 30_000,
        json.dumps({"event": "media", "media": {"payload": "AAAA" * 8000}}),
    ],
)
def test_a_message_that_cannot_be_taken_closes_and_redirects(
    talk: Opens, broken: str | bytes
) -> None:
    gateway, phone = talk(asks(1, "Hello?"), follows=False)
    phone.hears("Hello?")
    phone.sends(broken)
    assert phone.is_closed() == 1002
    eventually(lambda: gateway.done == ["redirected"])


def test_a_message_that_is_too_long_closes(talk: Opens) -> None:
    gateway, phone = talk(asks(1, "Hello?"))
    phone.hears("Hello?")
    phone.sends("x" * 65_537)
    assert phone.is_closed() == 1009
    assert gateway.answers == []


def test_a_flood_closes(talk: Opens) -> None:
    _gateway, phone = talk(asks(1, "Hello?"))
    phone.hears("Hello?")
    flood = json.dumps({"event": "mark", "mark": {"name": "x"}})
    with suppress(ConnectionClosed):
        for _ in range(5000):
            phone.sends(flood)
    assert phone.is_closed() in (1002, 1006)


def test_a_start_that_is_missing_closes(scripted: Running) -> None:
    phone = scripted.dials()
    phone.sounds(0xFF, 0.02)
    assert phone.is_closed() == 1002


def test_a_full_process_refuses_and_the_others_go_on(scripted: Running) -> None:
    phones = [scripted.dials() for _ in range(2)]
    eventually(lambda: scripted.streams.media.count == 2)
    with pytest.raises(InvalidStatus) as refused:
        scripted.dials()
    assert refused.value.response.status_code == 503
    phones[0].starts(token=TOKEN).hears("Hello?")
    for phone in phones:
        phone.leaves()


def test_an_ending_process_gives_its_calls_back(scripted: Running) -> None:
    phone: Phone = scripted.dials().starts(token=TOKEN)
    phone.hears("Hello?")
    scripted.drains()
    assert phone.is_closed() == 1000
    with pytest.raises(InvalidStatus) as refused:
        scripted.dials()
    assert refused.value.response.status_code == 503
    assert _get(scripted, "/readyz")[0] == 503


def test_an_answer_being_given_is_taken_and_kept_before_the_call_is_given_back(
    bare: Settings,
) -> None:
    gateway = ScriptGateway([asks(1, "A long list."), asks(2, "Where is it?")])
    database = Database(bare.database)
    with running(bare, database, gateway) as line:
        phone = line.dials(plays=False).starts(token=TOKEN)
        phone.hears("A long list.")
        phone.sounds(1, 0.6)
        eventually(lambda: phone.clears)
        ending = threading.Thread(target=line.drains)
        ending.start()
        eventually(lambda: line.streams.media.draining)
        phone.sounds(0xFF, 0.2)
        assert phone.is_closed() == 1000
        ending.join(60)
    database.close()
    assert gateway.answers == ["speech there is a hole in the road"]
    assert gateway.done == ["left"], "the way on is stored before the socket closes"
    assert "Where is it?" not in phone.heard


def test_it_tells_whether_it_is_alive_and_ready(scripted: Running) -> None:
    assert _get(scripted, "/healthz") == (200, {"process": "streams", "ok": True})
    status, facts = _get(scripted, "/readyz")
    assert status == 200
    assert facts["database"] is True
    assert facts["events"] is False
    assert _get(scripted, "/else")[0] == 404


def _get(line: Running, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{line.port}{path}", timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
