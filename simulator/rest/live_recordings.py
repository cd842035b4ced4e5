"""Recording led by REST: start it on a call, pause it, go on, stop it.

Parameters and defaults: Twilio, "Recording resource". `Twilio.CURRENT` is the one that runs.
"""

from __future__ import annotations

from aiohttp import web

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.keys import EXCHANGE
from simulator.recordings.keeping import keep_recording, record_call
from simulator.registries.recordings import KEEP_SILENCE, SKIP, Recorder
from simulator.rest.answers import ApiError, not_found, posted, repeated
from simulator.rest.nouns import call_of
from simulator.rest.parameters import one_of, recording_from
from simulator.rest.recordings import shown

_CURRENT = "Twilio.CURRENT"
_NOT_ELIGIBLE = 21220


async def start_recording(request: web.Request) -> web.Response:
    """Record a call that is on, until it is stopped or over."""
    exchange = request.app[EXCHANGE]
    call = call_of(request)
    form = await posted(request)
    if call.status != "in-progress":
        raise ApiError(400, _NOT_ELIGIBLE, "Requested resource is not eligible for recording")
    events = await repeated(request, "RecordingStatusCallbackEvent")
    terms = recording_from(form, events, trims=("do-not-trim", "trim-silence"))
    recorder = record_call(exchange, call, terms)
    return web.json_response(shown(recorder.recording), status=201)


async def update_recording(request: web.Request) -> web.Response:
    """Pause, resume or stop what records at this moment."""
    recorder, form = _running(request), await posted(request)
    status = one_of(form, "Status", ("", "in-progress", "paused", "stopped"))
    behavior = one_of(form, "PauseBehavior", (KEEP_SILENCE, SKIP))
    exchange = request.app[EXCHANGE]
    call = exchange.calls.get(recorder.recording.call_sid)
    if not status:
        raise ApiError(400, 20001, "Status: expected in-progress, paused or stopped")
    if status == "paused":
        recorder.pause(behavior)
        _tell(exchange, call, recorder, "paused")
    elif status == "in-progress":
        recorder.resume()
        _tell(exchange, call, recorder, "resumed")
    elif call is not None:
        recorder.recording.status = "stopped"
        _tell(exchange, call, recorder, "stopped")
        keep_recording(exchange, call, recorder, recorder.trim)
    return web.json_response(shown(recorder.recording))


def _tell(exchange: Exchange, call: Call | None, recorder: Recorder, event: str) -> None:
    """Report what REST made of it, where that was asked for."""
    request = exchange.recordings.callback_request(recorder.recording, event)
    if request is not None and call is not None:
        exchange.sender.send_in_background(call, request)


def _running(request: web.Request) -> Recorder:
    """The recorder that the path names. Raises ApiError."""
    named = request.match_info
    of_call, of_room = named.get("call_sid"), named.get("conference_sid")
    found = []
    for recorder in request.app[EXCHANGE].recordings.running.values():
        recording = recorder.recording
        belongs = (
            recording.conference_sid == of_room
            if of_room
            else recording.call_sid == of_call and not recording.conference_sid
        )
        if belongs and named["sid"] in (_CURRENT, recording.sid) and not recorder.ended_at:
            found.append(recorder)
    if not found and named["sid"] in request.app[EXCHANGE].recordings.by_sid:
        raise ApiError(400, _NOT_ELIGIBLE, "The recording is over; it cannot be changed")
    if not found:
        raise not_found(request.path)
    if len(found) > 1:
        raise ApiError(400, 20001, f"{_CURRENT}: {len(found)} recordings run; name one of them")
    return found[0]


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the addresses."""
    calls, rooms = f"{root}/Calls/{{call_sid}}", f"{root}/Conferences/{{conference_sid}}"
    router.add_post(f"{calls}/Recordings.json", start_recording)
    for base in (calls, rooms):
        router.add_post(f"{base}/Recordings/{{sid}}.json", update_recording)
