"""<Record>, <Start><Recording> and Dial's recordings: ends, sounds, callbacks, transcriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile

from simulator.calls.legs import Endpoint
from simulator.network import Network
from simulator.registries.recordings import Recording
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run
from tests.simulator.line import SHOP, Played, play

WORDS = "the street light is out on Elm Street"
SAYS: list[dict[str, Any]] = [{"waits_s": 1.5}, {"says": WORDS}, {"is_hung_up_on": True}]
PATIENT: list[dict[str, Any]] = [*SAYS[:2], {"is_hung_up_on": True, "within_s": 200}]


def recorded(
    folder: Path, attributes: str, steps: list[dict[str, Any]] | None = None, **options: Any
) -> Played:
    """One message after the tone."""
    replies = {
        "/voice": response(f'<Record action="/done" {attributes}/>', "<Say>Unreachable</Say>"),
        "/done": response("<Say>Thanks</Say>"),
        "/told": response(),
        "/text": response(),
    }
    return play(folder, replies, steps, **options)


def recording_of(played: Played) -> Recording:
    """The only recording."""
    (found,) = played.net.exchange.recordings.by_sid.values()
    return found


@pytest.mark.row("verb.Record.timeout", "verb.Record.unreachable", "record.end.silence")
@pytest.mark.row("record.end.action")
def test_silence_ends_it_after_five_seconds(tmp_path: Path) -> None:
    played = recorded(tmp_path / "a", 'trim="do-not-trim"', SAYS)
    (done,) = played.app.forms("/done")
    shorter = recorded(tmp_path / "b", 'trim="do-not-trim" timeout="2"', SAYS)
    spoken_s = int(shorter.app.forms("/done")[0]["RecordingDuration"]) - 2
    assert done["RecordingDuration"] == str(spoken_s + 5) and "Digits" not in done
    assert played.heard() == ["Thanks"], "what stands after it is never reached"


@pytest.mark.parametrize("attributes", ["", 'timeout="0" maxLength="3"'])
@pytest.mark.row("record.empty", "verb.Record.unreachable")
def test_an_empty_recording_asks_no_action_and_the_next_verb_runs(
    tmp_path: Path, attributes: str
) -> None:
    played = recorded(tmp_path, attributes)
    assert played.app.forms("/done") == []
    assert played.heard() == ["Unreachable"]


@pytest.mark.row("record.empty")
def test_a_call_whose_empty_recording_is_its_last_verb_ends(tmp_path: Path) -> None:
    played = play(tmp_path, {"/voice": response('<Record action="/done"/>'), "/done": response()})
    assert played.app.forms("/done") == []
    assert played.call.status == "completed"


@pytest.mark.row("verb.Record.timeout")
def test_a_time_out_of_0_waits_for_ever(tmp_path: Path) -> None:
    played = recorded(tmp_path, 'timeout="0" maxLength="30" trim="do-not-trim"', PATIENT)
    assert played.app.forms("/done")[0]["RecordingDuration"] == "30"


@pytest.mark.row("verb.Record.maxLength", "record.end.length", "record.end.action")
def test_its_longest_length_ends_it(tmp_path: Path) -> None:
    played = recorded(tmp_path, 'maxLength="3"', SAYS)
    assert played.app.forms("/done")[0]["RecordingDuration"] == "3"


@pytest.mark.parametrize("key", ["1", "*", "#"])
@pytest.mark.row("verb.Record.finishOnKey", "record.end.key", "record.end.action")
def test_any_key_ends_it_and_is_told(tmp_path: Path, key: str) -> None:
    played = recorded(tmp_path, "", [{"waits_s": 2}, {"presses": key}, {"hears": "thanks"}])
    assert played.app.forms("/done")[0]["Digits"] == key


@pytest.mark.row("verb.Record.finishOnKey")
def test_only_its_finish_keys_end_it(tmp_path: Path) -> None:
    steps: list[dict[str, Any]] = [{"waits_s": 2}, {"presses": "1"}, {"waits_s": 1}]
    steps += [{"presses": "9"}, {"hears": "thanks"}]
    played = recorded(tmp_path, 'finishOnKey="59"', steps)
    assert played.app.forms("/done")[0]["Digits"] == "9"


@pytest.mark.row("record.end.hangup", "rule.hangup.record", "rule.hangup.ignored")
@pytest.mark.row("record.end.action")
def test_a_hang_up_ends_it_and_its_answer_is_moot(tmp_path: Path) -> None:
    played = recorded(tmp_path, "", [{"waits_s": 3}, {"hangs_up": True}])
    (done,) = played.app.forms("/done")
    assert done["Digits"] == "hangup" and done["CallStatus"] == "completed"
    assert played.heard() == []


@pytest.mark.row("verb.Record.playBeep")
def test_it_begins_with_a_beep_unless_told_not_to(tmp_path: Path) -> None:
    loud, quiet = recorded(tmp_path / "a", ""), recorded(tmp_path / "b", 'playBeep="false"')
    assert len(loud.audible_s) == len(quiet.audible_s) + 1


@pytest.mark.row("verb.Record.trim")
def test_silence_is_trimmed_off_unless_told_not_to(tmp_path: Path) -> None:
    trimmed = recording_of(recorded(tmp_path / "a", "", SAYS))
    whole = recording_of(recorded(tmp_path / "b", 'trim="do-not-trim"', SAYS))
    assert whole.duration_s - trimmed.duration_s >= 2


@pytest.mark.row("record.silent.kept")
def test_a_silent_recording_is_kept(tmp_path: Path) -> None:
    recording = recording_of(recorded(tmp_path, ""))
    assert recording.status == "completed" and recording.duration_s == 5


@pytest.mark.row("verb.Record.recordingStatusCallback")
@pytest.mark.row("verb.Record.recordingStatusCallbackEvent")
def test_its_states_are_told_to_whoever_asked(tmp_path: Path) -> None:
    asked = 'recordingStatusCallback="/told" recordingStatusCallbackEvent="in-progress completed"'
    played = recorded(tmp_path / "a", asked)
    begun, done = played.app.forms("/told")
    assert (begun["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
    assert begun["RecordingSid"] == done["RecordingSid"] and done["RecordingSource"] == "RecordVerb"
    assert "From" not in done and "RecordingStartTime" not in done
    by_default = recorded(tmp_path / "b", 'recordingStatusCallback="/told"')
    assert [one["RecordingStatus"] for one in by_default.app.forms("/told")] == ["completed"]


@pytest.mark.row("verb.Record.recordingStatusCallbackMethod")
def test_the_callback_comes_by_the_method_it_names(tmp_path: Path) -> None:
    played = recorded(
        tmp_path, 'recordingStatusCallback="/told" recordingStatusCallbackMethod="GET"'
    )
    (told,) = [one for one in played.app.received if one.path == "/told"]
    assert "RecordingStatus=completed" in told.url and not told.form


@pytest.mark.row("record.silence.packets")
def test_a_telephone_that_sends_nothing_is_not_silent(tmp_path: Path) -> None:
    record = '<Record action="/done" timeout="2" maxLength="9"/>'
    app = FakeApp({"/voice": response(record), "/done": response(), "/status": response()})

    async def work() -> None:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
            await net.exchange.calls[leg.sid].settling()
            (recording,) = net.exchange.recordings.by_sid.values()
            assert recording.duration_s == 9

    run(work())
    assert app.forms("/done") == [], "nothing was heard"


@pytest.mark.row("record.late")
def test_the_file_may_not_be_there_yet_when_the_action_is_asked(tmp_path: Path) -> None:
    plan = tmp_path / "late.yaml"
    plan.write_text("seed: 1\nrecordings:\n  - {fault: late, share: 1.0, seconds: [2, 2]}\n")
    network_of_call: list[Network] = []
    states: list[str] = []

    async def look(net: Network) -> None:
        network_of_call.append(net)

    def done(form: dict[str, str]) -> str:
        states.append(network_of_call[0].exchange.recordings.by_sid[form["RecordingSid"]].status)
        return response()

    document = response('<Record action="/done" maxLength="2"/>')
    replies = {"/voice": document, "/done": done}
    played = play(tmp_path, replies, SAYS[1:], meanwhile=look, faults=plan)
    assert states == ["in-progress"] and recording_of(played).status == "completed"


# Transcription


@pytest.mark.row("verb.Record.transcribeCallback")
@pytest.mark.row("request.record-transcription.TranscriptionSid")
@pytest.mark.row("request.record-transcription.TranscriptionText")
@pytest.mark.row("request.record-transcription.TranscriptionStatus")
@pytest.mark.row("request.record-transcription.TranscriptionUrl")
@pytest.mark.row("request.record-transcription.RecordingSid")
@pytest.mark.row("request.record-transcription.RecordingUrl")
@pytest.mark.row("request.record-transcription.common")
def test_the_words_of_a_message_are_told(tmp_path: Path) -> None:
    played = recorded(tmp_path, 'transcribe="true" transcribeCallback="/text"', SAYS)
    (text,) = played.app.forms("/text")
    assert text["TranscriptionText"] == WORDS and text["TranscriptionStatus"] == "completed"
    assert text["TranscriptionSid"].startswith("TR") and text["CallSid"] == played.call.sid
    assert text["TranscriptionUrl"].endswith(f"/Transcriptions/{text['TranscriptionSid']}")
    assert text["RecordingSid"] == recording_of(played).sid
    assert text["RecordingUrl"].endswith(text["RecordingSid"])


def test_a_message_that_ends_in_mid_sentence_has_the_words_that_were_recorded(
    tmp_path: Path,
) -> None:
    sentence = "the street light is out on Elm Street and so are all the others down to the bridge"
    steps: list[dict[str, Any]] = [{"waits_s": 1.5}, {"says": sentence}, {"is_hung_up_on": True}]
    played = recorded(tmp_path, 'maxLength="4" transcribeCallback="/text"', steps)
    (text,) = played.app.forms("/text")
    assert text["TranscriptionText"].startswith("the street light")
    assert sentence.startswith(text["TranscriptionText"])
    assert text["TranscriptionText"] != sentence


@pytest.mark.row("verb.Record.transcribe")
def test_nothing_is_transcribed_unless_asked_for(tmp_path: Path) -> None:
    assert not recorded(tmp_path, "", SAYS).app.forms("/text")


@pytest.mark.row("request.record-transcription.TranscriptionStatus")
def test_words_that_nobody_knows_fail(tmp_path: Path) -> None:
    clip = str(Path(__file__).resolve().parents[2] / "asr" / "known" / "en.flac")
    steps: list[dict[str, Any]] = [{"waits_s": 1.5}, {"says": {"clip": clip}}]
    steps.append({"is_hung_up_on": True})
    played = recorded(tmp_path, 'transcribe="true" transcribeCallback="/text"', steps)
    (text,) = played.app.forms("/text")
    assert text["TranscriptionStatus"] == "failed" and text["TranscriptionText"] == ""
    assert any("--speech-model" in one["message"] for one in played.events("error"))


@pytest.mark.row("verb.Record.maxLength.transcribed")
def test_what_is_transcribed_lasts_less_than_two_minutes(tmp_path: Path) -> None:
    played = recorded(tmp_path, 'transcribe="true" timeout="0" trim="do-not-trim"', PATIENT)
    assert played.app.forms("/done")[0]["RecordingDuration"] == "119"


@pytest.mark.parametrize(("length", "codes"), [("2", [13617]), ("130", [13615, 13617])])
def test_too_short_and_too_long_ones_are_not_transcribed(
    tmp_path: Path, length: str, codes: list[int]
) -> None:
    played = recorded(
        tmp_path, f'transcribeCallback="/text" timeout="0" maxLength="{length}" transcribe="true"'
    )
    assert played.codes() == codes and not played.app.forms("/text")


# Beside the call


@pytest.mark.row("verb.Start", "verb.Start.nouns", "noun.Recording.recordingStatusCallback")
@pytest.mark.row("noun.Recording.recordingStatusCallbackEvent")
def test_a_started_recording_runs_to_the_end_of_the_call(tmp_path: Path) -> None:
    replies = {
        "/voice": response(
            '<Start><Recording recordingStatusCallback="/told" '
            'recordingStatusCallbackEvent="in-progress completed"/></Start>',
            "<Say>You are recorded</Say>",
            '<Pause length="3"/>',
        ),
        "/told": response(),
    }
    played = play(tmp_path, replies, SAYS)
    begun, done = played.app.forms("/told")
    assert (begun["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
    assert done["RecordingSource"] == "StartCallRecordingAPI" and done["RecordingStartTime"]
    assert done["RecordingChannels"] == "2" and done["RecordingTrack"] == "both"
    path = recording_of(played).path
    assert path is not None and soundfile.info(path).channels == 2


def test_a_recording_of_nothing_is_absent(tmp_path: Path) -> None:
    noun = '<Recording recordingStatusCallback="/told" recordingStatusCallbackEvent="absent"/>'
    replies = {"/voice": response(f"<Start>{noun}</Start>", "<Hangup/>"), "/told": response()}
    (told,) = play(tmp_path, replies).app.forms("/told")
    assert told["RecordingStatus"] == "absent" and told["RecordingDuration"] == "0"


@pytest.mark.parametrize(
    ("attributes", "channels", "track"),
    [
        ('channels="mono"', "1", "both"),
        ('track="inbound"', "1", "inbound"),
        ('track="outbound" channels="mono"', "1", "outbound"),
    ],
)
@pytest.mark.row("noun.Recording.channels", "noun.Recording.track")
def test_a_recording_has_the_channels_and_track_it_asks_for(
    tmp_path: Path, attributes: str, channels: str, track: str
) -> None:
    noun = f'<Recording {attributes} recordingStatusCallback="/told"/>'
    replies = {
        "/voice": response(f"<Start>{noun}</Start>", "<Say>Hello</Say>", "<Pause/>"),
        "/told": response(),
    }
    played = play(tmp_path, replies)
    (told,) = played.app.forms("/told")
    assert (told["RecordingChannels"], told["RecordingTrack"]) == (channels, track)
    path = recording_of(played).path
    assert path is not None
    sound, _ = soundfile.read(path)
    assert (abs(sound).max() > 0.05) == (track != "inbound"), "the caller said nothing"


@pytest.mark.row("noun.Recording.trim")
def test_a_recording_is_trimmed_where_asked_for(tmp_path: Path) -> None:
    def lasting(attributes: str, folder: Path) -> int:
        verbs = (
            f"<Start><Recording {attributes}/></Start>",
            "<Pause length='4'/>",
            "<Say>Hi</Say>",
        )
        return recording_of(play(folder, {"/voice": response(*verbs)})).duration_s

    whole = lasting("", tmp_path / "a")
    assert whole - lasting('trim="trim-silence"', tmp_path / "b") >= 3


# While two talk


def talked(folder: Path, dial: str) -> tuple[Played, dict[str, str], Recording]:
    """The caller is silent, the shop answers after 4 s and speaks."""
    told = 'recordingStatusCallback="/told"'
    replies = {
        "/voice": response(f'<Dial action="/after" {told} {dial}>{SHOP}</Dial>'),
        "/after": response(),
        "/told": response(),
    }
    steps = [{"waits_s": 2}, {"says": "good morning"}, {"waits_s": 1}, {"hangs_up": True}]
    played = play(folder, replies, phones={SHOP: {"after_s": 4, "steps": steps}})
    (form,) = played.app.forms("/told")
    return played, form, recording_of(played)


@pytest.mark.parametrize(
    ("mode", "channels", "from_ringing"),
    [
        ("record-from-answer", "1", False),
        ("true", "1", False),
        ("record-from-ringing", "1", True),
        ("record-from-answer-dual", "2", False),
        ("record-from-ringing-dual", "2", True),
    ],
)
@pytest.mark.row("verb.Dial.record.record-from-answer", "verb.Dial.record.record-from-ringing")
@pytest.mark.row("verb.Dial.record.record-from-answer-dual")
@pytest.mark.row("verb.Dial.record.record-from-ringing-dual", "verb.Dial.record.true")
def test_each_mode_records_from_where_it_says(
    tmp_path: Path, mode: str, channels: str, from_ringing: bool
) -> None:
    played, form, recording = talked(tmp_path, f'record="{mode}"')
    talk_s = int(played.app.forms("/after")[0]["DialCallDuration"])
    assert form["RecordingChannels"] == channels and form["RecordingSource"] == "DialVerb"
    extra_s = 4 if from_ringing else 0
    assert recording.duration_s == pytest.approx(talk_s + extra_s, abs=1)
    assert played.app.forms("/after")[0]["RecordingUrl"] == form["RecordingUrl"]


@pytest.mark.row("verb.Dial.record")
def test_nothing_is_recorded_unless_asked_for(tmp_path: Path) -> None:
    replies = {"/voice": response(f'<Dial action="/after">{SHOP}</Dial>'), "/after": response()}
    played = play(tmp_path, replies, phones={SHOP: {"steps": [{"hangs_up": True}]}})
    assert not played.net.exchange.recordings.by_sid
    assert "RecordingUrl" not in played.app.forms("/after")[0]


@pytest.mark.parametrize(("track", "is_heard"), [("inbound", False), ("outbound", True)])
@pytest.mark.row("verb.Dial.recordingTrack")
def test_one_track_of_a_talk_can_be_recorded(tmp_path: Path, track: str, is_heard: bool) -> None:
    _, form, recording = talked(
        tmp_path, f'record="record-from-answer" recordingTrack="{track}" trim="do-not-trim"'
    )
    assert form["RecordingTrack"] == track and recording.path is not None
    sound, _ = soundfile.read(recording.path)
    assert (abs(sound).max() > 0.05) == is_heard


@pytest.mark.row("verb.Dial.trim")
def test_a_talk_is_trimmed_where_asked_for(tmp_path: Path) -> None:
    _, _, whole = talked(tmp_path / "a", 'record="record-from-answer"')
    _, _, trimmed = talked(tmp_path / "b", 'record="record-from-answer" trim="trim-silence"')
    assert whole.duration_s - trimmed.duration_s >= 2


def test_the_callers_channel_comes_first(tmp_path: Path) -> None:
    _, _, recording = talked(tmp_path, 'record="record-from-answer-dual"')
    assert recording.path is not None
    sound, _ = soundfile.read(recording.path)
    caller, callee = abs(sound[:, 0]).max(), abs(sound[:, 1]).max()
    assert caller < 0.05 < callee
