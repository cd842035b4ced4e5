"""Browser phones that wait to be rung, by the name in their access token.

Several devices of one name ring together. The first to accept has the call; when one accepts or
rejects, the others are told `cancel` (Twilio, twilio-voice.js issue 435). A rejected call is busy
(voice-quickstart-ios issue 238). Who ignores it lets the caller hear ringing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from simulator.calls.legs import Endpoint, Leg, Notice

if TYPE_CHECKING:
    from simulator.network import Network

MOST_RUNG = 10
"""Devices of one name that ring at once."""
_CLIENT = "client:"


class Device(Protocol):
    """A registered browser phone."""

    def ring(self, invitation: Invitation) -> None:
        """Somebody calls."""

    def stop_ringing(self, invitation: Invitation) -> None:
        """They are no longer to be had here."""


class Clients:
    """Who is registered."""

    def __init__(self) -> None:
        self._devices: dict[str, list[Device]] = {}

    def register(self, identity: str, device: Device) -> None:
        """Ring this device when its name is called; a second time changes nothing."""
        devices = self._devices.setdefault(identity, [])
        if device not in devices:
            devices.append(device)

    def unregister(self, device: Device) -> None:
        """Ring it no longer; what rings already goes on ringing."""
        for devices in self._devices.values():
            if device in devices:
                devices.remove(device)

    def called(self, identity: str) -> tuple[Device, ...]:
        """The devices to ring: those that registered last, at most MOST_RUNG."""
        return tuple(self._devices.get(identity, ())[-MOST_RUNG:])

    def registered(self) -> dict[str, int]:
        """How many devices each name has."""
        return {name: len(devices) for name, devices in self._devices.items() if devices}


class Invitation:
    """A call that rings on the devices of one client."""

    def __init__(
        self, leg: Leg, parameters: Mapping[str, str], custom_parameters: Mapping[str, str]
    ) -> None:
        self.leg = leg
        self.parameters = parameters
        self.custom_parameters = custom_parameters
        self.taken_by: Endpoint | None = None
        """Whoever has accepted."""
        self.settled = asyncio.Event()
        """Set once it was accepted or rejected, or nobody asks any more."""
        self._ringing: list[Device] = []

    def ring(self, devices: tuple[Device, ...]) -> None:
        """Let them ring."""
        self._ringing = list(devices)
        for device in devices:
            device.ring(self)

    def accept(self, device: Device, endpoint: Endpoint) -> bool:
        """Take the call on `device`; False when it is too late."""
        if self.settled.is_set():
            return False
        self.ignore(device)
        endpoint.leg = self.leg
        self.taken_by = endpoint
        self.settled.set()
        return True

    def reject(self, device: Device) -> None:
        """Turn the caller away, from every device."""
        self.ignore(device)
        self.settled.set()

    def ignore(self, device: Device) -> None:
        """Stop ringing on this device only."""
        if device in self._ringing:
            self._ringing.remove(device)

    def close(self) -> None:
        """Stop ringing everywhere."""
        self.settled.set()
        for device in tuple(self._ringing):
            device.stop_ringing(self)
        self._ringing.clear()


class ClientPhone(Endpoint):
    """A client's or softphone's line: rings its devices; one that accepts speaks and hears.

    is_judged: whether it is judged who answers; a person at a desk speaks without being told.
    """

    is_judged = False

    def __init__(self, network: Network, address: str) -> None:
        self._network = network
        self._identity = address.removeprefix(_CLIENT)
        self._invitation: Invitation | None = None

    async def rings(self) -> str:
        """Ring; the outcome is answered, busy or failed. Rings for ever when all ignore it."""
        devices = self._network.clients.called(self._identity)
        if not devices:
            return "failed"
        invitation = self._invitation = self._invites()
        try:
            with self._network.clock.at_real_pace():
                invitation.ring(devices)
                await invitation.settled.wait()
        finally:
            invitation.close()
        return "answered" if invitation.taken_by is not None else "busy"

    async def talks(self) -> None:
        """A person counts real seconds, until the call is over."""
        with self._network.clock.at_real_pace():
            await self._network.calls[self.leg.sid].gone.wait()

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
        call = self._network.calls[self.leg.sid]
        names = ("AccountSid", "ApiVersion", "CallSid", "From", "To")
        parameters = {name: value for name, value in call.fields() if name in names}
        parent = self._network.calls.get(call.party.parent_sid)
        if parent is not None and parent.party.direction == "inbound":
            known = dict(parent.party.facts.first_fields(parent.party.from_, parent.sid))
            if "StirVerstat" in known:
                parameters["StirStatus"] = known["StirVerstat"]
        return Invitation(self.leg, parameters, dict(call.party.params))
