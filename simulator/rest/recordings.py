"""Recordings by REST: list, fetch, sound, delete."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile
from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.recordings import Recording
from simulator.rest.answers import ApiError, keeps, not_found, page, shown_date
from simulator.sound.audio import encoded, wav_file


def shown(recording: Recording) -> dict[str, Any]:
    """A recording as REST shows it."""
    uri = f"/2010-04-01/Accounts/{recording.account_sid}/Recordings/{recording.sid}"
    ready = recording.status in {"completed", "deleted"}
    return {
        "sid": recording.sid,
        "account_sid": recording.account_sid,
        "api_version": "2010-04-01",
        "call_sid": None if recording.conference_sid else recording.call_sid,
        "conference_sid": recording.conference_sid or None,
        "date_created": shown_date(recording.created_at),
        "date_updated": shown_date(recording.updated_at or recording.created_at),
        "start_time": shown_date(recording.created_at),
        "duration": str(recording.duration_s) if ready else "-1",
        "price": None,
        "price_unit": "USD",
        "status": recording.status,
        "channels": recording.channels,
        "source": recording.source,
        "error_code": recording.error_code,
        "encryption_details": None,
        "uri": f"{uri}.json",
    }


def _shown_at(request: web.Request) -> Callable[[Recording], dict[str, Any]]:
    """How a recording is shown below a call, below a conference, or by itself."""
    if "call_sid" in request.match_info:
        return lambda one: {**shown(one), "track": one.track}
    if "conference_sid" in request.match_info:
        return shown
    url_of = request.app[EXCHANGE].recordings.url
    return lambda one: shown_by_itself(one, url_of(one))


def shown_by_itself(recording: Recording, media_url: str) -> dict[str, Any]:
    """A recording as the top-level resource shows it."""
    plain = shown(recording)
    uri = str(plain["uri"]).removesuffix(".json")
    below = {
        "transcriptions": f"{uri}/Transcriptions.json",
        "add_on_results": f"{uri}/AddOnResults.json",
    }
    return {**plain, "media_url": media_url, "subresource_uris": below}


def _found(request: web.Request) -> Recording:
    recording = request.app[EXCHANGE].recordings.by_sid.get(request.match_info["sid"])
    of_call = request.match_info.get("call_sid")
    of_room = request.match_info.get("conference_sid")
    elsewhere = recording is not None and (
        (of_call and recording.call_sid != of_call)
        or (of_room and recording.conference_sid != of_room)
    )
    if recording is None or elsewhere:
        raise not_found(request.path)
    if recording.status == "deleted" and not _wants_deleted(request):
        raise not_found(request.path)
    return recording


def _wants_deleted(request: web.Request) -> bool:
    return request.query.get("IncludeSoftDeleted", "").lower() == "true"


async def list_recordings(request: web.Request) -> web.Response:
    """Newest first, filtered by CallSid and DateCreated."""
    query = request.query
    of_call = request.match_info.get("call_sid") or query.get("CallSid")

    of_room = request.match_info.get("conference_sid") or query.get("ConferenceSid")

    def wanted(recording: Recording) -> bool:
        owner = "" if recording.conference_sid else recording.call_sid
        return (
            (recording.status != "deleted" or _wants_deleted(request))
            and of_call in (None, owner)
            and of_room in (None, recording.conference_sid)
            and keeps(query, "DateCreated", recording.created_at)
        )

    recordings = reversed(tuple(request.app[EXCHANGE].recordings.by_sid.values()))
    return page(request, "recordings", filter(wanted, recordings), _shown_at(request))


async def fetch_recording(request: web.Request) -> web.Response:
    """One recording's facts."""
    return web.json_response(_shown_at(request)(_found(request)))


async def _kept(request: web.Request) -> Recording:
    """The recording, once a file that is being written is there."""
    recording = _found(request)
    written = request.app[EXCHANGE].recordings.being_kept.get(recording.sid)
    if written is not None:
        await written.wait()
    return recording


async def fetch_sound(request: web.Request) -> web.StreamResponse:
    """The WAV file; `RequestedChannels` 1 mixes both sides, 2 keeps what there is."""
    recording = await _kept(request)
    if recording.path is None or not recording.path.exists():
        raise not_found(request.path)
    spoiled = _spoiled(request, recording)
    if spoiled is not None:
        return spoiled
    if not _wants_mono(request, recording):
        return web.FileResponse(recording.path, headers={"Content-Type": "audio/x-wav"})
    sound = await asyncio.to_thread(_mono, recording.path)
    return web.Response(body=sound, content_type="audio/x-wav")


def _wants_mono(request: web.Request, recording: Recording) -> bool:
    """Whether both sides are to be mixed. Raises ApiError."""
    wanted = request.query.get("RequestedChannels", str(recording.channels))
    if wanted not in {"1", "2"}:
        raise ApiError(400, 20001, f"RequestedChannels: expected 1 or 2, got {wanted!r}")
    return int(wanted) < recording.channels


def _spoiled(request: web.Request, recording: Recording) -> web.Response | None:
    """What the plan of faults makes of this fetch; None when it leaves it alone."""
    exchange = request.app[EXCHANGE]
    kind = exchange.faults.of_recording(recording.sid, recording.call_sid)
    if not kind or recording.path is None:
        return None
    call = exchange.calls.get(recording.call_sid)
    if call is not None:
        call.log.add("fault", fault=kind, purpose="recording", recording_sid=recording.sid)
    if kind == "missing":
        raise not_found(request.path)
    sound = recording.path.read_bytes()
    body = sound[: len(sound) // 2] if kind == "short" else b"<html>" + sound[6:]
    return web.Response(body=body, content_type="audio/x-wav")


def _mono(path: Path) -> bytes:
    samples, _rate = soundfile.read(path, dtype="float64", always_2d=True)
    return wav_file(encoded(samples.sum(axis=1) * 32768))


async def fetch_mp3(request: web.Request) -> web.Response:
    """The same sound as MP3."""
    recording = await _kept(request)
    if recording.path is None or not recording.path.exists():
        raise not_found(request.path)
    mono = _wants_mono(request, recording)
    sound = await asyncio.to_thread(_mp3, recording.path, mono)
    return web.Response(body=sound, content_type="audio/mpeg")


def _mp3(path: Path, mono: bool) -> bytes:
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    out = io.BytesIO()
    soundfile.write(out, samples.sum(axis=1) if mono else samples, rate, format="MP3")
    return out.getvalue()


async def delete_recording(request: web.Request) -> web.Response:
    """Forget a recording's sound; what is known of it can still be listed as deleted."""
    request.app[EXCHANGE].recordings.delete(_found(request))
    return web.Response(status=204)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource, by itself and below a call or a conference."""
    calls, rooms = f"{root}/Calls/{{call_sid}}", f"{root}/Conferences/{{conference_sid}}"
    for base in (root, calls, rooms):
        router.add_get(f"{base}/Recordings.json", list_recordings)
        router.add_get(f"{base}/Recordings/{{sid}}.json", fetch_recording)
        router.add_delete(f"{base}/Recordings/{{sid}}.json", delete_recording)
        router.add_get(f"{base}/Recordings/{{sid}}.wav", fetch_sound)
        router.add_get(f"{base}/Recordings/{{sid}}.mp3", fetch_mp3)
        router.add_get(f"{base}/Recordings/{{sid:RE[0-9a-f]+}}", fetch_sound)
