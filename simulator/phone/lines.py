"""The line of the softphone page: a caller, who also gets text messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.network import Network
from simulator.phone.bell import Bell
from simulator.phone.phone_socket import BAD_REQUEST, BadMessage, PhoneSocket
from simulator.registries.text_messages import MOST_CHARACTERS, Message
from simulator.webhooks.origins import BadOrigin, OriginMap

CLIENT = r"client:[\w.@+-]{1,121}"
CALLER = r"\+[1-9][0-9]{3,14}|anonymous"


class SoftphoneLine:
    """A caller or a client: dials, is rung where the page wants it, gets text messages."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._stop: Callable[[], None] = lambda: None

    def hello(self, phone: PhoneSocket) -> None:
        """Nothing is said before the page asks."""
        self._bell = Bell(self._network.exchange.clients, phone)

    def place(self, handset: Endpoint, params: Mapping[str, str]) -> Leg:
        """Dial params.To as params.From; a client calls the application. Raises NotReachable."""
        from_number, to = params.get("From", ""), params.get("To", "")
        if re.fullmatch(CLIENT, from_number):
            identity, app = (
                from_number.removeprefix("client:"),
                self._network.exchange.settings.app_sid,
            )
            return self._network.call_app(
                app, identity=identity, params={"To": to}, endpoint=handset
            )
        if not re.fullmatch(CALLER, from_number):
            raise NotReachable(
                21212, "The caller must be like +13125550101, anonymous or client:NAME."
            )
        return self._network.dial(handset, from_number=from_number, to=to)

    def told(self, phone: PhoneSocket, message: Mapping[str, Any]) -> None:
        """Answer a call, wait to be rung, follow a number's messages, or send one."""
        if self._bell.told(message):
            return
        match message["event"]:
            case "watch":
                self._watch(phone, str(message.get("number") or ""))
            case "ring":
                self._ring(str(message.get("number") or ""))
            case "text":
                phone.in_background(self._text(phone, message))
            case event:
                raise BadMessage(f"a softphone knows no event {event!r}")

    def bye(self) -> None:
        """Follow nobody's messages any more, and ring no longer."""
        self._stop()
        self._bell.close()

    def _ring(self, number: str) -> None:
        """Ring when the account calls this number or client; empty: no longer."""
        if number and not re.fullmatch(f"{CALLER}|{CLIENT}", number):
            raise BadMessage("ring needs a number like +13125550101, client:NAME, or nothing")
        self._bell.leave()
        if number and number != "anonymous":
            self._bell.listen(number.removeprefix("client:"))

    def _watch(self, phone: PhoneSocket, number: str) -> None:
        self._stop()
        origins = self._network.exchange.settings.origins

        def arrived(text: Message) -> None:
            if number in (text.to, text.from_):
                phone.send("sms", **_as_json(text, number, origins))

        self._stop = self._network.exchange.messages.listen(arrived)
        for text in self._network.exchange.messages.seen_by(number):
            arrived(text)

    async def _text(self, phone: PhoneSocket, message: Mapping[str, Any]) -> None:
        sent = {key: str(message.get(key) or "") for key in ("from", "to", "body")}
        if not 0 < len(sent["body"]) <= MOST_CHARACTERS:
            phone.error(BAD_REQUEST, f"a text message has 1 to {MOST_CHARACTERS} characters")
            return
        try:
            await self._network.text(from_number=sent["from"], to=sent["to"], body=sent["body"])
        except NotReachable as error:
            phone.error(error.code, str(error))


def _as_json(text: Message, number: str, origins: OriginMap) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "from": text.from_,
        "to": text.to,
        "body": text.body,
        "at": text.created_at.isoformat(),
        "mine": text.from_ == number,
        "links": _links(text.body, origins),
    }


def _links(body: str, origins: OriginMap) -> dict[str, str]:
    """Each address in a message, and where it can be opened on this machine."""
    links = {}
    for url in re.findall(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]", body):
        with suppress(BadOrigin):
            links[url] = origins.local(url).url
    return links
