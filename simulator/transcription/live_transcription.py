"""<Transcription>: what both sides say, told to the application while the call goes on.

Words are known as for <Gather>: those of a scripted caller and of the line's own sentences exactly,
others by Vosk where a model is given. Twilio, "TwiML Voice: <Transcription>".
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.sids import LIVE_TRANSCRIPTION, new_sid
from simulator.speech.recogniser import Speech
from simulator.transcription.listener import Listener, Utterance
from simulator.transcription.speech_input import AUTO_TIMEOUT_S
from simulator.webhooks.webhook import Request

INBOUND, OUTBOUND, BOTH = "inbound_track", "outbound_track", "both_tracks"
_UNKNOWN = "the words are not known; give --speech-model DIR to recognise them"
_STABILITY = "0.5"


@dataclass(frozen=True)
class Terms:
    """How a call is transcribed; `url` is empty when nobody is told.

    configuration: of the provider; the application is told, and nothing changes here.
    """

    track: str
    url: str
    method: str
    language: str
    engine: str
    partial: bool
    inbound_label: str
    outbound_label: str
    configuration: dict[str, str]


class LiveTranscription:
    """One transcription, from `start` to `stop`."""

    def __init__(self, exchange: Exchange, call: Call, terms: Terms) -> None:
        self.sid = new_sid(LIVE_TRANSCRIPTION)
        self._exchange = exchange
        self._call = call
        self._terms = terms
        self._told = 0
        self._warned = False
        self._utterances: asyncio.Queue[tuple[str, Utterance] | None] = asyncio.Queue()
        self._listeners = [
            self._listener(track) for track in (INBOUND, OUTBOUND) if terms.track in (track, BOTH)
        ]

    def start(self) -> None:
        """Say that it has begun, and listen."""
        terms = self._terms
        self._call.log.add("transcription", transcription_sid=self.sid, state="started")
        labels = {
            "InboundTrackLabel": terms.inbound_label,
            "OutboundTrackLabel": terms.outbound_label,
        }
        self._tell(
            "transcription-started",
            ("LanguageCode", terms.language),
            ("Track", terms.track),
            ("TranscriptionEngine", terms.engine),
            ("PartialResults", str(terms.partial).lower()),
            ("ProviderConfiguration", json.dumps(terms.configuration)),
            *((name, label) for name, label in labels.items() if label),
        )
        for listener in self._listeners:
            self._call.leg.add_tap(listener.take)
        self._exchange.background.run(self._tell_all(), of=self._call)

    def stop(self) -> None:
        """Listen no longer; what is being said is still told. A second time does nothing."""
        for listener in self._listeners:
            self._call.leg.remove_tap(listener.take)
            listener.finish()
        if self._listeners:
            self._utterances.put_nowait(None)
            self._call.log.add("transcription", transcription_sid=self.sid, state="stopped")
        self._listeners = []

    def _listener(self, track: str) -> Listener:
        return Listener(
            self._call,
            silence_s=AUTO_TIMEOUT_S,
            to_line=track == OUTBOUND,
            heard=lambda utterance: self._utterances.put_nowait((track, utterance)),
            partial=lambda words: self._partial(track, words),
        )

    async def _tell_all(self) -> None:
        """Every utterance in order, and at last that it is over."""
        while (told := await self._utterances.get()) is not None:
            track, utterance = told
            said = await utterance.watch.words(self._exchange.recogniser)
            if said is None:
                self._warn()
            elif said.text:
                self._content(track, said, final=True)
        self._tell("transcription-stopped")

    def _partial(self, track: str, words: str) -> None:
        if self._terms.partial:
            self._content(track, Speech(words, 0.0), final=False)

    def _content(self, track: str, said: Speech, *, final: bool) -> None:
        data: dict[str, object] = {"transcript": said.text}
        more: tuple[tuple[str, str], ...] = ()
        if final:
            data["confidence"] = said.confidence
        else:
            more = (("Stability", _STABILITY),)
        self._tell(
            "transcription-content",
            ("LanguageCode", self._terms.language),
            ("Track", track),
            ("Final", str(final).lower()),
            ("TranscriptionData", json.dumps(data)),
            *more,
        )

    def _tell(self, event: str, *fields: tuple[str, str]) -> None:
        if not self._terms.url:
            return
        self._told += 1
        form = (
            ("AccountSid", self._call.account_sid),
            ("CallSid", self._call.sid),
            ("TranscriptionSid", self.sid),
            ("TranscriptionEvent", event),
            ("SequenceId", str(self._told)),
            ("Timestamp", self._exchange.clock.date.astimezone(UTC).isoformat()),
            *fields,
        )
        request = Request(self._terms.url, form, self._terms.method, purpose="transcription")
        self._exchange.sender.send_in_background(self._call, request)

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            self._exchange.debugger.alert(self._call, 0, _UNKNOWN, self._terms.url, level="warning")
