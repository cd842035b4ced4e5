"""Where a document runs: on which call, from which address, with which verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from simulator.calls.call import Call, Inline
from simulator.calls.legs import Leg
from simulator.calls.playing import play
from simulator.exchange import Exchange
from simulator.media.sound_files import sound_of
from simulator.twiml import schema
from simulator.twiml.parser import DocumentError, Misplaced, Verb, parse
from simulator.webhooks.webhook import Answer, Form, Request


@dataclass(frozen=True)
class End:
    """The call is over."""

    status: str = ""


@dataclass(frozen=True)
class Leave:
    """The caller leaves the queue."""


Outcome = Request | Inline | End | Leave
"""Why a document stopped before its end."""

Handler = Callable[["Scene", Verb], Awaitable[Outcome | None]]
"""Runs a verb; None: go on with the next one."""


class VerbError(Exception):
    """The document asks for what cannot be done. `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Scene:
    """What a verb needs to know.

    url: the document's own address; relative ones are resolved against it.
    inline: the document came by REST, so that addresses must be absolute.
    verbs: what may stand in it. extra: fields its requests carry besides the common ones.
    """

    call: Call
    exchange: Exchange
    handlers: Mapping[str, Handler]
    url: str
    inline: bool = False
    verbs: tuple[str, ...] = schema.VERBS
    extra: Callable[[], Form] = field(default=tuple)

    @property
    def leg(self) -> Leg:
        """The person's line."""
        return self.call.leg

    async def run(self, document: bytes) -> Outcome | None:
        """Run a document; None at its end. Raises DocumentError, VerbError."""
        verbs = parse(document, verbs=self.verbs, leniency=self._be_lenient)
        text = document.decode(errors="replace")
        self.call.log.add("twiml", url=self.url, document=text)
        for place, verb in enumerate(verbs):
            if not _stays_ringing(verb, place):
                self.call.answer()
            self.call.log.add("verb", verb=verb.name, line=verb.line, column=verb.column)
            outcome = await self.handlers[verb.name](self, verb)
            if outcome is not None:
                return outcome
        self.call.answer()
        return None

    def _be_lenient(self, violation: DocumentError) -> None:
        """Note what the carrier only warns of; raise what ends the document."""
        is_barred = isinstance(violation, Misplaced) and self.verbs != schema.VERBS
        if self.exchange.settings.strict or is_barred:
            raise violation
        self.exchange.debugger.alert(
            self.call, violation.code, str(violation), self.url, level="warning"
        )

    def address(self, verb: Verb, name: str = "action") -> str:
        """An address attribute made absolute; the document's own where none is given."""
        given = verb[name] or ""
        if self.inline and "://" not in given:
            raise VerbError(11100, f"<{verb.name}> needs an absolute {name} in this document")
        return self.resolved(given) or self.url

    def resolved(self, address: str | None) -> str:
        """An address of the document made absolute; empty when there is none."""
        try:
            return urljoin(self.url, address) if address else ""
        except ValueError as error:
            raise VerbError(11100, f"not an address: {address!r} ({error})") from error

    def request(self, url: str, method: str, *fields: tuple[str, str]) -> Request:
        """A request about this call, with the scene's own fields."""
        return self.call.request(url, method, (*self.extra(), *fields))

    def action(self, verb: Verb, *fields: tuple[str, str]) -> Request:
        """The request to the verb's action."""
        return self.request(self.address(verb), verb["method"], *fields)

    async def say(self, text: str, language: str) -> None:
        """Let the person hear a sentence of the carrier's own voice."""
        sound = await self.exchange.voice.spoken(text, language)
        self.call.answer()
        await play(self.leg, sound)

    async def play_answer(self, answer: Answer) -> None:
        """Let the line hear a sound that came instead of a document. Raises BadSound."""
        await play(self.leg, sound_of(answer))


def _stays_ringing(verb: Verb, place: int) -> bool:
    """Whether a call that rings is not answered before this verb."""
    if verb.name == "Pause":
        return place == 0
    return verb.name in ("Reject", "Redirect") or (verb.name == "Dial" and verb["answerOnBridge"])
