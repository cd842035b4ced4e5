"""Documents that the carrier hosts itself at /bins/NAME: static, spoken before a call comes."""

from __future__ import annotations

import logging
from pathlib import Path

from aiohttp import web

from simulator.keys import NETWORK
from simulator.network import Network
from simulator.speech import CannotSpeak
from simulator.twiml.parser import DocumentError, Verb, ignore, parse

_log = logging.getLogger(__name__)


async def bin_document(request: web.Request) -> web.StreamResponse:
    """One document; a static host takes GET only."""
    folder = request.app[NETWORK].settings.bins_dir
    wanted = (folder / request.match_info["name"]).resolve() if folder else None
    if wanted is None or folder is None or wanted.parent != folder.resolve():
        raise web.HTTPNotFound(text="no such document")
    if not wanted.is_file():
        raise web.HTTPNotFound(text="no such document")
    return web.FileResponse(wanted, headers={"Content-Type": "text/xml; charset=utf-8"})


async def speak_ahead(network: Network) -> None:
    """Speak what the hosted documents say, so that no caller waits while a voice is loaded."""
    folder = network.settings.bins_dir
    for file in sorted(folder.glob("*.xml")) if folder else ():
        for sentence in _sentences(file):
            try:
                await network.spoken(sentence.text, sentence["language"])
            except CannotSpeak as error:
                _log.warning("%s cannot be spoken: %s", file.name, error)


def _sentences(file: Path) -> list[Verb]:
    """Every <Say> of a document, also within others; none when it is no document."""
    try:
        verbs = list(parse(file.read_bytes(), overlook=ignore))
    except DocumentError as error:
        _log.warning("%s: %s", file.name, error)
        return []
    found: list[Verb] = []
    while verbs:
        verb = verbs.pop(0)
        verbs[:0] = verb.children
        if verb.name == "Say" and verb.text:
            found.append(verb)
    return found
