"""Messages by REST: send, schedule, cancel, redact, list, fetch, delete.

Parameters and fields: Twilio, "Message resource".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from simulator.errors.error_names import NAMES
from simulator.exchange import Exchange
from simulator.keys import EXCHANGE
from simulator.messages.delivery import Delivery, send
from simulator.numbers.e164 import is_e164, to_e164
from simulator.registries.text_messages import (
    LONGEST_VALID_S,
    MOST_CHARACTERS,
    MOST_MEDIA,
    Media,
    Message,
)
from simulator.rest.answers import (
    ApiError,
    found_at,
    keeps,
    page,
    posted,
    repeated,
    shown_date,
)
from simulator.rest.parameters import checked_url, flag, one_of, url_of

_SERVICE = re.compile("MG[0-9a-fA-F]{32}")
_SOONEST, _LATEST = timedelta(seconds=300), timedelta(days=35)
_NOT_EMULATED = frozenset(
    {
        "ContentSid", "ContentVariables", "PersistentAction", "FallbackFrom", "ShortenUrls",
        "SendAsMms",
    }
)  # fmt: skip
_WORDS = {
    "ContentRetention": ("retain", "discard"),
    "AddressRetention": ("retain", "obfuscate"),
    "RiskCheck": ("enable", "disable"),
    "TrafficType": ("free",),
}
"""Parameters that change nothing here, and what they may be."""
_PLAINER = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2013": "-",
     "\u2014": "-", "\u2026": "...", "\u00a0": " "}
)  # fmt: skip
"""Characters that SmartEncoded replaces by those of the GSM alphabet."""
_UNFINISHED = ApiError(409, 20009, "Cannot delete this resource before it is complete")


def shown(message: Message) -> dict[str, Any]:
    """A message as REST shows it."""
    uri = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": message.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "from": message.from_,
        "to": message.to,
        "direction": message.direction,
        "status": message.status,
        "num_segments": str(message.segments),
        "num_media": str(len(message.media)),
        "date_created": shown_date(message.created_at),
        "date_updated": shown_date(message.updated_at),
        "date_sent": shown_date(_sent(message)),
        "messaging_service_sid": message.service_sid or None,
        "price": None,
        "price_unit": "USD",
        "error_code": message.error_code,
        "error_message": message.error_words or None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
    }


def _sent(message: Message) -> datetime | None:
    return message.created_at if message.direction == "inbound" else message.sent_at


async def create_message(request: web.Request) -> web.Response:
    """Send a text; the answer comes at once, its states are called back."""
    return web.json_response(shown(await sent(request)), status=201)


async def sent(request: web.Request) -> Message:
    """The text that a form asks for, on its way. Raises ApiError."""
    exchange = request.app[EXCHANGE]
    form = await posted(request)
    message = _message(exchange, form, await repeated(request, "MediaUrl"))
    return send(exchange, message)


def _message(exchange: Exchange, form: dict[str, str], media: tuple[str, ...]) -> Message:
    """What a form asks to be sent. Raises ApiError with the carrier's codes."""
    beyond = sorted(name for name in _NOT_EMULATED if form.get(name, "false").lower() != "false")
    if beyond:
        raise ApiError(400, 20001, f"{beyond[0]} is not emulated here")
    _refuse_channels(form)
    for name, values in _WORDS.items():
        one_of(form, name, values)
    body = form.get("Body", "")
    from_, service = _sender(exchange, form)
    to = _addressee(exchange, form, from_)
    _check_content(form, media)
    at, send_at = exchange.clock.date, _send_at(form, service, exchange.clock.date)
    waiting = "accepted" if service else "queued"
    return Message(
        exchange.settings.account_sid,
        from_,
        to,
        body.translate(_PLAINER) if flag(form, "SmartEncoded") else body,
        "outbound-api",
        at,
        status="scheduled" if send_at else waiting,
        status_callback=_callback(exchange, form),
        media=[Media(at, url=checked_url("MediaUrl", url)) for url in media],
        service_sid=service,
        validity_s=_validity(form),
        send_at=send_at,
    )


def _refuse_channels(form: dict[str, str]) -> None:
    """WhatsApp and the like. Raises ApiError."""
    for name in ("From", "To"):
        channel, colon, _ = form.get(name, "").partition(":")
        if colon:
            raise ApiError(400, 20001, f"{name}: {channel}: is not emulated here; texts are")


def _addressee(exchange: Exchange, form: dict[str, str], from_: str) -> str:
    to = to_e164(form.get("To", ""), like=from_)
    if not to:
        raise ApiError(400, 21604, "A 'To' phone number is required.")
    if not is_e164(to):
        raise ApiError(400, 21211, "Invalid 'To' Phone Number")
    if to in exchange.messages.opted_out:
        raise ApiError(400, 21610, NAMES[21610])
    fate = exchange.reach.of_texts(to)
    if fate.is_refused:
        raise ApiError(400, fate.code or 20001, fate.words)
    return to


def _sender(exchange: Exchange, form: dict[str, str]) -> tuple[str, str]:
    """The number that sends, and the service that chose it, if one did."""
    from_, service = to_e164(form.get("From", "")), form.get("MessagingServiceSid", "")
    if _SERVICE.fullmatch(from_):
        from_, service = "", from_
    if service and not _SERVICE.fullmatch(service):
        raise ApiError(404, 20404, f"The Messaging Service {service} was not found")
    if not from_ and not service:
        raise ApiError(400, 21603, "A 'From' phone number is required.")
    if from_ and not from_.startswith("+"):
        raise ApiError(400, 21606, "From: senders that are no numbers are not emulated here")
    if from_ and from_ not in exchange.account.numbers:
        raise ApiError(400, 21606, "The 'From' number is not a number of this account")
    return from_ or next(iter(exchange.account.numbers), ""), service


def _check_content(form: dict[str, str], media: tuple[str, ...]) -> None:
    if not form.get("Body") and not media:
        code = 21619 if form.get("MessagingServiceSid") else 21602
        raise ApiError(400, code, "Message body is required.")
    if len(form.get("Body", "")) > MOST_CHARACTERS:
        raise ApiError(400, 21617, f"The message body exceeds {MOST_CHARACTERS} characters.")
    if len(media) > MOST_MEDIA:
        raise ApiError(400, 21623, "Number of media files exceeds allowed limit")


def _validity(form: dict[str, str]) -> float:
    text = form.get("ValidityPeriod", str(LONGEST_VALID_S))
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_VALID_S:
        raise ApiError(400, 21624, f"ValidityPeriod: expected 1 to {LONGEST_VALID_S}")
    return float(text)


def _send_at(form: dict[str, str], service: str, now: datetime) -> datetime | None:
    """When a scheduled message is due."""
    if "ScheduleType" not in form and "SendAt" not in form:
        return None
    if form.get("ScheduleType", "fixed") != "fixed":
        raise ApiError(400, 20001, "ScheduleType: expected fixed")
    if not form.get("SendAt"):
        raise ApiError(400, 35111, "SendAt is required with ScheduleType=fixed")
    if not service:
        raise ApiError(400, 35118, "MessagingServiceSid is required to schedule a message")
    try:
        due = datetime.fromisoformat(form["SendAt"])
    except ValueError as error:
        raise ApiError(400, 35114, "SendAt: expected YYYY-MM-DDTHH:MM:SSZ") from error
    if due.tzinfo is None or not _SOONEST <= due - now <= _LATEST:
        raise ApiError(400, 35114, "SendAt: expected 300 seconds to 35 days from now, in UTC")
    return due


def _callback(exchange: Exchange, form: dict[str, str]) -> str:
    """Where states go: the message's own address wins over the application's."""
    url = url_of(form, "StatusCallback")
    if url or not form.get("ApplicationSid"):
        return url
    app = exchange.account.applications.get(form["ApplicationSid"])
    if app is None:
        raise ApiError(400, 21218, f"there is no application {form['ApplicationSid']}")
    return app.message_status_callback


async def update_message(request: web.Request) -> web.Response:
    """Take the text away (an empty Body), or cancel what is scheduled (Status)."""
    message, form = found_message(request), await posted(request)
    exchange = request.app[EXCHANGE]
    if "Status" in form:
        if form["Status"] != "canceled":
            raise ApiError(400, 20001, f"Status: expected canceled, got {form['Status']!r}")
        if message.status != "scheduled":
            raise ApiError(409, 30409, "This message cannot be canceled")
        await Delivery(exchange, message).cancel()
    elif form.get("Body") == "":
        if not _is_complete(message):
            raise ApiError(409, 20009, "Cannot redact this resource before it is complete")
        message.body, message.updated_at = "", exchange.clock.date
    else:
        raise ApiError(400, 20001, "expected an empty Body, or Status=canceled")
    return web.json_response(shown(message))


def _is_complete(message: Message) -> bool:
    return message.has_ended or message.status == "sent"


async def delete_message(request: web.Request) -> web.Response:
    """Forget a message of which nothing more will become."""
    message = found_message(request)
    if not _is_complete(message):
        raise _UNFINISHED
    request.app[EXCHANGE].messages.delete(message)
    return web.Response(status=204)


async def list_messages(request: web.Request) -> web.Response:
    """Newest first, filtered by To, From and DateSent."""
    return page(request, "messages", wanted(request), shown)


def wanted(request: web.Request) -> Iterator[Message]:
    """The messages that a list asks for, newest first."""
    query = request.query

    def is_wanted(message: Message) -> bool:
        return (
            query.get("To") in (None, message.to)
            and query.get("From") in (None, message.from_)
            and keeps(query, "DateSent", _sent(message))
        )

    return filter(is_wanted, reversed(request.app[EXCHANGE].messages.all))


async def fetch_message(request: web.Request) -> web.Response:
    """One message."""
    return web.json_response(shown(found_message(request)))


def found_message(request: web.Request) -> Message:
    """The message that an address names. Raises ApiError."""
    message: Message | None = request.app[EXCHANGE].messages.by_sid(request.match_info["sid"])
    return found_at(request.path, message)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource and what stands below it."""
    one = f"{root}/Messages/{{sid}}"
    router.add_get(f"{root}/Messages.json", list_messages)
    router.add_post(f"{root}/Messages.json", create_message)
    router.add_get(f"{one}.json", fetch_message)
    router.add_post(f"{one}.json", update_message)
    router.add_delete(f"{one}.json", delete_message)
