"""What the browser phones ask of the network they are plugged into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from simulator.legs import Endpoint, Leg
from simulator.settings import Settings


class Text(Protocol):
    """A text message."""

    @property
    def sid(self) -> str:
        """Its SM identifier."""

    @property
    def from_number(self) -> str:
        """Who sent it."""

    @property
    def to(self) -> str:
        """Whom it went to."""

    @property
    def body(self) -> str:
        """What it says."""


class Texts(Protocol):
    """All text messages of the network."""

    def sent_to(self, number: str) -> Sequence[Any]:
        """Messages to `number` so far, oldest first."""

    def listen(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        """Call `callback` with each new message until the returned function is called."""


class PhoneNetwork(Protocol):
    """The network, seen from a phone."""

    @property
    def settings(self) -> Settings:
        """Account, key, number, application."""

    @property
    def messages(self) -> Texts:
        """Text messages."""

    def dial(self, endpoint: Endpoint, *, from_number: str, to: str) -> Leg:
        """A caller dials a number. Raises NotReachable."""

    def call_app(
        self, app_sid: str, *, identity: str, params: Mapping[str, str], endpoint: Endpoint
    ) -> Leg:
        """A client calls an application. Raises NotReachable."""
