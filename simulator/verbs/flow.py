"""<Redirect>, <Reject>, <Hangup>, <Echo>: where a call goes next, and where it goes no further."""

from __future__ import annotations

import asyncio

from simulator.documents.scene import End, Outcome, Scene, VerbError
from simulator.registries.queues import OtherSide
from simulator.twiml.parser import Verb


async def redirect(scene: Scene, verb: Verb) -> Outcome | None:
    """Go on with another document; without an address, with this one again."""
    url = scene.resolved(verb.text) or scene.url
    if scene.inline and "://" not in verb.text:
        raise VerbError(11100, "<Redirect> needs an absolute address in this document")
    return scene.request(url, verb["method"])


async def reject(scene: Scene, verb: Verb) -> Outcome | None:
    """Refuse a call that has not been answered; on one that has, hang up."""
    _return(scene, verb)
    if scene.call.status != "ringing":
        return End()
    return End("busy" if verb["reason"] == "busy" else "no-answer")


async def hang_up(scene: Scene, verb: Verb) -> Outcome | None:
    """End the call."""
    _return(scene, verb)
    return End()


async def echo(scene: Scene, verb: Verb) -> Outcome | None:
    """Let the caller hear themselves until the call is over."""
    with scene.leg.playing(OtherSide(scene.leg)):
        await asyncio.Event().wait()
    return None


def _return(scene: Scene, verb: Verb) -> None:
    """Keep what goes back to the <Dial> that called this application."""
    scene.call.returned = tuple((child["name"], child["value"]) for child in verb.children)
