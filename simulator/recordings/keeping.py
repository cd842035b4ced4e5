"""Recording a call beside what it does; and keeping a recording, with what is told of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.calls.call import Call
from simulator.recordings.recordings import Recorder, Recording, RecordTerms, duration_s
from simulator.webhooks.webhook import Form

if TYPE_CHECKING:
    from simulator.network import Network


def record_call(
    network: Network, call: Call, terms: RecordTerms, *, source: str = "StartCallRecordingAPI"
) -> Recorder:
    """Record a call beside whatever it does, until it is stopped or over."""
    recorder = network.recordings.begin(
        call,
        channels=terms.channels,
        source=source,
        track=terms.track,
        callback=terms.callback,
    )
    recorder.trim = terms.trim
    request = network.recordings.callback_request(recorder.recording)
    if request is not None:
        network.send_aside(call, request)
    call.closing.append(lambda: keep_recording(network, call, recorder, terms.trim))
    return recorder


async def recorded(network: Network, recorder: Recorder | None) -> Form:
    """What a call's last event says of its recording; nothing without one."""
    if recorder is None:
        return ()
    async with network.clock.outside():
        sound = await asyncio.to_thread(recorder.sound, recorder.trim)
    recording = recorder.recording
    return (
        ("RecordingUrl", network.recordings.url(recording)),
        ("RecordingSid", recording.sid),
        ("RecordingDuration", str(duration_s(sound))),
    )


def keep_recording(network: Network, call: Call, recorder: Recorder, trim: str) -> None:
    """Stop a recording, keep it, and report it; a second time does nothing."""
    recorder.stop()
    if recorder.is_kept:
        return
    recorder.is_kept = True
    network.recordings.being_kept[recorder.recording.sid] = asyncio.Event()
    network.aside(_keep(network, call, recorder, trim), of=call)


async def _keep(network: Network, call: Call, recorder: Recorder, trim: str) -> None:
    sid = recorder.recording.sid
    late_s = network.faults.lateness_of_recording(call.sid)
    if late_s:
        network.recordings.wait_no_more(sid)
        call.log.add("fault", fault="late", purpose="recording", recording_sid=sid)
        await network.clock.sleep(late_s)
    try:
        async with network.clock.outside():
            recording = await asyncio.to_thread(network.recordings.keep, recorder, trim)
    finally:
        network.recordings.wait_no_more(sid)
    call.log.add(
        "recording",
        recording_sid=recording.sid,
        status=recording.status,
        source=recording.source,
        duration_s=recording.duration_s,
    )
    _report(network, call, recording)


def _report(network: Network, call: Call, recording: Recording) -> None:
    if recording.error_code is not None:
        message = f"{recording.sid}: nothing was recorded"
        url = network.recordings.url(recording)
        network.complain(call, recording.error_code, message, url, level="warning")
    request = network.recordings.callback_request(recording)
    if request is not None:
        network.send_aside(call, request)
