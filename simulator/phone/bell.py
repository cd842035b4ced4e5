"""The bell of a browser phone: rings when its name is called, and takes the person's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.phone.handset import Handset
from simulator.phone.phone_socket import BUSY, BadMessage, PhoneSocket
from simulator.registries.clients import Clients, Invitation

TOO_LATE = 31008


class Bell:
    """Of one socket; the `Device` that `simulator.registries.clients` rings."""

    def __init__(self, clients: Clients, phone: PhoneSocket) -> None:
        self._clients = clients
        self._phone = phone
        self._rung: dict[str, Invitation] = {}

    def listen(self, name: str) -> None:
        """Ring when this name is called."""
        self._clients.register(name, self)

    def leave(self) -> None:
        """Ring no longer; what rings already goes on."""
        self._clients.unregister(self)

    def close(self) -> None:
        """The phone is gone."""
        self.leave()
        for invitation in self._rung.values():
            invitation.ignore(self)
        self._rung.clear()

    # What the network says

    def ring(self, invitation: Invitation) -> None:
        """Somebody calls."""
        self._rung[invitation.leg.sid] = invitation
        self._phone.send(
            "incoming",
            ref=invitation.leg.sid,
            parameters=invitation.parameters,
            custom_parameters=invitation.custom_parameters,
        )

    def stop_ringing(self, invitation: Invitation) -> None:
        """They gave up, or somebody else has answered."""
        if self._rung.pop(invitation.leg.sid, None) is not None:
            self._phone.send("cancel", ref=invitation.leg.sid)

    # What the person answers

    def told(self, message: Mapping[str, Any]) -> bool:
        """Whether it was an answer: accept, reject or ignore. Raises BadMessage."""
        match message["event"]:
            case "accept":
                self._accept(str(message.get("ref") or ""))
            case "reject":
                self._invited(message).reject(self)
            case "ignore":
                self._invited(message).ignore(self)
            case _:
                return False
        return True

    def _accept(self, ref: str) -> None:
        if self._phone.is_busy:
            self._phone.error(BUSY, "A call is already under way on this phone.", ref)
            return
        handset = Handset(ref, self._phone.outbox)
        invitation = self._rung.pop(ref, None)
        if invitation is None or not invitation.accept(self, handset):
            self._phone.error(TOO_LATE, "Unable to answer because the call has ended.", ref)
            return
        self._phone.take(handset)

    def _invited(self, message: Mapping[str, Any]) -> Invitation:
        invitation = self._rung.pop(str(message.get("ref") or ""), None)
        if invitation is None:
            raise BadMessage("no such call is ringing on this phone")
        return invitation
