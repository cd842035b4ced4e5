"""The way from a media socket to the state of its call; every step is a transaction of its own."""

from __future__ import annotations

from typing import Protocol

from agents.handovers.queries import is_in_conversation
from calls.actions import find_call, locked_call, say, use_stream_token
from calls.events import has_event
from carriers.base import Carrier, CarrierError
from carriers.messages import Heard
from infra.log import logger
from infra.services import Services
from ivr import turns
from ivr.turns import Reply

_log = logger(__name__)


class Gateway(Protocol):
    """What a media socket may do with its call. Every method blocks: call it in a thread."""

    def may_enter(self, call_sid: str, token: str) -> bool:
        """Whether the one-time token opens this call; it does so only once."""

    def language(self, call_sid: str) -> str:
        """The language of the call."""

    def present(self, call_sid: str) -> Reply:
        """What the caller is being told or asked now."""

    def take_turn(self, call_sid: str, turn: int, heard: Heard) -> Reply:
        """Answer what was heard."""

    def spoken(self, call_sid: str, turn: int) -> None:
        """The caller has heard the reply that belongs to `turn` to its end."""

    def was_followed(self, call_sid: str) -> bool:
        """Whether the carrier has asked what to do after the socket, or the call is over."""

    def redirect(self, call_sid: str) -> None:
        """Make the carrier ask what to do now."""

    def leave(self, call_sid: str) -> None:
        """Note that the call goes on without a socket; nothing has failed."""

    def write(self, call_sid: str, speaker: str, text: str, confidence: float) -> None:
        """Add what the caller or an agent said to the live transcript."""


class CallGateway:
    """The gateway to real calls: the database, and the carrier's REST API."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def may_enter(self, call_sid: str, token: str) -> bool:
        """Whether the one-time token opens this call; it does so only once."""
        with self._services.database.transaction("ivr.live.gateway.may_enter") as session:
            return use_stream_token(session, call_sid, token)

    def language(self, call_sid: str) -> str:
        """The language of the call."""
        with self._services.database.read() as session:
            call = find_call(session, call_sid)
            return call.language if call else self._services.settings.language_list[0]

    def present(self, call_sid: str) -> Reply:
        """What the caller is being told or asked now."""
        return turns.present(self._services, call_sid)

    def take_turn(self, call_sid: str, turn: int, heard: Heard) -> Reply:
        """Answer what was heard."""
        return turns.take_turn(self._services, call_sid, turn, heard)

    def spoken(self, call_sid: str, turn: int) -> None:
        """The caller has heard the reply that belongs to `turn` to its end."""
        turns.spoken(self._services, call_sid, turn)

    def was_followed(self, call_sid: str) -> bool:
        """Whether the carrier has asked what to do after the socket, or the call is over."""
        with self._services.database.read() as session:
            call = find_call(session, call_sid)
            over = call is None or call.ended_at is not None
            return over or has_event(session, call_sid, turns.AFTER_STREAM)

    def redirect(self, call_sid: str) -> None:
        """Make the carrier ask what to do now; a call that is over cannot be, which is no harm."""
        url = f"{self._services.settings.public_url}/ivr/continue?after=redirect"
        try:
            self._services.get(Carrier).redirect_call(call_sid, url)
        except CarrierError as error:
            _log.warning("call not redirected", call_sid=call_sid, code=error.code)

    def leave(self, call_sid: str) -> None:
        """Note that the call goes on without a socket; nothing has failed."""
        with self._services.database.transaction("ivr.live.gateway.leave") as session:
            locked_call(session, call_sid).mode = "turn"

    def write(self, call_sid: str, speaker: str, text: str, confidence: float) -> None:
        """Add what the caller or an agent said to the live transcript.

        The agents' track also carries music and prompts while no agent is on the line.
        """
        with self._services.database.transaction("ivr.live.gateway.write") as session:
            call = find_call(session, call_sid)
            if call is None or (speaker == "agent" and not is_in_conversation(session, call.id)):
                return
            say(session, call_id=call.id, speaker=speaker, text=text, confidence=confidence)
