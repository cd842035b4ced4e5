"""Numbers as programs write them, wherever a number is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.numbers.e164 import to_e164
from tests.simulator.app import CALLER, NUMBER, PUBLIC, FakeApp, network, response, run
from tests.simulator.test_dial import called

SHOP = "+13125550177"


@pytest.mark.parametrize(
    ("text", "like", "number"),
    [
        ("(312) 555-0177", "", SHOP),
        ("312-555-0177", "", SHOP),
        ("312.555.0177", "", SHOP),
        ("13125550177", "", SHOP),
        ("+1 (312) 555-0177", "", SHOP),
        (SHOP, "", SHOP),
        ("3125550177", NUMBER, SHOP),
        ("020 7946 0958", "+442079460000", "+442079460958"),
        ("555-0177", "", "5550177"),
        ("911", "", "911"),
        ("client:agent_7", "", "client:agent_7"),
        ("sip:a@b.example", "", "sip:a@b.example"),
        ("the mayor", "", "the mayor"),
        ("", "", ""),
        ("²³¹²⁵⁵⁵⁰¹⁷⁷", "", "²³¹²⁵⁵⁵⁰¹⁷⁷"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, like: str, number: str) -> None:
    assert to_e164(text, like=like) == number


@pytest.mark.parametrize(
    ("dial", "caller"),
    [
        ("<Dial>312-555-0177</Dial>", CALLER),
        ("<Dial><Number>(312) 555-0177</Number></Dial>", CALLER),
        ('<Dial callerId="312.555.0100"><Number>13125550177</Number></Dial>', NUMBER),
    ],
)
def test_a_dial_reaches_a_number_that_is_written_as_in_the_country(
    tmp_path: Path, dial: str, caller: str
) -> None:
    _, (_, child) = called(tmp_path, {"/voice": response(dial)}, [{"is_transferred": True}])
    assert (child.party.to, child.party.from_) == (SHOP, caller)


def test_a_reply_goes_to_a_number_of_the_country_it_is_sent_from(tmp_path: Path) -> None:
    app = FakeApp({"/sms": response('<Message to="(312) 555-0177">x</Message>')})

    async def work() -> list[str]:
        async with network(app, tmp_path, pace=0.0, sms_url=f"{PUBLIC}/sms") as net:
            await net.text(from_number=CALLER, to=NUMBER, body="hi")
            return [
                one.to for one in net.exchange.messages.all if one.direction == "outbound-reply"
            ]

    assert run(work()) == [SHOP]
