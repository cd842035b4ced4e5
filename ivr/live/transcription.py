"""Live transcription while a caller talks with a person, of both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from asr.live import RecognitionEvent, Utterance
from carriers.media import Sound, Stopped, StreamMessage
from infra.log import logger, origin
from ivr.live.barge_in import says_nothing
from ivr.live.link import Threads, in_thread
from ivr.live.recognition import Recognition, StreamRecogniser

_SPEAKERS = {"inbound": "caller", "outbound": "agent"}

_log = logger(__name__)

Write = Callable[[str, str, float], None]
"""`write(speaker, text, confidence)`; called in a thread, in order."""
_Said = tuple[str, Utterance]


async def transcribe_live(
    messages: AsyncIterator[StreamMessage],
    recognisers: Mapping[str, StreamRecogniser],
    write: Write,
    threads: Threads,
    language: str,
) -> None:
    """Feed both tracks to their recognisers and write down each utterance as it ends.

    Ends with the stream. Never sends anything, so it cannot disturb the call.
    """
    said: asyncio.Queue[_Said | None] = asyncio.Queue()
    recognitions = {
        track: Recognition(recogniser, threads.recognisers, _note(track, said, language))
        for track, recogniser in recognisers.items()
    }
    writing = asyncio.create_task(_write_all(said, write, threads))
    try:
        async for message in messages:
            if isinstance(message, Stopped):
                break
            if isinstance(message, Sound) and message.track in recognitions:
                recognitions[message.track].take(message.mulaw)
    finally:
        for recognition in recognitions.values():
            await recognition.close(flush=True)
        said.put_nowait(None)
        await writing


def _note(
    track: str, said: asyncio.Queue[_Said | None], language: str
) -> Callable[[RecognitionEvent], None]:
    def note(event: RecognitionEvent) -> None:
        if isinstance(event, Utterance) and not says_nothing(event.heard.text, language):
            said.put_nowait((_SPEAKERS[track], event))

    return note


async def _write_all(said: asyncio.Queue[_Said | None], write: Write, threads: Threads) -> None:
    while (item := await said.get()) is not None:
        speaker, event = item
        confidence = round(event.heard.confidence, 3)
        try:
            await in_thread(threads.others, write, speaker, event.heard.text, confidence)
        except Exception as error:
            _log.error("an utterance was not written", error=origin(error))
