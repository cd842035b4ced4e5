"""Leads a call through its documents: ask the application, run the verbs, go on, end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from simulator.callees.client_phone import ClientPhone
from simulator.callees.phones import Phone
from simulator.calls.call import Call, Inline, Later, Led, Next
from simulator.documents.detection import detect_in_background
from simulator.documents.progress import code_of_progress, tell
from simulator.documents.ring import Ring
from simulator.documents.scene import End, Handler, Scene, VerbError
from simulator.exchange import Exchange
from simulator.recordings.keeping import record_call, recorded
from simulator.registries.recordings import Recorder
from simulator.sound.audio import FRAME_BYTES, KEYS, SILENCE, BadSound
from simulator.sound.tone_files import sound_file
from simulator.speech.synthesiser import CannotSpeak
from simulator.twiml.parser import DocumentError
from simulator.webhooks.answer_kind import document_of, is_sound, is_text
from simulator.webhooks.webhook import Request, WebhookFailed

APOLOGY = "We are sorry. An application error has occurred. Goodbye."
_SETUP_S = 0.1
_MOST_REDIRECTS = 50
"""A document that only redirects to itself ends the call rather than run for ever."""


class Conversation:
    """One call's life."""

    def __init__(self, call: Call, exchange: Exchange, handlers: Mapping[str, Handler]) -> None:
        self._call = call
        self._exchange = exchange
        self._handlers = handlers
        self._step: asyncio.Task[Next | None] | None = None
        self._interrupted = False
        self._override: Next | None = None
        call.interrupt = self._interrupt

    async def run(self) -> None:
        """From the first request to the last callback."""
        call = self._call
        call.notice("ringing", call_sid=call.sid)
        try:
            with call.leg.playing(_Ringing(call)):
                await self._converse(call.first_request())
        finally:
            self._close()
        await self._say_last_words()

    async def run_out(self, phone: Phone | ClientPhone, first: Next, ring: Ring) -> None:
        """The life of a call that the account makes."""
        call, exchange = self._call, self._exchange
        recorder: Recorder | None = None
        try:
            await self._queue()
            if not call.is_over:
                tell(exchange, call, "initiated")
            outcome = await self._ring(phone, ring.timeout_s)
            if outcome == "answered":
                call.answer()
                tell(exchange, call, "answered")
                exchange.background.run(phone.talks())
                if ring.record is not None:
                    recorder = record_call(exchange, call, ring.record, source="OutboundAPI")
                await self._talk_out(first, ring)
            else:
                call.end(by="line", status=outcome)
        finally:
            self._close()
        tell(exchange, call, "completed", await recorded(exchange, recorder))
        await self._say_last_words()

    async def _queue(self) -> None:
        """Wait until it is this call's turn."""
        call = self._call
        if call.queue_time_ms:
            turn = asyncio.ensure_future(call.clock.sleep(call.queue_time_ms / 1000))
            gone = asyncio.ensure_future(call.gone.wait())
            await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            turn.cancel()
            gone.cancel()

    def _close(self) -> None:
        """The call is over, however that came."""
        self._call.end(by="line")
        self._call.close()
        self._exchange.remove(self._call)

    async def _ring(self, phone: Phone | ClientPhone, timeout_s: float) -> str:
        """Let the telephone ring; how that ended."""
        call = self._call
        if not call.is_over:
            await self._exchange.clock.sleep(_SETUP_S)
        if call.is_over:
            return call.status
        if self._exchange.outage.is_on:
            self._exchange.outage.note(call, "call")
            return "failed"
        call.status = "ringing"
        call.log.add("status", status="ringing")
        call.notice("ringing", call_sid=call.sid)
        tell(self._exchange, call, "ringing")
        ringing = asyncio.ensure_future(phone.rings())
        gone = asyncio.ensure_future(call.gone.wait())
        late = asyncio.ensure_future(call.clock.sleep(timeout_s))
        try:
            await asyncio.wait({ringing, gone, late}, return_when=asyncio.FIRST_COMPLETED)
            if call.is_over:
                return call.status
            return ringing.result() if ringing.done() else "no-answer"
        finally:
            for task in (ringing, gone, late):
                task.cancel()

    async def _talk_out(self, first: Next, ring: Ring) -> None:
        self._call.limit(ring.time_limit_s)
        for digit in ring.send_digits:
            await self._send_digit(digit)
        if ring.detection is not None and ring.detection.background:
            judging = detect_in_background(self._exchange, self._call, ring.detection)
            self._exchange.background.run(judging, of=self._call)
        await self._converse(first)

    async def _send_digit(self, digit: str) -> None:
        """A tone for the other end, or a pause."""
        if digit in "wW":
            await self._call.clock.sleep(0.5 if digit == "w" else 1.0)
        elif digit in KEYS:
            self._call.leg.sound_tone(digit)
            await self._call.clock.sleep(0.2)

    async def _converse(self, first: Next) -> None:
        todo = self._override if self._interrupted else first
        in_vain = 0
        while todo is not None and not self._call.is_over:
            if in_vain > _MOST_REDIRECTS:
                message = f"more than {_MOST_REDIRECTS} documents in a row that only redirect"
                self._exchange.debugger.alert(self._call, 12400, message, "")
                return
            before = len(self._call.log.events)
            self._interrupted, self._override = False, None
            self._step = asyncio.ensure_future(self._one_document(todo))
            try:
                await asyncio.wait({self._step})
            finally:
                self._step.cancel()
            todo = self._override if self._interrupted else self._step.result()
            verbs = {event.get("verb") for event in self._call.log.events[before:]}
            in_vain = in_vain + 1 if verbs <= {None, "Redirect"} else 0

    def _interrupt(self, then: Next | None) -> None:
        """Stop what runs now and go on with `then`, or not at all."""
        self._interrupted, self._override = True, then
        if then is not None:
            self._call.moved.set()
        if self._step is not None:
            self._step.cancel()

    async def _one_document(self, todo: Next) -> Next | None:
        try:
            return await self._run(todo)
        except WebhookFailed as failed:
            return await self._fall_back(todo, failed)
        except (DocumentError, VerbError) as error:
            url = todo.url if isinstance(todo, Request) else ""
            return await self._fall_back(todo, WebhookFailed(error.code, str(error), url=url))

    async def _run(self, todo: Next) -> Next | None:
        call, exchange = self._call, self._exchange
        if isinstance(todo, Led):
            await call.gone.wait()
            return None
        if isinstance(todo, Later):
            return await todo.find()
        if isinstance(todo, Inline):
            scene = Scene(call, exchange, self._handlers, call.party.hook.url, inline=True)
            return self._next(await scene.run(todo.twiml.encode()))
        answer = await exchange.sender.send(call, todo)
        scene = Scene(call, exchange, self._handlers, answer.url)
        if is_sound(answer):
            call.answer()
            await scene.play_answer(answer)
            return None
        if is_text(answer):
            await scene.say(answer.body.decode(errors="replace"), "en-US")
            return None
        return self._next(await scene.run(document_of(answer)))

    def _next(self, outcome: object) -> Next | None:
        if isinstance(outcome, End) and outcome.status:
            self._call.end(by="line", status=outcome.status)
        return outcome if isinstance(outcome, Request | Inline) else None

    async def _fall_back(self, failed_on: Next, failed: WebhookFailed) -> Next | None:
        """Note the failure; ask the fallback address once, else apologise and end."""
        call, exchange = self._call, self._exchange
        exchange.debugger.alert(call, failed.code, str(failed), failed.url)
        fallback = call.party.hook.fallback_url
        is_fallback = isinstance(failed_on, Request) and failed_on.purpose == "fallback"
        if fallback and not is_fallback:
            form = failed_on.form if isinstance(failed_on, Request) else call.fields()
            error = (("ErrorCode", str(failed.code)), ("ErrorUrl", failed.url))
            method = call.party.hook.fallback_method
            return Request(fallback, form + error, method, purpose="fallback")
        with contextlib.suppress(CannotSpeak, BadSound):
            await Scene(call, exchange, self._handlers, "").say(APOLOGY, "en-US")
        return None

    async def _say_last_words(self) -> None:
        call = self._call
        todo = list(call.last_words)
        if call.party.status_callback:
            todo.append(call.status_request())
        for request in todo:
            try:
                await self._exchange.sender.send(call, request)
            except WebhookFailed as failed:
                code = code_of_progress(failed) if request.purpose == "status" else failed.code
                self._exchange.debugger.alert(call, code, str(failed), failed.url, level="warning")


class _Ringing:
    """Ring-back until the call is answered."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._sound = sound_file("ringback_us.wav")
        self._at = 0

    def next_frame(self) -> bytes:
        """The next frame of the tone; silence from the answer on."""
        if self._call.status != "ringing":
            return SILENCE
        frame = self._sound[self._at : self._at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
        self._at = (self._at + FRAME_BYTES) % len(self._sound)
        return frame
