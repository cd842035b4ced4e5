"""<Gather>: keys, during and after what is spoken inside it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from simulator.scene import Outcome, Scene
from simulator.twiml.parser import Verb


class _Keys:
    """Keys pressed since the verb began."""

    def __init__(self, verb: Verb) -> None:
        self._finish = verb["finishOnKey"]
        self._most = verb["numDigits"]
        self.digits = ""
        self.finished_on = ""
        self.pressed = asyncio.Event()
        self.complete = asyncio.Event()

    def take(self, digit: str) -> None:
        if self.complete.is_set():
            return
        self.pressed.set()
        if digit == self._finish:
            self.finished_on = digit
            self.complete.set()
            return
        self.digits += digit
        if self._most is not None and len(self.digits) >= self._most:
            self.complete.set()


async def gather(scene: Scene, verb: Verb) -> Outcome | None:
    """Ask the action with the digits; without any, go on unless actionOnEmptyResult.

    A key stops what is being spoken. The time-out starts after it and again with each key.
    """
    keys = _Keys(verb)
    with scene.leg.keys_to(keys.take):
        await _prompt(scene, verb, keys)
        await _wait(scene, verb, keys)
    if not keys.digits and not verb["actionOnEmptyResult"]:
        return None
    result = (
        ("Digits", keys.digits),
        ("FinishedOnKey", keys.finished_on),
        ("msg", "Gather End"),
    )
    return scene.action(verb, *result)


async def _prompt(scene: Scene, verb: Verb, keys: _Keys) -> None:
    async def speak() -> None:
        for child in verb.children:
            await scene.handlers[child.name](scene, child)

    speaking = asyncio.ensure_future(speak())
    pressed = asyncio.ensure_future(keys.pressed.wait())
    try:
        await asyncio.wait({speaking, pressed}, return_when=asyncio.FIRST_COMPLETED)
        if speaking.done():
            speaking.result()
    finally:
        for task in (speaking, pressed):
            task.cancel()
        await asyncio.gather(speaking, pressed, return_exceptions=True)


async def _wait(scene: Scene, verb: Verb, keys: _Keys) -> None:
    """Until the digits are complete or no key came for the time-out."""
    while not keys.complete.is_set():
        before = keys.digits
        with suppress(TimeoutError):
            await scene.network.clock.within(verb["timeout"] or 0.02, keys.complete.wait())
            return
        if keys.digits == before:
            return
