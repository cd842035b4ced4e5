"""The text of a <Record transcribe>: found once it is recorded, then told to the application.

The words of a scripted caller are known exactly; others are recognised by Vosk where a model is
given (`--speech-model`), else the transcription fails and the debugger says why. Only recordings of
more than 2 s and less than 120 s are transcribed (Twilio, error 13617).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.calls.call import Call
from simulator.calls.known_words import KnownWords
from simulator.exchange import Exchange
from simulator.registries.recordings import Recorder, Transcript
from simulator.sids import TRANSCRIPTION, new_sid
from simulator.webhooks.webhook import Form, Request

LEAST_S, MOST_S = 2.0, 120.0
_TAKES_S = 1.0
_OUT_OF_RANGE, _NO_RECORDING = 13617, 13618


@dataclass(frozen=True)
class Transcription:
    """What is to be transcribed. form: the fields that every request about the call carries."""

    recorder: Recorder
    words: KnownWords
    url: str
    form: Form


async def transcribe(exchange: Exchange, call: Call, what: Transcription) -> None:
    """Find the text, keep it and tell the application.

    Too short or too long ones only bring an alert.
    """
    recording = what.recorder.recording
    if not what.recorder.duration_s:
        exchange.debugger.alert(
            call, _NO_RECORDING, "nothing was recorded", what.url, level="warning"
        )
        return
    if not LEAST_S < what.recorder.duration_s < MOST_S:
        message = f"a recording of {what.recorder.duration_s:.0f} s is not transcribed"
        exchange.debugger.alert(call, _OUT_OF_RANGE, message, what.url, level="warning")
        return
    text = await _text_of(exchange, call, what)
    if text is None:
        message = "the caller's words are not known; give --speech-model DIR to recognise them"
        exchange.debugger.alert(call, 0, message, what.url, level="warning")
    made = _kept(exchange, what.recorder, text)
    root = exchange.recordings.url(recording).rpartition("/Recordings/")[0]
    fields = (
        ("TranscriptionSid", made.sid),
        ("TranscriptionStatus", made.status),
        ("TranscriptionText", text or ""),
        ("TranscriptionType", "fast"),
        ("TranscriptionUrl", f"{root}/Transcriptions/{made.sid}"),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", exchange.recordings.url(recording)),
    )
    call.log.add("transcription", transcription_sid=made.sid, recording_sid=recording.sid)
    if what.url:
        request = Request(what.url, (*what.form, *fields), purpose="recording")
        exchange.sender.send_in_background(call, request, after_s=_TAKES_S)


def _kept(exchange: Exchange, recorder: Recorder, text: str | None) -> Transcript:
    """The text under a name of its own."""
    recording = recorder.recording
    made = Transcript(
        new_sid(TRANSCRIPTION),
        recording.account_sid,
        recording.sid,
        exchange.clock.date,
        round(recorder.duration_s),
        text,
    )
    exchange.recordings.transcripts[made.sid] = made
    return made


async def _text_of(exchange: Exchange, call: Call, what: Transcription) -> str | None:
    """The words; None when they cannot be known."""
    known = what.words.whole()
    if known:
        return known
    if not exchange.recogniser.is_there:
        return None
    async with call.clock.outside():
        (sound,) = what.recorder.sound("do-not-trim")
        return (await exchange.recogniser.recognise(sound)).text
