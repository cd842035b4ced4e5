"""Recordings by REST: list, fetch, sound, delete."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import soundfile
from aiohttp import web

from simulator.audio import encoded, wav_file
from simulator.keys import NETWORK
from simulator.recordings import Recording
from simulator.rest.answers import ApiError, keeps, not_found, page, shown_date


def shown(recording: Recording) -> dict[str, Any]:
    """A recording as REST shows it."""
    uri = f"/2010-04-01/Accounts/{recording.account_sid}/Recordings/{recording.sid}"
    ready = recording.path is not None
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
        "track": recording.track,
        "error_code": None,
        "encryption_details": None,
        "uri": f"{uri}.json",
        "media_url": uri,
        "subresource_uris": {},
    }


def _found(request: web.Request) -> Recording:
    recording = request.app[NETWORK].recordings.by_sid.get(request.match_info["sid"])
    of_call = request.match_info.get("call_sid")
    if recording is None or (of_call and recording.call_sid != of_call):
        raise not_found(request.path)
    return recording


async def list_recordings(request: web.Request) -> web.Response:
    """Newest first, filtered by CallSid and DateCreated."""
    query = request.query
    of_call = request.match_info.get("call_sid") or query.get("CallSid")

    def wanted(recording: Recording) -> bool:
        return of_call in (None, recording.call_sid) and keeps(
            query, "DateCreated", recording.created_at
        )

    recordings = reversed(tuple(request.app[NETWORK].recordings.by_sid.values()))
    return page(request, "recordings", filter(wanted, recordings), shown)


async def fetch_recording(request: web.Request) -> web.Response:
    """One recording's facts."""
    return web.json_response(shown(_found(request)))


async def fetch_sound(request: web.Request) -> web.StreamResponse:
    """The WAV file; `RequestedChannels` 1 mixes both sides, 2 keeps what there is."""
    recording = _found(request)
    if recording.path is None or not recording.path.exists():
        raise not_found(request.path)
    wanted = request.query.get("RequestedChannels", str(recording.channels))
    if wanted not in {"1", "2"}:
        raise ApiError(400, 20001, f"RequestedChannels: expected 1 or 2, got {wanted!r}")
    if int(wanted) >= recording.channels:
        return web.FileResponse(recording.path, headers={"Content-Type": "audio/x-wav"})
    sound = await asyncio.to_thread(_mono, recording.path)
    return web.Response(body=sound, content_type="audio/x-wav")


def _mono(path: Path) -> bytes:
    samples, _rate = soundfile.read(path, dtype="float64", always_2d=True)
    return wav_file(encoded(samples.sum(axis=1) * 32768))


async def no_mp3(request: web.Request) -> web.Response:
    """MP3 is not made here; say so rather than send something else."""
    _found(request)
    raise ApiError(406, 20001, "this simulator keeps WAV only; ask for .wav")


async def delete_recording(request: web.Request) -> web.Response:
    """Forget a recording."""
    request.app[NETWORK].recordings.delete(_found(request))
    return web.Response(status=204)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource, by itself and below a call."""
    for base in (root, f"{root}/Calls/{{call_sid}}"):
        router.add_get(f"{base}/Recordings.json", list_recordings)
        router.add_get(f"{base}/Recordings/{{sid}}.json", fetch_recording)
        router.add_delete(f"{base}/Recordings/{{sid}}.json", delete_recording)
        router.add_get(f"{base}/Recordings/{{sid}}.wav", fetch_sound)
        router.add_get(f"{base}/Recordings/{{sid}}.mp3", no_mp3)
        router.add_get(f"{base}/Recordings/{{sid:RE[0-9a-f]+}}", fetch_sound)
