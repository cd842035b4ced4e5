"""The line of a browser phone that the account calls: it rings the devices of its client."""

from __future__ import annotations

from simulator.calls.legs import Endpoint, Notice
from simulator.exchange import Exchange
from simulator.registries.clients import Invitation

_CLIENT = "client:"


class ClientPhone(Endpoint):
    """A client's or softphone's line: rings its devices; one that accepts speaks and hears.

    is_judged: whether it is judged who answers; a person at a desk speaks without being told.
    """

    is_judged = False

    def __init__(self, exchange: Exchange, address: str) -> None:
        self._exchange = exchange
        self._identity = address.removeprefix(_CLIENT)
        self._invitation: Invitation | None = None

    async def rings(self) -> str:
        """Ring; the outcome is answered, busy or failed. Rings for ever when all ignore it."""
        devices = self._exchange.clients.called(self._identity)
        if not devices:
            return "failed"
        invitation = self._invitation = self._invites()
        try:
            with self._exchange.clock.at_real_pace():
                invitation.ring(devices)
                await invitation.settled.wait()
        finally:
            invitation.close()
        return "answered" if invitation.taken_by is not None else "busy"

    async def talks(self) -> None:
        """A person counts real seconds, until the call is over."""
        with self._exchange.clock.at_real_pace():
            await self._exchange.calls[self.leg.sid].gone.wait()

    def speak(self) -> bytes | None:
        """What the person says."""
        person = self._person
        return person.speak() if person is not None else None

    def hear(self, frame: bytes) -> None:
        """What the person hears."""
        if (person := self._person) is not None:
            person.hear(frame)

    def notice(self, notice: Notice) -> None:
        """Something happened on the line; a device that rings learns it from its invitation."""
        if (person := self._person) is not None:
            person.notice(notice)

    @property
    def _person(self) -> Endpoint | None:
        return self._invitation.taken_by if self._invitation is not None else None

    def _invites(self) -> Invitation:
        call = self._exchange.calls[self.leg.sid]
        names = ("AccountSid", "ApiVersion", "CallSid", "From", "To")
        parameters = {name: value for name, value in call.fields() if name in names}
        parent = self._exchange.calls.get(call.party.parent_sid)
        if parent is not None and parent.party.direction == "inbound":
            known = dict(parent.party.facts.first_fields(parent.party.from_, parent.sid))
            if "StirVerstat" in known:
                parameters["StirStatus"] = known["StirVerstat"]
        return Invitation(self.leg, parameters, dict(call.party.params))
