"""<Say>, <Play>, <Pause>, <Echo>: what reaches the caller's ear, and when."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aiohttp import web

from simulator.sound.audio import RATE, decoded, encoded, key_tone, resampled
from tests.simulator.app import response
from tests.simulator.line import Played, one, play
from tests.simulator.test_queues import strength


def lasted_s(played: Played) -> float:
    """How long the call was up."""
    assert played.call.answered_at is not None and played.call.ended_at is not None
    return (played.call.ended_at - played.call.answered_at).total_seconds()


def note(hertz: float = 500, seconds: float = 1.0) -> np.ndarray[Any, Any]:
    """A tone at telephone rate, within -1 to 1."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def file_of(kind: str, **how: Any) -> bytes:
    """One second of a tone as a file."""
    out = io.BytesIO()
    soundfile.write(out, note(), RATE, format=kind, **how)
    return out.getvalue()


# <Say>


@pytest.mark.row("verb.Say")
def test_say_speaks_its_words_once(tmp_path: Path) -> None:
    assert one(tmp_path, "<Say>Good morning</Say>").heard() == ["Good morning"]


@pytest.mark.row("verb.Say.loop")
def test_say_repeats_as_often_as_loop_says(tmp_path: Path) -> None:
    assert one(tmp_path, '<Say loop="3">Good morning</Say>').heard() == ["Good morning"] * 3


@pytest.mark.row("verb.Say.loop")
def test_say_without_end_goes_on_until_the_caller_hangs_up(tmp_path: Path) -> None:
    played = play(
        tmp_path,
        {"/voice": response('<Say loop="0">Hold</Say>', "<Say>Never</Say>")},
        [{"waits_s": 30}, {"hangs_up": True}],
    )
    assert len(played.heard()) > 10 and set(played.heard()[:-1]) == {"Hold"}


@pytest.mark.row("verb.Say.language")
def test_say_speaks_the_language_it_is_given(tmp_path: Path) -> None:
    english = one(tmp_path, "<Say>Montag</Say>")
    german = one(tmp_path, '<Say language="de-DE">Montag</Say>')
    assert german.heard() == ["Montag"] and german.caller.heard != english.caller.heard


def test_a_language_without_a_voice_is_warned_of_and_read_in_another(tmp_path: Path) -> None:
    played = one(tmp_path, '<Say language="gl-ES">Bos dias</Say>', "<Say>Next</Say>")
    (warned,) = played.events("error")
    assert (warned["code"], warned["level"]) == (13512, "warning")
    assert played.heard() == ["Bos dias", "Next"]


@pytest.mark.row("verb.Say.length")
def test_say_takes_at_most_4096_characters(tmp_path: Path) -> None:
    played = one(tmp_path, f"<Say>{'a' * 4097}</Say>")
    assert played.codes() == [13521] and "at most 4096" in played.events("error")[0]["message"]


def test_say_without_words_is_noted_and_passed_over(tmp_path: Path) -> None:
    played = one(tmp_path, "<Say/>", "<Say>Next</Say>")
    assert played.codes() == [13520] and played.heard() == ["Next"]


@pytest.mark.parametrize(
    ("markup", "seconds"),
    [
        ('<break time="3s"/>', 3.0),
        ('<break time="1500ms"/>', 1.5),
        ('<break strength="x-strong"/>', 1.0),
        ('<break strength="none"/>', 0.0),
        ('<p>and</p><break time="2s"/><break time="2s"/>', 4.0),
    ],
)
@pytest.mark.row("verb.Say.ssml.break")
def test_a_break_really_pauses(tmp_path: Path, markup: str, seconds: float) -> None:
    plain = one(tmp_path, "<Say>Good<p>and</p>morning</Say>" if "<p>" in markup else GOOD)
    paused = one(tmp_path, f"<Say>Good{markup}morning</Say>")
    words = lasted_s(paused) - seconds
    # Two runs are spoken apart from each other, so only most of the pause is exact.
    assert words == pytest.approx(lasted_s(plain), abs=0.75)
    assert len(paused.heard()) == 1, "it stays one sentence"


GOOD = "<Say>Good morning</Say>"


@pytest.mark.row("verb.Say.ssml.sub", "verb.Say.ssml.lang")
def test_sub_says_its_alias_and_lang_another_language(tmp_path: Path) -> None:
    said = '<Say>on <sub alias="Monday">Mon</sub> or <lang xml:lang="de">Montag</lang></Say>'
    assert one(tmp_path, said).heard() == ["on Monday or Montag"]


@pytest.mark.row("verb.Say.ssml.say-as")
def test_say_as_digits_spells(tmp_path: Path) -> None:
    number = one(tmp_path, "<Say>1234</Say>")
    spelled = one(tmp_path, '<Say><say-as interpret-as="digits">1234</say-as></Say>')
    apart = one(tmp_path, "<Say>1 2 3 4</Say>")
    assert spelled.caller.heard == apart.caller.heard != number.caller.heard


@pytest.mark.row("verb.Say.ssml.prosody")
def test_prosody_changes_the_volume(tmp_path: Path) -> None:
    def loudest(said: str) -> float:
        return float(abs(decoded(bytes(one(tmp_path, said).caller.heard))[RATE:]).max())

    plain = loudest("<Pause/><Say>Good morning</Say>")
    soft = loudest('<Pause/><Say><prosody volume="-12dB">Good morning</prosody></Say>')
    silent = loudest('<Pause/><Say><prosody volume="silent">Good morning</prosody></Say>')
    assert 0.2 < soft / plain < 0.3 and silent == 0


@pytest.mark.parametrize(
    "inside",
    [
        "<emphasis level='strong'>good</emphasis>",
        "<p>good</p>",
        "<s>good</s>",
        "<w role='amazon:VB'>good</w>",
        "<phoneme alphabet='ipa' ph='ɡʊd'>good</phoneme>",
        "<prosody rate='slow' pitch='+10%'>good</prosody>",
        "<say-as interpret-as='expletive'>good</say-as>",
    ],
)
@pytest.mark.row("verb.Say.ssml.emphasis", "verb.Say.ssml.p", "verb.Say.ssml.phoneme")
@pytest.mark.row("verb.Say.ssml.s", "verb.Say.ssml.w")
def test_other_markup_is_read_as_its_words(tmp_path: Path, inside: str) -> None:
    assert one(tmp_path, f"<Say>{inside} morning</Say>").heard() == ["good morning"]


def test_markup_without_blanks_between_is_read_word_by_word(tmp_path: Path) -> None:
    said = "<Say>Hi<emphasis>good</emphasis><p>morning</p><s>to you</s></Say>"
    assert one(tmp_path, said).heard() == ["Hi good morning to you"]


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("<Say><audio/></Say>", 12200, "no such element <audio> in <Say>"),
        ("<Say><break time='11s'/></Say>", 12200, "at most 10s"),
        ("<Say><break strength='huge'/></Say>", 12200, "one of none"),
        ("<Say><say-as interpret-as='song'>a</say-as></Say>", 12200, "one of characters"),
        ("<Say><prosody volume='11'>a</prosody></Say>", 12200, "x-soft to x-loud"),
        ("<Say voice='tenor'>a</Say>", 13511, "Polly.NAME"),
        ("<Say language='!'>a</Say>", 13512, "a language tag"),
        ("<Say loop='-1'>a</Say>", 13510, "a whole number, 0 to 1000"),
    ],
)
@pytest.mark.row("verb.Say.ssml.others")
def test_markup_that_is_wrong_is_a_document_error(
    tmp_path: Path, said: str, code: int, words: str
) -> None:
    played = one(tmp_path, said)
    assert played.codes() == [code] and words in played.events("error")[0]["message"]


# <Play>


def served(content: bytes, kind: str) -> dict[str, Any]:
    """An application with one sound file."""
    return {
        "/voice": response("<Play>/sound</Play>", "<Hangup/>"),
        "/sound": lambda form: web.Response(body=content, content_type=kind),
    }


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (file_of("WAV"), "audio/wav"),
        (file_of("WAV", subtype="GSM610"), "audio/x-wav"),
        (file_of("WAV", subtype="ULAW"), "audio/wav"),
        (file_of("MP3"), "audio/mpeg"),
        (file_of("AIFF"), "audio/aiff"),
        (file_of("RAW", subtype="GSM610"), "audio/x-gsm"),
        (encoded(note() * 32767), "audio/ulaw"),
        (encoded(note() * 32767), "audio/basic"),
        (file_of("AU"), "audio/basic"),
    ],
    ids=["wav", "wav-gsm", "wav-ulaw", "mp3", "aiff", "gsm", "ulaw", "basic", "au"],
)
@pytest.mark.row("verb.Play", "verb.Play.format.wav", "verb.Play.format.mp3")
@pytest.mark.row("verb.Play.format.aiff", "verb.Play.format.gsm", "verb.Play.format.ulaw")
def test_every_format_is_played(tmp_path: Path, content: bytes, kind: str) -> None:
    played = play(tmp_path, served(content, kind))
    assert not played.codes() and lasted_s(played) == pytest.approx(1.0, abs=0.25)
    ((begin, _),) = played.audible_s[-1:]
    middle = bytes(played.caller.heard)[round((begin + 0.3) * RATE) :][: RATE // 2]
    assert strength(middle, 500) > 1.5, "the tone is as loud as it was"


def test_a_file_of_another_rate_keeps_its_pitch(tmp_path: Path) -> None:
    out = io.BytesIO()
    soundfile.write(out, resampled(note(), RATE, 44_100), 44_100, format="WAV")
    played = play(tmp_path, served(out.getvalue(), "audio/wav"))
    assert strength(bytes(played.caller.heard)[-RATE // 2 :], 500) > 1.0


@pytest.mark.row("verb.Play.loop")
def test_play_repeats_as_often_as_loop_says(tmp_path: Path) -> None:
    replies = served(file_of("WAV"), "audio/wav")
    replies["/voice"] = response('<Play loop="3">/sound</Play>')
    assert lasted_s(play(tmp_path, replies)) == pytest.approx(3.0, abs=0.1)


def test_play_without_end_goes_on_until_the_caller_hangs_up(tmp_path: Path) -> None:
    replies = served(file_of("WAV"), "audio/wav")
    replies["/voice"] = response('<Play loop="0">/sound</Play>', "<Say>Never</Say>")
    played = play(tmp_path, replies, [{"waits_s": 20}, {"hangs_up": True}])
    assert lasted_s(played) > 18 and played.heard() == []


def twice(folder: Path, headers: dict[str, str]) -> tuple[Played, list[dict[str, str]]]:
    """The same file played twice, and the headers of the requests for it."""

    def sound(form: dict[str, str]) -> web.Response:
        return web.Response(body=file_of("WAV"), content_type="audio/wav", headers=headers)

    verbs = ("<Play>/sound</Play>", "<Play>/sound</Play>")
    played = play(folder, {"/voice": response(*verbs), "/sound": sound})
    return played, [one.headers for one in played.app.received if one.path == "/sound"]


@pytest.mark.row("verb.Play.cached")
def test_a_file_is_kept_for_its_age(tmp_path: Path) -> None:
    played, asked = twice(tmp_path, {"Cache-Control": "private, max-age=60"})
    assert len(asked) == 1 and lasted_s(played) == pytest.approx(2.0, abs=0.1)


@pytest.mark.row("verb.Play.cached")
@pytest.mark.parametrize(
    ("name", "value", "asking"),
    [
        ("ETag", '"7"', "If-None-Match"),
        ("Last-Modified", "Mon, 05 Jan 2026 08:00:00 GMT", "If-Modified-Since"),
    ],
)
def test_a_file_is_asked_for_again_only_if_it_changed(
    tmp_path: Path, name: str, value: str, asking: str
) -> None:
    answers = [
        web.Response(body=file_of("WAV"), content_type="audio/wav", headers={name: value}),
        web.Response(status=304),
    ]
    verbs = ("<Play>/sound</Play>", "<Play>/sound</Play>")
    replies = {"/voice": response(*verbs), "/sound": lambda form: answers.pop(0)}
    played = play(tmp_path, replies)
    first, second = [one.headers for one in played.app.received if one.path == "/sound"]
    assert asking not in first and second[asking] == value
    assert lasted_s(played) == pytest.approx(2.0, abs=0.1) and not played.codes()


@pytest.mark.parametrize("policy", ["no-store", "no-cache", ""])
def test_a_file_that_may_have_changed_is_fetched_again(tmp_path: Path, policy: str) -> None:
    _, asked = twice(tmp_path, {"Cache-Control": policy, "X-Of": "sound"})
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (lambda form: web.Response(status=404), 11200),
        (lambda form: web.Response(body=b"no sound", content_type="audio/wav"), 13420),
    ],
    ids=["missing", "broken"],
)
@pytest.mark.row("verb.Play.error")
def test_a_file_that_cannot_be_played_is_noted_and_the_next_verb_runs(
    tmp_path: Path, sound: Any, code: int
) -> None:
    verbs = ("<Play>/sound</Play>", "<Say>Next</Say>")
    played = play(tmp_path, {"/voice": response(*verbs), "/sound": sound})
    assert played.codes() == [code] and played.heard() == ["Next"]


@pytest.mark.row("verb.Play.digits")
def test_digits_are_played_as_tones_with_pauses(tmp_path: Path) -> None:
    played = one(tmp_path, "<Say>Keys</Say>", "<Pause/>", '<Play digits="5wD"/>')
    five, last = played.audible_s[-2:]
    at_five, at_last = round(five[0] * RATE), round(last[0] * RATE)
    heard = bytes(played.caller.heard)
    assert heard[at_five:][:1280] == key_tone("5", 8) and heard[at_last:][:1280] == key_tone("D", 8)
    assert last[0] - five[1] == pytest.approx(0.5, abs=0.05)


def test_play_without_anything_to_play_is_an_error(tmp_path: Path) -> None:
    assert one(tmp_path, "<Play/>").codes() == [13420]


# <Pause>, <Echo>


@pytest.mark.row("verb.Pause")
def test_a_pause_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    played = one(tmp_path, "<Say>One</Say>", '<Pause length="7"/>', "<Say>Two</Say>")
    first, second = played.events("heard")
    assert second["start_s"] - first["end_s"] == pytest.approx(7, abs=0.2)


@pytest.mark.row("verb.Pause.length")
def test_a_pause_is_one_second_where_nothing_else_is_said(tmp_path: Path) -> None:
    played = one(tmp_path, "<Say>One</Say>", "<Pause/>", "<Say>Two</Say>")
    first, second = played.events("heard")
    assert second["start_s"] - first["end_s"] == pytest.approx(1, abs=0.2)


@pytest.mark.row("verb.Pause.first")
def test_a_pause_that_comes_first_delays_the_answer(tmp_path: Path) -> None:
    call = one(tmp_path, '<Pause length="5"/>', "<Say>Hello</Say>").call
    assert call.answered_at is not None
    assert (call.answered_at - call.created_at).total_seconds() == pytest.approx(5, abs=0.1)
    other = one(tmp_path, "<Say>Hello</Say>", '<Pause length="5"/>').call
    assert other.answered_at is not None
    assert (other.answered_at - other.created_at).total_seconds() < 0.1


@pytest.mark.row("verb.Echo")
def test_echo_plays_the_caller_back(tmp_path: Path) -> None:
    said: dict[str, Any] = {"says": "can you hear me"}
    played = play(tmp_path, {"/voice": response("<Echo/>")}, [said, {"hangs_up": True}])
    ((begin, end),) = [one for one in played.audible_s if one[0] > 0.3][:1] or [(0, 0)]
    assert end - begin > 0.5
