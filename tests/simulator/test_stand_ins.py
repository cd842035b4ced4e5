"""Twilio's public samples are answered without an internet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from simulator.hosted.stand_ins import stand_in_for
from simulator.hosted.twimlets import forward
from simulator.media.sound_files import sound_of
from simulator.network import Network
from simulator.settings import Hook
from simulator.sound.hold_music import hold_music
from simulator.webhooks.origins import OriginMap
from simulator.webhooks.webhook import Answer
from tests.simulator.app import NUMBER, PUBLIC, response
from tests.simulator.line import SHOP, Played, play

SOUNDS = (
    "http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3",
    "https://com.twilio.music.rock.s3.us-east-1.amazonaws.com/a.mp3",
    "https://s3.amazonaws.com/com.twilio.music.ambient/gurdonark_-_Plains.mp3",
    "https://com.twilio.sounds.music.s3.amazonaws.com/MARKOVICHAMP-Borghestral.mp3",
    "http://demo.twilio.com/docs/classic.mp3",
    "http://demo.twilio.com/hellomonkey/monkey.mp3",
    "https://api.twilio.com/cowbell.mp3",
    "http://api.twilio.com/Cowbell.mp3",
    "http://howtodocs.s3.amazonaws.com/et-phone.mp3",
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
        "https://twimlets.com/menu",
        "https://demo.twilio.com/owl.jpg",
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


def twimlet(folder: Path, name: str, given: dict[str, str], **options: Any) -> Played:
    """A call that begins with a Twimlet, which is asked by POST."""
    hook = Hook(f"http://twimlets.com/{name}?{urlencode(given)}")
    return play(
        folder,
        {"/failed": response("<Say>Nobody is in.</Say>")},
        voice=hook,
        stand_ins=True,
        **options,
    )


@pytest.mark.parametrize(
    ("does", "heard"),
    [({"steps": [{"hangs_up": True}]}, []), ({"behaviour": "busy"}, ["Nobody is in."])],
)
def test_the_forward_twimlet_calls_and_goes_on_where_nobody_answers(
    tmp_path: Path, does: dict[str, Any], heard: list[str]
) -> None:
    given = {"PhoneNumber": "312-555-0177", "FailUrl": f"{PUBLIC}/failed", "Timeout": "7"}
    played = twimlet(tmp_path, "forward", given, phones={SHOP: does})
    assert [call.party.to for call in played.calls[1:]] == [SHOP]
    assert played.heard() == heard and not played.codes()


def test_the_forward_twimlet_dials_what_it_is_given_and_nothing_that_is_hidden_in_it() -> None:
    hidden = urlencode({"PhoneNumber": "<Sip>sip:thief@hotline.test</Sip>"})
    assert "<Sip>" not in forward(hidden)


def test_the_forward_twimlet_gives_up_after_its_timeout(tmp_path: Path) -> None:
    given = {"PhoneNumber": SHOP, "Timeout": "7", "CallerId": "312-555-0100"}
    played = twimlet(tmp_path, "forward", given, phones={SHOP: {"behaviour": "no-answer"}})
    (child,) = played.calls[1:]
    assert child.party.from_ == NUMBER and child.status == "no-answer"
    assert 6 < played.call.log.age_s < 9


@pytest.mark.parametrize(("allowed", "calls"), [("(312) 555-0101", 1), ("312-555-0199", 0)])
def test_the_forward_twimlet_forwards_whom_it_is_told_to(
    tmp_path: Path, allowed: str, calls: int
) -> None:
    given = {"PhoneNumber": SHOP, "AllowedCallers[0]": "415-555-1212", "AllowedCallers[1]": allowed}
    played = twimlet(tmp_path, "forward", given, phones={SHOP: {"steps": [{"hangs_up": True}]}})
    assert len(played.calls[1:]) == calls
    assert played.heard() == ([] if calls else ["Calls from your number are not forwarded."])


@pytest.mark.parametrize("transcribe", ["", "true"])
def test_the_voice_mail_twimlet_greets_and_records(tmp_path: Path, transcribe: str) -> None:
    given = {"Email": "me@hotline.test", "Message": "We are closed", "Transcribe": transcribe}
    words = "the street light is out on Elm Street"
    steps: list[dict[str, Any]] = [{"hears": "we are closed"}, {"waits": 1.5}, {"says": words}]
    played = twimlet(tmp_path, "voicemail", given, steps=[*steps, {"is_hung_up_on": True}])
    (recording,) = played.net.exchange.recordings.by_sid.values()
    assert recording.status == "completed"
    assert played.heard() == ["We are closed", "Thank you. Good bye."]
    assert len(played.events("transcription")) == (1 if transcribe else 0)


@pytest.mark.parametrize(
    ("moderator", "is_on"), [(None, True), ("312-555-0101", True), ("312-555-0199", False)]
)
def test_the_conference_twimlet_leads_into_its_room(
    tmp_path: Path, moderator: str | None, is_on: bool
) -> None:
    given = {"Name": "foo", "Message": "Welcome", "Music": "rock"}
    given |= {"Moderators[0]": moderator} if moderator else {}
    steps: list[dict[str, Any]] = [{"hears": "welcome"}, {"waits": 5}, {"hangs_up": True}]
    seen: list[bool] = []

    async def look(net: Network) -> None:
        async def soon() -> None:
            await net.exchange.clock.sleep(5)
            rooms = net.conferences.by_sid.values()
            people = [one for room in rooms for one in room.participants.values()]
            seen.extend(one.start_on_enter for one in people if one.conference.name == "foo")

        net.exchange.background.run(soon())

    played = twimlet(tmp_path, "conference", given, steps=steps, meanwhile=look)
    assert played.heard() == ["Welcome"] and not played.codes()
    assert seen == [is_on]


def test_the_conference_twimlet_asks_for_its_password(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = []
    for keys in ("11", "42"):
        steps += [{"hears": "please enter the password"}, {"presses": keys}]
    steps += [{"waits": 2}, {"hangs_up": True}]
    played = twimlet(tmp_path, "conference", {"Password": "42"}, steps=steps)
    assert [event["verb"] for event in played.events("verb")][-1] == "Dial"
    assert len(played.net.conferences.by_sid) == 1


def test_its_owl_is_a_picture() -> None:
    found = stand_in_for("https://demo.twilio.com/owl.png")
    assert found is not None and found[0] == "image/png"
    with Image.open(io.BytesIO(found[1])) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (8, 8))


def test_a_mapped_origin_is_asked_itself(tmp_path: Path) -> None:
    """The map leads to a port at which nobody listens."""
    hook = Hook("http://demo.twilio.com/docs/voice.xml", "GET")
    nobody = OriginMap.of(("http://demo.twilio.com=http://127.0.0.1:9",))
    played = play(tmp_path, {}, voice=hook, stand_ins=True, origins=nobody, status_callback="")
    assert played.codes() == [11205]
