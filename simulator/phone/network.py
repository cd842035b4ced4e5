"""What the browser phones ask of the network they are plugged into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from simulator.callees.clients import Clients
from simulator.calls.call import Call
from simulator.calls.legs import Endpoint, Leg
from simulator.messages.text_messages import Messages
from simulator.recordings.recordings import Recordings
from simulator.settings import Settings
from simulator.webhooks.webhook import WebhookClient


class PhoneNetwork(Protocol):
    """The network, seen from a phone."""

    @property
    def settings(self) -> Settings:
        """Account, key, number, application."""

    @property
    def calls(self) -> Mapping[str, Call]:
        """All calls by SID, oldest first."""

    @property
    def recordings(self) -> Recordings:
        """All recordings of the account."""

    @property
    def messages(self) -> Messages:
        """Text messages."""

    @property
    def webhooks(self) -> WebhookClient:
        """What signs and sends requests to the application."""

    @property
    def clients(self) -> Clients:
        """Who waits to be rung."""

    def dial(self, endpoint: Endpoint, *, from_number: str, to: str) -> Leg:
        """A caller dials a number. Raises NotReachable."""

    def call_app(
        self, app_sid: str, *, identity: str, params: Mapping[str, str], endpoint: Endpoint
    ) -> Leg:
        """A client calls an application. Raises NotReachable."""

    async def text(self, *, from_number: str, to: str, body: str) -> object:
        """Send a message to the application. Raises NotReachable."""
