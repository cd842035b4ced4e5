"""Sound files of the application: fetched, turned into mu-law, and kept as their headers allow.

A file is fresh for its `max-age`; after that it is asked for again with its ETag or Last-Modified.
One that has neither is fetched each time.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aiohttp import encode_basic_auth

from simulator.settings import Settings
from simulator.sound.audio import read_gsm, read_sound
from simulator.time.clock import Clock
from simulator.webhooks.webhook import (
    MOST_SOUND_BYTES,
    Answer,
    Form,
    Request,
    WebhookClient,
    WebhookFailed,
)

_HEADERS = (b"RIFF", b".snd", b"FORM")
_RAW_MULAW = frozenset({"audio/basic", "audio/ulaw", "audio/x-mulaw"})
_RAW_GSM = frozenset({"audio/gsm", "audio/x-gsm"})
_NOT_MODIFIED = 304
_ASKED_WITH = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))


@dataclass(frozen=True)
class _Kept:
    """A file as it came. asked_with: the headers that ask whether it has changed."""

    sound: bytes
    fresh_until_s: float
    asked_with: Form


class SoundFiles:
    """What <Play> has fetched, by address."""

    def __init__(
        self,
        client: WebhookClient,
        clock: Clock,
        settings: Settings,
        carrier_is_there: Callable[[], Awaitable[None]],
    ) -> None:
        """carrier_is_there: returns once no outage is on."""
        self._client = client
        self._clock = clock
        self._settings = settings
        self._carrier_is_there = carrier_is_there
        self._kept: dict[str, _Kept] = {}

    async def fetched(self, url: str, cookies: dict[str, str]) -> bytes:
        """A file as mu-law, asked for with a call's cookies. Raises WebhookFailed, BadSound."""
        kept = self._kept.get(url)
        if kept is not None and self._clock.now_s < kept.fresh_until_s:
            return kept.sound
        try:
            answer = await self._ask(url, cookies, kept.asked_with if kept else ())
        except WebhookFailed as failed:
            if kept is not None and failed.status == _NOT_MODIFIED:
                return kept.sound
            raise
        return self._keep(url, answer)

    async def _ask(self, url: str, cookies: dict[str, str], asked_with: Form) -> Answer:
        await self._carrier_is_there()
        where, login = asked_at(self._settings, url)
        headers = (*asked_with, *login)
        request = Request(where, method="GET", purpose="sound", headers=headers)
        async with self._clock.outside():
            return await self._client.send(request, cookies, most_bytes=MOST_SOUND_BYTES)

    def _keep(self, url: str, answer: Answer) -> bytes:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        policy = headers.get("cache-control", "")
        asked_with = tuple(
            (asking, headers[name]) for name, asking in _ASKED_WITH if name in headers
        )
        made = _Kept(sound_of(answer), self._clock.now_s, asked_with)
        age = re.search(r"max-age=(\d+)", policy)
        if age and "no-cache" not in policy:
            made = replace(made, fresh_until_s=made.fresh_until_s + int(age[1]))
        if "no-store" not in policy:
            self._kept[url] = made
        return made.sound


def asked_at(settings: Settings, url: str) -> tuple[str, Form]:
    """Where a sound is fetched, and with which headers: our own recordings here, as the account.

    Whoever knows the address of a recording may hear it (Twilio, "Recording resource").
    """
    root = re.escape(settings.public_root)
    if not re.match(rf"{root}/2010-04-01/Accounts/\w+/(Recordings|Messages/\w+/Media)/", url):
        return url, ()
    login = encode_basic_auth(settings.account_sid, settings.auth_token)
    return settings.root + url.removeprefix(settings.public_root), (("Authorization", login),)


def sound_of(answer: Answer) -> bytes:
    """The sound of an answer as mu-law. Raises BadSound."""
    kind = answer.content_type.split(";")[0].strip().lower()
    has_header = answer.body[:4] in _HEADERS
    if kind in _RAW_MULAW and not has_header:
        return answer.body
    if kind in _RAW_GSM and not has_header:
        return read_gsm(answer.body, answer.url)
    return read_sound(answer.body, answer.url)
