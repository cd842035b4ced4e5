"""<Transcription>: what both sides say, told while the call goes on; by documents and by REST."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException

from simulator.callers import Caller
from simulator.sound.audio import read_sound, wav_file
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, response
from tests.simulator.line import SHOP, Played, play
from tests.simulator.rest_driver import Served
from tests.simulator.test_gather_speech import CLIP

pytestmark = pytest.mark.slow

TOLD = "https://hotline.test/told"
ASK = (
    '<Gather input="speech" action="/said" speechTimeout="2"><Say>What is it</Say></Gather>'
    "<Say>Nothing understood</Say>"
)


def start(attributes: str = "") -> str:
    return f'<Start><Transcription statusCallbackUrl="/told" {attributes}/></Start>'


def transcribed(folder: Path, *verbs: str, **options: Any) -> Played:
    replies = {
        "/voice": response(*verbs),
        "/said": response("<Say>Thank you</Say>"),
        "/told": response(),
    }
    return play(folder, replies, **options)


def told(forms: list[dict[str, str]]) -> list[dict[str, str]]:
    """The events in the order in which they were sent."""
    return sorted(forms, key=lambda form: int(form["SequenceId"]))


def words(forms: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Whose track, and what was said on it to the end."""
    return [
        (form["Track"], json.loads(form["TranscriptionData"])["transcript"])
        for form in told(forms)
        if form.get("Final") == "true"
    ]


@pytest.mark.row("noun.Transcription", "verb.Start.nouns", "request.transcription.event")
@pytest.mark.row("request.transcription.sid", "request.transcription.account")
@pytest.mark.row("request.transcription.sequence", "request.transcription.started")
@pytest.mark.row("request.transcription.content", "request.transcription.timestamp")
def test_both_sides_are_told_in_order(tmp_path: Path) -> None:
    steps = [{"hears": "what is it"}, {"says": "the lamp is broken"}, {"hears": "thank you"}]
    played = transcribed(tmp_path, start('inboundTrackLabel="resident"'), ASK, steps=steps)
    forms = told(played.app.forms("/told"))
    first, *content, last = forms
    assert [form["TranscriptionEvent"] for form in forms] == [
        "transcription-started",
        *["transcription-content"] * 3,
        "transcription-stopped",
    ]
    assert [form["SequenceId"] for form in forms] == ["1", "2", "3", "4", "5"]
    assert first["TranscriptionSid"].startswith("GT") and first["CallSid"] == played.call.sid
    assert first["AccountSid"] == ACCOUNT and first["LanguageCode"] == "en-US"
    assert (first["Track"], first["PartialResults"]) == ("both_tracks", "false")
    assert first["InboundTrackLabel"] == "resident" and "OutboundTrackLabel" not in first
    assert first["TranscriptionEngine"] == "google"
    assert json.loads(first["ProviderConfiguration"])["profanityFilter"] == "true"
    assert words(content) == [
        ("outbound_track", "What is it"),
        ("inbound_track", "the lamp is broken"),
        ("outbound_track", "Thank you"),
    ]
    assert json.loads(content[0]["TranscriptionData"])["confidence"] == 1.0
    assert last["Timestamp"].endswith("+00:00") and "TranscriptionData" not in last
    assert played.app.forms("/said")[0]["SpeechResult"] == "the lamp is broken"


@pytest.mark.row("noun.Transcription.track")
def test_one_side_alone(tmp_path: Path) -> None:
    steps = [{"hears": "what is it"}, {"says": "the lamp is broken"}, {"hears": "thank you"}]
    played = transcribed(tmp_path, start('track="inbound_track"'), ASK, steps=steps)
    assert words(played.app.forms("/told")) == [("inbound_track", "the lamp is broken")]


@pytest.mark.row("noun.Transcription.partialResults", "request.transcription.partial")
def test_a_long_sentence_is_told_while_it_is_said(tmp_path: Path) -> None:
    long = "the lamp in front of my house is broken and nobody has come to mend it since Monday"
    steps = [{"hears": "what is it"}, {"says": long}, {"hears": "thank you"}]
    attributes = 'track="inbound_track" partialResults="true"'
    played = transcribed(tmp_path, start(attributes), ASK, steps=steps)
    content = [one for one in told(played.app.forms("/told")) if "Final" in one]
    *partial, whole = content
    assert len(partial) >= 3 and all(one["Final"] == "false" for one in partial)
    assert all(float(one["Stability"]) for one in partial) and "Stability" not in whole
    assert all(long.startswith(words_of(one)) for one in partial)
    assert words_of(whole) == long


def words_of(form: dict[str, str]) -> str:
    return str(json.loads(form["TranscriptionData"])["transcript"])


@pytest.mark.row("verb.Stop", "noun.Transcription.name")
def test_it_is_stopped_by_its_name(tmp_path: Path) -> None:
    played = transcribed(
        tmp_path,
        start('name="ears"'),
        "<Say>One</Say>",
        '<Pause length="2"/>',
        '<Stop><Transcription name="ears"/></Stop>',
        "<Say>Two</Say>",
    )
    assert words(played.app.forms("/told")) == [("outbound_track", "One")]
    assert told(played.app.forms("/told"))[-1]["TranscriptionEvent"] == "transcription-stopped"
    assert played.codes() == []


def test_what_does_not_run_cannot_be_stopped(tmp_path: Path) -> None:
    played = transcribed(tmp_path, '<Stop><Transcription name="ears"/></Stop>', "<Say>Two</Say>")
    assert played.codes() == [12200] and played.heard() == ["Two"]


def test_a_sentence_at_the_end_of_the_call_is_still_told(tmp_path: Path) -> None:
    steps = [{"hears": "what is it"}, {"says": "good bye"}, {"hangs_up": True}]
    played = transcribed(tmp_path, start(), ASK, steps=steps)
    assert ("inbound_track", "good bye") in words(played.app.forms("/told"))


def test_a_pause_within_a_sentence_of_the_line_is_no_end(tmp_path: Path) -> None:
    said = '<Say>Hello<break time="2s"/>world</Say><Pause length="3"/>'
    played = transcribed(tmp_path, start(), said)
    assert words(played.app.forms("/told")) == [("outbound_track", "Hello world")]
    assert played.codes() == []


def test_what_a_scripted_person_says_is_known_word_for_word(tmp_path: Path) -> None:
    says = [{"says": "hello there"}, {"waits_s": 3}, {"says": "and good bye"}, {"hangs_up": True}]
    shop = {"behaviour": "answers", "steps": says}
    played = transcribed(
        tmp_path,
        start('track="outbound_track"'),
        f"<Dial>{SHOP}</Dial>",
        phones={SHOP: shop},
    )
    said = [("outbound_track", "hello there"), ("outbound_track", "and good bye")]
    assert words(played.app.forms("/told")) == said and played.codes() == []


def test_words_that_nobody_can_know_are_complained_of_once(tmp_path: Path) -> None:
    clip = wav_file(read_sound(CLIP))
    twice = ("<Play>/clip.wav</Play>", '<Pause length="3"/>', "<Play>/clip.wav</Play>")
    replies = {
        "/voice": response(start('track="outbound_track"'), *twice),
        "/clip.wav": lambda form: web.Response(body=clip, content_type="audio/x-wav"),
        "/told": response(),
    }
    played = play(tmp_path, replies)
    assert words(played.app.forms("/told")) == [] and played.codes() == [0]


@pytest.mark.row("rest.live-transcriptions.create", "rest.live-transcriptions.stop")
def test_a_live_call_is_transcribed_by_rest(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        served.app.replies["/told"] = ""
        served.app.replies["/voice"] = response("<Say>Good day.</Say><Pause length='600'/>")
        call = Caller(served.root, number=CALLER).dials().hears("good day")
        live = served.client().calls(call.sid).transcriptions
        begun = live.create(
            name="ears",
            track="inbound_track",
            status_callback_url=TOLD,
            partial_results=True,
            language_code="en-US",
        )
        assert (begun.status, begun.name) == ("in-progress", "ears")
        assert refused(lambda: live.create(name="ears")) == 20001
        assert refused(lambda: live.create(track="left")) == 20001
        assert refused(lambda: live.create(intelligence_service="GA1")) == 20001
        assert refused(lambda: live("GT" + "0" * 32).update(status="stopped")) == 20404
        call.says("a lamp").waits(2)
        assert live("ears").update(status="stopped").sid == begun.sid
        forms = eventually(lambda: [form for form in served.app.forms("/told") if _is_last(served)])
        assert words(forms) == [("inbound_track", "a lamp")]
        again = live.create(track="outbound_track", status_callback_url=TOLD)
        served.client().calls(call.sid).update(twiml=response(f"<Say>{'Hear me out. ' * 20}</Say>"))
        call.waits(4)
        live(again.sid).update(status="stopped")
        spoken = eventually(
            lambda: [one for one in served.app.forms("/told") if one.get("Final") == "true"][1:]
        )
        assert words_of(spoken[0]).startswith("Hear me out. Hear me out.")
        assert served.network.exchange.debugger.alerts == []
        call.hangs_up()
        eventually(lambda: served.network.exchange.calls[call.sid].is_over)
        assert refused(lambda: live.create(name="late")) == 21220


def _is_last(served: Served) -> bool:
    return any("stopped" in form["TranscriptionEvent"] for form in served.app.forms("/told"))


def refused(ask: Callable[[], object]) -> int:
    with pytest.raises(TwilioRestException) as error:
        ask()
    return int(error.value.code)
