"""<Say>, <Play>, <Pause>: what the caller hears and nothing else."""

from __future__ import annotations

from simulator.calls.playing import play as play_sound
from simulator.documents.scene import Outcome, Scene, VerbError
from simulator.sound.audio import RATE, BadSound, key_tone, louder
from simulator.speech.synthesiser import CannotSpeak
from simulator.twiml.parser import Verb
from simulator.verbs.markup import Rest, Run, runs_of
from simulator.webhooks.webhook import WebhookFailed

_TONE_TICKS = 8
_SHORT_WAIT_S, _LONG_WAIT_S = 0.5, 1.0
_MOST_TEXT = 4096
_OTHER_VOICE = "en-US"
_MOST_TIMES = 1000
"""What `loop="0"` comes to, if the call lasts that long (Twilio, "TwiML Voice: <Play>")."""


async def say(scene: Scene, verb: Verb) -> Outcome | None:
    """Speak the text, `loop` times; 0 means until the call is over."""
    runs = runs_of(verb)
    if not runs:
        scene.exchange.debugger.alert(
            scene.call, 13520, "<Say> without text", scene.url, level="warning"
        )
        return None
    if len(verb.text) > _MOST_TEXT:
        raise VerbError(13521, f"<Say> has {len(verb.text)} characters; at most {_MOST_TEXT}")
    try:
        sound = await _said(scene, verb, runs)
    except CannotSpeak as error:
        raise VerbError(13512, f"<Say>: {error}") from error
    for _ in _times(verb["loop"]):
        await play_sound(scene.leg, sound)
    return None


async def _said(scene: Scene, verb: Verb, runs: tuple[Run | Rest, ...]) -> bytes:
    """The whole sentence as mu-law, known to whoever listens. Raises CannotSpeak."""
    parts = [await _sound_of(scene, part) for part in runs]
    whole = b"".join(parts)
    words = " ".join(part.words for part in runs if isinstance(part, Run))
    scene.exchange.voice.captions.add(words, verb["language"], whole)
    return whole


async def _spoken(scene: Scene, part: Run) -> bytes:
    """Words in their language, or else in another voice, with a warning. Raises CannotSpeak."""
    try:
        return await scene.exchange.voice.said(part.words, part.language)
    except CannotSpeak as error:
        sound = await scene.exchange.voice.said(part.words, _OTHER_VOICE)
        told = f"<Say>: {error}; it was read in {_OTHER_VOICE}"
        scene.exchange.debugger.alert(scene.call, 13512, told, scene.url, level="warning")
        return sound


async def _sound_of(scene: Scene, part: Run | Rest) -> bytes:
    if isinstance(part, Rest):
        return b"\xff" * round(part.seconds * RATE)
    sound = await _spoken(scene, part)
    if part.gain_db is None:
        return b"\xff" * len(sound)
    return louder(sound, part.gain_db) if part.gain_db else sound


async def play(scene: Scene, verb: Verb) -> Outcome | None:
    """Play a file, `loop` times, or key tones. A file that does not come is skipped."""
    if verb["digits"]:
        await _play_keys(scene, verb["digits"])
        return None
    if not verb.text:
        raise VerbError(13420, "<Play> needs an address or digits")
    url = scene.resolved(verb.text)
    try:
        sound = await scene.exchange.sound_files.fetched(url, scene.call.cookies)
    except WebhookFailed as failed:
        scene.exchange.debugger.alert(scene.call, failed.code, str(failed), url)
        return None
    except BadSound as error:
        scene.exchange.debugger.alert(scene.call, 13420, str(error), url)
        return None
    for _ in _times(verb["loop"]):
        await play_sound(scene.leg, sound)
    return None


async def pause(scene: Scene, verb: Verb) -> Outcome | None:
    """Silence for `length` seconds; one that comes first lets a call ring that long."""
    if verb["length"]:
        await scene.exchange.clock.sleep(verb["length"])
    scene.call.answer()
    return None


async def _play_keys(scene: Scene, digits: str) -> None:
    for digit in digits:
        if digit in "wW":
            await scene.exchange.clock.sleep(_SHORT_WAIT_S if digit == "w" else _LONG_WAIT_S)
        else:
            await play_sound(scene.leg, key_tone(digit, _TONE_TICKS))


def _times(loop: int) -> range:
    return range(loop or _MOST_TIMES)
