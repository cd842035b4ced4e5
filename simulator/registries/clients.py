"""Browser phones that wait to be rung, by the name in their access token.

Several devices of one name ring together. The first to accept has the call; when one accepts or
rejects, the others are told `cancel` (Twilio, twilio-voice.js issue 435). A rejected call is busy
(voice-quickstart-ios issue 238). Who ignores it lets the caller hear ringing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from simulator.calls.legs import Endpoint, Leg

MOST_RUNG = 10
"""Devices of one name that ring at once."""


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
