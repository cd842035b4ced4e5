"""The carrier's own documents, at /bins/NAME and as TwiML Bins, spoken before a call comes."""

from __future__ import annotations

import logging
from pathlib import Path

from aiohttp import web

from simulator.exchange import Exchange
from simulator.hosted.bins import XML, NoSuchBin, bin_of, document_for, file_in
from simulator.hosted.templates import BadTemplate
from simulator.keys import EXCHANGE
from simulator.speech.synthesiser import CannotSpeak
from simulator.twiml.parser import DocumentError, Verb, ignore, parse

_log = logging.getLogger(__name__)


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the documents; /twiml is what handler.twilio.com has."""
    for path, answer in (("/bins/{name}", bin_document), ("/twiml/{sid}", twiml_bin)):
        router.add_get(path, answer)
        router.add_post(path, answer)


async def bin_document(request: web.Request) -> web.Response:
    """A document by the name of its file."""
    file = file_in(request.app[EXCHANGE].settings.bins_dir, request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound(text="no such document")
    return await _answered(request, file)


async def twiml_bin(request: web.Request) -> web.Response:
    """A TwiML Bin by its id."""
    try:
        file = bin_of(request.app[EXCHANGE].settings.bins_dir, request.match_info["sid"])
    except NoSuchBin as error:
        raise web.HTTPNotFound(text=str(error)) from error
    return await _answered(request, file)


async def _answered(request: web.Request, file: Path) -> web.Response:
    """A document, filled in with the request's parameters."""
    form = [(name, str(value)) for name, value in (await request.post()).items()]
    try:
        body = document_for(file, (*request.query.items(), *form))
    except BadTemplate as error:
        raise web.HTTPInternalServerError(text=f"{file.name}: {error}") from error
    return web.Response(body=body, headers={"Content-Type": XML})


async def speak_ahead(exchange: Exchange) -> None:
    """Speak what the hosted documents say, so that no caller waits while a voice is loaded."""
    folder = exchange.settings.bins_dir
    for file in sorted(folder.glob("*.xml")) if folder else ():
        for sentence in _sentences(file):
            try:
                await exchange.voice.spoken(sentence.text, sentence["language"])
            except CannotSpeak as error:
                _log.warning("%s cannot be spoken: %s", file.name, error)


def _sentences(file: Path) -> list[Verb]:
    """Every <Say> of a document, also within others; none when it is no document.

    What is yet to be filled in is left out.
    """
    try:
        verbs = list(parse(file.read_bytes(), leniency=ignore))
    except DocumentError as error:
        _log.warning("%s: %s", file.name, error)
        return []
    found: list[Verb] = []
    while verbs:
        verb = verbs.pop(0)
        verbs[:0] = verb.children
        if verb.name == "Say" and verb.text and "{{" not in verb.text:
            found.append(verb)
    return found
