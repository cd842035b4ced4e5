"""A text comes from a handset: words that opt out, the application's answer, its replies.

Messaging TwiML: <Message> with text or <Body>, its older name <Sms>, and <Redirect> (Twilio, error
14110); text/plain is one message. Opt-out words and their confirmations: Twilio, "Support for
opt-out keywords".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import urljoin

from simulator.errors.error_names import NAMES
from simulator.exchange import Exchange
from simulator.messages.delivery import send
from simulator.numbers.e164 import to_e164
from simulator.registries.text_messages import Media, Message
from simulator.settings import Hook
from simulator.twiml.parser import DocumentError, Verb, parse
from simulator.webhooks.webhook import Answer, Form, Request, WebhookFailed

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_START = frozenset({"START", "YES", "UNSTOP"})
_HELP = frozenset({"HELP", "INFO"})
_ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from "
    "this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP "
    "for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
_VERBS = ("Message", "Sms", "Redirect")
_MOST_REDIRECTS = 10
_INVALID_FROM = 14102

Told = tuple[str, str]
"""Address and method; an empty address: nobody."""
_NOBODY: Told = ("", "POST")


async def receive(
    exchange: Exchange, *, from_number: str, to: str, body: str, media: Sequence[Media] = ()
) -> Message:
    """Take a text for one of the account's numbers, and ask the application."""
    await exchange.outage.over()
    message = exchange.messages.add(
        Message(
            exchange.settings.account_sid,
            from_number,
            to,
            body,
            "inbound",
            exchange.clock.date,
            media=list(media),
            service_sid=exchange.settings.messaging_service,
        )
    )
    kind = _opt_out_kind(body)
    if kind:
        _opt(exchange, kind, message)
    hook = exchange.account.texts_to(to)
    if hook is not None:
        await _ask(exchange, message, kind, hook)
    return message


def _opt_out_kind(body: str) -> str:
    word = body.strip().upper()
    kinds = {"STOP": _STOP, "START": _START, "HELP": _HELP}
    return next((kind for kind, words in kinds.items() if word in words), "")


def _opt(exchange: Exchange, kind: str, message: Message) -> None:
    """Remember the wish, and confirm it."""
    if kind == "STOP":
        exchange.messages.opted_out.add(message.from_)
    elif kind == "START":
        exchange.messages.opted_out.discard(message.from_)
    _reply(exchange, message, message.from_, _ANSWERS[kind])


def _answer(exchange: Exchange, message: Message, verb: Verb, url: str) -> None:
    """Send a <Message>, unless its sender is none or its addressee wants no more of them."""
    from_ = to_e164(verb["from"], like=message.to) or message.to
    if verb["from"] and from_ not in exchange.account.numbers:
        words = f"<{verb.name}> from {from_!r}, which is no number of this account"
        exchange.debugger.add(_INVALID_FROM, words, url=url, level="warning")
        return
    to = to_e164(verb["to"], like=from_) or message.from_
    if to in exchange.messages.opted_out:
        exchange.debugger.add(21610, NAMES[21610], url=url)
        return
    media = [urljoin(url, child.text) for child in verb.children if child.name == "Media"]
    if verb.text or media:
        _reply(exchange, message, to, verb.text, media, _told_of(verb, url), from_=from_)


def _told_of(verb: Verb, url: str) -> Told:
    """Whom a reply's states are told; `method` is that of the action."""
    if verb["statusCallback"]:
        return urljoin(url, verb["statusCallback"]), "POST"
    return (urljoin(url, verb["action"]), verb["method"]) if verb["action"] else _NOBODY


async def _ask(exchange: Exchange, message: Message, kind: str, hook: Hook) -> None:
    """Ask the address; when that fails, the fallback with the reason."""
    form = _form(exchange, message, kind)
    error = await _obey(exchange, message, hook.url, hook.method, form)
    if error is not None and hook.fallback_url:
        why = (("ErrorCode", str(error.code)), ("ErrorUrl", hook.url))
        await _obey(exchange, message, hook.fallback_url, hook.fallback_method, (*form, *why))


async def _obey(
    exchange: Exchange, message: Message, url: str, method: str, form: Form
) -> WebhookFailed | DocumentError | None:
    """Run the documents of an address and of its redirects; what went wrong, if anything did."""
    seen = 0
    cookies = exchange.messages.cookies(message.from_, message.to, exchange.clock.now_s)
    try:
        while url and seen <= _MOST_REDIRECTS:
            request = Request(url, form, method, purpose="sms")
            answer = await exchange.sender.send_alone(request, cookies)
            (url, method), seen = _obeyed(exchange, message, answer), seen + 1
    except WebhookFailed as failed:
        exchange.debugger.add(
            failed.code,
            str(failed),
            url=failed.url,
            status=failed.status or 0,
            response=failed.body,
        )
        return failed
    except DocumentError as error:
        exchange.debugger.add(
            error.code,
            str(error),
            url=answer.url,
            status=answer.status,
            response=answer.body,
        )
        return error
    return None


def _obeyed(exchange: Exchange, message: Message, answer: Answer) -> Told:
    """Send the replies of a document; address and method of its <Redirect>, if there is one."""
    if not answer.body.strip():
        return _NOBODY
    if answer.content_type.startswith("text/plain"):
        _reply(exchange, message, message.from_, answer.body.decode(errors="replace"))
        return _NOBODY
    for verb in parse(
        answer.body, verbs=_VERBS, leniency=partial(_be_lenient, exchange, answer.url)
    ):
        if verb.name == "Redirect":
            return urljoin(answer.url, verb.text), verb["method"]
        _answer(exchange, message, verb, answer.url)
    return _NOBODY


def _be_lenient(exchange: Exchange, url: str, violation: DocumentError) -> None:
    """Note what the carrier only warns of."""
    if exchange.settings.strict:
        raise violation
    exchange.debugger.add(violation.code, str(violation), url=url, level="warning")


def _reply(
    exchange: Exchange,
    message: Message,
    to: str,
    body: str,
    media: Sequence[str] = (),
    told: Told = _NOBODY,
    *,
    from_: str = "",
) -> None:
    at = exchange.clock.date
    reply = Message(
        message.account_sid,
        from_ or message.to,
        to,
        body,
        "outbound-reply",
        at,
        status_callback=told[0],
        status_method=told[1],
        media=[Media(at, url=url) for url in media],
    )
    send(exchange, reply)


def _form(exchange: Exchange, message: Message, kind: str) -> Form:
    base = f"{exchange.settings.public_root}/2010-04-01/Accounts/{message.account_sid}"
    files = [
        field
        for number, one in enumerate(message.media)
        for field in (
            (f"MediaContentType{number}", one.content_type),
            (f"MediaUrl{number}", f"{base}/Messages/{message.sid}/Media/{one.sid}"),
        )
    ]
    return (
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("SmsMessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_),
        ("To", message.to),
        ("Body", message.body),
        ("NumMedia", str(len(message.media))),
        ("NumSegments", str(message.segments)),
        ("SmsStatus", "received"),
        ("ApiVersion", "2010-04-01"),
        *exchange.account.place_of(message.from_).fields("From"),
        *exchange.account.place_of(message.to).fields("To"),
        *files,
        *((("MessagingServiceSid", message.service_sid),) if message.service_sid else ()),
        *((("OptOutType", kind),) if kind else ()),
    )
