"""<Refer>: a SIP telephone is asked to call somebody else by itself.

Only legs to and from SIP can be referred (Twilio, error 13801). Whether the new call comes about is
up to the telephone described at the target's address. Fields: Twilio, "TwiML Voice: <Refer>".
"""

from __future__ import annotations

import asyncio

from simulator.callees.phones import Phones
from simulator.documents.scene import Outcome, Scene, VerbError
from simulator.scenario.files import Behaviour
from simulator.twiml.parser import Verb
from simulator.webhooks.webhook import Form

_LONGEST_S = 60.0
_NOTIFIED = {
    "answered": ("in-progress", "200"),
    "busy": ("busy", "486"),
    "failed": ("failed", "404"),
    "no-answer": ("no-answer", "408"),
    "canceled": ("canceled", "180"),
}


async def refer(scene: Scene, verb: Verb, *, phones: Phones) -> Outcome | None:
    """Ask the telephone, wait for how its call went, then ask the action or go on."""
    target = verb.children[0].text
    if not target.startswith(("sip:", "sips:")):
        raise VerbError(13243, f"<Refer> needs sip:..., got {target!r}")
    party = scene.call.party
    address = party.from_ if party.direction == "inbound" else party.to
    if not address.startswith(("sip:", "sips:")):
        raise VerbError(13801, "only a call to or from SIP can be referred")
    scene.call.log.add("refer", to=target)
    try:
        outcome = await _called(scene, phones.behaviour_of(target))
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb, *_fields("canceled")))
        raise
    return scene.action(verb, *_fields(outcome)) if verb["action"] is not None else None


async def _called(scene: Scene, behaviour: Behaviour) -> str:
    """How the telephone's own call went."""
    if behaviour.kind == "no-answer" or behaviour.after_s > _LONGEST_S:
        await scene.exchange.clock.sleep(_LONGEST_S)
        return "no-answer"
    await scene.exchange.clock.sleep(behaviour.after_s)
    return behaviour.kind if behaviour.kind in ("busy", "failed") else "answered"


def _fields(outcome: str) -> Form:
    status, code = _NOTIFIED[outcome]
    return (
        ("ReferCallStatus", status),
        ("ReferSipResponseCode", "202"),
        ("NotifySipResponseCode", code),
    )
