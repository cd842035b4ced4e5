"""<Dial><Conference>: into a room, and out of it again."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from simulator.conferences.conference_events import Subscription
from simulator.conferences.conference_recording import RoomTerms
from simulator.conferences.conference_sounds import Music
from simulator.conferences.conferences import Conferences, Refused, stay
from simulator.conferences.participants import BY_API, Terms
from simulator.documents.scene import Outcome, Scene, VerbError
from simulator.registries.recordings import Callback
from simulator.twiml.parser import Verb

_RESULT = (("DialCallStatus", "answered"), ("DialBridged", "true"))


async def join(scene: Scene, verb: Verb, conferences: Conferences) -> Outcome | None:
    """Be in the room until out of it; then ask the action. DialCallSid is not sent."""
    noun = verb.children[0]
    if not noun.text:
        raise VerbError(13237, "<Conference> needs the name of a room")
    try:
        one = conferences.add(_room(conferences, noun.text), scene, _terms(scene, noun))
        scene.call.answer()
    except Refused as refused:
        scene.exchange.debugger.alert(scene.call, refused.code, str(refused), scene.url)
        return _after(scene, verb, ("DialCallStatus", "failed"), ("DialBridged", "false"))

    def star(digit: str) -> None:
        if digit == "*" and verb["hangupOnStar"]:
            one.conference.remove(one, BY_API)

    try:
        with scene.leg.keys_to(star), suppress(TimeoutError):
            await scene.exchange.clock.within(verb["timeLimit"], stay(one))
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb, *_RESULT))
        raise
    return _after(scene, verb, *_RESULT)


def _room(conferences: Conferences, text: str) -> str:
    """The room's name; the id of one that is on will do. Raises Refused."""
    if not re.fullmatch("CF[0-9a-f]{32}", text):
        return text
    found = conferences.by_sid.get(text)
    if found is None or found.status == "completed":
        raise Refused(13236, f"there is no conference {text}")
    return found.name


def _after(scene: Scene, verb: Verb, *fields: tuple[str, str]) -> Outcome | None:
    return scene.action(verb, *fields) if verb["action"] is not None else None


def _terms(scene: Scene, noun: Verb) -> Terms:
    return Terms(
        label=noun["participantLabel"],
        muted=noun["muted"],
        beep=noun["beep"],
        start_on_enter=noun["startConferenceOnEnter"],
        end_on_exit=noun["endConferenceOnExit"],
        coach=noun["coach"],
        most=noun["maxParticipants"],
        region=noun["region"],
        wait=_music(scene, noun),
        events=Subscription(
            scene.resolved(noun["statusCallback"]),
            noun["statusCallbackMethod"],
            noun["statusCallbackEvent"],
        ),
        recording=RoomTerms(
            noun["record"] in {"record-from-start", "true"},
            noun["trim"],
            _callback(scene, noun),
        ),
    )


def _callback(scene: Scene, noun: Verb) -> Callback:
    """Who is told of the recording; the older attribute counts where the newer is not given."""
    if noun["eventCallbackUrl"] and not noun["recordingStatusCallback"]:
        return Callback(scene.resolved(noun["eventCallbackUrl"]), room=noun.text)
    return Callback(
        scene.resolved(noun["recordingStatusCallback"]),
        noun["recordingStatusCallbackMethod"],
        noun["recordingStatusCallbackEvent"],
    )


def _music(scene: Scene, noun: Verb) -> Music:
    """Our own music without a waitUrl, silence with an empty one."""
    if "waitUrl" not in noun.given:
        return Music()
    return Music(scene.resolved(noun["waitUrl"]), noun["waitMethod"])
