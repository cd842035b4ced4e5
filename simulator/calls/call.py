"""One call as the carrier sees it: its facts, its state, its form fields, its event log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from simulator.calls.answer_time import TurnTimer
from simulator.calls.events import EventLog
from simulator.calls.legs import Endpoint, Leg, Notice
from simulator.calls.status_callback import StatusCallback, final_fields
from simulator.media.wire import Wire
from simulator.numbers.caller_id import CallerFacts, Place
from simulator.settings import Hook
from simulator.sids import CALL, new_sid
from simulator.sound.audio import RATE
from simulator.speech.captions import Caption, CaptionIndex, CaptionRecogniser
from simulator.time.clock import Clock
from simulator.webhooks.webhook import Form, Request

API_VERSION = "2010-04-01"
FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True)
class Inline:
    """A document given by REST instead of an address."""

    twiml: str


@dataclass(frozen=True)
class Led:
    """No document: whoever placed the call plays to its leg."""


@dataclass(frozen=True)
class Later:
    """What is run depends on something that is awaited first; `find` gives it."""

    find: Callable[[], Awaitable[Next | None]]


Next = Request | Inline | Led | Later
"""What a call runs next."""


@dataclass
class SentWebhook:
    """A request to the application and what came back (status 0: nothing)."""

    request: Request
    status: int
    body: bytes
    error: str = ""
    took_s: float = 0.0
    """Real seconds from the request to its whole answer."""
    answered_at: str = ""
    """The address that answered, after redirects."""


@dataclass(frozen=True)
class Party:
    """Whom a call is from and to, and what the application is asked first."""

    from_: str
    to: str
    hook: Hook
    status_callback: str = ""
    application_sid: str = ""
    params: Form = ()
    direction: str = "inbound"
    parent_sid: str = ""
    progress: StatusCallback = field(default_factory=StatusCallback)
    """Where the progress of a call of the account's own goes."""
    facts: CallerFacts = field(default_factory=CallerFacts)
    """What is known of the caller; the name only where it was looked up."""
    from_place: Place = field(default_factory=Place)
    to_place: Place = field(default_factory=Place)
    status_method: str = "POST"


@dataclass
class Running:
    """What <Start> began beside the call: how each is stopped, by its name and its SID."""

    stop_by_name: dict[str, Callable[[], None]] = field(default_factory=dict)
    stop_by_sid: dict[str, Callable[[], None]] = field(default_factory=dict)

    def forget(self, stop: Callable[[], None]) -> None:
        """One of them has stopped."""
        for by_key in (self.stop_by_name, self.stop_by_sid):
            for key in [key for key, known in by_key.items() if known is stop]:
                del by_key[key]


@dataclass
class Streams(Running):
    """Media sockets of a call: those of <Start>, and how each, also <Connect>'s, is cut."""

    cut: list[Callable[[], None]] = field(default_factory=list)
    tracks: int = 0
    """How many tracks the one-way streams listen to."""


class Call:
    """A call's state. Its life is led by `documents.conversation.Conversation`."""

    def __init__(
        self,
        party: Party,
        endpoint: Endpoint,
        *,
        account_sid: str,
        clock: Clock,
        captions: CaptionIndex,
        status: str = "ringing",
    ) -> None:
        self.sid = new_sid(CALL)
        self.party = party
        self.account_sid = account_sid
        self.clock = clock
        self.status = status
        self.created_at = clock.date
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.ended_by = ""
        self.number_sid = ""
        """The id of the account's number that it is from or to."""
        self.queue_time_ms = 0
        """How long it waited for its turn to be placed."""
        self.answered_by = ""
        """What answered, as far as that was detected: human, machine_start, ..."""
        self.cookies: dict[str, str] = {}
        self.webhooks: list[SentWebhook] = []
        self.requests_begun = 0
        """How many requests were to be sent, also those that a fault held back or lost."""
        self.streams = Streams()
        self.transcriptions = Running()
        self.log = EventLog(self.sid, lambda: clock.now_s)
        self.leg = Leg(endpoint, sid=self.sid)
        self.last_words: list[Request] = []
        """Requests still to be sent once the call is over; their answers do not matter."""
        self.returned: Form = ()
        """What its last document gives back to the <Dial><Application> that made this call."""
        self.closing: list[Callable[[], None]] = []
        """What to stop when the call is over: recordings, streams."""
        self.interrupt: Callable[[Next | None], None] = lambda _next: None
        """Stop what runs now and go on with a document, or (None) end. Set by its conversation."""
        self.gone = asyncio.Event()
        """Set when the call has ended."""
        self.answered = asyncio.Event()
        """Set when the call has been answered."""
        self.moved = asyncio.Event()
        """Set when the call was given another document by REST."""
        self.progress_turn = asyncio.Lock()
        self._limit: asyncio.Task[None] | None = None
        self._unfinished = 0
        self._rested = asyncio.Event()
        self._callbacks = 0
        self.turns = TurnTimer()
        self.wire = Wire(lambda: self.log.age_s)
        self.recogniser = CaptionRecogniser(captions, self._heard)
        self.leg.add_tap(self._tick)
        self.leg.on_key.append(self._pressed)
        self.leg.on_hang_up = lambda: self.end(by="caller")
        self.log.add("call", from_=party.from_, to=party.to, direction=party.direction)

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.status in FINAL

    @property
    def settled(self) -> bool:
        """Whether the call is over and everything that follows it has been done."""
        return self.is_over and self._unfinished == 0

    async def settling(self) -> None:
        """Wait until it is settled."""
        while not self.settled:
            self._rested.clear()
            await self._rested.wait()

    def begin_work(self) -> None:
        """A piece of work about this call begins."""
        self._unfinished += 1

    def end_work(self) -> None:
        """A piece of work about this call is done."""
        self._unfinished -= 1
        self._rested.set()

    @property
    def duration_s(self) -> int | None:
        """Whole seconds from answer to end; None before the end."""
        if self.ended_at is None:
            return None
        if self.answered_at is None:
            return 0
        return round((self.ended_at - self.answered_at).total_seconds())

    def notice(self, kind: str, **facts: object) -> None:
        """Tell the endpoint that something happened."""
        self.leg.endpoint.notice(Notice(kind, round(self.log.age_s, 2), facts))

    def answer(self) -> None:
        """Pick up on the application's behalf."""
        if self.status == "ringing":
            self.status = "in-progress"
            self.answered_at = self.clock.date
            self.answered.set()
            self.log.add("status", status=self.status)
            self.notice("answered", call_sid=self.sid)

    def end(self, *, by: str, status: str = "") -> None:
        """End the call; `by` is caller or line. Once over, nothing happens."""
        if self.is_over:
            return
        never_answered = self.status in ("queued", "ringing")
        self.status = status or ("canceled" if never_answered else "completed")
        self.ended_at = self.clock.date
        self.ended_by = by
        self.leg.over = True
        self.gone.set()
        self.interrupt(None)

    def limit(self, seconds: float) -> None:
        """End the call so long after its answer, at once if that is past; replaces what was set."""
        if self._limit is not None:
            self._limit.cancel()
        since = self.answered_at or self.clock.date
        left_s = seconds - (self.clock.date - since).total_seconds()
        self._limit = asyncio.ensure_future(self._end_after(left_s))

    async def _end_after(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self.end(by="line")

    def close(self) -> None:
        """Stop whatever still runs and say that it is over."""
        if self._limit is not None:
            self._limit.cancel()
        self.recogniser.close()
        for stop in tuple(self.closing):
            stop()
        self.closing.clear()
        self.log.add("ended", status=self.status, by=self.ended_by, duration_s=self.duration_s or 0)
        self.notice("ended", status=self.status, by=self.ended_by)

    # What the application is told

    def request(
        self, url: str, method: str = "POST", extra: Form = (), *, purpose: str = "voice"
    ) -> Request:
        """A request about this call as it stands now."""
        return Request(url, self.fields() + extra, method, purpose=purpose)

    def first_request(self) -> Request:
        """The request that asks the application what to do with a new call."""
        party = self.party
        known = {name for name, _ in self.fields()}
        params = tuple((name, value) for name, value in party.params if name not in known)
        application = party.application_sid
        extra = (("ApplicationSid", application),) if application else ()
        first = () if application else party.facts.first_fields(party.from_, self.sid)
        return self.request(party.hook.url, party.hook.method, (*extra, *first, *params))

    def fields(self, status: str = "") -> Form:
        """The fields that every voice request carries; `status` in place of the call's own."""
        party = self.party
        fields = [
            ("AccountSid", self.account_sid),
            ("ApiVersion", API_VERSION),
            ("CallSid", self.sid),
            ("CallStatus", status or self.status),
            ("Direction", party.direction),
            ("From", party.from_),
            ("To", party.to),
            ("Caller", party.from_),
            ("Called", party.to),
        ]
        facts = {
            "ParentCallSid": party.parent_sid,
            "ForwardedFrom": party.facts.forwarded_from,
            "CallerName": party.facts.name,
        }
        fields += [(name, value) for name, value in facts.items() if value]
        if not party.from_.startswith("client:"):
            for role in ("From", "Caller"):
                fields += party.from_place.fields(role)
            for role in ("To", "Called"):
                fields += party.to_place.fields(role)
        return tuple(fields)

    def status_request(self) -> Request:
        """The final status callback of an incoming call."""
        party = self.party
        extra = final_fields(self.status, self.duration_s or 0)
        return self.progress_request(party.status_callback, party.status_method, extra=extra)

    def progress_request(
        self, url: str, method: str = "POST", *, status: str = "", extra: Form = ()
    ) -> Request:
        """The next status callback; `status` is told in place of the call's own."""
        numbered = (
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(self._callbacks)),
            ("Timestamp", format_datetime(self.clock.date.astimezone(UTC))),
        )
        self._callbacks += 1
        form = (*self.fields(status), *numbered, *extra)
        return Request(url, form, method, purpose="status")

    def last_sent_to(self, url: str) -> SentWebhook | None:
        """The latest request to an address, or answered there."""
        latest = reversed(self.webhooks)
        return next((one for one in latest if url in (one.request.url, one.answered_at)), None)

    # What happens on the line

    def _tick(self, inbound: bytes, outbound: bytes) -> None:
        self.recogniser.hear(outbound)
        self.turns.tick(outbound)

    def _pressed(self, digit: str) -> None:
        self.turns.caller_stopped()
        self.log.add("keys", digits=digit)

    def _heard(self, caption: Caption) -> None:
        begun = caption.end is None
        self.notice(
            "caption",
            id=caption.number,
            text=caption.text,
            start_s=caption.start / RATE,
            spoken=caption.spoken,
            done=not begun,
            cut=caption.cut,
        )
        if begun:
            self.turns.sentence_began(caption.start / RATE)
            return
        facts: dict[str, object] = {
            "text": caption.spoken,
            "start_s": round(caption.start / RATE, 2),
            "end_s": round((caption.end or 0) / RATE, 2),
            "cut": caption.cut,
        }
        answer_s = self.turns.take_answer()
        if answer_s is not None:
            facts["answer_s"] = answer_s
        self.log.add("heard", **facts)
