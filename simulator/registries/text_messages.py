"""Text messages of the account, and who wants to see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.listeners import Listeners
from simulator.sids import MEDIA, MESSAGE, MULTIMEDIA, new_sid

MOST_CHARACTERS = 1600
MOST_MEDIA = 10
LONGEST_VALID_S = 36_000
COOKIES_LAST_S = 4 * 3600.0
"""How long two numbers' cookies are kept after the last text between them."""
_PER_SEGMENT = 153

ENDED = frozenset({"received", "delivered", "undelivered", "failed", "canceled"})
"""States that no message leaves; `sent` may be the last one as well."""

_ARRIVED = frozenset({"received", "delivered"})
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@dataclass
class Media:
    """A picture or another file that goes with a message."""

    created_at: datetime
    content_type: str = ""
    content: bytes = b""
    url: str = ""
    """Where it is fetched before it is sent."""
    sid: str = field(default_factory=lambda: new_sid(MEDIA))


@dataclass
class Message:
    """One text message. Inbound ones are `received`, the others begin as `queued`."""

    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    created_at: datetime
    status: str = ""
    status_callback: str = ""
    status_method: str = "POST"
    media: list[Media] = field(default_factory=list)
    service_sid: str = ""
    validity_s: float = LONGEST_VALID_S
    send_at: datetime | None = None
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    error_code: int | None = None
    error_words: str = ""
    sid: str = ""

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid(MULTIMEDIA if self.media else MESSAGE)
        self.updated_at = self.updated_at or self.created_at
        self.status = self.status or ("received" if self.direction == "inbound" else "queued")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in ENDED

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
        self._jars: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}
        self._listeners: Listeners[Message] = Listeners()

    def by_sid(self, sid: str) -> Message | None:
        """The message of that id, if there is one."""
        return next((message for message in self.all if message.sid == sid), None)

    def add(self, message: Message) -> Message:
        """A new message; one from a handset has arrived with it."""
        self.all.append(message)
        if message.direction == "inbound":
            self.arrived(message)
        return message

    def arrived(self, message: Message) -> None:
        """It reached whom it was for: tell the listeners."""
        self._listeners.tell(message)

    def delete(self, message: Message) -> None:
        """Forget it."""
        self.all.remove(message)

    def sent_to(self, number: str) -> list[Message]:
        """What a number has received, oldest first."""
        return [message for message in self.seen_by(number) if message.to == number]

    def seen_by(self, number: str) -> list[Message]:
        """What a number has sent and received, oldest first."""
        return [
            message
            for message in self.all
            if number in (message.to, message.from_) and message.status in _ARRIVED
        ]

    def cookies(self, from_: str, to: str, now_s: float) -> dict[str, str]:
        """The application's cookies of a conversation between two numbers."""
        used_s, jar = self._jars.get((from_, to), (now_s, {}))
        if now_s - used_s > COOKIES_LAST_S:
            jar = {}
        self._jars[from_, to] = (now_s, jar)
        return jar

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each message that arrives until the returned function is called."""
        return self._listeners.add(listener)
