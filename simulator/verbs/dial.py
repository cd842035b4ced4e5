"""<Dial>: call somebody and connect them; queues and conferences have modules of their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any

from simulator.calls.call import Call
from simulator.calls.playing import Endless
from simulator.calls.status_callback import StatusCallback, sip_code
from simulator.conferences.conferences import Conferences
from simulator.documents.outgoing import Outgoing
from simulator.documents.ring import Ring
from simulator.documents.scene import Outcome, Scene, VerbError
from simulator.numbers.caller_id import sip_call_id
from simulator.numbers.e164 import to_e164
from simulator.recordings.keeping import keep_recording
from simulator.registries.queues import Bridge
from simulator.registries.recordings import Callback, Recorder
from simulator.sound.ring_tones import ring_tone
from simulator.time.waiting import first_of
from simulator.twiml.parser import Verb
from simulator.verbs.application import call_application, listen_to
from simulator.verbs.callee import WHISPER_VERBS, address_of, detection_of, run_whisper
from simulator.verbs.conference import join
from simulator.verbs.queue import dial_queue, talk
from simulator.webhooks.webhook import Form, Request

_IS_CALLER = re.compile(r"\+?[0-9]{2,15}|(client|sip):.+")
_IS_SIP_CALLER = re.compile(r"[\w+.-]+")
_ADDRESSES = ("client:", "sip:", "sips:")
_ALONE = frozenset({"Queue", "Conference", "Application"})


async def dial(
    scene: Scene, verb: Verb, *, outgoing: Outgoing, conferences: Conferences
) -> Outcome | None:
    """Call the nouns, at once or one after the other; connect the first to answer."""
    alone = [noun for noun in verb.children if noun.name in _ALONE]
    if alone and len(verb.children) > 1:
        raise VerbError(13000, f"<{alone[0].name}> must be alone in its <Dial>")
    if alone and alone[0].name == "Queue":
        return await dial_queue(scene, verb)
    if alone and alone[0].name == "Conference":
        return await join(scene, verb, conferences)
    if not verb.children and not verb.text:
        raise VerbError(12200, "<Dial> needs a number or one of its nouns")
    _check_caller(scene, verb)
    dialling = _Dialling(scene, verb, outgoing)
    try:
        await dialling.run()
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb, *dialling.result()))
        raise
    finally:
        dialling.close()
    if dialling.referred is not None:
        return dialling.referred
    return scene.action(verb, *dialling.result()) if verb["action"] is not None else None


def _check_caller(scene: Scene, verb: Verb) -> None:
    """Whether its caller may be shown (Twilio, error 13214). Raises VerbError.

    To a number only the calling number, the called number or a number of the account, bought or
    verified; a client or SIP address that calls one must say which.
    """
    caller, party = _shown_caller(verb), scene.call.party
    if verb.children and all(noun.name != "Number" for noun in verb.children):
        return
    shown = caller or party.from_
    if shown in scene.exchange.account.own_numbers:
        return
    if shown in (party.from_, party.to) and not shown.startswith(_ADDRESSES):
        return
    if caller:
        raise VerbError(13214, f"callerId: {caller} is neither verified nor a number of this call")
    raise VerbError(13214, "callerId is needed where a client or SIP address calls a number")


def _shown_caller(verb: Verb) -> str:
    """Whom the called side sees; empty: the caller. Raises VerbError.

    A number or client; to SIP any word will do (Twilio, "TwiML Voice: <Dial>", callerId).
    """
    caller = to_e164(verb["callerId"] or "")
    if not caller or _IS_CALLER.fullmatch(caller):
        return caller
    only_sip = verb.children and all(noun.name == "Sip" for noun in verb.children)
    if only_sip and _IS_SIP_CALLER.fullmatch(caller):
        return caller
    raise VerbError(13214, f"callerId: expected +1... or client:..., got {caller!r}")


class _Dialling:
    """One <Dial>: the calls it made, whom it connected, and how it ended."""

    def __init__(self, scene: Scene, verb: Verb, outgoing: Outgoing) -> None:
        self._scene = scene
        self._verb = verb
        self._outgoing = outgoing
        self._children: list[Call] = []
        self._bridge: Bridge | None = None
        self._winner: Call | None = None
        self._recorder: Recorder | None = None
        self.referred: Request | None = None
        """What is asked instead of the action: the callee wants somebody else called."""

    async def run(self) -> None:
        """Ring, whisper, talk."""
        if "from-ringing" in self._verb["record"]:
            self._record()
        async with AsyncExitStack() as stack:
            if self._scene.call.status != "ringing":
                ring_back = Endless(ring_tone(self._verb["ringTone"]))
                stack.enter_context(self._scene.leg.playing(ring_back))
            self._winner, noun = await self._first_to_answer()
            if self._winner is None or not await self._whisper(self._winner, noun):
                return
        self._scene.call.answer()
        await self._connect(self._winner, noun)

    def close(self) -> None:
        """Whoever is still being called or talked to is let go; the recording is kept."""
        for child in self._children:
            if not child.moved.is_set():
                child.end(by="line")
        if self._bridge is not None:
            self._bridge.end()
        if self._recorder is not None:
            keep_recording(
                self._scene.exchange, self._scene.call, self._recorder, self._verb["trim"]
            )

    def result(self) -> Form:
        """What the action is told."""
        call = self._winner or (self._children[-1] if self._children else None)
        fields = [("DialCallStatus", self._status())]
        if call is not None:
            fields.append(("DialCallSid", call.sid))
            fields.append(("DialCallDuration", str(self._bridge.duration_s if self._bridge else 0)))
        fields.append(("DialBridged", "true" if self._bridge else "false"))
        if call is not None and call.party.to.startswith(("sip:", "sips:")):
            status = "completed" if call is self._winner else call.status
            fields.append(("DialSipResponseCode", sip_code(status)))
            fields.append(("DialSipCallId", sip_call_id(call.sid, call.party.to)))
        if self._recorder is not None:
            recordings = self._scene.exchange.recordings
            fields.append(("RecordingUrl", recordings.url(self._recorder.recording)))
        returned = call.returned if call is not None else ()
        return (*fields, *((f"ReturnParam_{name}", value) for name, value in returned))

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
        placed = [(self._ring(noun), noun) for noun in nouns]
        ringing = {call: noun for call, noun in placed if call is not None}
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

    def _ring(self, noun: Verb) -> Call | None:
        """A call to whom the noun names; None when there is nobody of that name."""
        scene = self._scene
        if noun.name == "Application":
            child = call_application(scene, noun, self._progress(noun), self._outgoing)
        else:
            child = self._place(self._call_to(noun))
        if child is not None:
            scene.call.log.add("dial", to=child.party.to, child_sid=child.sid)
            self._children.append(child)
        return child

    def _place(self, ring: Ring) -> Call | None:
        """The call; None when the carrier does not place it, which the debugger says."""
        exchange = self._scene.exchange
        code = exchange.reach.of_dial(ring.to)
        if code is None:
            return self._outgoing.place(ring)
        exchange.debugger.alert(self._scene.call, code, f"{ring.to} is not called", self._scene.url)
        return None

    def _call_to(self, noun: Verb) -> Ring:
        scene, verb = self._scene, self._verb
        address, params = address_of(noun)
        return Ring(
            address,
            _shown_caller(verb) or scene.call.party.from_,
            timeout_s=verb["timeout"],
            direction="outbound-dial",
            parent_sid=scene.call.sid,
            progress=self._progress(noun),
            params=params,
            send_digits=noun["sendDigits"] if noun.name == "Number" else "",
            detection=detection_of(scene, noun),
        )

    def _progress(self, noun: Verb) -> StatusCallback:
        if noun is self._verb:
            return StatusCallback()
        return StatusCallback(
            self._scene.resolved(noun["statusCallback"]),
            noun["statusCallbackMethod"],
            noun["statusCallbackEvent"],
        )

    async def _whisper(self, child: Call, noun: Verb) -> bool:
        """Run the noun's document on the callee's line; whether they are still there."""
        url = self._scene.resolved(noun["url"]) if noun is not self._verb else ""
        if not url:
            return not child.is_over
        theirs = replace(
            self._scene, call=child, url=url, inline=False, verbs=WHISPER_VERBS, extra=tuple
        )
        task = asyncio.ensure_future(run_whisper(theirs, theirs.request(url, noun["method"])))
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

    async def _connect(self, child: Call, noun: Verb) -> None:
        scene, verb = self._scene, self._verb
        bridge = self._bridge = Bridge(child, scene.call)
        if "from-answer" in verb["record"] or verb["record"] == "true":
            self._record()

        def star(digit: str) -> None:
            if digit == "*" and verb["hangupOnStar"]:
                bridge.end()

        def refer(target: str) -> None:
            if self._refer(target):
                bridge.end()

        if noun.name == "Sip":
            child.leg.on_refer = refer
        both = asyncio.gather(*self._talks(bridge, child, noun))
        leaving = asyncio.ensure_future(_until_left(child, bridge))
        try:
            with scene.leg.keys_to(star), suppress(TimeoutError):
                await scene.exchange.clock.within(verb["timeLimit"], both)
        finally:
            leaving.cancel()
            both.cancel()
            await asyncio.gather(leaving, both, return_exceptions=True)

    def _talks(
        self, bridge: Bridge, child: Call, noun: Verb
    ) -> tuple[Coroutine[Any, Any, None], ...]:
        call = self._scene.call
        if noun.name == "Application":
            return (_hear(self._scene, child, bridge),)
        return talk(bridge, call, child), talk(bridge, child, call)

    def _refer(self, target: str) -> bool:
        """The callee asks that the caller be connected to somebody else; whether that is done."""
        scene, verb = self._scene, self._verb
        url = scene.resolved(verb["referUrl"])
        if not url:
            scene.exchange.debugger.alert(scene.call, 13802, "<Dial> has no referUrl", scene.url)
            return False
        field = ("ReferTransferTarget", target)
        self.referred = scene.request(url, verb["referMethod"], field)
        return True

    def _record(self) -> None:
        scene, verb = self._scene, self._verb
        exchange = scene.exchange
        self._recorder = exchange.recordings.begin(
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
        request = exchange.recordings.callback_request(self._recorder.recording)
        if request is not None:
            exchange.sender.send_in_background(scene.call, request)


async def _until_left(child: Call, bridge: Bridge) -> None:
    """Let go when the callee hangs up, or is given another document by REST."""
    await first_of(child.gone, child.moved)
    bridge.end()


async def _hear(scene: Scene, application: Call, bridge: Bridge) -> None:
    """Hear an application until one side is gone."""
    hearing = asyncio.ensure_future(listen_to(scene, application))
    over = asyncio.ensure_future(bridge.over.wait())
    try:
        await asyncio.wait({hearing, over}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        bridge.end()
        hearing.cancel()
        over.cancel()
        await asyncio.gather(hearing, over, return_exceptions=True)
