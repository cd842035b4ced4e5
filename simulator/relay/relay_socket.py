"""The socket of a session: the carrier's messages out, the application's messages in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import WSCloseCode

from simulator.media.app_socket import AppSocket
from simulator.media.wire import Wire
from simulator.relay.protocol import InvalidMessage, Message, read
from simulator.sids import SESSION, new_sid
from simulator.webhooks.origins import OriginMap

UNABLE_TO_CONNECT, ENDED, INVALID_ARGUMENT, INVALID_MESSAGE = 64102, 64105, 64106, 64107
_NONSENSE = WSCloseCode.INVALID_TEXT
MOST_INVALID = 10
"""So many messages in a row that are none end the session."""


class RelaySocket:
    """One session's socket.

    take: gets each message. left: the server closed it. refuse: a message was none, with the
    reason; the server is told as well.
    """

    def __init__(
        self,
        url: str,
        setup: dict[str, Any],
        *,
        wire: Wire,
        take: Callable[[Message], None],
        left: Callable[[], None],
        refuse: Callable[[str], None],
    ) -> None:
        self.sid = new_sid(SESSION)
        self.invalid_in_a_row = 0
        self._setup = {"type": "setup", "sessionId": self.sid, **setup}
        self._wire = wire
        self._take = take
        self._refuse = refuse
        self._socket = AppSocket(url, self._receive, left)

    @property
    def is_closed(self) -> bool:
        """Whether either side is done with it."""
        return self._socket.closed.is_set()

    async def open(
        self, session: aiohttp.ClientSession, *, auth_token: str, origins: OriginMap
    ) -> None:
        """Shake hands and introduce the call. Raises SocketFailed."""
        await self._socket.open(session, auth_token=auth_token, origins=origins)
        self.send(**self._setup)

    def send(self, **message: Any) -> None:
        """Tell the application; `type` says what."""
        if not self.is_closed:
            self._wire.note(message, to_app=True)
            self._socket.send(json.dumps(message, separators=(",", ":")))

    async def stop(self) -> None:
        """Send what waits and close: the protocol has no goodbye."""
        is_nonsense = self.invalid_in_a_row >= MOST_INVALID
        await self._socket.end(code=_NONSENSE if is_nonsense else WSCloseCode.OK)

    def cut(self) -> None:
        """Drop the connection as a broken network does."""
        self._socket.cut()

    async def closed(self) -> None:
        """Wait until either side is done with it."""
        await self._socket.closed.wait()

    def _receive(self, message: aiohttp.WSMessage) -> None:
        if message.type == aiohttp.WSMsgType.ERROR:
            return
        if message.type != aiohttp.WSMsgType.TEXT:
            self._wrong("a message that is not text")
            return
        try:
            said = read(message.data)
        except InvalidMessage as error:
            self._wrong(str(error))
            return
        self._wire.note(json.loads(message.data), to_app=False)
        self.invalid_in_a_row = 0
        self._take(said)

    def _wrong(self, reason: str) -> None:
        self._wire.note(reason, to_app=False)
        self.invalid_in_a_row += 1
        self.send(type="error", description=f"Invalid message received: {reason}")
        self._refuse(reason)
