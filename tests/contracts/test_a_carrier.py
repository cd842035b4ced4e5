"""What every carrier must do, over Twilio on the simulator and over one that is nothing like it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from flask import Flask, Response, request

from carriers.base import Carrier, CarrierRequest, Document
from carriers.messages import ENDED, CarrierMessage, MessageError
from carriers.twilio.carrier import TwilioCarrier
from carriers.verbs import HangUp, Listen
from config.settings import Settings
from infra.clock import now
from simulator.callers import Caller
from simulator.webhooks.origins import OriginMap
from tests.conftest import eventually
from tests.contracts.memory import MemoryCarrier
from tests.ports import free_ports
from tests.serving import serving
from tests.simulator.app import ACCOUNT, NUMBER, PUBLIC, TOKEN
from tests.simulator.rest_driver import Served, describe

CALLER = "+13125550101"
CITIZEN = "+13125550123"


@dataclass
class Line:
    """An application that asks for one key and hangs up; it keeps what it was told."""

    carrier: Carrier = field(init=False)
    requests: list[CarrierRequest] = field(default_factory=list)
    messages: list[CarrierMessage] = field(default_factory=list)

    def answer(self, asked: CarrierRequest) -> Document:
        """The answer to one request of the carrier."""
        assert self.carrier.is_authentic(asked)
        message = self.carrier.read(asked)
        self.requests.append(asked)
        self.messages.append(message)
        if message.route == "/voice":
            question = Listen("key", "en", speech=False, then=f"{PUBLIC}/key?n=1")
            return self.carrier.reply((question,))
        return self.carrier.reply((HangUp(),) if message.route == "/key" else ())

    def told(self, route: str) -> list[CarrierMessage]:
        """The messages that came to that address."""
        return [message for message in self.messages if message.route == route]

    def ended(self) -> CarrierMessage:
        """The message that the call is over."""
        return eventually(lambda: [m for m in self.told("/status") if m.status in ENDED])[0]


class Network(Protocol):
    """People with telephones."""

    def dials(self, caller: str, keys: str) -> None:
        """A caller calls the line and presses these keys when asked."""

    def answers(self, number: str, keys: str) -> None:
        """Who is called at that number presses these keys when asked."""


@dataclass
class Simulated:
    """People on the simulator."""

    network: Served

    def dials(self, caller: str, keys: str) -> None:
        """A caller calls the line and presses these keys when asked."""
        Caller(self.network.root, number=caller).dials().waits(0.5).presses(keys)

    def answers(self, number: str, keys: str) -> None:
        """Who is called at that number presses these keys when asked."""
        steps = [{"waits": 4}, {"presses": keys}, {"is_hung_up_on": True}]
        describe(self.network, number, greeting="Hello?", steps=steps)


@contextmanager
def in_memory(_: Path) -> Iterator[tuple[Line, Network]]:
    line = Line()
    line.carrier = carrier = MemoryCarrier(PUBLIC, line.answer)
    yield line, carrier


@contextmanager
def on_the_simulator(folder: Path) -> Iterator[tuple[Line, Network]]:
    line, (port,) = Line(), free_ports(1)
    app = Flask("contract")

    @app.post("/<path:path>")
    def asked(path: str) -> Response:
        full = request.full_path.rstrip("?")
        document = line.answer(
            CarrierRequest(
                PUBLIC + full,
                request.path,
                request.args.to_dict(),
                dict(request.headers),
                request.form.to_dict(),
            )
        )
        return Response(document.text, content_type=document.content_type)

    origins = OriginMap.of((f"{PUBLIC}=http://127.0.0.1:{port}",))
    with serving(app, port), Served(folder, origins=origins, pace=5.0) as network:
        line.carrier = TwilioCarrier(
            Settings(
                _env_file=None,
                var_dir=folder,
                phone_number=NUMBER,
                twilio_account_sid=ACCOUNT,
                twilio_auth_token=TOKEN,
                carrier_api_url=network.root,
            )
        )
        yield line, Simulated(network)


@pytest.fixture(
    params=[in_memory, pytest.param(on_the_simulator, marks=pytest.mark.slow)],
    ids=["memory", "simulator"],
)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Line, Network]]:
    with request.param(tmp_path) as made:
        yield made


def test_a_call_is_told_from_ring_to_end_with_the_keys_that_were_pressed(
    both: tuple[Line, Network],
) -> None:
    line, network = both
    began = now() - timedelta(minutes=5)
    network.dials(CALLER, "5")
    end = line.ended()
    (arrived,), (answer,) = line.told("/voice"), line.told("/key")
    assert (arrived.from_number, arrived.to_number, arrived.direction) == (
        CALLER,
        NUMBER,
        "inbound",
    )
    assert (arrived.keys, answer.keys, answer.args["n"]) == (None, "5", "1")
    assert {arrived.subject, answer.subject} == {end.subject}
    (known,) = line.carrier.calls(since=began)
    assert (known.sid, known.from_number, known.direction) == (end.subject, CALLER, "inbound")


def test_a_call_that_we_place_asks_the_same_way_and_is_found_by_its_number(
    both: tuple[Line, Network],
) -> None:
    line, network = both
    began = now() - timedelta(minutes=5)
    network.answers(CITIZEN, "7")
    sid = line.carrier.place_call(
        to=CITIZEN, then=f"{PUBLIC}/voice?outbound=3", notify=f"{PUBLIC}/status?outbound=3"
    )
    assert line.ended().subject == sid
    (answered,), (answer,) = line.told("/voice"), line.told("/key")
    assert (answered.to_number, answered.args, answer.keys) == (CITIZEN, {"outbound": "3"}, "7")
    assert answered.direction.startswith("outbound")
    assert answered.answered_by == "human"
    assert [call.sid for call in line.carrier.calls_to(CITIZEN, since=began)] == [sid]
    assert line.carrier.calls_to(CALLER, since=began) == []


def test_a_request_that_was_changed_is_not_the_carriers(both: tuple[Line, Network]) -> None:
    line, network = both
    network.dials(CALLER, "5")
    line.ended()
    real = line.requests[0]
    assert line.carrier.is_authentic(real)
    assert not line.carrier.is_authentic(replace(real, url=real.url + "?more=1"))
    assert not line.carrier.is_authentic(replace(real, headers={}))
    field_name = next(iter(real.form))
    forged = {**real.form, field_name: real.form[field_name] + " "}
    assert not line.carrier.is_authentic(replace(real, form=forged))


def test_a_message_about_nothing_is_refused(both: tuple[Line, Network]) -> None:
    line, _ = both
    with pytest.raises(MessageError):
        assert line.carrier.read(CarrierRequest(PUBLIC)).subject
