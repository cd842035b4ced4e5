"""What becomes of a message that the account sends: its states, told in order as they come.

queued (or accepted by a service, or scheduled), sending, sent, then delivered or undelivered; or
failed. Told are all that follow the first, but not `sending` (Twilio, "Message resource:
StatusCallback"). A text reaches its handset as it is delivered.
"""

from __future__ import annotations

from datetime import datetime

from simulator.exchange import Exchange
from simulator.registries.text_messages import Media, Message
from simulator.webhooks.webhook import MOST_MEDIA_BYTES, Request, WebhookFailed

_STEP_S = 0.1
_TOLD = frozenset({"queued", "sent", "delivered", "undelivered", "failed", "canceled"})
_EXPIRED = 30036


class Delivery:
    """One message on its way."""

    def __init__(self, exchange: Exchange, message: Message) -> None:
        self._exchange = exchange
        self._message = message

    async def run(self) -> None:
        """From its first state to its last."""
        message, clock = self._message, self._exchange.clock
        if message.send_at is not None:
            await clock.sleep(max(_STEP_S, (message.send_at - clock.date).total_seconds()))
            if message.status != "scheduled":
                return
        await clock.sleep(_STEP_S)
        if message.status in {"accepted", "scheduled"}:
            await self._become("queued")
        fate = self._exchange.reach.of_texts(message.to)
        if fate.status == "queued":
            await clock.sleep(message.validity_s)
            await self._fail(_EXPIRED, "Validity period expired")
        elif fate.status == "failed":
            await self._fail(fate.code, fate.words)
        elif await self._fetch_media():
            await self._send(fate.status, fate.code, fate.words)

    async def cancel(self) -> None:
        """It will not be sent after all."""
        await self._become("canceled")

    async def _send(self, last: str, code: int | None, words: str) -> None:
        await self._become("sending")
        await self._exchange.clock.sleep(_STEP_S)
        self._message.sent_at = self._exchange.clock.date
        await self._become("sent")
        if last == "sent":
            return
        await self._exchange.clock.sleep(_STEP_S)
        self._message.error_code, self._message.error_words = code, words
        if last == "delivered":
            self._exchange.messages.arrived(self._message)
        await self._become(last)

    async def _fail(self, code: int | None, words: str) -> None:
        self._message.error_code, self._message.error_words = code, words
        await self._become("failed")

    async def _fetch_media(self) -> bool:
        """Get what goes along; the message fails when that cannot be had."""
        for one in self._message.media:
            try:
                await fetch(self._exchange, one)
            except WebhookFailed as failed:
                exchange = self._exchange
                exchange.debugger.add(failed.code, str(failed), url=failed.url)
                await self._fail(failed.code, str(failed))
                return False
        return True

    async def _become(self, status: str) -> None:
        """The next state, and its callback where it has one."""
        message, exchange = self._message, self._exchange
        message.status, message.updated_at = status, exchange.clock.date
        if message.status_callback and status in _TOLD:
            await exchange.sender.send_quietly(status_request(message, exchange.clock.date))


def send(exchange: Exchange, message: Message) -> Message:
    """Take a message of the account's; what becomes of it goes on by itself."""
    exchange.messages.add(message)
    exchange.background.run(Delivery(exchange, message).run())
    return message


async def fetch(exchange: Exchange, media: Media) -> None:
    """Get a file by its address. Raises WebhookFailed."""
    request = Request(media.url, method="GET", purpose="media")
    async with exchange.clock.outside():
        answer = await exchange.webhooks.send(request, {}, most_bytes=MOST_MEDIA_BYTES)
    media.content, media.content_type = answer.body, answer.content_type.split(";")[0].strip()


def status_request(message: Message, at: datetime) -> Request:
    """The callback about the state it is in."""
    form = [
        ("AccountSid", message.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("From", message.from_),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("MessageStatus", message.status),
        ("SmsStatus", message.status),
    ]
    if message.service_sid:
        form.append(("MessagingServiceSid", message.service_sid))
    if message.error_code is not None:
        form.append(("ErrorCode", str(message.error_code)))
    if message.status in {"delivered", "undelivered"}:
        form.append(("RawDlrDoneDate", at.strftime("%y%m%d%H%M")))
    return Request(message.status_callback, tuple(form), message.status_method, purpose="message")
