"""The line of an agent's phone in some page: a client named by its access token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.clients import Invitation
from simulator.legs import Endpoint, Leg, NotReachable
from simulator.phone.handset import Handset
from simulator.phone.network import PhoneNetwork
from simulator.phone.socket import BUSY, BadMessage, PhoneSocket
from simulator.phone.tokens import (
    ALLOWED_DRIFT_S,
    NOT_ALLOWED,
    Grant,
    TokenRefused,
    expired,
    read_token,
)

TOO_LATE = 31008


class AgentLine:
    """Calls the token's application, and is rung when its identity is called."""

    def __init__(self, network: PhoneNetwork, token: str) -> None:
        self._network = network
        self._token = token
        self._rung: dict[str, Invitation] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._answers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "register": lambda _: self._register(),
            "unregister": lambda _: self._unregister(),
            "token": self._renew,
            "accept": self._accept,
            "reject": self._reject,
            "ignore": self._ignore,
            "feedback": self._feedback,
        }

    def hello(self, phone: PhoneSocket) -> None:
        """Check the token at once. Raises TokenRefused."""
        self._phone = phone
        self._grant = self._read(self._token)

    def place(self, handset: Endpoint, params: Mapping[str, str]) -> Leg:
        """Call the application. Raises NotReachable, also when the token does not allow it."""
        try:
            grant = self._read(self._token)
        except TokenRefused as refused:
            raise NotReachable(refused.code, str(refused)) from refused
        if grant.application_sid is None:
            raise NotReachable(NOT_ALLOWED, "The access token does not allow outgoing calls.")
        return self._network.call_app(
            grant.application_sid, identity=grant.identity, params=params, endpoint=handset
        )

    def told(self, phone: PhoneSocket, message: Mapping[str, Any]) -> None:
        """Register, answer a call, bring a new token. Raises BadMessage, TokenRefused."""
        answer = self._answers.get(message["event"])
        if answer is None:
            raise BadMessage(f"an agent's phone knows no event {message['event']!r}")
        answer(message)

    def bye(self) -> None:
        """Nobody can ring it any more."""
        self._leave()
        for invitation in self._rung.values():
            invitation.ignore(self)
        self._rung.clear()

    # Being rung

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

    def _accept(self, message: Mapping[str, Any]) -> None:
        ref = str(message.get("ref") or "")
        if self._phone.is_busy:
            self._phone.error(BUSY, "A call is already under way on this phone.", ref)
            return
        handset = Handset(ref, self._phone.outbox)
        invitation = self._rung.pop(ref, None)
        if invitation is None or not invitation.accept(self, handset):
            self._phone.error(TOO_LATE, "Unable to answer because the call has ended.", ref)
            return
        self._phone.take(handset)

    def _reject(self, message: Mapping[str, Any]) -> None:
        self._invited(message).reject(self)

    def _ignore(self, message: Mapping[str, Any]) -> None:
        self._invited(message).ignore(self)

    def _invited(self, message: Mapping[str, Any]) -> Invitation:
        invitation = self._rung.pop(str(message.get("ref") or ""), None)
        if invitation is None:
            raise BadMessage("no such call is ringing on this phone")
        return invitation

    # Being registered

    def _register(self) -> None:
        if not self._grant.may_be_called:
            raise TokenRefused(NOT_ALLOWED, "The access token does not allow incoming calls.")
        self._network.clients.register(self._grant.identity, self)
        self._watch_expiry()
        self._phone.send("registered", identity=self._grant.identity)

    def _unregister(self) -> None:
        self._leave()
        self._phone.send("unregistered")

    def _leave(self) -> None:
        self._network.clients.unregister(self)
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _watch_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        left_s = self._grant.expires_at + ALLOWED_DRIFT_S - time.time()
        self._expiry = asyncio.get_running_loop().call_later(max(0.0, left_s), self._expire)

    def _expire(self) -> None:
        """An old token registers nobody; a call that is on goes on."""
        self._phone.refuse(expired())
        self._unregister()

    def _renew(self, message: Mapping[str, Any]) -> None:
        """Take another token. One that is refused changes nothing."""
        try:
            grant = self._read(str(message.get("token") or ""))
        except TokenRefused as refused:
            self._phone.refuse(refused)
            return
        is_registered = self._expiry is not None
        self._leave()
        self._token, self._grant = str(message["token"]), grant
        if is_registered:
            self._register()

    def _feedback(self, message: Mapping[str, Any]) -> None:
        call = self._network.calls.get(str(message.get("call_sid") or ""))
        if call is None:
            raise BadMessage("feedback needs the call_sid of a call")
        call.log.add("feedback", score=message.get("score"), issue=message.get("issue"))

    def _read(self, token: str) -> Grant:
        settings = self._network.settings
        return read_token(
            token,
            account_sid=settings.account_sid,
            api_key=settings.api_key,
            api_secret=settings.api_secret,
        )
