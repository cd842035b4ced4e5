"""<Stream>, <Start> and <Stop>: media sockets and recordings beside the call."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import UTC

from simulator.documents.scene import Outcome, Scene
from simulator.faults.sound_faults import SoundFaults
from simulator.media.app_socket import SocketFailed, check_secure
from simulator.media.media_stream import MediaStream
from simulator.recordings.keeping import record_call
from simulator.registries.recordings import Callback, RecordTerms
from simulator.twiml.codes import SCHEMA
from simulator.twiml.parser import Verb
from simulator.verbs.sockets import cut_when_due, open_socket, strikes_of
from simulator.verbs.transcription import start_transcription
from simulator.webhooks.origins import BadOrigin
from simulator.webhooks.webhook import Request

MOST_TRACKS = 4
"""What <Start><Stream> and REST may listen to in one call at the same time."""
_MOST_PARAMETER = 500
_MALFORMED = 31923
_NO_SUCH_STREAM = 31900


async def talk(scene: Scene, noun: Verb) -> None:
    """Talk with the application through a socket until it closes."""
    stream = await _opened(scene, noun, two_way=True)
    if stream is not None:
        await _until_closed(scene, noun, stream)


async def _until_closed(scene: Scene, noun: Verb, stream: MediaStream) -> None:
    leg = scene.leg
    faults, cutting = _faults_on(scene, stream)
    scene.call.streams.cut.append(stream.cut)
    try:
        with (
            leg.playing(faults.source(stream.buffer)),
            leg.tapped(faults.tap(stream)),
            leg.keys_to(stream.press),
            scene.exchange.clock.at_real_pace(),
        ):
            await stream.closed.wait()
    finally:
        cutting.cancel()
        scene.call.streams.cut.remove(stream.cut)
        by = "server" if stream.closed_by_server else "carrier"
        lost = {"frames_lost": faults.lost} if faults.lost else {}
        scene.call.log.add("stream", stream_sid=stream.sid, state="stopped", by=by, **lost)
        scene.exchange.background.run(stream.stop())
        _report(scene, noun, stream, "stream-stopped")


def _faults_on(scene: Scene, stream: MediaStream) -> tuple[SoundFaults, asyncio.Future[None]]:
    """What the plan of faults does to a socket: to its sound, and that it may be cut."""
    call = scene.call
    strikes = strikes_of(scene)
    for strike in strikes:
        if strike.fault.name != "cut":
            call.log.add("fault", fault=strike.fault.name, purpose="media", stream_sid=stream.sid)
    return SoundFaults(strikes), asyncio.ensure_future(cut_when_due(scene, stream, strikes))


async def start(scene: Scene, verb: Verb) -> Outcome | None:
    """Begin what runs beside the call."""
    for noun in verb.children:
        if noun.name == "Recording":
            _start_recording(scene, noun)
        elif noun.name == "Transcription":
            start_transcription(scene, noun)
        else:
            await start_stream(scene, noun)
    return None


async def stop(scene: Scene, verb: Verb) -> Outcome | None:
    """Stop streams and transcriptions by name."""
    call = scene.call
    for noun in verb.children:
        is_stream = noun.name == "Stream"
        running = call.streams if is_stream else call.transcriptions
        stop_noun = running.stop_by_name.get(noun["name"])
        if stop_noun is not None:
            stop_noun()
            continue
        code = _NO_SUCH_STREAM if is_stream else SCHEMA
        told = f"no {noun.name.lower()} named {noun['name']!r}"
        scene.exchange.debugger.alert(call, code, told, scene.url, level="warning")
    return None


def _start_recording(scene: Scene, noun: Verb) -> None:
    callback = Callback(
        scene.resolved(noun["recordingStatusCallback"]),
        noun["recordingStatusCallbackMethod"],
        noun["recordingStatusCallbackEvent"],
    )
    channels = 2 if noun["channels"] == "dual" and noun["track"] == "both" else 1
    terms = RecordTerms(channels, noun["track"], noun["trim"], callback)
    record_call(scene.exchange, scene.call, terms)


async def start_stream(scene: Scene, noun: Verb) -> MediaStream | None:
    """A one-way stream beside whatever the call does; None when its socket does not open."""
    stream = await _opened(scene, noun, two_way=False)
    if stream is None:
        return None
    faults, cutting = _faults_on(scene, stream)
    listening = ExitStack()
    listening.enter_context(scene.leg.tapped(faults.tap(stream)))
    listening.enter_context(scene.exchange.clock.at_real_pace())
    scene.call.streams.tracks += _tracks(noun)
    closing, streams = scene.call.closing, scene.call.streams
    streams.cut.append(stream.cut)
    name = noun["name"] or stream.sid

    def stop_stream() -> None:
        if stop_stream in closing:
            closing.remove(stop_stream)
            cutting.cancel()
            streams.cut.remove(stream.cut)
            streams.tracks -= _tracks(noun)
            streams.forget(stop_stream)
            listening.close()
            scene.exchange.background.run(stream.stop())
            scene.call.log.add("stream", stream_sid=stream.sid, state="stopped")
            _report(scene, noun, stream, "stream-stopped")

    async def watch() -> None:
        await stream.closed.wait()
        stop_stream()

    closing.append(stop_stream)
    scene.exchange.background.run(watch())
    streams.stop_by_name[name] = streams.stop_by_sid[stream.sid] = stop_stream
    if scene.call.is_over:
        stop_stream()
    return stream


async def _opened(scene: Scene, noun: Verb, *, two_way: bool) -> MediaStream | None:
    """An open stream; None when it failed, which is told and does not end the call."""
    url = _socket_url(scene, noun)
    stream = _made(scene, noun, url, two_way=two_way)
    try:
        _check(scene, noun, url, two_way=two_way)
        await open_socket(scene, stream, url)
    except (SocketFailed, BadOrigin) as failed:
        code = failed.code if isinstance(failed, SocketFailed) else _MALFORMED
        scene.exchange.debugger.alert(scene.call, code, str(failed), url)
        _report(scene, noun, stream, "stream-error", f"{code}: {failed}")
        return None
    scene.call.log.add("stream", stream_sid=stream.sid, state="started", url=url)
    _report(scene, noun, stream, "stream-started")
    return stream


def _socket_url(scene: Scene, noun: Verb) -> str:
    """The address of the socket, without a query: the carrier does not send one.

    A relative address is on the document's host, by wss where that has https.
    """
    given, _, query = str(noun["url"]).partition("?")
    if query:
        message = "the query of a <Stream>'s address is not sent; use <Parameter>"
        scene.exchange.debugger.alert(scene.call, _MALFORMED, message, scene.url, level="warning")
    if "://" in given or not given:
        return given
    scheme, _, rest = scene.resolved(given).partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}" if rest else given


def _check(scene: Scene, noun: Verb, url: str, *, two_way: bool) -> None:
    check_secure(url, element="Stream", code=31922)
    if two_way and noun["track"] != "inbound_track":
        raise SocketFailed(31941, f"track {noun['track']} is not for <Connect>")
    for child in noun.children:
        if len(child["name"]) + len(child["value"]) > _MOST_PARAMETER:
            raise SocketFailed(31900, f"a <Parameter> has more than {_MOST_PARAMETER} characters")
    if not two_way and scene.call.streams.tracks + _tracks(noun) > MOST_TRACKS:
        raise SocketFailed(31900, f"more than {MOST_TRACKS} tracks of one call")


def _tracks(noun: Verb) -> int:
    return 2 if noun["track"] == "both_tracks" else 1


def _made(scene: Scene, noun: Verb, url: str, *, two_way: bool) -> MediaStream:
    def warn(code: int, message: str) -> None:
        scene.exchange.debugger.alert(scene.call, code, message, url, level="warning")

    return MediaStream(
        account_sid=scene.call.account_sid,
        call_sid=scene.call.sid,
        url=url,
        track=noun["track"],
        parameters={child["name"]: child["value"] for child in noun.children},
        two_way=two_way,
        warn=warn,
        wire=scene.call.wire,
    )


def _report(scene: Scene, noun: Verb, stream: MediaStream, event: str, error: str = "") -> None:
    """The stream's status callback."""
    url = scene.resolved(noun["statusCallback"])
    if not url:
        return
    fields = [
        ("AccountSid", scene.call.account_sid),
        ("CallSid", scene.call.sid),
        ("StreamSid", stream.sid),
        ("StreamName", noun["name"] or stream.sid),
        ("StreamEvent", event),
        ("Timestamp", scene.exchange.clock.date.astimezone(UTC).isoformat()),
    ]
    if error:
        fields.append(("StreamError", error))
    request = Request(url, tuple(fields), noun["statusCallbackMethod"], purpose="stream")
    scene.exchange.sender.send_in_background(scene.call, request)
