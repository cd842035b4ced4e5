"""Recording led by REST, with the unmodified `twilio` client."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import requests
import soundfile
from aiohttp.test_utils import unused_port
from twilio.rest.api.v2010.account.recording import RecordingInstance

from simulator.callers import Caller, ScriptedCall
from simulator.registries.recordings import Recorder, Recording
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, TOKEN, response
from tests.simulator.openapi import fields
from tests.simulator.rest_driver import Served, fetched, refusal, talking

pytestmark = pytest.mark.slow

CURRENT = "Twilio.CURRENT"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("recording")) as one:
        yield one


@pytest.fixture
def call(served: Served) -> Iterator[ScriptedCall]:
    with talking(served) as made:
        yield made


def finished(served: Served, sid: str) -> RecordingInstance:
    def look() -> RecordingInstance | None:
        found = served.client().recordings(sid).fetch()
        return found if found.status == "completed" else None

    found = eventually(look)
    assert found is not None
    return found


def seconds(served: Served, sid: str) -> float:
    url = f"{served.root}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
    answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60)
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    return float(len(samples) / rate)


@pytest.mark.row("rest.recordings.start", "rest.recordings.stop", "rest.recordings.current")
def test_a_recording_is_started_on_a_live_call_and_stopped(
    served: Served, call: ScriptedCall
) -> None:
    recordings = served.client().calls(call.sid).recordings
    begun = recordings.create(
        recording_channels="dual",
        recording_status_callback="https://hotline.test/recording",
        recording_status_callback_event=["in-progress completed"],
    )
    assert (begun.status, begun.channels, begun.source) == (
        "in-progress",
        2,
        "StartCallRecordingAPI",
    )
    call.waits(1)
    assert recordings(CURRENT).update(status="stopped").sid == begun.sid
    done = finished(served, begun.sid)
    assert done.call_sid == call.sid and int(done.duration) >= 1
    told = eventually(
        lambda: (
            len(f := [x for x in served.app.forms("/recording") if begun.sid in x.values()]) == 2
            and f
        )
    )
    assert [form["RecordingStatus"] for form in told or []] == ["in-progress", "completed"]
    assert refusal(lambda: recordings(CURRENT).update(status="paused")) == (404, 20404)


def pass_time(served: Served, go_on: Callable[[Callable[[], bool]], None], line_s: float) -> None:
    """Let so many seconds pass on the line, however long the requests around them take."""
    clock = served.network.exchange.clock
    due_s = clock.now_s + line_s
    go_on(lambda: clock.now_s >= due_s)


@pytest.mark.row("rest.recordings.pause", "rest.recordings.resume")
@pytest.mark.parametrize("behavior", ["skip", "silence"])
def test_a_pause_is_left_out_or_kept_as_silence(
    served: Served, call: ScriptedCall, behavior: str
) -> None:
    recordings = served.client().calls(call.sid).recordings
    with served.standing_still() as go_on:
        whole, paused = recordings.create(), recordings.create()
        shown = recordings(paused.sid).update(status="paused", pause_behavior=behavior)
        assert shown.status == "paused"
        pass_time(served, go_on, 2)
        assert recordings(paused.sid).update(status="in-progress").status == "in-progress"
        pass_time(served, go_on, 0.5)
        for one in (whole, paused):
            recordings(one.sid).update(status="stopped")
    for one in (whole, paused):
        finished(served, one.sid)
    missing_s = seconds(served, whole.sid) - seconds(served, paused.sid)
    assert (missing_s > 1.5) is (behavior == "skip")
    assert abs(missing_s) < 1 or behavior == "skip"


@pytest.mark.row("rest.recordings.start.not_live", "error.21220")
def test_a_call_that_ends_ends_its_recordings(served: Served, call: ScriptedCall) -> None:
    recordings = served.client().calls(call.sid).recordings
    begun = recordings.create()
    call.waits(0.5).hangs_up()
    assert finished(served, begun.sid).channels == 1
    assert refusal(recordings.create) == (400, 21220)


@pytest.mark.row("rest.recordings.current", "enum.sid")
def test_current_must_be_one(served: Served, call: ScriptedCall) -> None:
    recordings = served.client().calls(call.sid).recordings
    recordings.create(), recordings.create()
    assert refusal(lambda: recordings(CURRENT).update(status="stopped")) == (400, 20001)


@pytest.mark.parametrize(
    "fields",
    [{"recording_track": "left"}, {"recording_channels": "7"}, {"trim": "all"}],
)
def test_what_cannot_be_is_refused_and_nothing_records(
    served: Served, call: ScriptedCall, fields: dict[str, str]
) -> None:
    recordings = served.client().calls(call.sid).recordings
    assert refusal(lambda: recordings.create(**fields)) == (400, 20001)
    assert recordings.list() == []


@pytest.mark.row("request.record-action.RecordingUrl", "rest.recording")
@pytest.mark.parametrize("door", [{}, {"door": 0}, {"door_tls": 0}], ids=["no door", "door", "tls"])
def test_its_address_is_the_carriers_and_can_be_played(
    tmp_path: Path, door: dict[str, int]
) -> None:
    port = unused_port()
    root = "https://api.twilio.com" if door else f"http://127.0.0.1:{port}"
    with Served(tmp_path, port=port, **door) as served:
        served.app.replies["/voice"] = response(
            '<Record action="/again" finishOnKey="1" timeout="120"/>'
        )
        served.app.replies["/again"] = lambda form: response(
            f"<Play>{form['RecordingUrl']}</Play>", "<Say>That was it.</Say>"
        )
        call = Caller(served.root, number=CALLER).dials().waits(2).presses("1")
        call.hears("that was it").is_hung_up_on()
        (form,) = served.app.forms("/again")
        url = f"{root}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{form['RecordingSid']}"
        assert form["RecordingUrl"] == url
        assert finished(served, form["RecordingSid"]).media_url == url
        errors = requests.get(f"{served.root}/simulator/debugger", timeout=60).json()["errors"]
        assert not errors


def test_whoever_asks_for_a_recording_waits_while_its_file_is_written(
    served: Served, call: ScriptedCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, may_write = served.network.exchange.recordings, threading.Event()
    keep = books.keep

    def keeps_later(recorder: Recorder, trim: str) -> Recording:
        assert may_write.wait(60)
        return keep(recorder, trim)

    monkeypatch.setattr(books, "keep", keeps_later)
    recordings = served.client().calls(call.sid).recordings
    sid = recordings.create().sid
    call.waits(1)
    recordings(sid).update(status="stopped")
    url = f"{served.root}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(requests.get, url, auth=(ACCOUNT, TOKEN), timeout=60)
        wait({asked}, timeout=1)
        is_waiting = not asked.done()
        may_write.set()
        assert is_waiting and asked.result().status_code == 200


@pytest.mark.row("rest.transcription")
def test_what_a_message_says_is_listed_fetched_and_deleted(served: Served) -> None:
    client, words = served.client(), "the street light is out on Elm Street"
    served.app.replies["/voice"] = response(
        '<Record action="/done" timeout="30" transcribeCallback="/text"/>'
    )
    served.app.replies |= {"/done": response(), "/text": ""}
    Caller(served.root, number=CALLER).dials().waits(1.5).says(words).is_hung_up_on(within_s=90)
    (told,) = eventually(lambda: served.app.forms("/text"))
    sid, recording = told["TranscriptionSid"], client.recordings(told["RecordingSid"])
    below = f"/Recordings/{told['RecordingSid']}/Transcriptions/{sid}.json"
    for path, schema in (
        (f"/Transcriptions/{sid}.json", "transcription"),
        (below, "recording.recording_transcription"),
    ):
        shown = fetched(served, path)
        assert set(shown) == fields(f"api.v2010.account.{schema}")
        assert (shown["transcription_text"], shown["status"]) == (words, "completed")
        assert int(shown["duration"]) >= 2
    assert [one.sid for one in client.transcriptions.list()] == [sid]
    assert [one.sid for one in recording.transcriptions.list()] == [sid]
    other = client.recordings("RE" + "0" * 32)
    assert refusal(other.transcriptions(sid).fetch) == (404, 20404)
    assert recording.transcriptions(sid).delete()
    assert client.transcriptions.list() == []
    assert refusal(client.transcriptions(sid).fetch) == (404, 20404)
    assert recording.fetch().status == "completed"
