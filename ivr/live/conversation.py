"""One live conversation on a media socket: speaks replies, listens meanwhile, takes turns.

The caller may interrupt by voice or key. Whatever is more than speaking and asking (a
person, a message, the end) is left to the webhook that the carrier goes on to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import ParamSpec, TypeVar

from carriers.media import Played, StreamError
from carriers.messages import Heard
from carriers.verbs import Listen
from config.settings import Settings
from infra.log import logger, origin
from ivr.live.gateway import Gateway
from ivr.live.incoming import Incoming
from ivr.live.leaving import apologise, release
from ivr.live.link import DONE, NOT_UNDERSTOOD, Link, LinkLost, Threads, in_thread
from ivr.live.playback import Playback, Voice
from ivr.live.question import Question
from ivr.live.recognition import Recognition, StreamRecogniser
from ivr.live.signals import Drain, Failed, Gone, HungUp, Over, Release
from ivr.turns import Reply

_log = logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

IsComplete = Callable[[str, str, str, str], bool]
"""`is_complete(dialogue, question, language, words so far)`: whether they answer it already."""
NoteAnswer = Callable[[float], None]
"""Gets the milliseconds from the end of the caller's answer to the first sound of ours."""


class Conversation:
    """Holds one conversation from the present reply until the caller or the socket is gone."""

    def __init__(
        self,
        link: Link,
        gateway: Gateway,
        voice: Voice,
        settings: Settings,
        threads: Threads,
        *,
        recogniser: StreamRecogniser | None,
        is_complete: IsComplete,
        note_answer: NoteAnswer,
    ) -> None:
        self._link, self._gateway, self._voice, self._settings = link, gateway, voice, settings
        self._threads, self._is_complete, self._note_answer = threads, is_complete, note_answer
        self._incoming = Incoming()
        self._recognition = (
            Recognition(recogniser, threads.recognisers, self._incoming.put) if recogniser else None
        )
        self._answered_at: float | None = None
        self._draining = False

    async def hold(self) -> None:
        """Converse until the end. An error is an apology, and the redirect goes on from there."""
        receiving = asyncio.create_task(self._incoming.receive(self._link, self._recognition))
        try:
            await self._converse()
        except (LinkLost, Over):
            return
        except Release:
            if self._draining:
                await self._in_thread(self._gateway.leave, self._link.call_sid)
            await self._release(DONE)
        except StreamError as error:
            _log.warning("media socket closed", call_sid=self._link.call_sid, reason=str(error))
            await self._release(NOT_UNDERSTOOD)
        except Exception as error:
            _log.error("turn failed", call_sid=self._link.call_sid, error=origin(error))
            await apologise(self._link, self._gateway, self._voice, self._threads.others)
            await self._release(DONE)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
            if self._recognition is not None:
                await self._recognition.close()

    def drain(self) -> None:
        """Give the call back to the carrier at the next chance: this process is to end.

        An answer that the caller is giving is taken first, so that nobody says a thing twice.
        """
        self._draining = True
        self._incoming.put(Drain())

    async def _converse(self) -> None:
        reply = await self._in_thread(self._gateway.present, self._link.call_sid)
        while True:
            if self._draining:
                raise Release
            self._incoming.forget_old_words()
            first = partial(self._first_sound, reply)
            playback = Playback(self._link, self._voice, self._threads.others, reply, first)
            speaking = asyncio.create_task(self._speak(playback))
            try:
                reply = await self._next_reply(reply, playback)
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)

    async def _next_reply(self, reply: Reply, playback: Playback) -> Reply:
        listen = reply.verbs[-1]
        if not isinstance(listen, Listen):
            await self._until_said(playback)
            await self._in_thread(self._gateway.spoken, self._link.call_sid, reply.turn)
            raise Release
        question = Question(
            listen,
            playback,
            self._recognition,
            unfinished_silence_s=self._settings.unfinished_silence_ms / 1000,
        )
        self._set_recogniser(reply, listen)
        try:
            heard = await self._wait(question)
        except HungUp:
            await self._take_last_words(reply, question)
            raise
        await playback.stop()
        self._answered_at = question.answered_at
        return await self._in_thread(
            self._gateway.take_turn, self._link.call_sid, reply.turn, heard
        )

    async def _until_said(self, playback: Playback) -> None:
        while not playback.over:
            event = await self._incoming.next()
            if isinstance(event, Played):
                playback.played(event.mark)
            playback.look_for_end(time.monotonic())

    async def _wait(self, question: Question) -> Heard:
        """What the caller answers."""
        while True:
            answering = question.is_being_answered or self._incoming.waits
            if self._draining and not answering:
                raise Release
            event = await self._incoming.next()
            heard = await question.take(event) if event else question.due()
            if heard is not None:
                return heard

    async def _take_last_words(self, reply: Reply, question: Question) -> None:
        """Take what the caller was saying as they hung up: it may be all of their report."""
        if self._recognition is None:
            return
        await self._recognition.close(flush=True)
        for utterance in self._incoming.utterances():
            heard = question.take_words(utterance)
            if heard is not None:
                await self._in_thread(
                    self._gateway.take_turn, self._link.call_sid, reply.turn, heard
                )
                return

    async def _speak(self, playback: Playback) -> None:
        try:
            await playback.speak()
        except LinkLost:
            self._incoming.put(Gone())
        except Exception as error:
            self._incoming.put(Failed(error))

    def _first_sound(self, reply: Reply) -> None:
        """The answer begins: note how long the caller waited for it."""
        if self._answered_at is None:
            return
        took_ms = (time.monotonic() - self._answered_at) * 1000
        self._answered_at = None
        self._note_answer(took_ms)
        _log.info(
            "answered",
            call_sid=self._link.call_sid,
            turn=reply.turn - 1,
            place=reply.place,
            took_ms=round(took_ms),
        )

    def _set_recogniser(self, reply: Reply, listen: Listen) -> None:
        if self._recognition is not None:
            is_complete = partial(
                self._is_complete, reply.dialogue, listen.question, listen.language
            )
            self._recognition.listen(
                end_silence_ms=self._settings.end_silence_ms,
                unfinished_silence_ms=self._settings.unfinished_silence_ms,
                is_complete=lru_cache(maxsize=64)(is_complete),
                grammar=listen.grammar,
            )

    async def _release(self, code: int) -> None:
        await release(self._link, self._gateway, self._threads.others, code)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(self._threads.others, call, *args, **kwargs)
