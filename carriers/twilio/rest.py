"""Twilio's REST API and browser tokens; the local simulator speaks the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import twilio.rest.api  # noqa: F401 -- the client imports it late: in each job's own process
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.rest import Client

from carriers.base import CarrierCall, CarrierError, NotThereYet
from carriers.messages import CarrierRecording
from carriers.twilio.addresses import until_taken, while_holding
from carriers.twilio.forms import client_of, recorded_by
from config.settings import Settings
from infra.failpoints import failpoint

_TIMEOUT_S = 10.0
_CHUNK = 64 * 1024
_PAGE = 1000
"""The most that the carrier puts on one page; the helper library asks for the next ones."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_PERMANENT = frozenset({400, 401, 403, 404, 405, 410})


class TwilioRest:
    """What can be asked over Twilio's REST API 2010-04-01."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = _RootedHttpClient(settings.carrier_api_url)
        self._client = Client(
            settings.twilio_account_sid or "AC" + "0" * 32,
            settings.twilio_auth_token or "missing",
            http_client=self._http,
        )

    def send_sms(self, *, to: str, body: str) -> str:
        """Send a text message from the hotline's number; returns the carrier's id."""
        message = _asked(
            "send_sms",
            lambda: self._client.messages.create(
                to=to, from_=self._settings.phone_number, body=body
            ),
        )
        return str(message.sid)

    def find_sms(self, *, to: str, body: str, since: datetime) -> str | None:
        """The id of a message like this already sent since then, if there is one."""
        sent = _asked(
            "find_sms", lambda: self._client.messages.list(to=to, date_sent_after=since, limit=50)
        )
        return next((str(m.sid) for m in sent if m.body == body), None)

    def download_recording(self, sid: str) -> Iterator[bytes]:
        """The recording's WAV, in pieces. Built from the SID alone (no URL is trusted)."""
        root = self._settings.carrier_api_url or "https://api.twilio.com"
        account = self._settings.twilio_account_sid
        url = f"{root}/2010-04-01/Accounts/{account}/Recordings/{sid}.wav"
        failpoint("carrier.download_recording.send")
        try:
            with requests.get(
                url,
                params={"RequestedChannels": "2"},
                auth=(account, self._settings.twilio_auth_token),
                timeout=_TIMEOUT_S,
                stream=True,
            ) as response:
                _check_download(response, sid)
                failpoint("carrier.download_recording.answered")
                yield from response.iter_content(_CHUNK)
        except requests.RequestException as error:
            raise CarrierError(
                f"recording {sid} not downloaded: {type(error).__name__}", permanent=False
            ) from None

    def delete_recording(self, sid: str) -> None:
        """Forget the recording at the carrier; one already gone is no error."""
        try:
            _asked("delete_recording", lambda: self._client.recordings(sid).delete())
        except NotThereYet:
            return

    def calls(self, *, since: datetime) -> list[CarrierCall]:
        """Calls that started or ended since then, also those that are still on."""
        moment = since - timedelta(seconds=1)
        started = self._listed_calls(start_time_after=moment)
        ended = self._listed_calls(end_time_after=moment)
        # Read last, `ended` knows more of a call that both lists have.
        return list({call.sid: call for call in (*started, *ended)}.values())

    def place_call(self, *, to: str, then: str, notify: str) -> str:
        """Call a number from the hotline's; returns the carrier's id."""
        call = _asked(
            "place_call",
            lambda: self._client.calls.create(
                to=to,
                from_=self._settings.phone_number,
                url=while_holding(then),
                method="POST",
                status_callback=until_taken(notify),
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                machine_detection="Enable",
            ),
        )
        return str(call.sid)

    def calls_to(self, number: str, *, since: datetime) -> list[CarrierCall]:
        """Calls to that number that were placed since then, also those that still ring.

        Not by start: one that still rings has none. Their clock need not be ours.
        """
        found = _asked("calls_to", lambda: self._client.calls.list(to=number, limit=_PAGE))
        oldest = since - _CLOCKS_DIFFER
        return [_call(one) for one in found if one.date_created >= oldest]

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        """Recordings that began since then."""
        return self._listed_recordings(date_created_after=since - timedelta(seconds=1))

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """Every recording of that call."""
        return self._listed_recordings(call_sid=call_sid)

    def _listed_calls(self, **filters: Any) -> list[CarrierCall]:
        found = _asked("calls", lambda: self._client.calls.list(page_size=_PAGE, **filters))
        return [_call(call) for call in found]

    def _listed_recordings(self, **filters: Any) -> list[CarrierRecording]:
        found = _asked(
            "recordings", lambda: self._client.recordings.list(page_size=_PAGE, **filters)
        )
        return [
            CarrierRecording(
                sid=recording.sid,
                call_sid=recording.call_sid or "",
                status=recording.status or "",
                channels=int(recording.channels or 1),
                duration_s=_seconds(recording.duration),
                recorded_by=recorded_by(recording.source or ""),
                started_at=recording.start_time,
            )
            for recording in found
        ]

    def redirect_call(self, sid: str, url: str) -> None:
        """Make a live call ask at `url`, a public address of ours, what to do, at once."""
        there = while_holding(url)
        _asked("redirect_call", lambda: self._client.calls(sid).update(url=there, method="POST"))

    def end_call(self, sid: str) -> None:
        """Hang up a live call; one already over is no error."""
        try:
            _asked("end_call", lambda: self._client.calls(sid).update(status="completed"))
        except CarrierError as error:
            if error.code != 21220:
                raise

    def browser_token(self, identity: str, *, ttl_s: int = 3600) -> str:
        """An access token for one agent's browser phone: it may call our application only."""
        token = AccessToken(
            self._settings.twilio_account_sid,
            self._settings.twilio_api_key,
            self._settings.twilio_api_secret,
            identity=identity,
            ttl=ttl_s,
        )
        token.add_grant(
            VoiceGrant(
                outgoing_application_sid=self._settings.twilio_twiml_app_sid, incoming_allow=False
            )
        )
        return str(token.to_jwt())


class _RootedHttpClient(TwilioHttpClient):
    """The helper library's own client, with its built-in host replaced where one is set."""

    def __init__(self, root: str) -> None:
        super().__init__(timeout=_TIMEOUT_S)
        self._root = urlsplit(root) if root else None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send one request of the helper library."""
        if self._root is not None:
            asked = urlsplit(url)
            url = urlunsplit(asked._replace(scheme=self._root.scheme, netloc=self._root.netloc))
        return super().request(method, url, *args, **kwargs)


def _asked(what: str, ask: Callable[[], Any]) -> Any:
    """Run one request; every refusal becomes a CarrierError without the carrier's own text."""
    try:
        failpoint(f"carrier.{what}.send")
        answer = ask()
        failpoint(f"carrier.{what}.answered")
        return answer
    except TwilioRestException as error:
        if error.status == 404:
            raise NotThereYet(f"the carrier answered 404 (code {error.code})") from None
        raise CarrierError(
            f"the carrier answered {error.status} (code {error.code})",
            permanent=error.status in _PERMANENT,
            code=error.code,
        ) from None
    except (TwilioException, requests.RequestException) as error:
        raise CarrierError(
            f"the carrier did not answer: {type(error).__name__}", permanent=False
        ) from None


def _call(theirs: Any) -> CarrierCall:
    return CarrierCall(
        sid=theirs.sid,
        from_number=theirs._from or "",
        to_number=theirs.to or "",
        direction=theirs.direction or "",
        status=theirs.status or "",
        started_at=theirs.start_time,
        ended_at=theirs.end_time,
        duration_s=int(theirs.duration) if theirs.duration else None,
        client=client_of(theirs._from or ""),
    )


def _check_download(response: requests.Response, sid: str) -> None:
    if response.status_code == 404:
        raise NotThereYet(f"recording {sid} is not there yet")
    if response.status_code != 200:
        raise CarrierError(
            f"recording {sid}: the carrier answered {response.status_code}", permanent=False
        )


def _seconds(duration: str | None) -> int | None:
    return int(duration) if duration not in (None, "", "-1") else None
