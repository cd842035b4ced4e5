"""Requests to the application: signed, timed, tried once more where the carrier would.

Rules (Twilio, "Webhooks: connection overrides", "Security"): POST form or GET query; 5 s for TCP
and one more attempt, 15 s in all, unless the address's fragment says otherwise; redirects are
followed and signed anew; the idempotency token stays the same when the same request is sent again.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlencode, urljoin, urlsplit, urlunsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from simulator.errors.http_errors import code_of
from simulator.hosted.bins import NoSuchBin, answer_of
from simulator.hosted.stand_ins import Found, stand_in_for
from simulator.hosted.templates import BadTemplate
from simulator.sids import new_token
from simulator.webhooks.origins import BadOrigin, OriginMap, Place, legal
from simulator.webhooks.overrides import BadOverride, Overrides
from simulator.webhooks.signature import (
    HEADER,
    SETTINGS_HEADER,
    SharedKey,
    signature,
    with_body_hash,
)

MOST_REDIRECTS = 10
MOST_BYTES = 64 * 1024
MOST_SOUND_BYTES = 40 * 1024 * 1024
MOST_MEDIA_BYTES = 5 * 1024 * 1024
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
    json: bytes = b""
    """A JSON body in the form's place."""
    headers: Form = ()
    """Headers besides those of every request."""


@dataclass(frozen=True)
class Answer:
    """What the application answered; `url` is the last one after redirects."""

    status: int
    content_type: str
    body: bytes
    url: str
    took_s: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A request as it goes out: signed for its public address, sent to the local one."""

    method: str
    public_url: str
    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class _Sending:
    """A request under way, through its attempts and redirects. `cookies` are updated."""

    request: Request
    how: Overrides
    cookies: dict[str, str]
    most_bytes: int
    began: float

    @property
    def took_s(self) -> float:
        """How long it has taken by now."""
        return time.monotonic() - self.began


class WebhookFailed(Exception):
    """No usable answer. `code` is Twilio's, `status` the HTTP status if there was one."""

    def __init__(
        self, code: int, message: str, *, url: str, status: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.url = url
        self.status = status
        self.body = body


class WebhookClient:
    """Sends requests for one account. Use as an async context manager."""

    def __init__(
        self,
        *,
        auth_token: str,
        origins: OriginMap,
        shared_key: SharedKey | None = None,
        public_only: bool = False,
        stand_ins: bool = False,
        bins: Path | None = None,
        ca: Path | None = None,
    ) -> None:
        self._auth_token = auth_token
        self._origins = origins
        self._shared_key = shared_key
        self._public_only = public_only
        self._stand_ins = stand_ins
        self._bins = bins
        self._ca = ca
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookClient:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, ssl=self._trust()),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def _trust(self) -> ssl.SSLContext | bool:
        """Whose certificates are good: the system's, and those of a further authority."""
        if self._ca is None:
            return True
        context = ssl.create_default_context()
        context.load_verify_locations(self._ca)
        return context

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
                return await self._follow(_Sending(request, how, cookies, most_bytes, began))
        except TimeoutError as error:
            took_s = time.monotonic() - began
            raise WebhookFailed(
                11205, f"no answer within {took_s:.1f} s", url=request.url
            ) from error
        except BadOverride as error:
            raise WebhookFailed(error.code, str(error), url=request.url) from error
        except (BadOrigin, ValueError) as error:
            raise WebhookFailed(11100, str(error), url=request.url) from error

    def prepared(self, request: Request) -> Prepared:
        """The request once more, without cookies, for showing it. Raises BadOrigin, ValueError."""
        public, form = _prepared(request.url, request.method, request)
        place = self._origins.local(public)
        headers = self._headers(request, public, form, place, {})
        body = request.json or urlencode(form) if request.method == "POST" else ""
        text = body.decode() if isinstance(body, bytes) else body
        return Prepared(request.method, public, place.url, headers, text)

    async def _follow(self, sending: _Sending) -> Answer:
        first = sending.request
        url, method = first.url, first.method
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._send_once(sending, url, method)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return _checked(answer)
            url = _redirected(url, answer.headers["Location"])
            method = "GET" if answer.status in _AS_GET else method
        raise WebhookFailed(11215, f"more than {MOST_REDIRECTS} redirects", url=first.url)

    async def _send_once(self, sending: _Sending, url: str, method: str) -> Answer:
        """One request, tried again after the failures for which that is asked."""
        how = sending.how
        for left in range(how.retries, -1, -1):
            try:
                answer = await self._try(sending, url, method)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                if not left or not how.retries_after("ct"):
                    message = f"cannot connect: {error}"
                    raise WebhookFailed(code_of(error), message, url=url) from error
            except (aiohttp.ClientError, ConnectionError) as error:
                if not left or not how.retries_after("rt"):
                    message = f"no whole answer: {error}"
                    raise WebhookFailed(code_of(error), message, url=url) from error
            else:
                kind = f"{answer.status // 100}xx"
                if answer.status < 400 or not left or not how.retries_after(kind):
                    return answer
        raise AssertionError("the last attempt answers or raises")

    async def _try(self, sending: _Sending, url: str, method: str) -> Answer:
        request, how, most_bytes = sending.request, sending.how, sending.most_bytes
        public, form = _prepared(url, method, request)
        place = self._origins.local(public)
        if self._public_only and not place.is_public:
            raise WebhookFailed(11205, f"{place.host} is no public address", url=url)
        known = None if place.is_mapped else self._kept_here(public, form)
        if known is not None:
            return Answer(200, *known, url, sending.took_s)
        headers = self._headers(request, public, form, place, sending.cookies)
        body = request.json or urlencode(form) if method == "POST" else None
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
            sending.cookies.update(
                {name: morsel.value for name, morsel in response.cookies.items()}
            )
            if len(raw) > most_bytes:
                raise WebhookFailed(11750, f"more than {most_bytes} bytes", url=url)
            return Answer(
                response.status,
                response.headers.get("Content-Type", ""),
                raw,
                url,
                sending.took_s,
                dict(response.headers),
            )

    def _kept_here(self, url: str, form: Form) -> Found | None:
        """What is answered without asking anybody. Raises WebhookFailed."""
        if not self._stand_ins:
            return None
        try:
            return answer_of(url, form, self._bins) or stand_in_for(url)
        except (NoSuchBin, BadTemplate) as error:
            raise WebhookFailed(11200, str(error), url=url, status=404) from error

    def _headers(
        self, request: Request, public: str, form: Form, place: Place, cookies: dict[str, str]
    ) -> CIMultiDict[str]:
        headers = CIMultiDict(
            {
                "Host": place.host,
                "User-Agent": USER_AGENT,
                "Accept": "*/*",
                "X-Home-Region": "us1",
                **dict(place.forwarded),
                **self._signed(request, public, form),
                TOKEN_HEADER: request.token,
                **dict(request.headers),
            }
        )
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        if request.json and not form:
            headers["Content-Type"] = "application/json"
        login = urlsplit(public)
        if login.username is not None:
            user, password = unquote(login.username), unquote(login.password or "")
            headers["Authorization"] = aiohttp.encode_basic_auth(user, password)
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers

    def _signed(self, request: Request, public: str, form: Form) -> dict[str, str]:
        """The signature, and which key made it when that is not the auth token."""
        key = self._shared_key
        if key is None:
            token = _FORGERS_KEY if request.is_forged else self._auth_token
            return {HEADER: signature(token, public, form)}
        secret = _FORGERS_KEY if request.is_forged else key.secret
        signed = signature(secret, public, form, algorithm=key.algorithm)
        return {HEADER: signed, SETTINGS_HEADER: key.settings}


def _redirected(url: str, location: str) -> str:
    """Where an answer sends the request on. Raises WebhookFailed."""
    try:
        target = urljoin(url, location)
        if urlsplit(target).scheme in ("http", "https") and urlsplit(target).hostname:
            return target
    except ValueError:
        pass
    raise WebhookFailed(11216, f"redirected to {location!r}, which is no address", url=url)


def _prepared(url: str, method: str, request: Request) -> tuple[str, Form]:
    """The public address without fragment, and the form that is left for the body."""
    parts = urlsplit(legal(url))._replace(fragment="")
    if not parts.path:
        parts = parts._replace(path="/")
    if request.json and method == "POST":
        return with_body_hash(urlunsplit(parts), request.json), ()
    if method == "POST":
        return urlunsplit(parts), request.form
    query = "&".join(part for part in (parts.query, urlencode(request.form)) if part)
    return urlunsplit(parts._replace(query=query)), ()


def _checked(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise WebhookFailed(
            11200,
            f"HTTP {answer.status}: {' '.join(answer.body[:200].decode(errors='replace').split())}",
            url=answer.url,
            status=answer.status,
            body=answer.body,
        )
    return answer
