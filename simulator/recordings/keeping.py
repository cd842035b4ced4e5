"""Recording a call beside what it does; and keeping a recording, with what is told of it."""

from __future__ import annotations

import asyncio

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.registries.recordings import Recorder, Recording, RecordTerms, duration_s
from simulator.webhooks.webhook import Form


def record_call(
    exchange: Exchange, call: Call, terms: RecordTerms, *, source: str = "StartCallRecordingAPI"
) -> Recorder:
    """Record a call beside whatever it does, until it is stopped or over."""
    recorder = exchange.recordings.begin(
        call,
        channels=terms.channels,
        source=source,
        track=terms.track,
        callback=terms.callback,
    )
    recorder.trim = terms.trim
    request = exchange.recordings.callback_request(recorder.recording)
    if request is not None:
        exchange.sender.send_in_background(call, request)
    call.closing.append(lambda: keep_recording(exchange, call, recorder, terms.trim))
    return recorder


async def recorded(exchange: Exchange, recorder: Recorder | None) -> Form:
    """What a call's last event says of its recording; nothing without one."""
    if recorder is None:
        return ()
    async with exchange.clock.outside():
        sound = await asyncio.to_thread(recorder.sound, recorder.trim)
    recording = recorder.recording
    return (
        ("RecordingUrl", exchange.recordings.url(recording)),
        ("RecordingSid", recording.sid),
        ("RecordingDuration", str(duration_s(sound))),
    )


def keep_recording(exchange: Exchange, call: Call, recorder: Recorder, trim: str) -> None:
    """Stop a recording, keep it, and report it; a second time does nothing."""
    recorder.stop()
    if recorder.is_kept:
        return
    recorder.is_kept = True
    exchange.recordings.being_kept[recorder.recording.sid] = asyncio.Event()
    exchange.background.run(_keep(exchange, call, recorder, trim), of=call)


async def _keep(exchange: Exchange, call: Call, recorder: Recorder, trim: str) -> None:
    sid = recorder.recording.sid
    late_s = exchange.faults.lateness_of_recording(call.sid)
    if late_s:
        exchange.recordings.wait_no_more(sid)
        call.log.add("fault", fault="late", purpose="recording", recording_sid=sid)
        await exchange.clock.sleep(late_s)
    try:
        async with exchange.clock.outside():
            recording = await asyncio.to_thread(exchange.recordings.keep, recorder, trim)
    finally:
        exchange.recordings.wait_no_more(sid)
    call.log.add(
        "recording",
        recording_sid=recording.sid,
        status=recording.status,
        source=recording.source,
        duration_s=recording.duration_s,
    )
    _report(exchange, call, recording)


def _report(exchange: Exchange, call: Call, recording: Recording) -> None:
    if recording.error_code is not None:
        message = f"{recording.sid}: nothing was recorded"
        url = exchange.recordings.url(recording)
        exchange.debugger.alert(call, recording.error_code, message, url, level="warning")
    request = exchange.recordings.callback_request(recording)
    if request is not None:
        exchange.sender.send_in_background(call, request)
