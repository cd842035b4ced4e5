"""The carrier's end of a media socket, and a recogniser and a voice that need no model."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any

from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from asr.live import Partial, RecognitionEvent, SpeechStarted, Utterance
from asr.words import Heard, Word
from config.settings import Settings
from tests.conftest import eventually
from voice.speaker import Spoken

CALL = "CA" + "1" * 32
STREAM = "MZ" + "2" * 32
FRAME = 160
QUIET = 0xFF
WORDS = {
    1: "there is a hole in the road",
    2: "what is the problem",
    3: "the",
    4: "",
    5: "an agent please",
}
"""What the fake recogniser makes of a sound of that byte; "" is speech without a word."""


class FakeRecogniser:
    """Knows sounds by their byte: says what WORDS has for them, when quiet follows."""

    def __init__(self) -> None:
        self.is_closed = False
        self.grammar: tuple[str, ...] = ()
        self._left = b""
        self._frames = self._began = 0
        self._byte: int | None = None

    @property
    def speaking(self) -> bool:
        """Whether a sound is under way."""
        return self._byte is not None

    def listen(
        self,
        *,
        end_silence_ms: int = 320,
        unfinished_silence_ms: int = 900,
        is_complete: Callable[[str], bool] | None = None,
        grammar: tuple[str, ...] = (),
    ) -> None:
        """Remember what is expected."""
        self.grammar = grammar

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        """Speech is any byte but QUIET; a word shows after 0.2 s."""
        sound = self._left + mulaw
        whole = len(sound) - len(sound) % FRAME
        self._left = sound[whole:]
        return [event for at in range(0, whole, FRAME) for event in self._frame(sound[at])]

    def flush(self) -> list[RecognitionEvent]:
        """End the sound under way."""
        return self._end()

    def close(self) -> None:
        """Nothing to release."""
        self.is_closed = True

    def _frame(self, byte: int) -> Iterator[RecognitionEvent]:
        self._frames += 1
        if byte == 0xEE:
            raise RuntimeError("this recogniser has failed")
        if byte == QUIET:
            yield from self._end()
        elif self._byte is None:
            self._byte, self._began = byte, self._frames
            yield SpeechStarted(self._now_s)
        elif self._frames - self._began == 10 and WORDS[byte]:
            yield Partial(WORDS[byte])

    def _end(self) -> list[RecognitionEvent]:
        if self._byte is None:
            return []
        text, self._byte = WORDS[self._byte], None
        words = tuple(Word(word, 0.0, 0.1, 0.9) for word in text.split())
        return [Utterance(Heard(text, words), self._began * 0.02, self._now_s)] if text else []

    @property
    def _now_s(self) -> float:
        return self._frames * 0.02


class FakeVoice:
    """Speaks by writing: the sound of a phrase is its text and some quiet."""

    def __init__(self, *, fails: str = "") -> None:
        self._fails = fails

    def spoken(self, text: str, language: str) -> Spoken:
        """The text as bytes; the phrase that must fail, fails."""
        if self._fails and self._fails in text:
            raise RuntimeError("this voice has failed")
        mulaw = f"{text}|".encode().ljust(1600, b"\xff")
        return Spoken("0" * 32, text, language, mulaw, 0.2)


class Phone:
    """One media socket as the carrier holds it; sound is sent as fast as it goes."""

    def __init__(self, socket: ClientConnection, *, plays: bool) -> None:
        self._socket, self._plays = socket, plays
        self._sound = bytearray()
        self._lock, self._clock = threading.Lock(), threading.Event()
        self.marks: list[str] = []
        self.clears = 0
        self.longest_ms = 0
        self.close_code: int | None = None
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @property
    def heard(self) -> list[str]:
        """The phrases that came down the line."""
        text = self.sound.replace(b"\xff", b"").decode()
        return text.split("|")[:-1]

    @property
    def sound(self) -> bytes:
        """All sound that came down the line."""
        with self._lock:
            return bytes(self._sound)

    def hears(self, phrase: str) -> None:
        """Wait for a phrase."""
        eventually(lambda: phrase in self.heard)

    def starts(
        self,
        *,
        token: str,
        purpose: str = "conversation",
        call: str = CALL,
        **more: Mapping[str, Any],
    ) -> Phone:
        """Say connected and start, as TwiML of ours asks for it."""
        self.sends({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": STREAM,
            "callSid": CALL,
            "customParameters": {"call": call, "token": token, "purpose": purpose},
            **more,
        }
        self.sends({"event": "start", "streamSid": STREAM, "start": start})
        return self

    def says(
        self, byte: int, *, seconds: float = 0.6, track: str = "inbound", paced: bool = False
    ) -> None:
        """A sound that the fake recogniser knows, then a little quiet."""
        self.sounds(byte, seconds, track, paced=paced)
        self.sounds(QUIET, 0.2, track, paced=paced)

    def sounds(
        self, byte: int, seconds: float, track: str = "inbound", *, paced: bool = False
    ) -> None:
        """Sound of one byte, in frames of 20 ms; paced as a telephone network sends them."""
        self.plays_in(bytes([byte]) * round(seconds * 8000), track, paced=paced)

    def plays_in(self, mulaw: bytes, track: str = "inbound", *, paced: bool = False) -> None:
        """This sound, in frames of 20 ms, or as much of it as is wanted.

        The line may close the socket as soon as it has heard enough; the carrier stops then.
        """
        due = time.monotonic()
        with suppress(ConnectionClosed):
            for at in range(0, len(mulaw), FRAME):
                payload = base64.b64encode(mulaw[at : at + FRAME]).decode()
                self.sends({"event": "media", "media": {"track": track, "payload": payload}})
                due += 0.02
                if paced:
                    self._clock.wait(max(0.0, due - time.monotonic()))

    def presses(self, digits: str) -> None:
        """Press keys one after the other."""
        for digit in digits:
            self.sends({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})

    def hangs_up(self) -> None:
        """The caller hangs up."""
        self.sends({"event": "stop", "stop": {"callSid": CALL}})
        self._socket.close()

    def leaves(self) -> None:
        """Close without a word; a second time does nothing."""
        self._socket.close()

    def cuts(self) -> None:
        """The network loses the connection."""
        self._socket.socket.shutdown(SHUT_RDWR)
        self._socket.socket.close()

    def plays_all(self) -> None:
        """Everything sent so far has been played."""
        for mark in self.marks:
            self.sends({"event": "mark", "mark": {"name": mark}})

    def is_closed(self) -> int:
        """Wait for the close; its code."""
        code: int = eventually(lambda: self.close_code)  # type: ignore[assignment]
        return code

    def sends(self, message: Mapping[str, Any] | str | bytes) -> None:
        """Send one message."""
        whole = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self._socket.send(whole)

    def _receive(self) -> None:
        try:
            for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        except OSError:
            pass
        self.close_code = self._socket.close_code or 1006

    def _take(self, message: dict[str, Any]) -> None:
        assert message["streamSid"] == STREAM
        match message["event"]:
            case "media":
                sound = base64.b64decode(message["media"]["payload"], validate=True)
                self.longest_ms = max(self.longest_ms, len(sound) // 8)
                with self._lock:
                    self._sound += sound
            case "mark":
                if self._plays:
                    self.sends({"event": "mark", "mark": message["mark"]})
                self.marks.append(message["mark"]["name"])
            case "clear":
                self.clears += 1


def dials(settings: Settings, port: int, *, plays: bool = True, signed_by: str = "") -> Phone:
    """Open a media socket, signed as the carrier does."""
    token = signed_by or settings.twilio_auth_token
    signature = RequestValidator(token).compute_signature(settings.media_url, {})
    socket = connect(
        f"ws://127.0.0.1:{port}/media",
        additional_headers={"X-Twilio-Signature": signature},
        compression=None,
        max_size=2**20,
        legacy=True,
    )
    return Phone(socket, plays=plays)
