"""The socket of a browser phone: JSON control and 20 ms frames of mu-law, both ways.

Text frames are objects `{"event": ..., "ref": ...}`; `ref` names a call. Binary frames (160 bytes)
belong to the one call that is under way. From the browser:

    connect     ref, params      place a call: to params.To from params.From on the softphone,
                                 to the token's application with the params on an agent's phone
    disconnect  ref              hang up
    digits      ref, digits      press keys 0-9 * #; w waits half a second
    register / unregister        an agent wants to be rung, or no longer
    accept / reject / ignore ref an agent's answer to a call that rings
    token       token            an agent's new token
    feedback    call_sid, score, issue   what an agent thinks of the sound
    ring        number           softphone: be rung as this number or client:NAME; "": no longer
    watch       number           softphone: this number's text messages, past and coming
    text        from, to, body   softphone: send a text message

To the browser: session (resume: with `?resume=` it comes back after a lost connection), resumed
(call: the ref of the one that is still on), registered (identity), unregistered, incoming
(parameters, custom_parameters), cancel (they gave up, or another device answered), ringing, accept
(both with parameters), caption, transferred, released (facts of `simulator.calls.legs`), disconnect
(reason, status), sms (sid, from, to, body, at, mine, links), error (code, message, ref or none;
signalled: the code of a bad token).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.phone.handset import Handset, Outbox
from simulator.phone.tokens import TokenRefused

BAD_REQUEST = 31400
BUSY = 31486
BAD_TOKEN_CLOSE = 4401
PAUSE_S = 0.5
HEARTBEAT_S = 15.0
MOST_BYTES = 64 * 1024
LINGER_S = 10.0
"""How long a call waits for a browser whose connection was lost."""
_CLOSED = (1000, 1001, BAD_TOKEN_CLOSE)

log = logging.getLogger(__name__)


class BadMessage(Exception):
    """The browser sent what the protocol does not know; the text says what was expected."""


class Line(Protocol):
    """What kind of phone this is: whom a call goes to, and what else it can do."""

    def hello(self, phone: PhoneSocket) -> None:
        """The socket has opened."""

    def place(self, handset: Endpoint, params: Mapping[str, str]) -> Leg:
        """Start the call. Raises NotReachable."""

    def told(self, phone: PhoneSocket, message: Mapping[str, Any]) -> None:
        """An event that not every phone has. Raises BadMessage, TokenRefused."""

    def bye(self) -> None:
        """The socket has closed."""


class PhoneSocket:
    """One open socket and the call on it, if any."""

    def __init__(self, line: Line) -> None:
        self.outbox: Outbox = asyncio.Queue()
        self._line = line
        self._handset: Handset | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsent: list[Mapping[str, Any]] = []
        self._socket: web.WebSocketResponse | None = None
        self._writer: asyncio.Task[None] | None = None
        self._farewell: asyncio.TimerHandle | None = None
        self.is_gone = False
        """Whether the page has left for good."""
        self.drop: Callable[[], None] = lambda: None
        """Break the connection, as a bad network does."""
        self._answers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "digits": self._digits,
        }

    async def run(
        self, socket: web.WebSocketResponse, *, drop: Callable[[], None], again: bool = False
    ) -> None:
        """Serve a socket until it closes, and with it the call.

        Where the connection was lost rather than closed, the call waits LINGER_S for the browser
        to come back (`again`).
        """
        self._take_over(socket, drop)
        try:
            if again:
                self._welcome()
            else:
                self._line.hello(self)
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    self._spoken(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._told(message.data)
        except TokenRefused as refused:
            self.refuse(refused)
            await self._drain()
            await socket.close(code=BAD_TOKEN_CLOSE, message=b"token refused")
        finally:
            self._left(socket)

    def has_call(self, sid: str) -> bool:
        """Whether this call is under way here."""
        return self.is_busy and self._handset is not None and self._handset.leg.sid == sid

    def _take_over(self, socket: web.WebSocketResponse, drop: Callable[[], None]) -> None:
        """From now on everything goes through this socket."""
        if self._farewell is not None:
            self._farewell.cancel()
        if self._writer is not None:
            self._writer.cancel()
        self._socket, self.drop = socket, drop
        self._writer = asyncio.create_task(self._write(socket))

    def _welcome(self) -> None:
        """Say which call is still on, then what was missed; sound of the past is not."""
        missed, self._unsent = self._unsent, []
        while not self.outbox.empty():
            item = self.outbox.get_nowait()
            self.outbox.task_done()
            if not isinstance(item, bytes):
                missed.append(item)
        self.send("resumed", call=self._handset.ref if self._handset and self.is_busy else None)
        for item in missed:
            self.outbox.put_nowait(item)

    def _left(self, socket: web.WebSocketResponse) -> None:
        if self._socket is not socket:
            return
        if self._writer is not None:
            self._writer.cancel()
        if self.is_busy and socket.close_code not in _CLOSED:
            self._farewell = asyncio.get_running_loop().call_later(LINGER_S, self._end)
        else:
            self._end()

    def send(self, event: str, **facts: Any) -> None:
        """Tell the browser something, after all that is already on its way."""
        self.outbox.put_nowait({**facts, "event": event})

    def error(self, code: int, message: str, ref: str | None = None) -> None:
        """Tell the browser what is wrong; with `ref`, about that call."""
        self.send("error", code=code, message=message, **({"ref": ref} if ref else {}))

    def refuse(self, refused: TokenRefused) -> None:
        """Tell the browser what is wrong with its token, by both of the codes there are."""
        facts = {"code": refused.code, "signalled": refused.signalled}
        self.send("error", **facts, message=str(refused))

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way here."""
        return self._handset is not None and not self._handset.is_over

    def take(self, handset: Handset) -> None:
        """This call is the one under way from now on."""
        self._handset = handset

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes time, at most until the socket closes."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, socket: web.WebSocketResponse) -> None:
        while True:
            item = await self.outbox.get()
            try:
                await self._pass_on(socket, item)
            except ConnectionError:
                return
            finally:
                self.outbox.task_done()

    async def _pass_on(
        self, socket: web.WebSocketResponse, item: bytes | Mapping[str, Any]
    ) -> None:
        """Send one item; an event that has not gone counts as missed."""
        if isinstance(item, bytes):
            await socket.send_bytes(item)
            return
        self._unsent.append(item)
        await socket.send_str(json.dumps(item))
        self._unsent.pop()

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.outbox.join(), timeout=2)

    def _spoken(self, frame: bytes) -> None:
        if self._handset is None or self._handset.is_over:
            return
        try:
            self._handset.spoke(frame)
        except ValueError as error:
            self.error(BAD_REQUEST, str(error))

    def _told(self, text: str) -> None:
        try:
            message = _parsed(text)
            answer = self._answers.get(message["event"])
            if answer is not None:
                answer(message)
            else:
                self._line.told(self, message)
        except BadMessage as error:
            self.error(BAD_REQUEST, str(error))

    def _connect(self, message: Mapping[str, Any]) -> None:
        ref = str(message.get("ref") or "")
        params = message.get("params") or {}
        if not ref or not isinstance(params, dict):
            raise BadMessage("connect needs a ref, and params as an object")
        if self.is_busy:
            self._refuse(ref, BUSY, "A call is already under way on this phone.")
            return
        handset = Handset(ref, self.outbox)
        try:
            self._line.place(handset, {str(key): str(value) for key, value in params.items()})
            self._handset = handset
        except NotReachable as error:
            self._refuse(ref, error.code, str(error))

    def _refuse(self, ref: str, code: int, words: str) -> None:
        self.error(code, words, ref)
        self.send("disconnect", ref=ref, reason=words, status="failed")

    def _disconnect(self, message: Mapping[str, Any]) -> None:
        handset = self._call(message)
        if handset is not None:
            handset.leg.hang_up()

    def _digits(self, message: Mapping[str, Any]) -> None:
        digits = str(message.get("digits") or "")
        if not re.fullmatch(r"[0-9*#w]{1,100}", digits):
            raise BadMessage("digits are 0-9 * # and w, at most 100")
        handset = self._call(message)
        if handset is not None:
            now, *later = digits.split("w")
            handset.leg.press(now)
            if later:
                self.in_background(_press(handset, later))

    def _call(self, message: Mapping[str, Any]) -> Handset | None:
        handset = self._handset
        is_meant = handset is not None and handset.ref == message.get("ref") and not handset.is_over
        return handset if is_meant else None

    def _end(self) -> None:
        self.is_gone = True
        for task in tuple(self._tasks):
            task.cancel()
        if self._handset is not None and not self._handset.is_over:
            self._handset.leg.hang_up()
        self._line.bye()


async def _press(handset: Handset, later: list[str]) -> None:
    """Press each of `later` after a pause of its own."""
    for digits in later:
        await asyncio.sleep(PAUSE_S)
        handset.leg.press(digits)


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError as error:
        raise BadMessage("expected a JSON object with an event") from error
    if not isinstance(message, dict) or not isinstance(message.get("event"), str):
        raise BadMessage("expected a JSON object with an event")
    return message
