"""<Connect>: the caller talks with the application through a socket until it is over."""

from __future__ import annotations

import asyncio

from simulator.scene import Outcome, Scene
from simulator.twiml.parser import Verb
from simulator.verbs import streams


async def connect(scene: Scene, verb: Verb) -> Outcome | None:
    """Run the noun; then the action, or go on. Who hangs up meanwhile leaves it its last words."""
    try:
        await streams.talk(scene, verb.children[0])
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            scene.call.last_words.append(scene.action(verb))
        raise
    return scene.action(verb) if verb["action"] is not None else None
