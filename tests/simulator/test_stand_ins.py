"""Twilio's public samples are answered without an internet."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.hold_music import hold_music
from simulator.origins import OriginMap
from simulator.settings import Hook
from simulator.sound_files import sound_of
from simulator.stand_ins import stand_in_for
from simulator.webhook import Answer
from tests.simulator.app import response
from tests.simulator.line import play

SOUNDS = (
    "http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3",
    "https://com.twilio.music.rock.s3.us-east-1.amazonaws.com/a.mp3",
    "https://s3.amazonaws.com/com.twilio.music.ambient/gurdonark_-_Plains.mp3",
    "https://com.twilio.sounds.music.s3.amazonaws.com/MARKOVICHAMP-Borghestral.mp3",
    "http://demo.twilio.com/docs/classic.mp3",
    "https://api.twilio.com/cowbell.mp3",
)


@pytest.mark.parametrize("url", SOUNDS)
def test_its_music_is_ours(url: str) -> None:
    found = stand_in_for(url)
    assert found is not None
    assert sound_of(Answer(200, *found, url, 0.0)) == hold_music()


@pytest.mark.parametrize(
    "url",
    [
        "https://hotline.test/cowbell.mp3",
        "https://my.bucket.s3.amazonaws.com/hello.mp3",
        "https://evil.test/?x=demo.twilio.com/docs/voice.xml",
        "https://demo.twilio.com/docs/other.xml",
        "https://twimlets.com/voicemail",
    ],
)
def test_other_addresses_are_asked_themselves(url: str) -> None:
    assert stand_in_for(url) is None


def test_a_call_may_begin_with_the_quick_start(tmp_path: Path) -> None:
    hook = Hook("http://demo.twilio.com/docs/voice.xml", "GET")
    played = play(tmp_path, {}, voice=hook, stand_ins=True)
    assert [event["verb"] for event in played.events("verb")] == ["Say", "Play"]
    assert played.heard() == ["Thanks for trying our documentation. Enjoy!"]
    assert not played.codes()
    assert played.audible_s[-1][1] > 16


def test_hold_music_of_a_twimlet_goes_on_until_somebody_comes(tmp_path: Path) -> None:
    wait = "http://twimlets.com/holdmusic?Bucket=com.twilio.music.ambient"
    replies = {"/voice": response(f'<Enqueue waitUrl="{wait}">shop</Enqueue>')}
    steps: list[dict[str, Any]] = [{"waits": 40}, {"hangs_up": True}]
    played = play(tmp_path, replies, steps, stand_ins=True)
    assert not played.codes()
    begin, end = played.audible_s[0]
    assert begin < 1 and end > 39


def test_the_message_twimlet_says_and_plays(tmp_path: Path) -> None:
    given = urlencode({"Message[0]": "Hello & welcome", "Message[1]": SOUNDS[0]})
    hook = Hook(f"http://twimlets.com/message?{given}", "GET")
    played = play(tmp_path, {}, voice=hook, stand_ins=True)
    assert [event["verb"] for event in played.events("verb")] == ["Say", "Play"]
    assert played.heard() == ["Hello & welcome"]


def test_the_echo_twimlet_gives_back_its_document(tmp_path: Path) -> None:
    given = urlencode({"Twiml": response("<Say>Straight back</Say>")})
    hook = Hook(f"https://www.twimlets.com/echo?{given}")
    played = play(tmp_path, {}, voice=hook, stand_ins=True)
    assert played.heard() == ["Straight back"]


def test_a_mapped_origin_is_asked_itself(tmp_path: Path) -> None:
    """The map leads to a port at which nobody listens."""
    hook = Hook("http://demo.twilio.com/docs/voice.xml", "GET")
    nobody = OriginMap.of(("http://demo.twilio.com=http://127.0.0.1:9",))
    played = play(tmp_path, {}, voice=hook, stand_ins=True, origins=nobody, status_callback="")
    assert played.codes() == [11205]
