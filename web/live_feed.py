"""Events to browsers over a WebSocket: topic and id, to people who are signed in.

Runs in the streams process. Valkey may go away and come back; pages are then told that events
may be missing (`stale`), and fetch what they show again.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from config.settings import Settings
from infra.db import Database
from infra.events import CHANNEL
from infra.failpoints import failpoint
from infra.log import logger, origin
from web.access.staff import COOKIE, staff_for_token

MOST_SOCKETS = 500
_CANNOT_TELL = 1011
SIGNED_OUT = 4401
"""Close code for a page whose person is no longer signed in."""
_RECHECK_S = 3.0
_LONGEST_PAUSE_S = 10.0
_MOST_WAITING = 100
_STALE = json.dumps({"topic": "stale", "id": 0})

_log = logger(__name__)


@dataclass(eq=False)
class _Page:
    """One open page; events wait here until its socket takes it."""

    socket: ServerConnection
    token: str
    staff_id: int
    events: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    def notify(self, text: str) -> None:
        """Queue an event; a page that does not keep up is asked to look again instead."""
        if self.events.full():
            while not self.events.empty():
                self.events.get_nowait()
            text = _STALE
        self.events.put_nowait(text)


class LiveFeed:
    """Hands every event to every open page that may hear it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._pages: set[_Page] = set()
        self._origins = _origins(settings)
        self.is_connected = False
        """Whether events come in now."""

    @property
    def page_count(self) -> int:
        """How many pages listen."""
        return len(self._pages)

    def refusal(self, origin: str | None, cookie: str) -> str | None:
        """Why a page may not listen; None when it may. Blocks."""
        if origin not in self._origins:
            return "another origin"
        if len(self._pages) >= MOST_SOCKETS:
            return "too many pages"
        return None if self._staff_id(_token(cookie)) is not None else "not signed in"

    async def serve(self, socket: ServerConnection) -> None:
        """Keep one page supplied until it leaves or its person is signed out."""
        token = _token(socket.request.headers.get("Cookie", "") if socket.request else "")
        staff_id = await asyncio.to_thread(self._staff_id, token)
        if staff_id is None:
            await socket.close(SIGNED_OUT, "signed out")
            return
        page = _Page(socket, token, staff_id)
        self._pages.add(page)
        sending = asyncio.create_task(_send_all(page))
        try:
            await socket.wait_closed()
        finally:
            self._pages.discard(page)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def run(self) -> None:
        """Listen to the events and look after the sign-ins for ever."""
        await asyncio.gather(self._listen_always(), self._check_always())

    async def _listen_always(self) -> None:
        pause = 0.5
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                if self.is_connected:
                    pause = 0.5
                    _log.warning("events out of reach", error=origin(error))
                self.is_connected = False
            self._tell_all(_STALE)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE_S, pause * 2)

    async def _listen(self) -> None:
        """Pass events on until the connection fails. Raises RedisError, OSError."""
        client = aioredis.Redis.from_url(
            self._settings.redis,
            socket_connect_timeout=2,
            health_check_interval=10,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            async with client.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                while True:
                    item = await channel.get_message(timeout=5.0)
                    if item is not None:
                        self._hear(item)
        finally:
            await client.aclose()

    def _hear(self, item: dict[str, Any]) -> None:
        if item["type"] == "subscribe":
            self.is_connected = True
            self._tell_all(_STALE)
            _log.info("listening to events")
        if item["type"] == "message":
            self._pass_on(item["data"])

    def _pass_on(self, data: bytes) -> None:
        try:
            event = json.loads(data)
            topic, thing = str(event["topic"]), int(event["id"])
        except (ValueError, KeyError, TypeError):
            return
        text = json.dumps({"topic": topic, "id": thing})
        for page in self._pages:
            if topic != "desk" or page.staff_id == thing:
                page.notify(text)

    def _tell_all(self, text: str) -> None:
        for page in self._pages:
            page.notify(text)

    async def _check_always(self) -> None:
        """Close the sockets of people who are signed out, within 5 s."""
        while True:
            await asyncio.sleep(_RECHECK_S)
            pages = list(self._pages)
            try:
                gone = await asyncio.to_thread(self._signed_out, pages)
            except SQLAlchemyError as error:
                _log.warning("sign-ins not checked", error=origin(error))
                continue
            for page in gone:
                self._pages.discard(page)
            await asyncio.gather(*(page.socket.close(SIGNED_OUT, "signed out") for page in gone))

    def _signed_out(self, pages: list[_Page]) -> list[_Page]:
        with self._database.read() as session:
            signed_in = {
                page.token for page in pages if staff_for_token(session, page.token) is not None
            }
        return [page for page in pages if page.token not in signed_in]

    def _staff_id(self, token: str) -> int | None:
        if not token:
            return None
        with self._database.read() as session:
            staff = staff_for_token(session, token)
            return staff.id if staff else None


async def _send_all(page: _Page) -> None:
    """Send events as they come; whatever the page itself sends is dropped unread by its limit."""
    receiving = asyncio.create_task(_refuse_words(page))
    try:
        while True:
            event = await page.events.get()
            failpoint("live_feed.send")
            await page.socket.send(event)
    except ConnectionClosed:
        return
    except Exception as error:
        await _let_go(page, error)
    finally:
        receiving.cancel()


async def _let_go(page: _Page, error: Exception) -> None:
    """Close a page that cannot be notified: it comes again and asks for everything anew."""
    _log.error("a page cannot be notified", error=origin(error))
    await page.socket.close(_CANNOT_TELL)


async def _refuse_words(page: _Page) -> None:
    """Pages only listen: one that talks is closed."""
    try:
        await page.socket.recv()
        await page.socket.close(1008, "pages only listen here")
    except ConnectionClosed:
        return


def _origins(settings: Settings) -> frozenset[str]:
    own = settings.pages_url
    return frozenset({own, own.replace("//localhost:", "//127.0.0.1:")})


def _token(cookie: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie)
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""
