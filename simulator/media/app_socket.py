"""A WebSocket to the application, as the carrier opens one: signed, mapped, sent to in order.

Whoever speaks a protocol over it (Media Streams, ConversationRelay) gives text to `send` and is
given every message by `take`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import aiohttp
from yarl import URL

from simulator.webhooks.origins import OriginMap, legal
from simulator.webhooks.signature import HEADER, signature

ANSWER_S = 10.0
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
_SEND_S = 2.0
_CLOSE_S = 3.0

Take = Callable[[aiohttp.WSMessage], None]
"""Takes one message of the server's, whatever its kind."""


class SocketFailed(Exception):
    """The socket could not be opened. `code` is Twilio's error code for a media stream."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_secure(url: str, *, element: str, code: int) -> None:
    """Raises SocketFailed unless a socket's address is wss, with what to do for one that is ws."""
    if url.startswith("wss://"):
        return
    cure = ""
    if url.startswith("ws://"):
        here = url.removeprefix("ws://").partition("/")[0]
        cure = f": write wss://{here} and start the simulator with --map wss://{here}=ws://{here}"
    raise SocketFailed(code, f"<{element}> needs a wss:// address, got {url!r}{cure}")


class AppSocket:
    """One connection, from handshake to close.

    `take` gets what comes until it is closed; `left` is called when the server closes it.
    """

    def __init__(self, url: str, take: Take, left: Callable[[], None]) -> None:
        self.closed = asyncio.Event()
        """Set when either side is done with it."""
        self.closed_by_server = False
        self._url = url
        self._take = take
        self._left = left
        self._out: asyncio.Queue[str | None] = asyncio.Queue()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._work: list[asyncio.Task[None]] = []

    @property
    def unsent(self) -> int:
        """How many messages wait for the server to take them."""
        return self._out.qsize()

    @property
    def close_code(self) -> int | None:
        """What the server closed with; None when it did not say."""
        return self._socket.close_code if self._socket is not None else None

    async def open(
        self,
        session: aiohttp.ClientSession,
        *,
        auth_token: str,
        origins: OriginMap,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Shake hands, for at most `answer_s`. Raises SocketFailed."""
        place = origins.local(self._url)
        headers = {
            "Host": place.host,
            HEADER: signature(auth_token, legal(self._url)),
            **dict(place.forwarded),
        }
        try:
            async with asyncio.timeout(answer_s):
                self._socket = await session.ws_connect(
                    URL(legal(place.url), encoded=True),
                    headers=headers,
                    max_msg_size=MOST_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise SocketFailed(31920, f"handshake answered with {error.status}") from error
        except TimeoutError as error:
            raise SocketFailed(31901, f"no answer within {answer_s:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise SocketFailed(31911, f"the certificate is not trusted: {error}") from error
        except aiohttp.ClientConnectorSSLError as error:
            raise SocketFailed(31910, f"no TLS: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise SocketFailed(31902, f"cannot connect: {error}") from error
        self._work = [
            asyncio.ensure_future(self._send_all(self._socket)),
            asyncio.ensure_future(self._receive_all(self._socket)),
        ]

    def send(self, text: str) -> None:
        """Send a message after those that wait; before the handshake it waits for it."""
        self._out.put_nowait(text)

    async def end(self, wait_s: float = 0.0, code: int = aiohttp.WSCloseCode.OK) -> None:
        """Send what waits, let the server close for `wait_s`, and close; nothing is taken now."""
        self.closed.set()
        self._out.put_nowait(None)
        if not self._work:
            return
        sending, receiving = self._work
        try:
            await asyncio.wait({sending}, timeout=_SEND_S)
            await asyncio.wait({receiving}, timeout=wait_s)
        finally:
            await self._leave(code)

    def cut(self) -> None:
        """Drop the connection as a broken network does."""
        connection = self._socket.get_extra_info("socket") if self._socket else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.closed.set()

    async def _leave(self, code: int) -> None:
        if self._socket is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(code=code), _CLOSE_S)
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    async def _send_all(self, to: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            while (message := await self._out.get()) is not None:
                await to.send_str(message)

    async def _receive_all(self, server: aiohttp.ClientWebSocketResponse) -> None:
        async for message in server:
            if not self.closed.is_set():
                self._take(message)
        if not self.closed.is_set():
            self.closed_by_server = True
            self._left()
        self.closed.set()
