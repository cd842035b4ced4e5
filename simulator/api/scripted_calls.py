"""The simulator's own API: scripted calls, the log of every call, faults at will.

Only programs and pages of this machine may use it (`access`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.api.access import check_credentials
from simulator.api.clock_hold import ClockHold
from simulator.api.replay import replayed
from simulator.callees.described import Described
from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.calls.legs import NotReachable
from simulator.exchange import Exchange
from simulator.keys import EXCHANGE, NETWORK
from simulator.numbers.caller_id import BadFacts, facts_from
from simulator.rest.answers import ApiError, dumps
from simulator.rest.calls import shown as shown_call
from simulator.rest.messages import shown as shown_message
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, play_scenario
from simulator.scenario.files import Scenario, scenario_from
from simulator.scenario.steps import ScenarioError, step_from
from simulator.webhooks.webhook import Request, WebhookFailed

CALLERS: web.AppKey[dict[str, ScriptedCaller]] = web.AppKey("callers")
CLOCK_HOLD: web.AppKey[ClockHold] = web.AppKey("clock_hold")
SETTLE_S = 5.0


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the API."""
    router.add_post("/simulator/calls", place_call)
    router.add_get("/simulator/calls", list_calls)
    router.add_get("/simulator/calls/{sid}", fetch_call)
    router.add_post("/simulator/calls/{sid}/steps", perform_step)
    router.add_post("/simulator/calls/{sid}/hangup", hang_up)
    router.add_post("/simulator/calls/{sid}/cut-stream", cut_stream)
    router.add_post("/simulator/calls/{sid}/repeat-webhook", repeat_webhook)
    router.add_post("/simulator/calls/{sid}/replay", replay)
    router.add_post("/simulator/requests", send_request)
    router.add_get("/simulator/messages", list_messages)
    router.add_get("/simulator/debugger", list_alerts)


async def place_call(request: web.Request) -> web.StreamResponse:
    """With `scenario`: run it and stream its events as JSON lines, `end` the last one.

    Without: a caller dials and waits for steps; the answer is its `call_sid`.
    """
    body = await _body(request)
    exchange = request.app[EXCHANGE]
    if "scenario" not in body:
        return _dial_only(request, body, _text(body, "to", exchange.settings.number))
    try:
        scenario = scenario_from(body["scenario"], Path(_text(body, "folder", ".")))
    except ScenarioError as error:
        return _refused(400, str(error))
    to = _text(body, "to", scenario.dials or exchange.settings.number)
    with Described(request.app[NETWORK].phones, scenario.people) as people:
        return await _place(request, scenario, to, people)


async def _place(
    request: web.Request, scenario: Scenario, to: str, people: Described
) -> web.StreamResponse:
    exchange = request.app[EXCHANGE]
    caller = ScriptedCaller(exchange, number=scenario.from_number, language=scenario.language)
    await caller.prepare(scenario.steps)
    try:
        request.app[NETWORK].dial(
            caller, from_number=scenario.from_number, to=to, facts=scenario.facts
        )
    except NotReachable as error:
        return _refused(409, str(error))
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    with request.app[CLOCK_HOLD].released():
        play = play_scenario(caller, scenario)
        await _stream(response, exchange, caller, _played(exchange, caller.call, play, people))
    return response


async def _stream(
    response: web.StreamResponse,
    exchange: Exchange,
    caller: ScriptedCaller,
    play: Coroutine[Any, Any, None],
) -> None:
    """Send the call's events while it is played, and in the end whether it held."""
    call = caller.call
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    for past in call.log.events:
        events.put_nowait(past)
    stop = call.log.follow(events.put_nowait)
    playing = asyncio.ensure_future(play)
    playing.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            await response.write(dumps(event).encode() + b"\n")
    except ConnectionError:
        return
    finally:
        stop()
        playing.cancel()
        caller.finish()


async def _played(
    exchange: Exchange, call: Call, play: Coroutine[Any, Any, None], people: Described | None = None
) -> None:
    """Play a call to its end, and note there whether everybody's steps held."""
    failures: list[str] = []
    try:
        await play
    except ExpectationFailed as failed:
        failures.append(_noted(call, failed))
    await settled(exchange, call)
    for who, theirs in await people.failures() if people else ():
        failures.append(_noted(call, theirs, who))
    failure = failures[0] if failures else None
    call.log.add("end", held=failure is None, failure=failure, status=call.status)


def _noted(call: Call, failed: ExpectationFailed, who: str = "") -> str:
    """Note a step that did not hold, of the caller's or of somebody whom the line called."""
    whose = f"{who}: " if who else ""
    reason = f"{whose}{failed.reason}"
    call.log.add("error", message=reason, expectation=True, around=failed.around)
    return f"{whose}{failed}"


async def settled(exchange: Exchange, call: Call) -> None:
    """Wait until what follows a call has been sent: callbacks, recordings."""
    try:
        await asyncio.wait_for(call.settling(), SETTLE_S)
    except TimeoutError:
        exchange.debugger.alert(call, 0, f"callbacks still not answered after {SETTLE_S:.0f} s", "")


def _dial_only(request: web.Request, body: dict[str, Any], to: str) -> web.Response:
    exchange = request.app[EXCHANGE]
    number = _text(body, "from", "+13125550101")
    caller = ScriptedCaller(exchange, number=number, language=_text(body, "language", "en"))
    try:
        facts = facts_from(body.get("caller", {}))
        leg = request.app[NETWORK].dial(caller, from_number=number, to=to, facts=facts)
    except BadFacts as error:
        return _refused(400, str(error))
    except NotReachable as error:
        return _refused(409, str(error))
    request.app[CALLERS][leg.sid] = caller
    request.app[CLOCK_HOLD].take(caller.call)
    return web.json_response({"call_sid": leg.sid}, status=201)


async def perform_step(request: web.Request) -> web.Response:
    """Let the caller of a call do one step; 409 with the reason when it does not hold."""
    body = await _body(request)
    caller = request.app[CALLERS].get(request.match_info["sid"])
    if caller is None:
        return _refused(404, "no scripted caller is on that call")
    try:
        step = step_from("step", body, Path(request.query.get("folder", ".")))
    except ScenarioError as error:
        return _refused(400, str(error))
    try:
        with request.app[CLOCK_HOLD].step(caller.call):
            await caller.perform(step)
    except ExpectationFailed as failed:
        return _refused(409, str(failed))
    return web.json_response({"at_s": round(caller.call.log.age_s, 2)})


async def list_calls(request: web.Request) -> web.Response:
    """All calls, newest first."""
    calls = reversed(tuple(request.app[EXCHANGE].calls.values()))
    return web.json_response({"calls": [shown_call(call) for call in calls]})


async def fetch_call(request: web.Request) -> web.Response:
    """One call with everything that happened on it."""
    call = _call(request)
    return web.json_response(
        {
            **shown_call(call),
            "settled": call.settled,
            "events": call.log.events,
            "webhooks": [
                {
                    "n": number,
                    "url": sent.request.url,
                    "purpose": sent.request.purpose,
                    "token": sent.request.token,
                    "status": sent.status,
                    "error": sent.error,
                    "body": sent.body.decode(errors="replace"),
                }
                for number, sent in enumerate(call.webhooks)
            ],
        }
    )


async def hang_up(request: web.Request) -> web.Response:
    """The caller puts the receiver down."""
    _call(request).leg.hang_up()
    return web.json_response({})


async def cut_stream(request: web.Request) -> web.Response:
    """Drop the media socket as a broken network does; `cut` says how many there were."""
    streams = tuple(_call(request).streams.cut)
    for cut in streams:
        cut()
    return web.json_response({"cut": len(streams)})


async def repeat_webhook(request: web.Request) -> web.Response:
    """Send webhook `n` of a call again, byte for byte, and show what comes back."""
    call = _call(request)
    number = (await _body(request)).get("n", 0)
    if not isinstance(number, int) or not 0 <= number < len(call.webhooks):
        return _refused(400, f"n: expected 0 to {len(call.webhooks) - 1}, got {number!r}")
    first = call.webhooks[number]
    try:
        answer = await request.app[EXCHANGE].webhooks.send(first.request, dict(call.cookies))
    except WebhookFailed as failed:
        return web.json_response({"status": failed.status or 0, "error": str(failed), "body": ""})
    return web.json_response(
        {
            "status": answer.status,
            "body": answer.body.decode(errors="replace"),
            "same": answer.body == first.body,
        }
    )


async def send_request(request: web.Request) -> web.Response:
    """Send any signed request: `url`, and `form` or `json`; shows what comes back.

    Whoever wants the account's signature gives its password, as for REST.
    """
    try:
        check_credentials(request)
    except ApiError as error:
        return error.response()
    body = await _body(request)
    form = body.get("form", {})
    if not isinstance(form, dict) or ("json" in body and form):
        return _refused(400, "expected form (names and texts) or json")
    sent = Request(
        _text(body, "url", ""),
        tuple((name, str(value)) for name, value in form.items()),
        _text(body, "method", "POST"),
        json=json.dumps(body["json"]).encode() if "json" in body else b"",
    )
    try:
        answer = await request.app[EXCHANGE].webhooks.send(sent, {})
    except WebhookFailed as failed:
        shown = {"status": failed.status or 0, "code": failed.code, "error": str(failed)}
        return web.json_response({**shown, "body": failed.body.decode(errors="replace")})
    text = answer.body.decode(errors="replace")
    return web.json_response({"status": answer.status, "url": answer.url, "body": text})


async def replay(request: web.Request) -> web.Response:
    """Let a caller of the same number do again what the caller of this call did."""
    call = _call(request)
    exchange = request.app[EXCHANGE]
    if not call.is_over or call.party.direction != "inbound":
        return _refused(409, "only an incoming call that is over can be done again")
    scenario = replayed(call.log.events, from_number=call.party.from_)
    caller = ScriptedCaller(exchange, number=call.party.from_)
    await caller.prepare(scenario.steps)
    try:
        party = call.party
        leg = request.app[NETWORK].dial(
            caller, from_number=party.from_, to=party.to, facts=party.facts
        )
    except NotReachable as error:
        return _refused(409, str(error))
    exchange.background.run(_played(exchange, caller.call, play_scenario(caller, scenario)))
    return web.json_response({"call_sid": leg.sid}, status=201)


async def list_messages(request: web.Request) -> web.Response:
    """All text messages, oldest first."""
    shown = [shown_message(message) for message in request.app[EXCHANGE].messages.all]
    return web.json_response({"messages": shown})


async def list_alerts(request: web.Request) -> web.Response:
    """The debugger's entries, oldest first; `call_sid` and `code` in the query choose some."""
    query = request.query
    code = int(query["code"]) if query.get("code", "").isdigit() else None
    found = request.app[EXCHANGE].debugger.about(call_sid=query.get("call_sid", ""), code=code)
    return web.json_response({"errors": [one.as_json() for one in found]})


def _call(request: web.Request) -> Call:
    call = request.app[EXCHANGE].calls.get(request.match_info["sid"])
    if call is None:
        raise web.HTTPNotFound(text="no such call")
    return call


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body: Any = json.loads(raw) if raw else {}
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"expected JSON: {error}") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="expected a JSON object")
    return body


def _text(body: dict[str, Any], name: str, default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise web.HTTPBadRequest(text=f"{name}: expected text")
    return value


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
