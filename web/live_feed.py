"""News to browsers over a WebSocket: topic and id, to people who are signed in.

Runs in the streams process. Valkey may go away and come back; pages are told that news
may be missing, and look again by themselves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

import redis.asyncio as aioredis
from redis.exceptions import RedisError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from config.settings import Settings
from infra.db import Database
from infra.events import CHANNEL
from infra.log import logger
from web.staff import staff_for_token

COOKIE = "swiftline_session"
MOST_SOCKETS = 500
_RECHECK_S = 4.0
_LONGEST_PAUSE_S = 10.0
_STALE = json.dumps({"topic": "stale", "id": 0})

_log = logger(__name__)


class LiveFeed:
    """Hands every piece of news to every open page that may hear it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._pages: dict[ServerConnection, int] = {}
        self._origins = _origins(settings)

    def refusal(self, origin: str | None, cookie: str) -> str | None:
        """Why a page may not listen; None when it may."""
        if origin not in self._origins:
            return "another origin"
        if len(self._pages) >= MOST_SOCKETS:
            return "too many pages"
        return None if self.staff_id(cookie) is not None else "not signed in"

    def staff_id(self, cookie: str) -> int | None:
        """Who is signed in by the cookies of a request."""
        token = _token(cookie)
        if not token:
            return None
        with self._database.read() as session:
            staff = staff_for_token(session, token)
            return staff.id if staff else None

    async def serve(self, page: ServerConnection) -> None:
        """Keep one page supplied until it leaves or its person is signed out."""
        cookie = page.request.headers.get("Cookie", "") if page.request else ""
        staff_id = await asyncio.to_thread(self.staff_id, cookie)
        if staff_id is None:
            return
        self._pages[page] = staff_id
        watch = asyncio.create_task(self._watch(page, cookie))
        try:
            async for _message in page:
                pass
        except ConnectionClosed:
            pass
        finally:
            watch.cancel()
            self._pages.pop(page, None)

    async def run(self) -> None:
        """Listen to the news for ever."""
        pause = 0.5
        while True:
            try:
                await self._listen()
                pause = 0.5
            except (RedisError, OSError) as error:
                _log.info("news out of reach", error=type(error).__name__)
                self._send_all(_STALE, lambda staff_id: True)
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE_S, pause * 2)

    async def _listen(self) -> None:
        client = aioredis.Redis.from_url(self._settings.redis, socket_connect_timeout=2)
        try:
            async with client.pubsub() as news:
                await news.subscribe(CHANNEL)
                async for item in news.listen():
                    if item["type"] == "message":
                        self._pass_on(item["data"])
        finally:
            await client.aclose()

    def _pass_on(self, data: bytes) -> None:
        try:
            told = json.loads(data)
            topic, thing = str(told["topic"]), int(told["id"])
        except (ValueError, KeyError, TypeError):
            return
        text = json.dumps({"topic": topic, "id": thing})
        self._send_all(text, lambda staff_id: topic != "desk" or staff_id == thing)

    def _send_all(self, text: str, may_hear: Callable[[int], bool]) -> None:
        for page, staff_id in list(self._pages.items()):
            if may_hear(staff_id):
                task = asyncio.ensure_future(_send(page, text))
                task.add_done_callback(lambda done: done.exception())

    async def _watch(self, page: ServerConnection, cookie: str) -> None:
        """Close the page's socket soon after its person is signed out."""
        while True:
            await asyncio.sleep(_RECHECK_S)
            if await asyncio.to_thread(self.staff_id, cookie) is None:
                await page.close(4401, "signed out")
                return


async def _send(page: ServerConnection, text: str) -> None:
    try:
        await page.send(text)
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
