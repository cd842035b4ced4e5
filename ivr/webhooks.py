"""The carrier asks what to do with a call: its first answer, and every turn in turn mode."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app
from sqlalchemy.orm import Session

from agents.handovers.life import State
from agents.handovers.queries import handover_for
from calls import fallback, legs, outbound
from calls.actions import call_arrived, end_call, find_call
from calls.life import TurnSoundState
from calls.models import Call
from calls.webhooks import answered_once
from carriers.messages import (
    ENDED,
    AnsweredBy,
    CarrierMessage,
    Heard,
    Keys,
    Message,
    Silence,
    Speech,
    Unanswered,
    Unheard,
)
from carriers.verbs import (
    Converse,
    GoOn,
    HangUp,
    JoinQueue,
    Listen,
    ListenAlong,
    Pause,
    Say,
    Verb,
    Verbs,
)
from config.city import City
from infra.clock import now
from infra.outbox.rows import enqueue
from infra.services import Services
from ivr import turns
from ivr.addresses import Addresses
from ivr.dialogues.steps import ONLY_KEYS
from ivr.emergency_calls import note_connection
from ivr.recorded_answers import ask_to_recognise, find_answer
from ivr.turns import Reply
from voice.cache import UnknownSound, VoiceCache
from voice.prompts import Prompts
from web.access.guard import public
from web.webhooks import callback, webhook_blueprint

blueprint = webhook_blueprint("ivr", __name__, "/ivr")

_LOOKS_IN_SILENCE = 3
"""After so many looks, a second apart, the caller hears that we are still there."""


@blueprint.post("/voice")
@answered_once(lambda message: "arrived")
def voice(session: Session, message: CarrierMessage) -> Verbs:
    """A call arrives, or one of ours is answered: record it, open the media socket, go on here."""
    services, addresses = _services(), _addresses()
    call, settings = _arrived(session, message), services.settings
    if message.answered_by in (AnsweredBy.MACHINE, AnsweredBy.FAX):
        return (HangUp(),)
    if fallback.may_talk_live(session, settings):
        turns.start(session, services, call)
        socket = addresses.media_socket(call, "conversation")
        go_on = GoOn(addresses.of("/ivr/continue?after=stream"))
        return (addresses.record_call(), Converse(socket), go_on)
    call.mode = "turn"
    unavailable = settings.speech_on and not fallback.may_speak_after_tone(session, settings)
    reply = turns.start(session, services, call, {ONLY_KEYS: True} if unavailable else {})
    return (addresses.record_call(), *addresses.complete(_asked(call, reply), reply.turn))


@blueprint.post("/continue")
@answered_once(lambda message: "&".join(f"{k}={v}" for k, v in sorted(message.args.items())))
def go_on(session: Session, message: CarrierMessage) -> Verbs:
    """The media socket is over, or the caller is back from the queue: go on in turns."""
    services = _services()
    call = _arrived(session, message)
    reply = turns.start(session, services, call)
    if message.args.get("after") == "stream" and _was_cut_off(call, reply):
        fallback.live_failed(session)
    call.mode = "turn"
    handover = handover_for(session, call.id)
    if handover is not None and handover.state == State.TO_MESSAGE:
        unanswered = _is_waiting_for_person(reply)
        if unanswered:
            reply = turns.take_turn_in(
                session, services, call.carrier_sid, reply.turn, Unanswered()
            )
    return _document(session, call, reply)


@blueprint.post("/turn")
@answered_once(lambda message: message.args.get("n", ""))
def turn(session: Session, message: CarrierMessage) -> Verbs:
    """Keys or a recorded answer to the question of turn `n`."""
    call = _known_call(session, message)
    number = int(message.args.get("n", "0"))
    if message.keys is not None:
        return _take(session, call, number, Keys(message.keys))
    if message.recording is None:
        return _take(session, call, number, Silence())
    ask_to_recognise(session, call, number, message.recording.sid)
    return (_addresses().hold_on(call), GoOn(_addresses().of(f"/ivr/recognised?n={number}&look=1")))


@blueprint.post("/recognised")
@answered_once(lambda message: f"{message.args.get('n')}:{message.args.get('look')}")
def recognised(session: Session, message: CarrierMessage) -> Verbs:
    """Has the recorded answer been recognised? If so, take the turn; else look again soon."""
    call = _known_call(session, message)
    number, look = int(message.args.get("n", "0")), int(message.args.get("look", "1"))
    sound = find_answer(session, call, number)
    if sound is None:
        return _take(session, call, number, Unheard())
    if sound.state == TurnSoundState.HEARD:
        fallback.recorded_succeeded(session, sound)
        said: Heard = Speech(sound.text, sound.confidence) if sound.text else Silence()
        return _take(session, call, number, said)
    if fallback.is_late(sound, _services().settings):
        fallback.recorded_failed(session)
        return _take(session, call, number, Unheard())
    again = GoOn(_addresses().of(f"/ivr/recognised?n={number}&look={look + 1}"))
    if look % _LOOKS_IN_SILENCE:
        return (Pause(1), again)
    return (_addresses().hold_on(call), Pause(1), again)


@blueprint.post("/message")
@answered_once(lambda message: message.args.get("n", ""))
def message_left(session: Session, message: CarrierMessage) -> Verbs:
    """A message after the tone is over; without a recording, nothing was said."""
    call = _known_call(session, message)
    number = int(message.args.get("n", "0"))
    if message.recording is None:
        return _take(session, call, number, Silence())
    left = Message(message.recording.sid, message.recording.duration_s or 0)
    return _take(session, call, number, left)


@blueprint.post("/connected")
@answered_once(lambda message: message.args.get("n", ""))
def connected(session: Session, message: CarrierMessage) -> Verbs:
    """The call to the emergency number is over, or came to nothing: then a person is next."""
    call = _known_call(session, message)
    if message.dialled is not None and message.dialled.connected:
        note_connection(session, call, message.dialled, _services().get(City).emergency_number)
        return (HangUp(),)
    if message.status in ENDED:
        return ()
    return _take(session, call, int(message.args.get("n", "0")), Unanswered())


@blueprint.post("/rescued")
@answered_once(lambda message: message.recording.sid if message.recording else "")
def rescued(session: Session, message: CarrierMessage) -> Verbs:
    """The carrier kept a message while we were in trouble: reconciling makes a ticket of it."""
    return (HangUp(),)


@blueprint.post("/status")
@callback
@answered_once(lambda message: f"{message.status}:{message.sequence}")
def status(session: Session, message: CarrierMessage) -> Verbs:
    """The carrier says what became of the call."""
    if message.status not in ENDED and "outbound" not in message.args:
        return ()
    call = _arrived(session, message)
    if message.status not in ENDED:
        return ()
    end_call(session, call, status=message.status, duration_s=message.duration_s)
    enqueue(
        session, queue="tickets", job="ivr.jobs.settle", key=f"settle:{call.id}", args=[call.id]
    )
    return ()


@public
def sound(key: str) -> Response:
    """The sound of one phrase, for the carrier to play; the key cannot be guessed."""
    try:
        data = _services().get(VoiceCache).wav(key)
    except UnknownSound:
        return Response("no such sound", status=404, content_type="text/plain")
    return Response(
        data, content_type="audio/wav", headers={"Cache-Control": "private, max-age=3600"}
    )


def _take(session: Session, call: Call, number: int, heard: Heard) -> Verbs:
    reply = turns.take_turn_in(session, _services(), call.carrier_sid, number, heard)
    return _document(session, call, reply)


def _document(session: Session, call: Call, reply: Reply) -> Verbs:
    """The reply with its addresses, without words that the caller has heard on the media socket."""
    last = reply.verbs[-1]
    if isinstance(last, Listen) and last.speech:
        reply = _put_to_keys_if_speech_unavailable(session, call, reply)
    if isinstance(reply.verbs[-1], Listen):
        return _addresses().complete(_asked(call, reply), reply.turn)
    said = () if call.spoken_turn >= reply.turn else reply.verbs[:-1]
    if isinstance(last, JoinQueue):
        said = (*said, ListenAlong(_addresses().media_socket(call, "transcription")))
    return _addresses().complete((*said, last), reply.turn)


def _put_to_keys_if_speech_unavailable(session: Session, call: Call, reply: Reply) -> Reply:
    """The question, by the keypad if nobody recognises recorded answers at this moment."""
    services = _services()
    if fallback.may_speak_after_tone(session, services.settings):
        return reply
    return turns.take_turn_in(session, services, call.carrier_sid, reply.turn, Unheard())


def _was_cut_off(call: Call, reply: Reply) -> bool:
    """Whether the media socket ended, or never began, with a question still open."""
    return call.mode == "stream" and isinstance(reply.verbs[-1], Listen)


def _asked(call: Call, reply: Reply) -> tuple[Verb, ...]:
    """The words of a reply; in turns a caller must know when to speak."""
    last = reply.verbs[-1]
    if not isinstance(last, Listen) or not last.speech:
        return reply.verbs
    hint = Say(Prompts(call.language).text("after_tone"), call.language)
    return (*reply.verbs[:-1], hint, last)


def _is_waiting_for_person(reply: Reply) -> bool:
    return isinstance(reply.verbs[-1], JoinQueue)


def _arrived(session: Session, message: CarrierMessage) -> Call:
    """The call that a message is about, made if this is the first we hear of it."""
    if "outbound" in message.args:
        return _placed_by_us(session, message)
    return call_arrived(
        session,
        carrier_sid=message.call_sid,
        from_number=message.from_number,
        to_number=message.to_number,
        direction=message.direction,
        language=_services().settings.language_list[0],
    )


def _placed_by_us(session: Session, message: CarrierMessage) -> Call:
    """The carrier may ask about a call before the job that placed it has its answer."""
    intent = outbound.locked_outbound(session, int(message.args["outbound"]))
    number = _services().settings.phone_number
    call = outbound.placed(session, intent, carrier_sid=message.call_sid, our_number=number)
    if message.status == "in-progress":
        outbound.answered(intent, message.answered_by)
        legs.join(
            session,
            call_id=call.id,
            carrier_sid=call.carrier_sid,
            party=legs.Party.CALLER,
            answered_at=now(),
        )
    return call


def _known_call(session: Session, message: CarrierMessage) -> Call:
    call = find_call(session, message.call_sid)
    if call is None:
        raise LookupError("a turn came for a call that is not in our records")
    return call


def _addresses() -> Addresses:
    return Addresses(_services())


def _services() -> Services:
    return cast(Services, current_app.extensions["swiftline"])
