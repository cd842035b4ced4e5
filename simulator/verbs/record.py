"""<Record>: a message after the tone."""

from __future__ import annotations

import asyncio

from simulator.calls.known_words import KnownWords
from simulator.calls.legs import Leg
from simulator.calls.playing import play
from simulator.documents.scene import Outcome, Scene
from simulator.recordings.keeping import keep_recording
from simulator.recordings.transcripts import MOST_S, Transcription, transcribe
from simulator.registries.recordings import Callback, Recorder
from simulator.sound.silence import SilenceMeter
from simulator.sound.tone_files import sound_file
from simulator.twiml.parser import Verb
from simulator.twiml.verb_table import LONGEST_TRANSCRIBED_S


class _Ending:
    """Why a recording ends: `reason` is a key, silence, length or hangup."""

    def __init__(self, verb: Verb, leg: Leg) -> None:
        self._verb = verb
        self._leg = leg
        self._most_s = _most_s(verb)
        self._meter = SilenceMeter()
        self._taken_s = 0.0
        self.reason = ""
        self.heard_something = False
        """Whether there was any sound above the noise of the caller's line."""
        self.came = asyncio.Event()

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """The next tick."""
        if self._leg.is_fed:
            self._meter.take(inbound)
            self.heard_something |= self._meter.silent_s == 0.0
        self._taken_s += 0.02
        limit = self._verb["timeout"]
        if limit and self._meter.silent_s >= limit:
            self._end("silence")
        elif self._taken_s >= self._most_s:
            self._end("length")

    def key(self, digit: str) -> None:
        """A key went down."""
        if digit in self._verb["finishOnKey"]:
            self._end(digit)

    @property
    def is_empty(self) -> bool:
        """Whether nothing but silence came: such a recording asks no action."""
        return not self.heard_something and self.reason in ("silence", "length")

    def _end(self, reason: str) -> None:
        if not self.came.is_set():
            self.reason = reason
            self.came.set()


async def record(scene: Scene, verb: Verb) -> Outcome | None:
    """Record until silence, a key, the limit or the end of the call; then ask the action.

    An empty recording asks no action: the call goes on with the next verb (Twilio, TwiML <Record>,
    "action").
    """
    scene.address(verb)
    _check_length(scene, verb)
    if verb["playBeep"]:
        await play(scene.leg, sound_file("record_beep_1000hz.wav"))
    recorder = scene.exchange.recordings.begin(
        scene.call,
        channels=1,
        source="RecordVerb",
        track="inbound",
        callback=_callback(scene, verb),
    )
    begun = scene.exchange.recordings.callback_request(recorder.recording)
    if begun is not None:
        scene.exchange.sender.send_in_background(scene.call, begun)
    ending, words = _Ending(verb, scene.leg), KnownWords(scene.call)
    try:
        with scene.leg.tapped(ending.take), scene.leg.keys_to(ending.key):
            await ending.came.wait()
    except asyncio.CancelledError:
        if scene.call.is_over:
            fields = _result(scene, recorder, "hangup")
            scene.call.last_words.append(scene.action(verb, *fields))
        _keep(scene, verb, recorder, words)
        raise
    reason = ending.reason if len(ending.reason) == 1 else ""
    fields = _result(scene, recorder, reason)
    _keep(scene, verb, recorder, words)
    if ending.is_empty:
        return None
    return scene.action(verb, *fields)


def _keep(scene: Scene, verb: Verb, recorder: Recorder, words: KnownWords) -> None:
    """Keep the recording, and have it transcribed where that is asked for."""
    words.close()
    call, exchange = scene.call, scene.exchange
    keep_recording(exchange, call, recorder, verb["trim"])
    if _is_transcribed(verb):
        url = scene.resolved(verb["transcribeCallback"])
        what = Transcription(recorder, words, url, call.fields())
        exchange.background.run(transcribe(exchange, call, what), of=call)


def _is_transcribed(verb: Verb) -> bool:
    return bool(verb["transcribe"] or verb["transcribeCallback"])


def _check_length(scene: Scene, verb: Verb) -> None:
    """Say that what may last longer than is transcribed may go without its text."""
    if _is_transcribed(verb) and "maxLength" in verb.given and verb["maxLength"] > MOST_S:
        message = f"maxLength {verb['maxLength']}: at most {MOST_S:.0f} s are transcribed"
        scene.exchange.debugger.alert(scene.call, 13615, message, scene.url, level="warning")


def _most_s(verb: Verb) -> float:
    """How long it may last; what is transcribed may last 2 minutes unless more was asked for."""
    if _is_transcribed(verb) and "maxLength" not in verb.given:
        return LONGEST_TRANSCRIBED_S
    return float(verb["maxLength"])


def _result(scene: Scene, recorder: Recorder, digits: str) -> tuple[tuple[str, str], ...]:
    recorder.stop()
    fields = [
        ("RecordingUrl", scene.exchange.recordings.url(recorder.recording)),
        ("RecordingSid", recorder.recording.sid),
        ("RecordingDuration", str(round(recorder.duration_s))),
    ]
    if digits:
        fields.append(("Digits", digits))
    return tuple(fields)


def _callback(scene: Scene, verb: Verb) -> Callback:
    return Callback(
        scene.resolved(verb["recordingStatusCallback"]),
        verb["recordingStatusCallbackMethod"],
        verb["recordingStatusCallbackEvent"],
    )
