"""Requests to the application on their way through faults and outages, noted where they belong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulator.calls.background import Background
from simulator.calls.call import Call, SentWebhook
from simulator.debugger import Debugger
from simulator.faults.hang_ups import HangUps
from simulator.faults.kinds import CALLBACKS
from simulator.faults.outage import Outage
from simulator.faults.strikes import Faults, Strike
from simulator.time.clock import Clock
from simulator.webhooks.webhook import MOST_BYTES, Answer, Request, WebhookClient, WebhookFailed

LOST = "lost by the plan of faults"
_NO_CONTENT = 204
_NEVER_SENT = 15002


class Sender:
    """Sends on time, late, twice, wrongly signed, or not at all. faults: the plan in force."""

    def __init__(
        self,
        client: WebhookClient,
        *,
        clock: Clock,
        background: Background,
        debugger: Debugger,
        faults: Callable[[], Faults],
        outage: Outage,
        hang_ups: HangUps,
    ) -> None:
        self._client = client
        self._clock = clock
        self._background = background
        self._debugger = debugger
        self._faults = faults
        self._outage = outage
        self._hang_ups = hang_ups

    # Requests of a call

    async def send(self, call: Call, request: Request, *, most_bytes: int = MOST_BYTES) -> Answer:
        """Send a request of a call, noted in its log. Raises WebhookFailed.

        Once on its way it is seen through, although nobody may wait for its answer any more.
        """
        await self._outage.hold(call, request)
        number = call.requests_begun
        call.requests_begun += 1
        strikes = self._faults().of_webhook(call.sid, number, request.purpose)
        for kind in strikes:
            call.log.add("fault", fault=kind, purpose=request.purpose, url=request.url)
        if "reordered" in strikes:
            self._background.run(self._overtaken(call, request, strikes, most_bytes), of=call)
            return _nothing(request)
        return await self._struck(call, request, strikes, most_bytes)

    def send_in_background(self, call: Call, request: Request, *, after_s: float = 0.0) -> None:
        """Send a request whose answer does not matter, beside what the call does."""

        async def send() -> None:
            if after_s:
                await self._clock.sleep(after_s)
            try:
                await self.send(call, request)
            except WebhookFailed as failed:
                self._debugger.alert(call, failed.code, str(failed), failed.url, level="warning")

        self._background.run(send(), of=call)

    async def _overtaken(
        self, call: Call, request: Request, strikes: Mapping[str, Strike], most_bytes: int
    ) -> None:
        """Deliver a callback late, while those that follow it go ahead."""
        await self._clock.sleep(strikes["reordered"].drawn("seconds"))
        try:
            await self._struck(call, request, strikes, most_bytes)
        except WebhookFailed as failed:
            self._debugger.alert(call, failed.code, str(failed), failed.url, level="warning")

    async def _struck(
        self, call: Call, request: Request, strikes: Mapping[str, Strike], most_bytes: int
    ) -> Answer:
        if "delayed" in strikes:
            await self._clock.sleep(strikes["delayed"].drawn("seconds"))
        if "lost" in strikes:
            if request.purpose == "status":
                self._debugger.alert(call, _NEVER_SENT, LOST, request.url, level="warning")
            return _lose(request)
        if "bad_signature" in strikes:
            request = replace(request, is_forged=True)
        self._hang_ups.asked(call, request)
        delivering = self._deliver(call, request, most_bytes)
        answer = await self._background.see_through(delivering, of=call)
        for _ in range(strikes["repeated"].fault.times - 1 if "repeated" in strikes else 0):
            self._background.run(self._repeat(call, request, answer), of=call)
        return answer

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
            async with self._clock.outside():
                answer = await self._client.send(request, call.cookies, most_bytes=most_bytes)
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
        return 0.0 if self._clock.is_simulated else round(answer.took_s, 3)

    async def _repeat(self, call: Call, request: Request, first: Answer) -> None:
        """The same request once more, byte for byte; whether its answer is the same is noted."""
        try:
            async with self._clock.outside():
                again = await self._client.send(request, dict(call.cookies))
        except WebhookFailed as failed:
            facts = {"purpose": request.purpose, "url": request.url, "status": failed.status or 0}
            call.log.add("repeat", **facts, same=False)
            return
        same = again.body == first.body
        other = {} if same else {"body": again.body.decode(errors="replace")}
        facts = {"purpose": request.purpose, "url": request.url, "status": again.status}
        call.log.add("repeat", **facts, same=same, **other)

    # Requests that belong to no call

    async def send_quietly(self, request: Request) -> None:
        """Send a request that belongs to no call; a failure goes to the debugger."""
        await self._outage.over()
        try:
            await self.send_alone(request, {})
        except WebhookFailed as failed:
            self._debugger.add(failed.code, str(failed), url=failed.url)

    async def send_alone(self, request: Request, cookies: dict[str, str]) -> Answer:
        """Send a request that belongs to no call; faults strike it too. Raises WebhookFailed."""
        strikes = self._faults().of_lone_request(request.purpose)
        if "reordered" in strikes:
            late_s = strikes.pop("reordered").drawn("seconds")
            self._background.run(self._send_late(request, strikes, late_s))
            return _nothing(request)
        return await self._send_lone(request, strikes, cookies)

    async def _send_late(
        self, request: Request, strikes: Mapping[str, Strike], late_s: float
    ) -> None:
        await self._clock.sleep(late_s)
        try:
            await self._send_lone(request, strikes, {})
        except WebhookFailed as failed:
            self._debugger.add(failed.code, str(failed), url=failed.url)

    async def _send_lone(
        self, request: Request, strikes: Mapping[str, Strike], cookies: dict[str, str]
    ) -> Answer:
        if "delayed" in strikes:
            await self._clock.sleep(strikes["delayed"].drawn("seconds"))
        if "lost" in strikes:
            return _lose(request)
        if "bad_signature" in strikes:
            request = replace(request, is_forged=True)
        async with self._clock.outside():
            answer = await self._client.send(request, cookies)
            for _ in range(strikes["repeated"].fault.times - 1 if "repeated" in strikes else 0):
                await self._client.send(request, dict(cookies))
        return answer


def _lose(request: Request) -> Answer:
    """Nobody hears of a lost callback; a lost question has no answer."""
    if request.purpose in CALLBACKS:
        return _nothing(request)
    raise WebhookFailed(11205, LOST, url=request.url)


def _nothing(request: Request) -> Answer:
    return Answer(_NO_CONTENT, "", b"", request.url, 0.0)
