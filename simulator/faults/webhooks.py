"""A request to the application on which faults strike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.calls.call import Call
from simulator.faults.kinds import CALLBACKS
from simulator.faults.strikes import Strike
from simulator.webhooks.webhook import Answer, Request, WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network

LOST = "lost by the plan of faults"
_NO_CONTENT = 204
_NEVER_SENT = 15002


async def send_in_trouble(
    network: Network, call: Call, request: Request, strikes: Mapping[str, Strike], most_bytes: int
) -> Answer:
    """Send late, twice, wrongly signed, or not at all. Raises WebhookFailed."""
    for kind in strikes:
        call.log.add("fault", fault=kind, purpose=request.purpose, url=request.url)
    if "reordered" in strikes:
        network.aside(_overtaken(network, call, request, strikes, most_bytes), of=call)
        return _nothing(request)
    return await _send(network, call, request, strikes, most_bytes)


async def send_alone(network: Network, request: Request, cookies: dict[str, str]) -> Answer:
    """Send a request that belongs to no call; faults strike it as well. Raises WebhookFailed."""
    strikes = network.faults.of_lone_request(request.purpose)
    if "reordered" in strikes:
        late_s = strikes.pop("reordered").drawn("seconds")
        network.aside(_send_late(network, request, strikes, late_s))
        return _nothing(request)
    return await _send_lone(network, request, strikes, cookies)


async def _send_late(
    network: Network, request: Request, strikes: Mapping[str, Strike], late_s: float
) -> None:
    await network.clock.sleep(late_s)
    try:
        await _send_lone(network, request, strikes, {})
    except WebhookFailed as failed:
        network.debugger.add(failed.code, str(failed), at=network.clock.date, url=failed.url)


async def _send_lone(
    network: Network, request: Request, strikes: Mapping[str, Strike], cookies: dict[str, str]
) -> Answer:
    if "delayed" in strikes:
        await network.clock.sleep(strikes["delayed"].drawn("seconds"))
    if "lost" in strikes:
        return _lose(request)
    if "bad_signature" in strikes:
        request = replace(request, is_forged=True)
    async with network.clock.outside():
        answer = await network.webhooks.send(request, cookies)
        for _ in range(strikes["repeated"].fault.times - 1 if "repeated" in strikes else 0):
            await network.webhooks.send(request, dict(cookies))
    return answer


async def _overtaken(
    network: Network, call: Call, request: Request, strikes: Mapping[str, Strike], most_bytes: int
) -> None:
    """Deliver a callback late, while those that follow it go ahead."""
    await network.clock.sleep(strikes["reordered"].drawn("seconds"))
    try:
        await _send(network, call, request, strikes, most_bytes)
    except WebhookFailed as failed:
        network.complain(call, failed.code, str(failed), failed.url, level="warning")


async def _send(
    network: Network, call: Call, request: Request, strikes: Mapping[str, Strike], most_bytes: int
) -> Answer:
    if "delayed" in strikes:
        await network.clock.sleep(strikes["delayed"].drawn("seconds"))
    if "lost" in strikes:
        if request.purpose == "status":
            network.complain(call, _NEVER_SENT, LOST, request.url, level="warning")
        return _lose(request)
    if "bad_signature" in strikes:
        request = replace(request, is_forged=True)
    answer = await network.deliver(call, request, most_bytes)
    for _ in range(strikes["repeated"].fault.times - 1 if "repeated" in strikes else 0):
        network.aside(_repeat(network, call, request, answer), of=call)
    return answer


def _lose(request: Request) -> Answer:
    """Nobody hears of a lost callback; a lost question has no answer."""
    if request.purpose in CALLBACKS:
        return _nothing(request)
    raise WebhookFailed(11205, LOST, url=request.url)


def _nothing(request: Request) -> Answer:
    return Answer(_NO_CONTENT, "", b"", request.url, 0.0)


async def _repeat(network: Network, call: Call, request: Request, first: Answer) -> None:
    """The same request once more, byte for byte; whether its answer is the same is noted."""
    try:
        async with network.clock.outside():
            again = await network.webhooks.send(request, dict(call.cookies))
    except WebhookFailed as failed:
        status = failed.status or 0
        call.log.add("repeat", purpose=request.purpose, url=request.url, status=status, same=False)
        return
    same = again.body == first.body
    other = {} if same else {"body": again.body.decode(errors="replace")}
    facts = {"purpose": request.purpose, "url": request.url, "status": again.status, "same": same}
    call.log.add("repeat", **facts, **other)
