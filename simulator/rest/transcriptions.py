"""Transcriptions of recordings by REST: list, fetch, delete; by themselves and below a recording.

Fields: Twilio, "Transcription resource".
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.recordings import Transcript
from simulator.rest.answers import not_found, page, shown_date


def shown(transcript: Transcript) -> dict[str, Any]:
    """A transcription as REST shows it, in both places."""
    account = transcript.account_sid
    at = shown_date(transcript.created_at)
    return {
        "sid": transcript.sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "recording_sid": transcript.recording_sid,
        "status": transcript.status,
        "transcription_text": transcript.text or "",
        "type": "fast",
        "duration": str(transcript.duration_s),
        "price": None,
        "price_unit": "USD",
        "date_created": at,
        "date_updated": at,
        "uri": f"/2010-04-01/Accounts/{account}/Transcriptions/{transcript.sid}.json",
    }


async def list_transcriptions(request: web.Request) -> web.Response:
    """Newest first, all of them or those of a recording."""
    exchange, recording_sid = request.app[EXCHANGE], request.match_info.get("recording_sid")
    if recording_sid and recording_sid not in exchange.recordings.by_sid:
        raise not_found(request.path)
    newest = reversed(tuple(exchange.recordings.transcripts.values()))
    found = (one for one in newest if recording_sid in (None, one.recording_sid))
    return page(request, "transcriptions", found, shown)


async def fetch_transcription(request: web.Request) -> web.Response:
    """One transcription."""
    return web.json_response(shown(_found(request)))


async def delete_transcription(request: web.Request) -> web.Response:
    """Forget a text; its recording stays."""
    del request.app[EXCHANGE].recordings.transcripts[_found(request).sid]
    return web.Response(status=204)


def _found(request: web.Request) -> Transcript:
    transcript = request.app[EXCHANGE].recordings.transcripts.get(request.match_info["sid"])
    recording_sid = request.match_info.get("recording_sid")
    if transcript is None or recording_sid not in (None, transcript.recording_sid):
        raise not_found(request.path)
    return transcript


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource, by itself and below a recording."""
    for base in (root, f"{root}/Recordings/{{recording_sid}}"):
        router.add_get(f"{base}/Transcriptions.json", list_transcriptions)
        router.add_get(f"{base}/Transcriptions/{{sid}}.json", fetch_transcription)
        router.add_delete(f"{base}/Transcriptions/{{sid}}.json", delete_transcription)
