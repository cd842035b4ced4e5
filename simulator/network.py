"""The phone network: one account, its number and application, and every call that is on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulator.account import Account
from simulator.callees.clients import Clients
from simulator.callees.phones import Phones
from simulator.calls.call import Call, Party, SentWebhook
from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.calls.playing import play
from simulator.conferences.conferences import Conferences
from simulator.debugger import Complaint, Debugger
from simulator.documents.conversation import Conversation
from simulator.documents.outgoing import Outgoing
from simulator.documents.sound_files import SoundFiles, sound_of
from simulator.faults.hangups import HangUps
from simulator.faults.outage import Outage
from simulator.faults.plan import load_plan
from simulator.faults.strikes import Faults
from simulator.faults.webhooks import send_alone, send_in_trouble
from simulator.messages.incoming import receive
from simulator.messages.text_messages import Media, Message, Messages
from simulator.numbers.caller_id import CallerFacts
from simulator.numbers.reach import Reach
from simulator.numbers.verified import VerifiedNumbers
from simulator.queues.queues import Queues
from simulator.recordings.recordings import Recordings
from simulator.recordings.transcription import Transcript
from simulator.settings import Settings
from simulator.sids import draw_from
from simulator.speech.captions import CaptionIndex
from simulator.speech.synthesiser import Speaker
from simulator.time.clock import SEEDED_START, SIMULATED, Clock
from simulator.transcription.speech_input import Recogniser
from simulator.webhooks.webhook import (
    MOST_BYTES,
    Answer,
    Request,
    WebhookClient,
    WebhookFailed,
)

_LAST_WORDS_S = 2.0

_log = logging.getLogger(__name__)


class Network:
    """Use as an async context manager: line time runs while it is open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = _clock(settings)
        self.debugger = Debugger()
        self.account = Account(settings, self.clock.date)
        self.messages = Messages()
        self.reach = Reach()
        self.queues = Queues(self.clock, settings.account_sid)
        self.recordings = Recordings(settings.recordings_dir, settings.public_root)
        self.transcripts: dict[str, Transcript] = {}
        """What recordings say, by the transcription's id."""
        self.captions = CaptionIndex(settings.captions_dir)
        self.calls: dict[str, Call] = {}
        self.faults = Faults(load_plan(settings.faults) if settings.faults else None)
        self.outage = Outage(self)
        self.hang_ups = HangUps(self)
        self.recogniser = Recogniser(settings.speech_model)
        self.conferences = Conferences(self)
        self.verified = VerifiedNumbers()
        self.phones = Phones(self)
        self.clients = Clients()
        self.outgoing = Outgoing(self)
        self._speaker = Speaker(settings.speech_dir)
        self._webhooks = WebhookClient(
            auth_token=settings.auth_token,
            origins=settings.origins,
            shared_key=settings.shared_key,
            public_only=settings.public_only,
            stand_ins=settings.stand_ins,
            bins=settings.bins_dir,
            ca=settings.ca,
        )
        self._live: dict[str, Call] = {}
        self.clock.is_idle = lambda: not self._live
        self._tasks: set[asyncio.Task[Any]] = set()
        self.sound_files = SoundFiles(self)

    async def __aenter__(self) -> Network:
        await self._webhooks.__aenter__()
        self.captions.refresh()
        self.recordings.restore()
        self.aside(self.clock.run(self._tick))
        return self

    async def __aexit__(self, *_: object) -> None:
        live = tuple(self._live.values())
        for call in live:
            call.end(by="line")
        await self._settle(live)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._webhooks.__aexit__()

    async def _settle(self, calls: tuple[Call, ...]) -> None:
        """Let calls that end with the network keep their recordings and say their last words."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.gather(*(call.settling() for call in calls))

    @property
    def webhooks(self) -> WebhookClient:
        """The client for requests to the application."""
        return self._webhooks

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
        answering = self.account.calls_to(to)
        if answering.voice is None:
            here = ", ".join(self.account.numbers) or "none"
            raise NotReachable(21214, f"{to} does not answer; the number here is {here}")
        number = self.account.numbers[to]
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
        answering = self.account.application(app_sid)
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
        return await receive(self, from_number=from_number, to=to, body=body, media=media)

    def _place(self, party: Party, endpoint: Endpoint) -> Leg:
        call = self.begin(party, endpoint)
        life = self.outage.refuse(call) if self.outage.is_on else Conversation(call, self).run()
        self.aside(life, of=call)
        return call.leg

    def begin(self, party: Party, endpoint: Endpoint, *, status: str = "ringing") -> Call:
        """A new call in our books, whose line lives from now on."""
        call = Call(
            party,
            endpoint,
            account_sid=self.settings.account_sid,
            clock=self.clock,
            captions=self.captions,
            status=status,
        )
        mine = (self.account.numbers.get(one) for one in (party.to, party.from_))
        call.number_sid = next((number.sid for number in mine if number is not None), "")
        self.captions.refresh()
        self.calls[call.sid] = call
        self._live[call.sid] = call
        self.hang_ups.watch(call)
        return call

    # What verbs use

    async def send(self, call: Call, request: Request, *, most_bytes: int = MOST_BYTES) -> Answer:
        """Send a request of a call, noted in its log. Raises WebhookFailed.

        Once on its way it is seen through, although nobody may wait for its answer any more.
        """
        await self.outage.hold(call, request)
        number = call.requests_begun
        call.requests_begun += 1
        strikes = self.faults.of_webhook(call.sid, number, request.purpose)
        if strikes:
            return await send_in_trouble(self, call, request, strikes, most_bytes)
        return await self.deliver(call, request, most_bytes)

    async def deliver(self, call: Call, request: Request, most_bytes: int) -> Answer:
        """Send it without further trouble. Raises WebhookFailed."""
        self.hang_ups.asked(call, request)
        sending = asyncio.ensure_future(self._deliver(call, request, most_bytes))
        self._tasks.add(sending)
        call.begin_work()

        def seen_through(task: asyncio.Task[Answer]) -> None:
            self._tasks.discard(task)
            call.end_work()
            if not task.cancelled():
                task.exception()

        sending.add_done_callback(seen_through)
        return await asyncio.shield(sending)

    async def _deliver(self, call: Call, request: Request, most_bytes: int) -> Answer:
        sent = SentWebhook(request, 0, b"")
        call.webhooks.append(sent)
        facts = {
            "number": len(call.webhooks) - 1,
            "purpose": request.purpose,
            "url": request.url,
            "method": request.method,
            "sent_at_s": round(call.log.age_s, 2),
            "form": dict(request.form),
        }
        try:
            async with self.clock.outside():
                answer = await self._webhooks.send(request, call.cookies, most_bytes=most_bytes)
        except WebhookFailed as failed:
            sent.error, sent.status, sent.body = str(failed), failed.status or 0, failed.body
            sent.answered_at = failed.url
            call.log.add("webhook", **facts, status=sent.status, error=sent.error)
            raise
        sent.status, sent.body, sent.took_s = answer.status, answer.body, answer.took_s
        sent.answered_at = answer.url
        call.log.add("webhook", **facts, status=answer.status, took_s=self._shown_s(answer))
        return answer

    def _shown_s(self, answer: Answer) -> float:
        """What the log says of an answer's time; in simulated time it takes none."""
        return 0.0 if self.clock.is_simulated else round(answer.took_s, 3)

    def send_aside(self, call: Call, request: Request, *, after_s: float = 0.0) -> None:
        """Send a request whose answer does not matter, beside what the call does."""

        async def send() -> None:
            if after_s:
                await self.clock.sleep(after_s)
            try:
                await self.send(call, request)
            except WebhookFailed as failed:
                self.complain(call, failed.code, str(failed), failed.url, level="warning")

        self.aside(send(), of=call)

    async def play_answer(self, call: Call, answer: Answer, *, to: Leg | None = None) -> None:
        """Play a sound that came instead of TwiML. Raises BadSound."""
        await play(to or call.leg, sound_of(answer))

    async def spoken(self, text: str, language: str) -> bytes:
        """A sentence in the carrier's own voice, as mu-law. Raises CannotSpeak."""
        sound = await self.said(text, language)
        self.captions.add(text, language, sound)
        return sound

    async def said(self, text: str, language: str) -> bytes:
        """A sentence as a caller speaks it, as mu-law. Raises CannotSpeak."""
        async with self.clock.outside():
            return await asyncio.to_thread(self._speaker.speak, text, language)

    @property
    def own_numbers(self) -> set[str]:
        """What the account may always show as caller: its numbers, bought or verified."""
        return {*self.account.numbers, *self.verified.by_number}

    def complain(
        self, call: Call, code: int, message: str, url: str, *, level: str = "error"
    ) -> Complaint:
        """Write to the debugger and to the call's log."""
        call.log.add("error", code=code, message=message, url=url, level=level)
        _log.warning("call %s: %s %s", call.sid, code, message)
        sent = call.last_sent_to(url)
        return self.debugger.add(
            code,
            message,
            at=self.clock.date,
            call_sid=call.sid,
            url=url,
            level=level,
            status=sent.status if sent else 0,
            response=sent.body if sent else b"",
        )

    def remove(self, call: Call) -> None:
        """The call is over: its line is silent from now on."""
        self._live.pop(call.sid, None)

    # Inside

    def _tick(self) -> None:
        """Everybody speaks, then everybody hears."""
        self.outage.tick()
        live = tuple(self._live.values())
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
            self._live.pop(call.sid, None)
            call.end(by="caller", status="failed")

    async def send_quietly(self, request: Request) -> None:
        """Send a request that belongs to no call; a failure goes to the debugger."""
        await self.outage.over()
        try:
            await send_alone(self, request, {})
        except WebhookFailed as failed:
            self.debugger.add(failed.code, str(failed), at=self.clock.date, url=failed.url)

    def aside(self, work: Coroutine[Any, Any, None], *, of: Call | None = None) -> None:
        """Do something beside everything else; what goes wrong is logged.

        of: the call that is not settled before it is done.
        """
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        if of is not None:
            of.begin_work()
            task.add_done_callback(lambda _: of.end_work())

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a task of the simulator failed", exc_info=task.exception())


def _clock(settings: Settings) -> Clock:
    """Line time; in a seeded run identifiers, dates and the order of events come out the same."""
    if settings.seed is None:
        return Clock(settings.pace)
    draw_from(settings.seed)
    starts_at = SEEDED_START if settings.pace != 1.0 else None
    return Clock(settings.pace, starts_at=starts_at, one_at_a_time=settings.pace == SIMULATED)
