"""Documents that the carrier hosts itself, and the fallback to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from simulator.scenario.caller import ScriptedCaller
from simulator.server import create_app
from simulator.settings import Hook
from tests.simulator.app import (
    CALLER,
    NUMBER,
    PUBLIC,
    FakeApp,
    network,
    response,
    run,
    settings_for,
)
from tests.simulator.line import play

SID = "EH" + "0123456789abcdef" * 2
Client = TestClient[web.Request, web.Application]


def hosting(folder: Path, bins: Path | None = None) -> Client:
    """A client of a simulator that hosts the folder's documents."""
    settings = replace(settings_for(1, folder), bins_dir=bins or folder)
    return TestClient(TestServer(create_app(settings)))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/bins/sorry.xml", 200),
        ("/bins/other.xml", 404),
        ("/bins/..%2Fsecret.txt", 404),
        ("/bins/", 404),
    ],
)
def test_only_what_is_in_the_folder_is_served(tmp_path: Path, path: str, status: int) -> None:
    bins = tmp_path / "bins"
    bins.mkdir()
    (bins / "sorry.xml").write_text(response("<Say>Sorry</Say>"))
    (tmp_path / "secret.txt").write_text("secret")

    async def work() -> None:
        async with hosting(tmp_path, bins) as client:
            answer = await client.get(path)
            assert answer.status == status
            if status == 200:
                asked = await client.post(path, data={"From": CALLER})
                assert answer.content_type == asked.content_type == "text/xml"
                plain = (bins / "sorry.xml").read_bytes()
                assert await answer.read() == await asked.read() == plain

    run(work())


def test_a_document_is_filled_in_with_what_is_asked(tmp_path: Path) -> None:
    (tmp_path / "call.xml").write_text("{{From}} {{Name}} {{Digits}}")

    async def work() -> None:
        async with hosting(tmp_path) as client:
            query, form = {"Name": "A & B", "From": "nobody"}, {"From": CALLER}
            answer = await client.post("/bins/call.xml", params=query, data=form)
            assert await answer.text() == f"{CALLER} A &amp; B "
            answer = await client.get("/bins/call.xml", params=query)
            assert await answer.text() == "nobody A &amp; B "

    run(work())


def test_a_template_that_cannot_be_followed_says_why(tmp_path: Path) -> None:
    (tmp_path / "call.xml").write_text("<Response>{{#Name}}</Response>")

    async def work() -> None:
        async with hosting(tmp_path) as client:
            answer = await client.get("/bins/call.xml")
            assert answer.status == 500
            assert await answer.text() == "call.xml: {{#Name}} has no end"

    run(work())


def test_a_call_begins_with_a_twiml_bin(tmp_path: Path) -> None:
    (tmp_path / f"{SID}.xml").write_text(response("<Say>Hello {{Name}}, you are {{From}}</Say>"))
    hook = Hook(f"https://handler.twilio.com/twiml/{SID}?Name=Jane")
    played = play(tmp_path / "data", {}, voice=hook, stand_ins=True, bins_dir=tmp_path)
    assert played.heard() == [f"Hello Jane, you are {CALLER}"] and not played.codes()


@pytest.mark.parametrize("path", [f"/twiml/{SID}", "/twiml/EHxxx", "/twiml/../secret", ""])
def test_a_twiml_bin_that_is_not_there_is_refused_by_name(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.xml").write_text(response("<Say>Secret</Say>"))
    hook = Hook(f"https://handler.twilio.com{path}")
    played = play(tmp_path / "data", {}, voice=hook, stand_ins=True, bins_dir=tmp_path)
    assert played.codes() == [11200]
    (error,) = played.events("error")
    assert error["message"].startswith("handler.twilio.com: there is no TwiML Bin ")


def test_whoever_comes_by_the_door_is_given_the_bins_alone(tmp_path: Path) -> None:
    (tmp_path / f"{SID}.xml").write_text(response("<Say>Hello {{Name}}</Say>"))

    async def asked(client: Client, path: str) -> tuple[int, str]:
        headers = {"Host": "handler.twilio.com"}
        answer = await client.post(path, data={"Name": "Jane"}, headers=headers)
        return answer.status, await answer.text()

    async def work() -> None:
        async with hosting(tmp_path) as client:
            assert await asked(client, f"/twiml/{SID}") == (200, response("<Say>Hello Jane</Say>"))
            status, text = await asked(client, f"/twiml/EH{'0' * 32}")
            assert status == 404 and f"there is no TwiML Bin EH{'0' * 32} here" in text
            status, text = await asked(client, "/healthz")
            assert status == 404 and "handler.twilio.com is not emulated here" in text

    run(work())


def test_the_fallback_is_asked_by_its_own_method(tmp_path: Path) -> None:
    app = FakeApp({"/sorry": response("<Say>Sorry</Say>"), "/status": response()})

    async def work() -> None:
        hook = Hook(f"{PUBLIC}/voice", "POST", f"{PUBLIC}/sorry", "GET")
        async with network(app, tmp_path, pace=0.0, voice=hook) as net:
            leg = net.dial(
                ScriptedCaller(net.exchange, number=CALLER), from_number=CALLER, to=NUMBER
            )
            await net.exchange.calls[leg.sid].settling()
            assert "Sorry" in str(net.exchange.calls[leg.sid].log.events)

    run(work())
    asked = next(one for one in app.received if one.path == "/sorry")
    assert asked.raw == b"" and "ErrorCode=11200" in asked.url


def test_what_hosted_documents_say_is_spoken_before_a_call_comes(tmp_path: Path) -> None:
    bins = tmp_path / "bins"
    bins.mkdir()
    (bins / "sorry.xml").write_text(response("<Gather><Say>We are away</Say></Gather>"))
    (bins / "name.xml").write_text(response("<Say>Hello {{Name}}</Say>"))
    (bins / "broken.xml").write_text("<Response><Say>")
    settings = replace(settings_for(1, tmp_path), bins_dir=bins)

    async def work() -> None:
        async with TestServer(create_app(settings)):
            pass

    run(work())
    assert len(list(settings.speech_dir.glob("*.ulaw"))) == 1
