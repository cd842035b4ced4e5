"""<Say>, <Play>, <Pause>: what the caller hears and nothing else."""

from __future__ import annotations

from itertools import count

from simulator.audio import BadSound, key_tone
from simulator.scene import Outcome, Scene, VerbError
from simulator.sound import play as play_sound
from simulator.speech import CannotSpeak
from simulator.twiml.parser import Verb
from simulator.webhook import WebhookFailed

_TONE_TICKS = 8
_SHORT_WAIT_S, _LONG_WAIT_S = 0.5, 1.0
_MOST_TEXT = 4096


async def say(scene: Scene, verb: Verb) -> Outcome | None:
    """Speak the text, `loop` times; 0 means until the call is over."""
    if not verb.text:
        scene.network.complain(scene.call, 13520, "<Say> without text", scene.url)
        return None
    if len(verb.text) > _MOST_TEXT:
        raise VerbError(13521, f"<Say> has {len(verb.text)} characters; at most {_MOST_TEXT}")
    try:
        sound = await scene.network.spoken(verb.text, verb["language"])
    except CannotSpeak as error:
        raise VerbError(13512, f"<Say>: {error}") from error
    for _ in _times(verb["loop"]):
        await play_sound(scene.leg, sound)
    return None


async def play(scene: Scene, verb: Verb) -> Outcome | None:
    """Play a file, `loop` times, or key tones. A file that does not come is skipped."""
    if verb["digits"]:
        await _play_keys(scene, verb["digits"])
        return None
    if not verb.text:
        raise VerbError(13420, "<Play> needs an address or digits")
    url = scene.resolved(verb.text)
    try:
        sound = await scene.network.fetched(scene.call, url)
    except WebhookFailed as failed:
        scene.network.complain(scene.call, failed.code, str(failed), url)
        return None
    except BadSound as error:
        scene.network.complain(scene.call, 13420, str(error), url)
        return None
    for _ in _times(verb["loop"]):
        await play_sound(scene.leg, sound)
    return None


async def pause(scene: Scene, verb: Verb) -> Outcome | None:
    """Silence for `length` seconds."""
    if verb["length"]:
        await scene.network.clock.sleep(verb["length"])
    return None


async def _play_keys(scene: Scene, digits: str) -> None:
    for digit in digits:
        if digit in "wW":
            await scene.network.clock.sleep(_SHORT_WAIT_S if digit == "w" else _LONG_WAIT_S)
        else:
            await play_sound(scene.leg, key_tone(digit, _TONE_TICKS))


def _times(loop: int) -> range | count[int]:
    return range(loop) if loop else count()
