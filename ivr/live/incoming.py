"""What happens to a live conversation, in order: sound's words, keys, marks, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from asr.live import Partial, RecognitionEvent, SpeechStarted, Utterance
from carriers.media import Played, Sound, Stopped, StreamError, StreamMessage
from ivr.live.link import Link, next_within
from ivr.live.recognition import Recognition
from ivr.live.signals import Drain, Failed, Gone, HungUp, Over

_TICK_S = 0.1

Happening = StreamMessage | RecognitionEvent


class Incoming:
    """One queue for what the carrier sends, what is recognised, and what ends the conversation."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Happening | Gone | Failed | Drain] = asyncio.Queue()

    @property
    def waits(self) -> bool:
        """Whether something has happened that nobody has looked at."""
        return not self._queue.empty()

    def put(self, event: Happening | Gone | Failed | Drain) -> None:
        """Add what has happened. Returns at once."""
        self._queue.put_nowait(event)

    async def next(self) -> Happening | None:
        """What happens next, or None when nothing has for a moment.

        Raises HungUp or Over when the caller is gone, and what failed elsewhere.
        """
        event = await next_within(self._queue, _TICK_S)
        match event:
            case Stopped():
                raise HungUp
            case Gone():
                raise Over
            case Drain():
                return None
            case Failed():
                raise event.error
        return event

    async def receive(self, link: Link, recognition: Recognition | None) -> None:
        """Sort what the carrier sends: sound to the recogniser, everything else to the turn."""
        ended: Gone | Failed = Gone()
        try:
            async for message in link.messages:
                if not isinstance(message, Sound):
                    self.put(message)
                elif message.track == "inbound" and recognition is not None:
                    recognition.take(message.mulaw)
        except StreamError as error:
            ended = Failed(error)
        finally:
            self.put(ended)

    def utterances(self) -> Iterator[Utterance]:
        """The words that wait; everything else that does is dropped."""
        while self.waits:
            event = self._queue.get_nowait()
            if isinstance(event, Utterance):
                yield event

    def forget_old_words(self) -> None:
        """Words that were finished before a question was asked do not answer it."""
        kept = []
        while self.waits:
            event = self._queue.get_nowait()
            if not isinstance(event, (Utterance, Partial, SpeechStarted, Played)):
                kept.append(event)
        for event in kept:
            self.put(event)
