"""<Dial>: call somebody and connect them; queues and conferences have modules of their own."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

from simulator.call import Call
from simulator.detection import Detection
from simulator.queues import Bridge
from simulator.recordings import Callback, Recorder
from simulator.ring import Ring
from simulator.scene import End, Outcome, Scene, VerbError
from simulator.sound import Endless, sound_file
from simulator.status import StatusCallback
from simulator.twiml.parser import DocumentError, Misplaced, Verb
from simulator.verbs.conference import join
from simulator.verbs.queue import dial_queue, talk
from simulator.waiting import first_of
from simulator.webhook import Form, Request, WebhookFailed

WHISPER_VERBS = ("Say", "Play", "Pause", "Gather", "Redirect", "Hangup")
_IS_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_IS_CALLER = re.compile(r"\+?[0-9]{2,15}|(client|sip):.+")
_ALONE = frozenset({"Queue", "Conference"})


async def dial(scene: Scene, verb: Verb) -> Outcome | None:
    """Call the nouns, at once or one after the other; connect the first to answer."""
    alone = [noun for noun in verb.children if noun.name in _ALONE]
    if alone and len(verb.children) > 1:
        raise VerbError(13000, f"<{alone[0].name}> must be alone in its <Dial>")
    if alone:
        return await _ROOMS[alone[0].name](scene, verb)
    if not verb.children and not verb.text:
        raise VerbError(12200, "<Dial> needs a number or one of its nouns")
    if verb["callerId"] and not _IS_CALLER.fullmatch(verb["callerId"]):
        raise VerbError(13214, f"callerId: expected +1... or client:..., got {verb['callerId']!r}")
    dialling = _Dialling(scene, verb)
    try:
        await dialling.run()
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb, *dialling.result()))
        raise
    finally:
        dialling.close()
    return scene.action(verb, *dialling.result()) if verb["action"] is not None else None


_ROOMS = {"Queue": dial_queue, "Conference": join}


class _Dialling:
    """One <Dial>: the calls it made, whom it connected, and how it ended."""

    def __init__(self, scene: Scene, verb: Verb) -> None:
        self._scene = scene
        self._verb = verb
        self._children: list[Call] = []
        self._bridge: Bridge | None = None
        self._winner: Call | None = None
        self._recorder: Recorder | None = None

    async def run(self) -> None:
        """Ring, whisper, talk."""
        if "from-ringing" in self._verb["record"]:
            self._record()
        async with AsyncExitStack() as stack:
            if self._scene.call.status != "ringing":
                ring_back = Endless(sound_file("ringback_us.wav"))
                stack.enter_context(self._scene.leg.playing(ring_back))
            self._winner, noun = await self._first_to_answer()
            if self._winner is None or not await self._whisper(self._winner, noun):
                return
        self._scene.call.answer()
        await self._connect(self._winner)

    def close(self) -> None:
        """Whoever is still being called or talked to is let go; the recording is kept."""
        for child in self._children:
            if not child.moved.is_set():
                child.end(by="line")
        if self._bridge is not None:
            self._bridge.end()
        if self._recorder is not None:
            self._scene.network.keep_recording(self._scene.call, self._recorder, self._verb["trim"])

    def result(self) -> Form:
        """What the action is told."""
        call = self._winner or (self._children[-1] if self._children else None)
        fields = [("DialCallStatus", self._status())]
        if call is not None:
            fields.append(("DialCallSid", call.sid))
            fields.append(("DialCallDuration", str(self._bridge.duration_s if self._bridge else 0)))
        fields.append(("DialBridged", "true" if self._bridge else "false"))
        if self._recorder is not None:
            recordings = self._scene.network.recordings
            fields.append(("RecordingUrl", recordings.url(self._recorder.recording)))
        return tuple(fields)

    def _status(self) -> str:
        if self._winner is not None:
            return "completed"
        if self._scene.call.is_over:
            return "canceled"
        ended = [child.status for child in self._children]
        return next((one for one in ("busy", "no-answer", "canceled") if one in ended), "failed")

    # Ringing

    async def _first_to_answer(self) -> tuple[Call | None, Verb]:
        nouns = self._verb.children or (self._verb,)
        if not self._verb["sequential"]:
            return await self._race(nouns)
        for noun in nouns:
            winner, _ = await self._race((noun,))
            if winner is not None:
                return winner, noun
        return None, nouns[0]

    async def _race(self, nouns: tuple[Verb, ...]) -> tuple[Call | None, Verb]:
        """Ring them all; the others are let go when one answers."""
        ringing = {self._ring(noun): noun for noun in nouns}
        while ringing:
            await first_of(*(event for call in ringing for event in (call.answered, call.gone)))
            winner = next((call for call in ringing if call.answered.is_set()), None)
            if winner is not None:
                for other in ringing:
                    if other is not winner:
                        other.end(by="line", status="canceled")
                return winner, ringing[winner]
            ringing = {call: noun for call, noun in ringing.items() if not call.is_over}
        return None, nouns[0]

    def _ring(self, noun: Verb) -> Call:
        scene, verb = self._scene, self._verb
        address, params = _address(noun)
        progress = StatusCallback()
        if noun is not verb:
            progress = StatusCallback(
                scene.resolved(noun["statusCallback"]),
                noun["statusCallbackMethod"],
                noun["statusCallbackEvent"],
            )
        child = scene.network.outgoing.place(
            Ring(
                address,
                verb["callerId"] or scene.call.party.from_,
                timeout_s=verb["timeout"],
                direction="outbound-dial",
                parent_sid=scene.call.sid,
                progress=progress,
                params=params,
                send_digits=noun["sendDigits"] if noun.name == "Number" else "",
                detection=_detection(scene, noun),
            )
        )
        scene.call.log.add("dial", to=address, child_sid=child.sid)
        self._children.append(child)
        return child

    async def _whisper(self, child: Call, noun: Verb) -> bool:
        """Run the noun's document on the callee's line; whether they are still there."""
        url = self._scene.resolved(noun["url"]) if noun is not self._verb else ""
        if not url:
            return not child.is_over
        theirs = replace(
            self._scene, call=child, url=url, inline=False, verbs=WHISPER_VERBS, extra=tuple
        )
        task = asyncio.ensure_future(_run_whisper(theirs, theirs.request(url, noun["method"])))
        gone = asyncio.ensure_future(child.gone.wait())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not task.result():
                child.end(by="line")
        finally:
            task.cancel()
            gone.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)
        return not child.is_over

    # Talking

    async def _connect(self, child: Call) -> None:
        scene, verb = self._scene, self._verb
        bridge = self._bridge = Bridge(child, scene.call)
        if "from-answer" in verb["record"] or verb["record"] == "true":
            self._record()

        def star(digit: str) -> None:
            if digit == "*" and verb["hangupOnStar"]:
                bridge.end()

        both = asyncio.gather(talk(bridge, scene.call, child), talk(bridge, child, scene.call))
        leaving = asyncio.ensure_future(_until_left(child, bridge))
        try:
            with scene.leg.keys_to(star), suppress(TimeoutError):
                await scene.network.clock.within(verb["timeLimit"], both)
        finally:
            leaving.cancel()
            both.cancel()
            await asyncio.gather(leaving, both, return_exceptions=True)

    def _record(self) -> None:
        scene, verb = self._scene, self._verb
        network = scene.network
        self._recorder = network.recordings.begin(
            scene.call,
            channels=2 if verb["record"].endswith("-dual") else 1,
            source="DialVerb",
            track=verb["recordingTrack"],
            callback=Callback(
                scene.resolved(verb["recordingStatusCallback"]),
                verb["recordingStatusCallbackMethod"],
                verb["recordingStatusCallbackEvent"],
            ),
        )
        request = network.recordings.callback_request(self._recorder.recording)
        if request is not None:
            network.send_aside(scene.call, request)


def _detection(scene: Scene, noun: Verb) -> Detection | None:
    """How to judge who answers, beside the talk; None when nobody asked or keys are sent."""
    asked = noun.name in {"Number", "Sip"} and noun["machineDetection"]
    if not asked or (noun.name == "Number" and noun["sendDigits"]):
        return None
    return Detection(
        mode=noun["machineDetection"],
        timeout_s=noun["machineDetectionTimeout"],
        speech_ms=noun["machineDetectionSpeechThreshold"],
        speech_end_ms=noun["machineDetectionSpeechEndThreshold"],
        silence_ms=noun["machineDetectionSilenceTimeout"],
        background=True,
        url=scene.resolved(noun["amdStatusCallback"]),
        method=noun["amdStatusCallbackMethod"],
    )


async def _until_left(child: Call, bridge: Bridge) -> None:
    """Let go when the callee hangs up, or is given another document by REST."""
    await first_of(child.gone, child.moved)
    bridge.end()


async def _run_whisper(scene: Scene, first: Request) -> bool:
    """Whether the callee may be connected: False when the document hangs up."""
    todo: Request | None = first
    while todo is not None:
        try:
            answer = await scene.network.send(scene.call, todo)
            outcome = await replace(scene, url=answer.url).run(answer.body)
        except WebhookFailed as failed:
            scene.network.complain(scene.call, failed.code, str(failed), failed.url)
            return False
        except (DocumentError, VerbError) as error:
            dials = isinstance(error, Misplaced) and error.element == "Dial"
            code = 13201 if dials else error.code
            scene.network.complain(scene.call, code, str(error), todo.url)
            return False
        if isinstance(outcome, End):
            return False
        todo = outcome if isinstance(outcome, Request) else None
    return True


def _address(noun: Verb) -> tuple[str, Form]:
    """Whom a noun calls, and the parameters that go along."""
    if noun.name == "Sip":
        if not noun.text.startswith(("sip:", "sips:")):
            raise VerbError(13243, f"<Sip> needs sip:..., got {noun.text!r}")
        return noun.text, ()
    if noun.name != "Client":
        number = re.sub(r"[\s().-]", "", noun.text)
        if not _IS_NUMBER.fullmatch(number):
            raise VerbError(13223, f"<{noun.name}>: expected a number in E.164, got {noun.text!r}")
        return number, ()
    named = [child for child in noun.children if child.name == "Identity"]
    identity = named[0].text if named else noun.text
    if not identity:
        raise VerbError(13223, "<Client> needs an identity")
    params = tuple(
        (child["name"], child["value"]) for child in noun.children if child.name == "Parameter"
    )
    return f"client:{identity}", params
