"""<ConversationRelay>: the caller's speech becomes words for the application, its words sound.

Twilio, "TwiML Voice: <ConversationRelay>" and "Getting and sending WebSocket messages".
"""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from typing import Any

from simulator.documents.scene import Scene
from simulator.media.app_socket import SocketFailed, check_secure
from simulator.relay import relay_socket
from simulator.relay.protocol import (
    ANY,
    KEYS_ONLY,
    SPEECH,
    End,
    Language,
    Message,
    Play,
    SendDigits,
    Text,
)
from simulator.relay.relay_socket import MOST_INVALID, RelaySocket
from simulator.relay.speaker import Speaker
from simulator.transcription.listener import Listener, Utterance
from simulator.transcription.speech_input import AUTO_TIMEOUT_S
from simulator.twiml.parser import Verb
from simulator.verbs.gather import understood
from simulator.verbs.relay_script import Script
from simulator.verbs.sockets import cut_when_due, open_socket, strikes_of
from simulator.webhooks.origins import BadOrigin
from simulator.webhooks.webhook import Form

_SENSITIVITY_S = {"high": 0.0, "medium": 0.3, "low": 0.8}
"""How long the caller must speak before the line stops for it."""
_MURMURS = frozenset(
    {"yeah", "yes", "uh-huh", "mm-hmm", "mhm", "okay", "ok", "right", "sure", "hm"}
)
_SPEAKER_EVENTS, _TOKENS_PLAYED = "speaker-events", "tokens-played"
_ON = {True: "on", False: "off"}


class RelaySession:
    """One <ConversationRelay>: `run` until it is over, then `result` is what the action is told."""

    def __init__(self, scene: Scene, noun: Verb) -> None:
        self._scene = scene
        self._noun = noun
        self._language = noun["transcriptionLanguage"] or noun["language"]
        self._status = "completed"
        self._result: Form = ()
        self._connected_s: float | None = None
        self._ended_s = 0.0
        self._events = {*noun["events"], *noun["debug"]}
        self._done = asyncio.Event()
        self._was_told = False
        """Whether an interruption by the utterance that goes on has been told."""
        self._utterances: asyncio.Queue[Utterance] = asyncio.Queue()
        self._speaker = Speaker(speaking=self._line_speaks, played=self._played)
        self._script = Script(
            scene,
            self._speaker,
            language=_voice_of(noun["ttsLanguage"] or noun["language"]),
            interruptible=noun["interruptible"],
            preemptible=noun["preemptible"],
        )
        self._socket = RelaySocket(
            noun["url"],
            self._setup(),
            wire=scene.call.wire,
            take=self._take,
            left=self._left,
            refuse=self._refuse,
        )

    async def run(self) -> None:
        """Talk until either side ends it."""
        if self._noun["welcomeGreeting"]:
            interruptible = self._noun["welcomeGreetingInterruptible"]
            self._script.greet(self._noun["welcomeGreeting"], interruptible)
        if not await self._open():
            return
        scene, call = self._scene, self._scene.call
        self._connected_s = scene.exchange.clock.now_s
        listener = self._listener()
        working = [
            asyncio.create_task(self._script.run()),
            asyncio.create_task(self._tell_prompts()),
            asyncio.create_task(cut_when_due(scene, self._socket, strikes_of(scene, only="cut"))),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._over_at_last()),
        ]
        call.streams.cut.append(self._socket.cut)
        try:
            with ExitStack() as stack:
                stack.enter_context(scene.leg.playing(self._speaker))
                stack.enter_context(scene.leg.tapped(listener.take))
                stack.enter_context(scene.leg.keys_to(self._press))
                stack.enter_context(scene.exchange.clock.at_real_pace())
                await self._until_done(working)
        finally:
            self._close(listener, working)

    def result(self) -> Form:
        """What the action is told of the session."""
        began = self._connected_s
        lasted_s = 0 if began is None else round(self._ended_s - began)
        return (
            ("SessionId", self._socket.sid),
            ("SessionStatus", self._status),
            ("SessionDuration", str(lasted_s)),
            *self._result,
        )

    # Beginning and end

    async def _until_done(self, working: list[asyncio.Task[None]]) -> None:
        """Until the session is over; raises what one of its parts raised."""
        left = set(working)
        while not self._done.is_set():
            ended, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()

    async def _over_at_last(self) -> None:
        await self._done.wait()

    async def _open(self) -> bool:
        scene, url = self._scene, str(self._noun["url"])
        try:
            check_secure(url, element="ConversationRelay", code=0)
            await open_socket(scene, self._socket, url)
        except (SocketFailed, BadOrigin) as failed:
            self._fail(relay_socket.UNABLE_TO_CONNECT, str(failed))
            return False
        scene.call.log.add("stream", stream_sid=self._socket.sid, state="started", url=url)
        return True

    def _setup(self) -> dict[str, Any]:
        call, party = self._scene.call, self._scene.call.party
        status = self._status_of_document()
        return {
            "accountSid": call.account_sid,
            "parentCallSid": party.parent_sid,
            "callSid": call.sid,
            "from": party.from_,
            "to": party.to,
            "forwardedFrom": party.facts.forwarded_from,
            "callType": "CLIENT" if party.from_.startswith("client:") else "PSTN",
            "callerName": party.facts.name,
            "direction": party.direction,
            "callStatus": status.upper().replace("-", "_"),
            "customParameters": {
                child["name"]: child["value"]
                for child in self._noun.children
                if child.name == "Parameter"
            },
        }

    def _status_of_document(self) -> str:
        """What the call was when its document was asked for."""
        call = self._scene.call
        asked = [one.request for one in call.webhooks if one.request.purpose in _DOCUMENTS]
        if self._scene.inline or not asked:
            return call.status
        return dict(asked[-1].form).get("CallStatus", call.status)

    def _close(self, listener: Listener, working: list[asyncio.Task[None]]) -> None:
        scene = self._scene
        self._ended_s = scene.exchange.clock.now_s
        self._done.set()
        for work in working:
            work.cancel()
        self._script.close()
        words = listener.so_far()
        if scene.call.is_over and self._noun["partialPromptOnHangup"] and words:
            self._prompt(words, last=True)
        listener.close()
        scene.call.streams.cut.remove(self._socket.cut)
        scene.call.log.add(
            "stream", stream_sid=self._socket.sid, state="stopped", by=self._ended_by()
        )
        scene.exchange.background.run(self._socket.stop())

    def _ended_by(self) -> str:
        return "carrier" if self._status == "completed" else "server"

    async def _watch(self) -> None:
        """A socket that broke ends the session as one that the server closed."""
        await self._socket.closed()
        self._left()

    def _left(self) -> None:
        if not self._done.is_set():
            self._fail(relay_socket.ENDED, "the server closed the socket during the call")

    def _fail(self, code: int, message: str) -> None:
        self._scene.exchange.debugger.alert(self._scene.call, code, message, str(self._noun["url"]))
        self._over("failed", ("ErrorCode", str(code)), ("ErrorMessage", message))

    def _over(self, status: str, *result: tuple[str, str]) -> None:
        if not self._done.is_set():
            self._status, self._result = status, result
            self._done.set()

    # The application speaks

    def _take(self, message: Message) -> None:
        if isinstance(message, Text):
            self._script.text(message)
        elif isinstance(message, Play):
            self._script.play(message)
        elif isinstance(message, SendDigits):
            self._script.send_digits(message)
        elif isinstance(message, Language):
            self._script.language = _voice_of(message.tts or self._script.language)
            self._language = message.transcription or self._language
        elif isinstance(message, End):
            data = message.handoff_data
            self._over("ended", *(() if data is None else (("HandoffData", data),)))

    def _refuse(self, reason: str) -> None:
        call, url = self._scene.call, str(self._noun["url"])
        self._scene.exchange.debugger.alert(call, relay_socket.INVALID_MESSAGE, reason, url)
        if self._socket.invalid_in_a_row >= MOST_INVALID and not self._done.is_set():
            self._fail(relay_socket.ENDED, "too many consecutive malformed messages")

    # The caller speaks

    def _listener(self) -> Listener:
        noun = self._noun
        silence_ms = noun["speechTimeout"]
        return Listener(
            self._scene.call,
            silence_s=AUTO_TIMEOUT_S if silence_ms is None else silence_ms / 1000,
            heard=self._utterances.put_nowait,
            talking=self._may_interrupt,
            over_line=lambda: self._speaker.is_speaking,
            speaking=lambda on: self._info(_SPEAKER_EVENTS, "clientSpeaking", _ON[on]),
            partial=self._partial,
        )

    async def _tell_prompts(self) -> None:
        while True:
            utterance = await self._utterances.get()
            self._was_told = False
            said = await understood(self._scene, utterance.watch)
            if said is not None and self._counts(said.text, over_line=utterance.was_over_line):
                self._script.end_left_over()
                self._prompt(said.text, last=True)

    def _partial(self, words: str) -> None:
        over_line = self._speaker.is_speaking
        if self._noun["partialPrompts"] and self._counts(words, over_line=over_line):
            self._prompt(words, last=False)

    def _counts(self, words: str, *, over_line: bool) -> bool:
        """Whether the application hears of these words."""
        if not over_line:
            return True
        is_murmur = self._noun["ignoreBackchannel"] and _is_murmur(words)
        return self._reports(SPEECH) and not is_murmur

    def _prompt(self, words: str, *, last: bool) -> None:
        language = "en" if self._language == "multi" else self._language
        self._socket.send(type="prompt", voicePrompt=words, lang=language, last=last)

    def _press(self, digit: str) -> None:
        if not self._noun["dtmfDetection"]:
            return
        self._interrupt(KEYS_ONLY)
        if not self._speaker.is_speaking or self._reports(KEYS_ONLY):
            self._script.end_left_over()
            self._socket.send(type="dtmf", digit=digit)

    def _reports(self, source: str) -> bool:
        """Whether the application hears of the caller's input while the line speaks."""
        return self._noun["reportInputDuringAgentSpeech"] in (source, ANY)

    def _may_interrupt(self, spoken_s: float) -> None:
        noun = self._noun
        sensitivity = "low" if noun["ignoreBackchannel"] else noun["interruptSensitivity"]
        if spoken_s >= _SENSITIVITY_S[sensitivity]:
            self._interrupt(SPEECH)

    def _interrupt(self, source: str) -> None:
        """Stop what the line says, where this input stops it, and tell what was heard of it.

        What comes late while the caller goes on is stopped as well; it is told only if some of it
        was heard.
        """
        cycle = self._speaker.cycle
        if cycle is None or not cycle.stops_for(source):
            return
        cut = self._script.stop(source)
        if cut is None or (self._was_told and not cut.words):
            return
        self._was_told = source == SPEECH
        self._socket.send(
            type="interrupt",
            utteranceUntilInterrupt=cut.words,
            durationUntilInterruptMs=cut.ms,
        )

    # What the line does

    def _line_speaks(self, on: bool) -> None:
        self._info(_SPEAKER_EVENTS, "agentSpeaking", _ON[on])

    def _played(self, words: str) -> None:
        self._info(_TOKENS_PLAYED, "tokensPlayed", words)

    def _info(self, kind: str, name: str, value: str) -> None:
        if kind in self._events:
            self._socket.send(type="info", name=name, value=value)


_DOCUMENTS = ("voice", "fallback")


def _is_murmur(words: str) -> bool:
    """Whether somebody only shows that they listen."""
    return not {*re.findall(r"[\w-]+", words.lower())} - _MURMURS


def _voice_of(language: str) -> str:
    """What `multi`, any of several languages, is read in."""
    return "en-US" if language == "multi" else language
