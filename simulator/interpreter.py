"""Leads a call through its documents: ask the application, run the verbs, go on, end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from simulator.audio import FRAME_BYTES, SILENCE, BadSound
from simulator.call import Call, Inline, Next
from simulator.scene import End, Scene, VerbError
from simulator.sound import sound_file
from simulator.speech import CannotSpeak
from simulator.twiml.parser import DocumentError
from simulator.verbs import HANDLERS
from simulator.webhook import Answer, Request, WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network

APOLOGY = "We are sorry. An application error has occurred. Goodbye."
_MOST_REDIRECTS = 50
"""A document that only redirects to itself ends the call rather than run for ever."""
_XML = frozenset({"", "text/xml", "application/xml", "text/html", "application/xhtml+xml"})


class Conversation:
    """One call's life."""

    def __init__(self, call: Call, network: Network) -> None:
        self._call = call
        self._network = network
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
            call.end(by="line")
            call.close()
            self._network.remove(call)
        await self._say_last_words()

    async def _converse(self, first: Next) -> None:
        todo: Next | None = first
        in_vain = 0
        while todo is not None and not self._call.is_over:
            if in_vain > _MOST_REDIRECTS:
                message = f"more than {_MOST_REDIRECTS} documents in a row that only redirect"
                self._network.complain(self._call, 12400, message, "")
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
        call, network = self._call, self._network
        if isinstance(todo, Inline):
            scene = Scene(call, network, HANDLERS, call.party.hook.url, inline=True)
            return self._next(await scene.run(todo.twiml.encode()))
        answer = await network.send(call, todo)
        kind = answer.content_type.split(";")[0].strip().lower()
        if kind in _XML:
            scene = Scene(call, network, HANDLERS, answer.url)
            return self._next(await scene.run(answer.body))
        await self._play(answer, kind)
        return None

    def _next(self, outcome: object) -> Next | None:
        if isinstance(outcome, End) and outcome.status:
            self._call.end(by="line", status=outcome.status)
        return outcome if isinstance(outcome, Request | Inline) else None

    async def _play(self, answer: Answer, kind: str) -> None:
        """Sound is played and text is said, then the call is over."""
        call, network = self._call, self._network
        if kind.startswith("audio/"):
            call.answer()
            await network.play_answer(call, answer)
        elif kind == "text/plain":
            scene = Scene(call, network, HANDLERS, answer.url)
            await scene.say(answer.body.decode(errors="replace"), "en-US")
        else:
            message = f"Content-Type {kind!r}; expected text/xml"
            raise WebhookFailed(12300, message, url=answer.url)

    async def _fall_back(self, failed_on: Next, failed: WebhookFailed) -> Next | None:
        """Note the failure; ask the fallback address once, else apologise and end."""
        call, network = self._call, self._network
        network.complain(call, failed.code, str(failed), failed.url)
        fallback = call.party.hook.fallback_url
        is_fallback = isinstance(failed_on, Request) and failed_on.purpose == "fallback"
        if fallback and not is_fallback:
            form = failed_on.form if isinstance(failed_on, Request) else call.fields()
            error = (("ErrorCode", str(failed.code)), ("ErrorUrl", failed.url))
            return Request(fallback, form + error, purpose="fallback")
        with contextlib.suppress(CannotSpeak, BadSound):
            await Scene(call, network, HANDLERS, "").say(APOLOGY, "en-US")
        return None

    async def _say_last_words(self) -> None:
        call = self._call
        todo = list(call.last_words)
        if call.party.status_callback:
            todo.append(call.status_request())
        for request in todo:
            try:
                await self._network.send(call, request)
            except WebhookFailed as failed:
                self._network.complain(call, failed.code, str(failed), failed.url, level="warning")


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
