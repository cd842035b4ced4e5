"""One live conversation on a media socket: speaks replies, listens meanwhile, takes turns.

The caller may interrupt by voice or key. Whatever is more than speaking and asking (a
person, a message, the end) is left to the webhook that the carrier goes on to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ParamSpec, TypeVar

from asr.live import Partial, RecognitionEvent, SpeechStarted, Utterance
from carriers.media import Key, Played, Sound, Stopped, StreamError, StreamMessage
from carriers.messages import Heard, Keys, Silence, Speech
from carriers.verbs import Listen
from config.settings import Settings
from infra.log import logger, origin
from ivr.live.barge_in import interrupts, is_echo, says_nothing
from ivr.live.gateway import Gateway
from ivr.live.link import DONE, NOT_UNDERSTOOD, Link, LinkLost, Threads, in_thread, next_within
from ivr.live.playback import Playback, Voice
from ivr.live.recognition import Recognition, StreamRecogniser
from ivr.live.signals import Drain, Failed, Gone, HungUp, Over, Release
from ivr.turns import Reply
from voice.prompts import Prompts

_TICK_S = 0.1
_KEY_PAUSE_S = 3.0
_LEAST_SPEECH_S = 0.2
"""Speech shorter than this does not interrupt."""
_UNCLEAR_S = 0.8
"""Voice of at least this length without a single word counts as not understood."""
_LONGEST_ANSWER_S = 35.0
"""Noise that sounds like speech for so long counts as no answer."""
_FOLLOW_S = 1.0
_LOOK_S = 0.1

_log = logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

IsComplete = Callable[[str, str, str, str], bool]
"""`is_complete(dialogue, question, language, words so far)`: whether they answer it already."""
NoteAnswer = Callable[[float], None]
"""Gets the milliseconds from the end of the caller's answer to the first sound of ours."""


@dataclass
class _Asked:
    """One question under way; times by the monotonic clock."""

    reply: Reply
    listen: Listen
    playback: Playback
    keys: str = ""
    answered_at: float | None = None
    spoke_at: float | None = None


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
        self._happened: asyncio.Queue[StreamMessage | RecognitionEvent | Gone | Failed | Drain] = (
            asyncio.Queue()
        )
        self._recognition = (
            Recognition(recogniser, threads.recognisers, self._happened.put_nowait)
            if recogniser
            else None
        )
        self._answered_at: float | None = None
        self._draining = False

    async def hold(self) -> None:
        """Converse until the end. An error is an apology, and the redirect goes on from there."""
        receiving = asyncio.create_task(self._receive())
        try:
            await self._converse()
        except (LinkLost, Over):
            return
        except Release:
            if self._draining:
                await self._in_thread(self._gateway.leave, self._link.call_sid)
            await self._release()
        except StreamError as error:
            _log.warning("media socket closed", call_sid=self._link.call_sid, reason=str(error))
            await self._release(NOT_UNDERSTOOD)
        except Exception as error:
            _log.error("turn failed", call_sid=self._link.call_sid, error=origin(error))
            await self._apologise()
            await self._release()
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
        self._happened.put_nowait(Drain())

    async def _converse(self) -> None:
        reply = await self._in_thread(self._gateway.present, self._link.call_sid)
        while True:
            if self._draining:
                raise Release
            self._forget_old_words()
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
        asked = _Asked(reply, listen, playback)
        self._set_recogniser(reply, listen)
        try:
            heard = await self._wait(asked)
        except HungUp:
            await self._take_last_words(asked)
            raise
        await playback.stop()
        self._answered_at = asked.answered_at
        return await self._in_thread(
            self._gateway.take_turn, self._link.call_sid, reply.turn, heard
        )

    async def _until_said(self, playback: Playback) -> None:
        while not playback.over:
            event = await self._next_event()
            if isinstance(event, Played):
                playback.played(event.mark)
            playback.look_for_end(time.monotonic())

    async def _wait(self, asked: _Asked) -> Heard:
        """What the caller answers."""
        while True:
            if self._draining and not self._is_being_answered(asked):
                raise Release
            event = await self._next_event()
            heard = await self._take(asked, event) if event else self._due(asked)
            if heard is not None:
                return heard

    def _is_being_answered(self, asked: _Asked) -> bool:
        """Whether the caller is in the middle of words or keys, or some wait to be taken."""
        speaks = self._recognition is not None and self._recognition.speaking
        waits = not self._happened.empty()
        return bool(asked.keys) or waits or (asked.listen.speech and speaks)

    async def _next_event(self) -> StreamMessage | RecognitionEvent | None:
        """What happens next, or None when nothing has for a moment.

        Raises Over when the caller is gone, and what failed elsewhere.
        """
        event = await next_within(self._happened, _TICK_S)
        match event:
            case Stopped():
                raise HungUp
            case Gone():
                raise Over
            case Drain():
                return None
            case Failed():
                raise event.error
        return event

    def _due(self, asked: _Asked) -> Heard | None:
        """What it means that nothing has happened for so long."""
        now = time.monotonic()
        if asked.keys and asked.answered_at is not None:
            return Keys(asked.keys) if now - asked.answered_at >= _KEY_PAUSE_S else None
        asked.playback.look_for_end(now)
        if not asked.playback.over:
            return None
        recognition = self._recognition
        if (
            recognition
            and recognition.speaking
            and now - asked.playback.over_at < _LONGEST_ANSWER_S
        ):
            return None
        quiet_since = asked.playback.over_at
        if recognition is not None:
            quiet_since = max(quiet_since, recognition.voice_at)
            if asked.listen.speech and self._was_unclear(asked, recognition):
                return Speech("", 0.0)
        return Silence() if now - quiet_since >= asked.listen.no_input_s else None

    def _was_unclear(self, asked: _Asked, recognition: Recognition) -> bool:
        """Whether somebody spoke for a good while and not one word came of it."""
        if asked.spoke_at is None or asked.spoke_at < asked.playback.over_at:
            return False
        pause_s = self._settings.unfinished_silence_ms / 1000
        return recognition.voice_at - asked.spoke_at >= _UNCLEAR_S + pause_s

    async def _take(self, asked: _Asked, event: StreamMessage | RecognitionEvent) -> Heard | None:
        match event:
            case Key():
                return await self._take_key(asked, event.digit)
            case Played():
                asked.playback.played(event.mark)
            case SpeechStarted():
                asked.spoke_at = time.monotonic()
            case Partial():
                await self._consider_interruption(asked, event.text)
            case Utterance():
                return self._take_words(asked, event)
        return None

    async def _take_key(self, asked: _Asked, digit: str) -> Heard | None:
        await asked.playback.stop()
        asked.answered_at = time.monotonic()
        if digit == "#" and asked.listen.max_keys > 1:
            return Keys(asked.keys)
        asked.keys += digit
        return Keys(asked.keys) if len(asked.keys) >= asked.listen.max_keys else None

    def _take_words(self, asked: _Asked, event: Utterance) -> Heard | None:
        text, playback, recognition = event.heard.text, asked.playback, self._recognition
        asked.spoke_at = None
        if (
            not asked.listen.speech
            or asked.keys
            or recognition is None
            or says_nothing(text, asked.listen.language)
        ):
            return None
        while_we_spoke = not playback.over or recognition.moment(event.start_s) < playback.over_at
        if while_we_spoke and not playback.cut and is_echo(text, playback.text):
            return None
        asked.answered_at = recognition.moment(event.end_s)
        return Speech(text, round(event.heard.confidence, 3))

    async def _take_last_words(self, asked: _Asked) -> None:
        """Take what the caller was saying as they hung up: it may be all of their report."""
        if self._recognition is None:
            return
        await self._recognition.close(flush=True)
        while not self._happened.empty():
            event = self._happened.get_nowait()
            heard = self._take_words(asked, event) if isinstance(event, Utterance) else None
            if heard is not None:
                turn = asked.reply.turn
                await self._in_thread(self._gateway.take_turn, self._link.call_sid, turn, heard)
                return

    async def _consider_interruption(self, asked: _Asked, text: str) -> None:
        if asked.playback.over or not asked.listen.speech or self._recognition is None:
            return
        if self._recognition.speech_s >= _LEAST_SPEECH_S and interrupts(
            text, asked.playback.text, asked.listen.language
        ):
            await asked.playback.stop()

    async def _speak(self, playback: Playback) -> None:
        try:
            await playback.speak()
        except LinkLost:
            self._happened.put_nowait(Gone())
        except Exception as error:
            self._happened.put_nowait(Failed(error))

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

    async def _apologise(self) -> None:
        """Say that something went wrong, as far as that can still be said."""
        with suppress(Exception):
            language = await self._in_thread(self._gateway.language, self._link.call_sid)
            for phrase in Prompts(language).text("trouble"):
                sound = await self._in_thread(self._voice.spoken, phrase, language)
                for message in self._link.media.sounds(self._link.stream_sid, sound.mulaw):
                    await self._link.send(message)
                await asyncio.sleep(sound.duration_s)

    async def _release(self, code: int = DONE) -> None:
        """Close the socket, so that the carrier asks for the rest by webhook.

        Sources differ on whether a close by our side ends the carrier's verb: if no webhook has
        come within a second, the call is redirected.
        """
        await self._link.close(code)
        deadline = time.monotonic() + _FOLLOW_S
        while time.monotonic() < deadline:
            if await self._in_thread(self._gateway.was_followed, self._link.call_sid):
                return
            await asyncio.sleep(_LOOK_S)
        _log.info("carrier did not follow; redirected", call_sid=self._link.call_sid)
        await self._in_thread(self._gateway.redirect, self._link.call_sid)

    async def _receive(self) -> None:
        """Sort what the carrier sends: sound to the recogniser, everything else to the turn."""
        ended: Gone | Failed = Gone()
        try:
            async for message in self._link.messages:
                if not isinstance(message, Sound):
                    self._happened.put_nowait(message)
                elif message.track == "inbound" and self._recognition is not None:
                    self._recognition.take(message.mulaw)
        except StreamError as error:
            ended = Failed(error)
        finally:
            self._happened.put_nowait(ended)

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

    def _forget_old_words(self) -> None:
        """Words that were finished before this question was asked do not answer it."""
        kept = []
        while not self._happened.empty():
            event = self._happened.get_nowait()
            if not isinstance(event, (Utterance, Partial, SpeechStarted, Played)):
                kept.append(event)
        for event in kept:
            self._happened.put_nowait(event)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(self._threads.others, call, *args, **kwargs)
