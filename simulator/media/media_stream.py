"""One media socket: Twilio's side of the Media Streams protocol.

JSON text frames, mu-law in base64, 20 ms a message. Numbers are strings except `sampleRate` and
`channels` (Twilio, "Media Streams - WebSocket messages").
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from simulator.media.app_socket import ANSWER_S, AppSocket
from simulator.media.wire import Wire
from simulator.sids import STREAM, new_sid
from simulator.sound.audio import FRAME_BYTES, RATE
from simulator.webhooks.origins import OriginMap

GOODBYE_S = 1.0
"""How long a server that was told `stop` has to close by itself, in real time."""
MOST_WAITING_S = 600
"""Sound that waits to be played; what comes beyond it is discarded (Twilio, error 31931)."""
MOST_UNSENT = 3000
"""Messages that wait for a slow server; frames beyond it are discarded with 31930."""
_TRACKS = {
    "inbound_track": ("inbound",),
    "outbound_track": ("outbound",),
    "both_tracks": ("inbound", "outbound"),
}

_FIELDS = {"media": "payload", "mark": "name", "clear": ""}
"""What a message of the server holds besides its event and streamSid."""


class Buffer:
    """Sound from the application that is still to be played, and its marks."""

    def __init__(
        self, echo: Callable[[str], None], *, most_bytes: int = MOST_WAITING_S * RATE
    ) -> None:
        self._echo = echo
        self._most_bytes = most_bytes
        self._sound = bytearray()
        self._added = 0
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()

    @property
    def waiting_bytes(self) -> int:
        """How much is still to be played."""
        return len(self._sound)

    def next_frame(self) -> bytes:
        """The next frame; marks that it reaches are echoed."""
        frame = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        self._played += len(frame)
        self._reach()
        return frame.ljust(FRAME_BYTES, b"\xff")

    def add(self, sound: bytes) -> bool:
        """Queue sound; whether all of it found room."""
        taken = sound[: max(0, self._most_bytes - len(self._sound))]
        self._sound += taken
        self._added += len(taken)
        return len(taken) == len(sound)

    def mark(self, name: str) -> None:
        """Echo `name` when everything queued so far has been played."""
        self._marks.append((self._added, name))
        self._reach()

    def clear(self) -> None:
        """Drop what is queued; all marks are echoed at once."""
        self._sound.clear()
        self._played = self._added
        self._reach()

    def _reach(self) -> None:
        while self._marks and self._marks[0][0] <= self._played:
            self._echo(self._marks.popleft()[1])


class MediaStream:
    """The socket, from handshake to close. `tap` takes both frames of every tick."""

    def __init__(
        self,
        *,
        account_sid: str,
        call_sid: str,
        url: str,
        track: str,
        parameters: Mapping[str, str],
        two_way: bool,
        warn: Callable[[int, str], None],
        wire: Wire | None = None,
    ) -> None:
        self.sid = new_sid(STREAM)
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._tracks = _TRACKS[track]
        self._parameters = dict(parameters)
        self._two_way = two_way
        self._tell = warn
        self._warned: set[int] = set()
        self._wire = wire or Wire(lambda: 0.0)
        self._number = 0
        self._chunks = dict.fromkeys(self._tracks, 0)
        self._socket = AppSocket(url, self._receive, self._left)
        self.closed = self._socket.closed
        self.buffer = Buffer(self._echo)

    @property
    def closed_by_server(self) -> bool:
        """Whether it was the server that closed the socket."""
        return self._socket.closed_by_server

    def _warn(self, code: int, message: str) -> None:
        """Say what is wrong, each kind once in a stream as the carrier does."""
        if code not in self._warned:
            self._warned.add(code)
            self._tell(code, message)

    async def open(
        self,
        session: aiohttp.ClientSession,
        *,
        auth_token: str,
        origins: OriginMap,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Shake hands, for at most `answer_s`, and announce the stream. Raises SocketFailed."""
        await self._socket.open(session, auth_token=auth_token, origins=origins, answer_s=answer_s)
        self._announce()

    def tap(self, inbound: bytes, outbound: bytes) -> None:
        """Send the frames of one tick."""
        for track in self._tracks:
            self._chunks[track] += 1
            frame = inbound if track == "inbound" else outbound
            media = {
                "track": track,
                "chunk": str(self._chunks[track]),
                "timestamp": str((self._chunks[track] - 1) * 20),
                "payload": base64.b64encode(frame).decode(),
            }
            if self._socket.unsent < MOST_UNSENT:
                self._send("media", media=media)
            else:
                self._warn(31930, "the server does not take the frames; they are discarded")

    def miss(self) -> None:
        """A tick whose frames never come: their chunks are counted, nothing is sent."""
        for track in self._tracks:
            self._chunks[track] += 1

    def press(self, digit: str) -> None:
        """Tell of a key; only two-way streams hear of keys."""
        if self._two_way:
            self._send("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    async def stop(self) -> None:
        """Say `stop`, and close unless the server does within GOODBYE_S."""
        if self.closed.is_set():
            await self.close()
            return
        stop = {"accountSid": self._account_sid, "callSid": self._call_sid}
        self._send("stop", stop=stop)
        await self._socket.end(GOODBYE_S)

    async def close(self) -> None:
        """Close without a word. A second time does nothing."""
        await self._socket.end()

    def cut(self) -> None:
        """Drop the connection as a broken network does."""
        self._socket.cut()

    def _announce(self) -> None:
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        self._wire.note(connected, to_app=True)
        self._socket.send(json.dumps(connected))
        self._send(
            "start",
            start={
                "streamSid": self.sid,
                "accountSid": self._account_sid,
                "callSid": self._call_sid,
                "tracks": list(self._tracks),
                "customParameters": self._parameters,
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            },
        )

    def _send(self, event: str, **facts: Any) -> None:
        self._number += 1
        message = {
            "event": event,
            "sequenceNumber": str(self._number),
            **facts,
            "streamSid": self.sid,
        }
        self._wire.note(message, to_app=True)
        self._socket.send(json.dumps(message, separators=(",", ":")))

    def _echo(self, name: str) -> None:
        self._send("mark", mark={"name": name})

    def _receive(self, message: aiohttp.WSMessage) -> None:
        if message.type == aiohttp.WSMsgType.TEXT:
            self._take(message.data)
        elif message.type == aiohttp.WSMsgType.BINARY:
            self._warn(31950, "a binary message; expected JSON text")
        elif message.type == aiohttp.WSMsgType.ERROR:
            self._warn(31924, f"not the WebSocket protocol: {message.data}")

    def _left(self) -> None:
        code = self._socket.close_code
        if code not in (1000, None):
            self._warn(31921, f"the server closed with code {code}")

    def _take(self, text: str) -> None:
        if not self._two_way:
            self._warn(31951, "a message on a one-way stream")
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            self._warn(31951, "not JSON; it was dropped")
            return
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            self._wire.note(message, to_app=False)
        wrong = _wrong_in(message)
        if wrong:
            self._warn(31951, f"{wrong}; it was dropped")
            return
        try:
            self._obey(message)
        except (ValueError, TypeError, RecursionError):
            event = message["event"]
            self._warn(31951, f"{event} whose {event}.{_FIELDS[event]} is wrong; it was dropped")

    def _queue(self, sound: bytes) -> None:
        if not self.buffer.add(sound):
            self._warn(31931, f"more than {MOST_WAITING_S} s of sound wait; the rest is discarded")

    def _obey(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if message["streamSid"] != self.sid:
            self._warn(31951, f"{event} for another stream; it was dropped")
            return
        if event == "media":
            self._queue(base64.b64decode(message["media"]["payload"], validate=True))
        elif event == "mark":
            self.buffer.mark(str(message["mark"]["name"]))
        else:
            self.buffer.clear()
        self._look_for_more(event, message)

    def _look_for_more(self, event: str, message: dict[str, Any]) -> None:
        """Fields that the protocol does not have are warned of; the message counts."""
        more = {*message} - {"event", "streamSid", event}
        if isinstance(message.get(event), dict):
            more |= {*message[event]} - {_FIELDS[event]}
        if more:
            names = ", ".join(sorted(more)[:5])
            self._warn(31951, f"{event} with more fields than it has: {names[:100]}")


def _wrong_in(message: Any) -> str:
    """What keeps a message from being one of the protocol, by its field; empty when nothing."""
    if not isinstance(message, dict):
        return "not a JSON object"
    if "event" not in message:
        return "a message without event"
    event = message["event"]
    if not isinstance(event, str):
        return "a message whose event is not a string"
    if event not in _FIELDS:
        return f"no such event {event[:100]!r}"
    if "streamSid" not in message:
        return f"{event} without streamSid"
    field = _FIELDS[event]
    if not field:
        return ""
    if not isinstance(message.get(event, {}), dict):
        return f"{event} whose {event} is not an object"
    return "" if field in message.get(event, {}) else f"{event} without {event}.{field}"
