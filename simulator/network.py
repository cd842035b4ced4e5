"""The phone network: builds the rooms on the exchange, lets people call, and gives every tick."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from simulator.callees.phones import Phones
from simulator.calls.call import Call, Party
from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.conferences.conferences import Conferences
from simulator.documents.conversation import Conversation
from simulator.documents.outgoing import Outgoing
from simulator.documents.scene import Handler
from simulator.exchange import Exchange
from simulator.messages.incoming import receive
from simulator.numbers.caller_id import CallerFacts
from simulator.registries.text_messages import Media, Message
from simulator.settings import Settings
from simulator.verbs import handlers

_LAST_WORDS_S = 2.0

_log = logging.getLogger(__name__)


class Network:
    """Use as an async context manager: line time runs while it is open."""

    def __init__(self, settings: Settings) -> None:
        self.exchange = Exchange(settings)
        self.phones = Phones(self.exchange)
        self.conferences = Conferences(self.exchange)
        self.handlers: dict[str, Handler] = {}
        """What runs each verb."""
        self.outgoing = Outgoing(self.exchange, self.phones, self.handlers)
        # Verbs call out, and a call that goes out runs verbs.
        self.handlers.update(handlers(self.outgoing, self.conferences, self.phones))

    async def __aenter__(self) -> Network:
        self.exchange.settings.make_data_dir()
        await self.exchange.__aenter__()
        self.exchange.background.run(self.exchange.clock.run(self._tick))
        return self

    async def __aexit__(self, *_: object) -> None:
        live = tuple(self.exchange.live.values())
        for call in live:
            call.end(by="line")
        await self._settle(live)
        await self.exchange.__aexit__()

    async def _settle(self, calls: tuple[Call, ...]) -> None:
        """Let calls that end with the network keep their recordings and say their last words."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.gather(*(call.settling() for call in calls))

    # What people do

    def dial(
        self,
        endpoint: Endpoint,
        *,
        from_number: str,
        to: str,
        facts: CallerFacts = CallerFacts(),  # noqa: B008 (frozen)
    ) -> Leg:
        """Call a number of the account; `facts`: of the caller. Raises NotReachable."""
        account = self.exchange.account
        answering = account.calls_to(to)
        if answering.voice is None:
            here = ", ".join(account.numbers) or "none"
            raise NotReachable(21214, f"{to} does not answer; the number here is {here}")
        number = account.numbers[to]
        party = Party(
            from_number,
            to,
            answering.voice,
            status_callback=answering.status_callback,
            status_method=answering.status_method,
            facts=facts if number.looks_up_names else replace(facts, name=""),
            from_place=facts.place_of(from_number),
            to_place=number.place,
        )
        return self._place(party, endpoint)

    def call_app(
        self,
        app_sid: str,
        *,
        identity: str,
        params: Mapping[str, str],
        endpoint: Endpoint,
    ) -> Leg:
        """Connect a browser client to the TwiML application. Raises NotReachable."""
        answering = self.exchange.account.application(app_sid)
        if answering.voice is None:
            raise NotReachable(21218, f"there is no application {app_sid}")
        party = Party(
            f"client:{identity}",
            params.get("To", ""),
            answering.voice,
            status_callback=answering.status_callback,
            status_method=answering.status_method,
            application_sid=app_sid,
            params=tuple(params.items()),
        )
        return self._place(party, endpoint)

    async def text(
        self, *, from_number: str, to: str, body: str, media: Sequence[Media] = ()
    ) -> Message:
        """Send a text message to the account's number; its SMS address is asked."""
        return await receive(self.exchange, from_number=from_number, to=to, body=body, media=media)

    def _place(self, party: Party, endpoint: Endpoint) -> Leg:
        exchange = self.exchange
        call = exchange.begin(party, endpoint)
        if exchange.outage.is_on:
            exchange.background.run(self._refuse(call), of=call)
        else:
            life = Conversation(call, exchange, self.handlers).run()
            exchange.background.run(life, of=call)
        return call.leg

    async def _refuse(self, call: Call) -> None:
        await self.exchange.outage.refuse(call)
        self.exchange.remove(call)

    # Line time

    def _tick(self) -> None:
        """Everybody speaks, then everybody hears."""
        self.exchange.outage.tick()
        live = tuple(self.exchange.live.values())
        for call in live:
            self._survive(call, call.leg.listen)
        self.conferences.tick()
        for call in live:
            self._survive(call, call.leg.play)

    def _survive(self, call: Call, step: Callable[[], None]) -> None:
        """One endpoint that fails ends its own call, never everybody's time."""
        try:
            step()
        except Exception:
            _log.exception("the endpoint of call %s failed", call.sid)
            self.exchange.remove(call)
            call.end(by="caller", status="failed")
