"""<Sms>: a text is sent, and the call goes on.

Twilio, "TwiML Voice: <Sms>": the text goes to the other side of the call, from the account's side
of it, unless `to` and `from` say otherwise; the action is told `SmsStatus`, sending or invalid.
"""

from __future__ import annotations

from simulator.documents.scene import Outcome, Scene
from simulator.errors.error_names import NAMES
from simulator.messages.delivery import send
from simulator.numbers.e164 import is_e164, to_e164
from simulator.registries.text_messages import MOST_CHARACTERS, Message
from simulator.twiml.parser import Verb
from simulator.webhooks.webhook import Form

INVALID_TO, INVALID_FROM, INVALID_BODY, OPTED_OUT = 14101, 14102, 14103, 21610


async def sms(scene: Scene, verb: Verb) -> Outcome | None:
    """Send a text; then ask the action, or go on with the next verb where there is none."""
    message = _message(scene, verb)
    code, why = _fault(scene, message)
    told: Form = (("SmsStatus", "invalid"),)
    if code:
        scene.exchange.debugger.alert(scene.call, code, why, scene.url, level="warning")
    else:
        send(scene.exchange, message)
        told = (("SmsSid", message.sid), ("SmsStatus", "sending"))
    return scene.action(verb, *told) if verb["action"] is not None else None


def _message(scene: Scene, verb: Verb) -> Message:
    """The text as it would be sent."""
    party = scene.call.party
    theirs, ours = party.to, party.from_
    if party.direction == "inbound":
        theirs, ours = party.from_, party.to
    from_ = to_e164(verb["from"]) or ours
    return Message(
        scene.call.account_sid,
        from_,
        to_e164(verb["to"], like=from_) or theirs,
        verb.text,
        "outbound-call",
        scene.exchange.clock.date,
        status_callback=scene.resolved(verb["statusCallback"]),
    )


def _fault(scene: Scene, message: Message) -> tuple[int, str]:
    """What keeps the text from being sent, by its code and in words; 0 when nothing does."""
    exchange = scene.exchange
    if not is_e164(message.to):
        return INVALID_TO, f"<Sms> to {message.to!r}, which is no number"
    if message.from_ not in exchange.account.numbers:
        return INVALID_FROM, f"<Sms> from {message.from_!r}, which is no number of this account"
    if not 0 < len(message.body) <= MOST_CHARACTERS:
        return INVALID_BODY, f"<Sms> needs a text of at most {MOST_CHARACTERS} characters"
    if message.to in exchange.messages.opted_out:
        return OPTED_OUT, NAMES[OPTED_OUT]
    return 0, ""
