"""<Dial><Application>: the caller is connected to a TwiML application, as if they had called it.

The application leads a call of its own: its line's person is the caller. It is asked with
`CustomerId` and `Param_...`; `To` is the application's SID, or the caller's own `To` with
`copyParentTo` (Twilio, "TwiML Voice: <Application>").
"""

from __future__ import annotations

from simulator.calls.call import Call, Party
from simulator.calls.legs import Endpoint, Leg
from simulator.calls.status_callback import StatusCallback
from simulator.documents.outgoing import Outgoing
from simulator.documents.scene import Scene, VerbError
from simulator.sound.audio import SILENCE
from simulator.twiml.parser import Verb
from simulator.webhooks.webhook import Form


class CallerOnLine(Endpoint):
    """The person on the application's line: the caller of another call."""

    def __init__(self, caller: Leg) -> None:
        self._caller = caller
        self._heard = SILENCE

    def speak(self) -> bytes:
        """What the caller says now."""
        return SILENCE if self._caller.over else self._caller.inbound

    def hear(self, frame: bytes) -> None:
        """What the application plays now."""
        self._heard = frame

    def next_frame(self) -> bytes:
        """What the caller hears of the application."""
        return self._heard


def call_application(
    scene: Scene, noun: Verb, progress: StatusCallback, outgoing: Outgoing
) -> Call | None:
    """Begin the application's call; None, and an alert, when there is no such application."""
    exchange, caller = scene.exchange, scene.call
    sid = _sid(noun)
    answering = exchange.account.application(sid)
    if answering.voice is None:
        exchange.debugger.alert(caller, 21218, f"there is no application {sid}", scene.url)
        return None
    party = Party(
        caller.party.from_,
        caller.party.to if noun["copyParentTo"] else sid,
        answering.voice,
        application_sid=sid,
        params=_params(scene, noun),
        parent_sid=caller.sid,
        progress=progress,
    )
    return outgoing.to_application(party, CallerOnLine(caller.leg))


async def listen_to(scene: Scene, application: Call) -> None:
    """Hear the application and press keys for it, until its call is over."""
    line = application.leg.endpoint
    if not isinstance(line, CallerOnLine):
        raise TypeError("only a call to an application can be listened to")
    with scene.leg.playing(line), scene.leg.keys_to(application.leg.press):
        await application.gone.wait()


def _sid(noun: Verb) -> str:
    named = [child.text for child in noun.children if child.name == "ApplicationSid"]
    sid = named[0] if named else noun.text
    if not sid:
        raise VerbError(21218, "<Application> needs the SID of an application")
    return sid


def _params(scene: Scene, noun: Verb) -> Form:
    given = [
        (f"Param_{child['name']}", child["value"])
        for child in noun.children
        if child.name == "Parameter"
    ]
    return (("CustomerId", noun["customerId"] or scene.call.account_sid), *given)
