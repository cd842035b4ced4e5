"""Text messages of the account, and who wants to see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from simulator.sids import MESSAGE, new_sid

MOST_CHARACTERS = 1600
_PER_SEGMENT = 153

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass
class Message:
    """One text message."""

    sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    created_at: datetime
    status: str
    status_callback: str = ""

    @property
    def segments(self) -> int:
        """How many parts it is sent in (GSM 03.38 or UCS-2)."""
        plain = set(self.body) <= _GSM
        single, several = (160, _PER_SEGMENT) if plain else (70, 67)
        length = len(self.body)
        return 1 if length <= single else -(-length // several)


Listener = Callable[[Message], None]


class Messages:
    """All messages, oldest first."""

    def __init__(self) -> None:
        self.all: list[Message] = []
        self.opted_out: set[str] = set()
        """Numbers that asked for no more messages."""
        self._listeners: list[Listener] = []

    def add(
        self,
        *,
        account_sid: str,
        from_: str,
        to: str,
        body: str,
        direction: str,
        at: datetime,
        status_callback: str = "",
    ) -> Message:
        """Deliver a message and tell the listeners."""
        status = "received" if direction == "inbound" else "delivered"
        message = Message(
            new_sid(MESSAGE), account_sid, from_, to, body, direction, at, status, status_callback
        )
        self.all.append(message)
        for listener in tuple(self._listeners):
            listener(message)
        return message

    def sent_to(self, number: str) -> list[Message]:
        """What a number has received, oldest first."""
        return [message for message in self.all if message.to == number]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each new message until the returned function is called."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop
