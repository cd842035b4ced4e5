"""What a participant is played: wait and hold music, announcements, on one line or to the room.

The documents may hold Play, Say, Pause and Redirect only (Twilio, "Conference: waitUrl"). One that
has come to its end leaves silence; an empty <Redirect/> begins it again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from simulator.calls.legs import Leg
from simulator.calls.playing import Endless
from simulator.documents.scene import Scene, VerbError
from simulator.sound.audio import BadSound
from simulator.sound.hold_music import hold_music
from simulator.speech.synthesiser import CannotSpeak
from simulator.twiml.parser import DocumentError, Misplaced
from simulator.webhooks.answer_kind import document_of, is_sound
from simulator.webhooks.webhook import Request, WebhookFailed

SOUND_VERBS = ("Play", "Say", "Pause", "Redirect")
_SHORTEST_ROUND_S = 1.0


@dataclass(frozen=True)
class Music:
    """What is played while somebody waits: an address, silence (empty), or our own music (None)."""

    url: str | None = None
    method: str = "POST"


class CannotPlay(Exception):
    """A document or a file cannot be played. `code` is Twilio's, `url` its address."""

    def __init__(self, code: int, message: str, url: str) -> None:
        super().__init__(message)
        self.code = code
        self.url = url


@dataclass(frozen=True)
class RoomScene(Scene):
    """A document heard by a whole room: it plays to the room's own line, not to a person's."""

    room: Leg | None = None

    @property
    def leg(self) -> Leg:
        """The room's line."""
        return self.room or self.call.leg


async def play_music(scene: Scene, music: Music) -> None:
    """Play until cancelled. Raises CannotPlay."""
    if music.url is None:
        with scene.leg.playing(Endless(hold_music())):
            await asyncio.Event().wait()
    if music.url:
        await perform(scene, scene.request(music.url, music.method))
    await asyncio.Event().wait()


async def perform(scene: Scene, request: Request) -> None:
    """Fetch and play a document or a file to its end. Raises CannotPlay."""
    try:
        await _perform(replace(scene, verbs=SOUND_VERBS, inline=False), request)
    except WebhookFailed as failed:
        raise CannotPlay(failed.code, str(failed), failed.url) from failed
    except Misplaced as error:
        raise CannotPlay(13238, str(error), request.url) from error
    except (DocumentError, VerbError) as error:
        raise CannotPlay(error.code, str(error), request.url) from error
    except BadSound as error:
        raise CannotPlay(13420, str(error), request.url) from error
    except CannotSpeak as error:
        raise CannotPlay(13512, str(error), request.url) from error


async def _perform(scene: Scene, first: Request) -> None:
    clock = scene.exchange.clock
    todo: Request | None = first
    while todo is not None:
        began_s = clock.now_s
        answer = await scene.exchange.sender.send(scene.call, todo)
        if is_sound(answer):
            await scene.play_answer(answer)
            return
        outcome = await replace(scene, url=answer.url).run(document_of(answer))
        todo = outcome if isinstance(outcome, Request) else None
        if todo is not None:
            await clock.sleep(max(0.02, _SHORTEST_ROUND_S - (clock.now_s - began_s)))
