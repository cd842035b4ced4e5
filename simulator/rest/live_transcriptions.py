"""Transcriptions of live calls by REST: begin one, and stop it.

It is the document `<Start><Transcription>` by other means. Parameters: Twilio, "Calls
Transcriptions subresource".
"""

from __future__ import annotations

from aiohttp import web

from simulator.documents.scene import Scene
from simulator.keys import EXCHANGE, NETWORK
from simulator.rest.answers import ApiError, posted
from simulator.rest.nouns import call_of, live_call_of, shown, started_noun, stopped
from simulator.rest.parameters import method_of
from simulator.verbs.transcription import start_transcription

_ATTRIBUTES = {
    "Name": "name",
    "Track": "track",
    "StatusCallbackUrl": "statusCallbackUrl",
    "InboundTrackLabel": "inboundTrackLabel",
    "OutboundTrackLabel": "outboundTrackLabel",
    "PartialResults": "partialResults",
    "LanguageCode": "languageCode",
    "TranscriptionEngine": "transcriptionEngine",
    "ProfanityFilter": "profanityFilter",
    "SpeechModel": "speechModel",
    "Hints": "hints",
    "EnableAutomaticPunctuation": "enableAutomaticPunctuation",
    "IntelligenceService": "intelligenceService",
    "ConversationConfiguration": "conversationConfiguration",
    "ConversationId": "conversationId",
    "EnableProviderData": "enableProviderData",
}


async def create_transcription(request: web.Request) -> web.Response:
    """Transcribe a live call, until it is stopped or the call is over."""
    exchange, call, form = request.app[EXCHANGE], live_call_of(request), await posted(request)
    given = {attribute: form.get(name, "") for name, attribute in _ATTRIBUTES.items()}
    given["statusCallbackMethod"] = method_of(form, "StatusCallbackMethod")
    noun = started_noun("Transcription", given)
    if noun["name"] and noun["name"] in call.transcriptions.stop_by_name:
        raise ApiError(400, 20001, "Name: a transcription of that name runs on this call")
    scene = Scene(call, exchange, request.app[NETWORK].handlers, "", inline=True)
    sid = start_transcription(scene, noun)
    at = exchange.clock.date
    return web.json_response(shown(call, "Transcriptions", sid, noun["name"], "in-progress", at))


async def update_transcription(request: web.Request) -> web.Response:
    """Stop a transcription, by its id or its name."""
    call, form = call_of(request), await posted(request)
    sid, name = stopped(request, form, call.transcriptions)
    at = request.app[EXCHANGE].clock.date
    return web.json_response(shown(call, "Transcriptions", sid, name, "stopped", at))


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    base = f"{root}/Calls/{{call_sid}}/Transcriptions"
    router.add_post(f"{base}.json", create_transcription)
    router.add_post(f"{base}/{{sid}}.json", update_transcription)
