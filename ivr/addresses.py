"""Verbs of a dialogue as the carrier needs them: sounds, and where each of them goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calls.actions import new_stream_token
from calls.models import Call
from carriers.verbs import (
    DialNumber,
    GoOn,
    JoinQueue,
    Listen,
    MediaSocket,
    Play,
    Record,
    RecordCall,
    Say,
    Verb,
    Verbs,
)
from infra.services import Services
from voice.cache import VoiceCache
from voice.prompts import Prompts


@dataclass(frozen=True)
class Addresses:
    """The public addresses of this installation."""

    services: Services

    def of(self, path: str) -> str:
        """The whole address of a path."""
        return self.services.settings.public_url + path

    def complete(self, verbs: Verbs, turn: int) -> Verbs:
        """The verbs of a reply before `turn`, with every address filled in."""
        return tuple(made for verb in verbs for made in self._completed(verb, turn))

    def hold_on(self, call: Call) -> Play:
        """What a caller hears while their recorded answer is being recognised."""
        return self._sound(Prompts(call.language).text("hold_on")[0], call.language)

    def media_socket(self, call: Call, purpose: str) -> MediaSocket:
        """A media socket that may be opened once. purpose: `conversation` or `transcription`."""
        parameters = {
            "call": call.carrier_sid,
            "token": new_stream_token(call),
            "purpose": purpose,
        }
        return MediaSocket(self.services.settings.media_url, parameters)

    def record_call(self) -> RecordCall:
        """The recording of a whole call."""
        return RecordCall(notify=self.of("/recordings/status"))

    def _completed(self, verb: Verb, turn: int) -> Verbs:
        match verb:
            case Say():
                return tuple(self._sound(phrase, verb.language) for phrase in verb.phrases)
            case Listen():
                return (replace(verb, then=self.of(f"/ivr/turn?n={turn}")),)
            case Record():
                then, notify = self.of(f"/ivr/message?n={turn}"), self.of("/recordings/status")
                return (replace(verb, then=then, notify=notify), GoOn(then))
            case JoinQueue():
                then = self.of(f"/agents/queue-over?n={turn}")
                return (replace(verb, wait=self.of("/agents/wait"), then=then),)
            case DialNumber():
                return (replace(verb, then=self.of(f"/ivr/connected?n={turn}")),)
        return (verb,)

    def _sound(self, phrase: str, language: str) -> Play:
        key = self.services.get(VoiceCache).deferred(phrase, language)
        return Play(self.of(f"/say/{key}.wav"))
