"""Documents that the carrier hosts itself, and the fallback to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
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
        settings = replace(settings_for(1, tmp_path), bins_dir=bins)
        async with TestClient(TestServer(create_app(settings))) as client:
            answer = await client.get(path)
            assert answer.status == status
            if status == 200:
                assert answer.content_type == "text/xml" and "Sorry" in await answer.text()
                assert (await client.post(path)).status == 405

    run(work())


def test_the_fallback_is_asked_by_its_own_method(tmp_path: Path) -> None:
    app = FakeApp({"/sorry": response("<Say>Sorry</Say>"), "/status": response()})

    async def work() -> None:
        hook = Hook(f"{PUBLIC}/voice", "POST", f"{PUBLIC}/sorry", "GET")
        async with network(app, tmp_path, pace=0.0, voice=hook) as net:
            leg = net.dial(ScriptedCaller(net, number=CALLER), from_number=CALLER, to=NUMBER)
            await net.calls[leg.sid].settling()
            assert "Sorry" in str(net.calls[leg.sid].log.events)

    run(work())
    asked = next(one for one in app.received if one.path == "/sorry")
    assert asked.raw == b"" and "ErrorCode=11200" in asked.url


def test_what_hosted_documents_say_is_spoken_before_a_call_comes(tmp_path: Path) -> None:
    bins = tmp_path / "bins"
    bins.mkdir()
    (bins / "sorry.xml").write_text(response("<Gather><Say>We are away</Say></Gather>"))
    (bins / "broken.xml").write_text("<Response><Say>")
    settings = replace(settings_for(1, tmp_path), bins_dir=bins)

    async def work() -> None:
        async with TestServer(create_app(settings)):
            pass

    run(work())
    assert len(list(settings.speech_dir.glob("*.ulaw"))) == 1
