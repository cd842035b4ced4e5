"""The line of an agent's phone in some page: a client named by its access token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.network import Network
from simulator.phone.bell import Bell
from simulator.phone.phone_socket import BadMessage, PhoneSocket
from simulator.phone.tokens import (
    ALLOWED_DRIFT_S,
    NOT_ALLOWED,
    Grant,
    TokenRefused,
    expired,
    read_token,
)


class AgentLine:
    """Calls the token's application, and is rung when its identity is called."""

    def __init__(self, network: Network, token: str) -> None:
        self._network = network
        self._token = token
        self._expiry: asyncio.TimerHandle | None = None
        self._answers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "register": lambda _: self._register(),
            "unregister": lambda _: self._unregister(),
            "token": self._renew,
            "feedback": self._feedback,
        }

    def hello(self, phone: PhoneSocket) -> None:
        """Check the token at once. Raises TokenRefused."""
        self._phone = phone
        self._bell = Bell(self._network.exchange.clients, phone)
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
        if self._bell.told(message):
            return
        answer = self._answers.get(message["event"])
        if answer is None:
            raise BadMessage(f"an agent's phone knows no event {message['event']!r}")
        answer(message)

    def bye(self) -> None:
        """Nobody can ring it any more."""
        self._leave()
        self._bell.close()

    # Being registered

    def _register(self) -> None:
        if not self._grant.may_be_called:
            raise TokenRefused(NOT_ALLOWED, "The access token does not allow incoming calls.")
        self._bell.listen(self._grant.identity)
        self._watch_expiry()
        self._phone.send("registered", identity=self._grant.identity)

    def _unregister(self) -> None:
        self._leave()
        self._phone.send("unregistered")

    def _leave(self) -> None:
        self._bell.leave()
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
        call = self._network.exchange.calls.get(str(message.get("call_sid") or ""))
        if call is None:
            raise BadMessage("feedback needs the call_sid of a call")
        call.log.add("feedback", score=message.get("score"), issue=message.get("issue"))

    def _read(self, token: str) -> Grant:
        settings = self._network.exchange.settings
        return read_token(
            token,
            account_sid=settings.account_sid,
            api_key=settings.api_key,
            api_secret=settings.api_secret,
        )
