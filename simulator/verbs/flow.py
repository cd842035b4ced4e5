"""<Redirect>, <Reject>, <Hangup>: where a call goes next."""

from __future__ import annotations

from simulator.scene import End, Outcome, Scene, VerbError
from simulator.twiml.parser import Verb


async def redirect(scene: Scene, verb: Verb) -> Outcome | None:
    """Go on with another document; without an address, with this one again."""
    url = scene.resolved(verb.text) or scene.url
    if scene.inline and "://" not in verb.text:
        raise VerbError(11100, "<Redirect> needs an absolute address in this document")
    return scene.request(url, verb["method"])


async def reject(scene: Scene, verb: Verb) -> Outcome | None:
    """Refuse a call that has not been answered; on one that has, hang up."""
    if scene.call.status != "ringing":
        return End()
    return End("busy" if verb["reason"] == "busy" else "no-answer")


async def hang_up(scene: Scene, verb: Verb) -> Outcome | None:
    """End the call."""
    return End()
