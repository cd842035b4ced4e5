"""<Record>: a message after the tone."""

from __future__ import annotations

import asyncio

from simulator.recordings import Callback, Recorder, SilenceMeter
from simulator.scene import Outcome, Scene
from simulator.sound import play, sound_file
from simulator.twiml.parser import Verb


class _Ending:
    """Why a recording ends: `reason` is a key, silence, length or hangup."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb
        self._meter = SilenceMeter()
        self._taken_s = 0.0
        self.reason = ""
        self.came = asyncio.Event()

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """The next tick."""
        self._meter.take(inbound)
        self._taken_s += 0.02
        limit = self._verb["timeout"]
        if limit and self._meter.silent_s >= limit:
            self._end("silence")
        elif self._taken_s >= self._verb["maxLength"]:
            self._end("length")

    def key(self, digit: str) -> None:
        """A key went down."""
        if digit in self._verb["finishOnKey"]:
            self._end(digit)

    def _end(self, reason: str) -> None:
        if not self.came.is_set():
            self.reason = reason
            self.came.set()


async def record(scene: Scene, verb: Verb) -> Outcome | None:
    """Record until silence, a key, the limit or the end of the call; then ask the action."""
    scene.address(verb)
    if verb["playBeep"]:
        await play(scene.leg, sound_file("record_beep_1000hz.wav"))
    recorder = scene.network.recordings.begin(
        scene.call,
        channels=1,
        source="RecordVerb",
        track="inbound",
        callback=_callback(scene, verb),
    )
    ending = _Ending(verb)
    try:
        with scene.leg.tapped(ending.take), scene.leg.keys_to(ending.key):
            await ending.came.wait()
    except asyncio.CancelledError:
        if scene.call.is_over:
            fields = _result(scene, recorder, "hangup")
            scene.call.last_words.append(scene.action(verb, *fields))
        scene.network.keep_recording(scene.call, recorder, verb["trim"])
        raise
    reason = ending.reason if len(ending.reason) == 1 else ""
    fields = _result(scene, recorder, reason)
    scene.network.keep_recording(scene.call, recorder, verb["trim"])
    return scene.action(verb, *fields)


def _result(scene: Scene, recorder: Recorder, digits: str) -> tuple[tuple[str, str], ...]:
    recorder.stop()
    fields = [
        ("RecordingUrl", scene.network.recordings.url(recorder.recording)),
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
