"""Requests to the application: signed, timed, tried once more where the carrier would.

Rules (Twilio, "Webhooks: connection overrides", "Security"): POST form or GET query; 5 s for TCP
and one more attempt, 15 s in all, unless the address's fragment says otherwise; redirects are
followed and signed anew; the idempotency token stays the same when the same request is sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from simulator.origins import BadOrigin, OriginMap
from simulator.overrides import Overrides
from simulator.sids import new_token
from simulator.signature import HEADER, signature

MOST_REDIRECTS = 10
MOST_BYTES = 64 * 1024
MOST_SOUND_BYTES = 40 * 1024 * 1024
USER_AGENT = "TwilioProxy/1.1"
TOKEN_HEADER = "I-Twilio-Idempotency-Token"  # noqa: S105 (a header's name)

_FORGERS_KEY = "somebody else's"
_REDIRECTS = {301, 302, 303, 307, 308}
_AS_GET = {301, 302, 303}

Form = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """One request to the application; sending it again sends the same bytes."""

    url: str
    form: Form = ()
    method: str = "POST"
    token: str = field(default_factory=new_token)
    purpose: str = "voice"
    is_forged: bool = False
    """Signed with a key that is not the account's."""


@dataclass(frozen=True)
class Answer:
    """What the application answered; `url` is the last one after redirects."""

    status: int
    content_type: str
    body: bytes
    url: str
    took_s: float
    headers: Mapping[str, str] = field(default_factory=dict)


class WebhookFailed(Exception):
    """No usable answer. `code` is Twilio's, `status` the HTTP status if there was one."""

    def __init__(self, code: int, message: str, *, url: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.url = url
        self.status = status


class WebhookClient:
    """Sends requests for one account. Use as an async context manager."""

    def __init__(self, *, auth_token: str, origins: OriginMap) -> None:
        self._auth_token = auth_token
        self._origins = origins
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookClient:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open HTTP session."""
        if self._session is None:
            raise RuntimeError("use WebhookClient as an async context manager")
        return self._session

    async def send(
        self, request: Request, cookies: dict[str, str], *, most_bytes: int = MOST_BYTES
    ) -> Answer:
        """Send and follow redirects; `cookies` are sent and updated. Raises WebhookFailed."""
        began = time.monotonic()
        try:
            how = Overrides.of(request.url)
            async with asyncio.timeout(how.total_s):
                return await self._follow(request, how, cookies, most_bytes, began)
        except TimeoutError as error:
            took_s = time.monotonic() - began
            raise WebhookFailed(
                11205, f"no answer within {took_s:.1f} s", url=request.url
            ) from error
        except (BadOrigin, ValueError) as error:
            raise WebhookFailed(11100, str(error), url=request.url) from error

    async def _follow(
        self,
        request: Request,
        how: Overrides,
        cookies: dict[str, str],
        most_bytes: int,
        began: float,
    ) -> Answer:
        url, method = request.url, request.method
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._send_once(request, how, url, method, cookies, most_bytes, began)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return _checked(answer)
            url = urljoin(url, answer.headers["Location"])
            method = "GET" if answer.status in _AS_GET else method
        raise WebhookFailed(11215, f"more than {MOST_REDIRECTS} redirects", url=request.url)

    async def _send_once(
        self,
        request: Request,
        how: Overrides,
        url: str,
        method: str,
        cookies: dict[str, str],
        most_bytes: int,
        began: float,
    ) -> Answer:
        """One request, tried again after the failures for which that is asked."""
        for left in range(how.retries, -1, -1):
            try:
                answer = await self._try(request, how, url, method, cookies, most_bytes, began)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                if not left or not how.retries_after("ct"):
                    raise WebhookFailed(11205, f"cannot connect: {error}", url=url) from error
            except (aiohttp.ClientError, ConnectionError) as error:
                if not left or not how.retries_after("rt"):
                    raise WebhookFailed(11200, f"no whole answer: {error}", url=url) from error
            else:
                kind = f"{answer.status // 100}xx"
                if answer.status < 400 or not left or not how.retries_after(kind):
                    return answer
        raise AssertionError("the last attempt answers or raises")

    async def _try(
        self,
        request: Request,
        how: Overrides,
        url: str,
        method: str,
        cookies: dict[str, str],
        most_bytes: int,
        began: float,
    ) -> Answer:
        public, form = _prepared(url, method, request.form)
        place = self._origins.local(public)
        headers = self._headers(request, public, form, place.host, cookies)
        body = urlencode(form) if method == "POST" else None
        async with self.session.request(
            method,
            URL(place.url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=how.connect_s, sock_connect=how.connect_s, sock_read=how.read_s
            ),
        ) as response:
            raw = await response.content.read(most_bytes + 1)
            while len(raw) <= most_bytes and not response.content.at_eof():
                raw += await response.content.read(most_bytes + 1 - len(raw))
            cookies.update({name: morsel.value for name, morsel in response.cookies.items()})
            if len(raw) > most_bytes:
                raise WebhookFailed(11750, f"more than {most_bytes} bytes", url=url)
            return Answer(
                response.status,
                response.headers.get("Content-Type", ""),
                raw,
                url,
                time.monotonic() - began,
                dict(response.headers),
            )

    def _headers(
        self, request: Request, public: str, form: Form, host: str, cookies: dict[str, str]
    ) -> CIMultiDict[str]:
        key = _FORGERS_KEY if request.is_forged else self._auth_token
        headers = CIMultiDict(
            {
                "Host": host,
                "User-Agent": USER_AGENT,
                "Accept": "*/*",
                HEADER: signature(key, public, form),
                TOKEN_HEADER: request.token,
            }
        )
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers


def _prepared(url: str, method: str, form: Form) -> tuple[str, Form]:
    """The public address without fragment, and the form that is left for the body."""
    parts = urlsplit(url)._replace(fragment="")
    if not parts.path:
        parts = parts._replace(path="/")
    if method == "POST":
        return urlunsplit(parts), form
    query = "&".join(part for part in (parts.query, urlencode(form)) if part)
    return urlunsplit(parts._replace(query=query)), ()


def _checked(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise WebhookFailed(
            11200,
            f"HTTP {answer.status}: {' '.join(answer.body[:200].decode(errors='replace').split())}",
            url=answer.url,
            status=answer.status,
        )
    return answer
