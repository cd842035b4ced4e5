"""<Connect>: the caller talks with the application through a socket until it is over."""

from __future__ import annotations

import asyncio

from simulator.documents.scene import Outcome, Scene
from simulator.twiml.parser import Verb
from simulator.verbs import streams
from simulator.verbs.relay import RelaySession
from simulator.webhooks.webhook import Form


async def connect(scene: Scene, verb: Verb) -> Outcome | None:
    """Run the noun; then the action, or go on. Who hangs up meanwhile leaves it its last words."""
    noun = verb.children[0]
    relay = RelaySession(scene, noun) if noun.name == "ConversationRelay" else None

    def result() -> Form:
        return relay.result() if relay is not None else ()

    try:
        await (relay.run() if relay is not None else streams.talk(scene, noun))
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb, *result()))
        raise
    return scene.action(verb, *result()) if verb["action"] is not None else None
