"""A room that a test leads by REST, while line time stands still."""

from __future__ import annotations

from itertools import count
from typing import Any

from twilio.rest import Client

from simulator.conferences.conferences import Conference
from tests.simulator.app import NUMBER
from tests.simulator.rest_driver import Served

_names = count(1)


class Room:
    """A room of its own; line time passes only as far as asked."""

    def __init__(self, served: Served, client: Client, go_on: Any) -> None:
        self.name = f"room {next(_names)}"
        self.served, self.client, self._go_on = served, client, go_on
        self.sid = ""

    @property
    def inside(self) -> Conference:
        """The room as the simulator has it."""
        return self.served.network.conferences.by_sid[self.sid]

    def add(self, to: str, **terms: Any) -> Any:
        """Somebody is called into it."""
        one = self.client.conferences(self.sid or self.name).participants.create(
            **{"from_": NUMBER, "to": to, **terms}
        )
        self.sid = str(one.conference_sid)
        return one

    def came(self, one: Any) -> Any:
        """Let time pass until they are in."""
        self._go_on(lambda: self.inside.participants[str(one.call_sid)].is_connected)
        return self.client.conferences(self.sid).participants(one.call_sid)

    def pass_until(self, held: Any) -> None:
        """Let time pass until that holds."""
        self._go_on(held)

    def fetch(self) -> Any:
        """The resource."""
        return self.client.conferences(self.sid).fetch()
