"""Calls that the account makes: by REST, by <Dial>, into a conference.

Life (Twilio, "Call resource"): queued, ringing, in-progress, completed; or busy, no-answer, failed,
canceled. A call without a document of its own is led by whoever placed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from simulator.callees.phones import Phones
from simulator.calls.call import Call, Inline, Later, Led, Next, Party
from simulator.calls.legs import Endpoint
from simulator.documents.conversation import Conversation
from simulator.documents.detection import detect
from simulator.documents.progress import tell
from simulator.documents.ring import Ring
from simulator.documents.scene import Handler
from simulator.exchange import Exchange
from simulator.settings import Hook
from simulator.time.waiting import first_of
from simulator.webhooks.webhook import Form


class Outgoing:
    """Places the account's own calls."""

    def __init__(self, exchange: Exchange, phones: Phones, handlers: Mapping[str, Handler]) -> None:
        self._exchange = exchange
        self._phones = phones
        self._handlers = handlers
        self._turn_s = 0.0

    def place(self, ring: Ring) -> Call:
        """Begin a call; returns at once, while it is queued."""
        to, params = _client(ring)
        party = Party(
            ring.from_,
            to,
            ring.hook or Hook(""),
            params=params,
            direction=ring.direction,
            parent_sid=ring.parent_sid,
            progress=ring.progress,
            from_place=self._exchange.account.place_of(ring.from_),
            to_place=self._exchange.account.place_of(ring.to),
        )
        phone = self._phones.at(to)
        call = self._exchange.begin(party, phone, status="queued")
        if ring.direction == "outbound-api":
            call.queue_time_ms = self._wait_ms()
        phone.is_judged = ring.detection is not None
        conversation = Conversation(call, self._exchange, self._handlers)
        life = conversation.run_out(phone, Later(lambda: self._first(call, ring)), ring)
        self._exchange.background.run(life, of=call)
        return call

    def _wait_ms(self) -> int:
        """How long a new call waits for its turn; 0 without a limit."""
        rate, now_s = self._exchange.settings.call_rate, self._exchange.clock.now_s
        if rate is None:
            return 0
        begins_s = max(now_s, self._turn_s)
        self._turn_s = begins_s + 1 / rate
        return round((begins_s - now_s) * 1000)

    async def _first(self, call: Call, ring: Ring) -> Next:
        """What the call runs once answered; it waits for the verdict on who answered."""
        how = ring.detection
        verdict: Form = ()
        if how is not None and not how.background:
            verdict = await detect(call, how)
        if ring.hook is not None and ring.hook.url:
            return call.request(ring.hook.url, ring.hook.method, verdict)
        return Inline(ring.inline) if ring.inline else Led()

    def to_application(self, party: Party, person: Endpoint) -> Call:
        """Begin a call that an application of the account answers."""
        call = self._exchange.begin(party, person)
        self._exchange.background.run(self._tell_progress(call), of=call)
        self._exchange.background.run(
            Conversation(call, self._exchange, self._handlers).run(), of=call
        )
        return call

    async def _tell_progress(self, call: Call) -> None:
        tell(self._exchange, call, "initiated")
        tell(self._exchange, call, "ringing")
        await first_of(call.answered, call.gone)
        if call.answered.is_set():
            tell(self._exchange, call, "answered")
        await call.gone.wait()
        tell(self._exchange, call, "completed")


def _client(ring: Ring) -> tuple[str, Form]:
    """Whom to call, and a client's parameters: they may stand behind the name, as in a query."""
    if not ring.to.startswith("client:"):
        return ring.to, ring.params
    address, _, query = ring.to.partition("?")
    return address, (*ring.params, *parse_qsl(query, keep_blank_values=True))
