"""Media streams led by REST, with the unmodified `twilio` client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from simulator.callers import ScriptedCall
from tests.conftest import eventually
from tests.simulator.rest_driver import Served, refusal, talking

pytestmark = pytest.mark.slow

MEDIA = "wss://hotline.test/media"


class Listener:
    """Keeps what comes through every socket."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            self.messages.append(json.loads(message.data))

    def of(self, stream_sid: str, event: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self.messages
            if one.get("streamSid") == stream_sid and one["event"] == event
        ]


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("streams")) as one:
        one.app.socket = listener
        one.app.replies["/stream"] = ""
        yield one


@pytest.fixture
def call(served: Served) -> Iterator[ScriptedCall]:
    with talking(served) as made:
        yield made


@pytest.mark.row("rest.streams.create", "rest.streams.stop", "enum.stream")
@pytest.mark.row("start.ends.rest")
def test_a_stream_is_begun_on_a_live_call_and_stopped(
    served: Served, call: ScriptedCall, listener: Listener
) -> None:
    streams = served.client().calls(call.sid).streams
    begun = streams.create(
        url=MEDIA,
        name="ears",
        track="both_tracks",
        status_callback="https://hotline.test/stream",
        parameter1_name="desk",
        parameter1_value="7",
    )
    assert (begun.status, begun.name) == ("in-progress", "ears")
    eventually(lambda: len(listener.of(begun.sid, "media")) > 10)
    start = listener.of(begun.sid, "start")[0]["start"]
    assert start["customParameters"] == {"desk": "7"}
    assert sorted(start["tracks"]) == ["inbound", "outbound"]
    assert streams(begun.sid).update(status="stopped").status == "stopped"
    eventually(lambda: listener.of(begun.sid, "stop"))
    told = eventually(
        lambda: [
            form["StreamEvent"]
            for form in served.app.forms("/stream")
            if form["StreamSid"] == begun.sid
        ][1:]
    )
    assert told == ["stream-stopped"]
    assert refusal(lambda: streams(begun.sid).update(status="stopped")) == (404, 20404)


@pytest.mark.row("rest.streams.stop")
def test_a_stream_is_stopped_by_its_name_and_the_name_is_free_again(
    served: Served, call: ScriptedCall
) -> None:
    streams = served.client().calls(call.sid).streams
    first = streams.create(url=MEDIA, name="ears")
    assert refusal(lambda: streams.create(url=MEDIA, name="ears")) == (400, 20001)
    assert streams("ears").update(status="stopped").sid == first.sid
    assert streams.create(url=MEDIA, name="ears").sid != first.sid


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://hotline.test/media"},
        {"url": MEDIA, "track": "left"},
        {"url": "wss://nobody.test/media"},
    ],
)
def test_what_cannot_be_is_refused_and_the_call_goes_on(
    served: Served, call: ScriptedCall, fields: dict[str, str]
) -> None:
    streams = served.client().calls(call.sid).streams
    assert refusal(lambda: streams.create(**fields)) == (400, 20001)
    assert served.client().calls(call.sid).fetch().status == "in-progress"


def test_a_call_that_is_over_has_no_sound(served: Served, call: ScriptedCall) -> None:
    call.hangs_up()
    client = served.client()
    eventually(lambda: client.calls(call.sid).fetch().status == "completed")
    assert refusal(lambda: client.calls(call.sid).streams.create(url=MEDIA)) == (400, 21220)
