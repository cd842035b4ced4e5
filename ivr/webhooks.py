"""The carrier asks what to do with a call: its first answer, and every turn in turn mode."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.queries import handover_for
from calls import ladder
from calls.actions import ENDED, call_arrived, end_call, find_call, new_stream_token
from calls.events import checked_sid
from calls.models import Call, TurnSound
from calls.webhooks import answered_once
from carriers import twiml
from carriers.addresses import until_taken, while_holding, while_speaking
from carriers.messages import Heard, Keys, Message, Silence, Speech, Unanswered, Unheard
from carriers.twiml import Addresses, Stream
from carriers.verbs import JoinQueue, Listen, Say, Verb
from infra.outbox.rows import enqueue
from infra.services import Services
from ivr import turns
from ivr.dialogues.engine import ONLY_KEYS
from ivr.turns import Reply
from voice.cache import UnknownSound, VoiceCache
from voice.prompts import Prompts
from web.access.guard import public
from web.webhooks import Fields, callback, webhook_blueprint

blueprint = webhook_blueprint("ivr", __name__, "/ivr")

_LOOKS_IN_SILENCE = 3
"""After so many looks, a second apart, the caller hears that we are still there."""


@blueprint.post("/voice")
@answered_once(lambda message: "arrived")
def voice(session: Session, message: Fields) -> str:
    """A call arrives: record it, open the media socket, and go on here after it."""
    services = _services()
    call, settings = _arrived(session, message), services.settings
    if ladder.may_talk_live(session, settings):
        turns.start(session, services, call)
        return twiml.answer_with_stream(
            stream=_stream(call, "conversation"),
            then=_address("/ivr/continue?after=stream"),
            recording_status=until_taken(_root() + "/recordings/status"),
        )
    call.mode = "turn"
    unavailable = settings.speech_on and not ladder.may_speak_after_tone(session, settings)
    reply = turns.start(session, services, call, {ONLY_KEYS: True} if unavailable else {})
    return twiml.answer_in_turns(_asked(call, reply), _addresses(reply), _sound_of())


@blueprint.post("/continue")
@answered_once(lambda message: "&".join(f"{k}={v}" for k, v in sorted(message.args.items())))
def go_on(session: Session, message: Fields) -> str:
    """The media socket is over, or the caller is back from the queue: go on in turns."""
    services = _services()
    call = _arrived(session, message)
    reply = turns.start(session, services, call)
    if message.args.get("after") == "stream" and _was_cut_off(call, reply):
        ladder.live_failed(session)
    call.mode = "turn"
    handover = handover_for(session, call.id)
    if handover is not None and handover.state == "to_message":
        unanswered = _is_waiting_for_person(reply)
        if unanswered:
            reply = turns.take_turn_in(
                session, services, call.carrier_sid, reply.turn, Unanswered()
            )
    return _document(session, call, reply)


@blueprint.post("/turn")
@answered_once(lambda message: message.args.get("n", ""))
def turn(session: Session, message: Fields) -> str:
    """Keys or a recorded answer to the question of turn `n`."""
    call = _known_call(session, message)
    number = int(message.args.get("n", "0"))
    keys = message.text("Digits").replace("hangup", "")
    if keys:
        return _take(session, call, number, Keys(keys.rstrip("#")))
    sid = message.text("RecordingSid")
    if not sid:
        return _take(session, call, number, Silence())
    _ask_to_hear(session, call, number, checked_sid(sid, "RE"))
    return twiml.hold_on(_hold_on(call), _address(f"/ivr/heard?n={number}&look=1"))


@blueprint.post("/heard")
@answered_once(lambda message: f"{message.args.get('n')}:{message.args.get('look')}")
def heard(session: Session, message: Fields) -> str:
    """Has the recorded answer been recognised? If so, take the turn; else look again soon."""
    call = _known_call(session, message)
    number, look = int(message.args.get("n", "0")), int(message.args.get("look", "1"))
    sound = _sound(session, call, number)
    if sound is None:
        return _take(session, call, number, Unheard())
    if sound.state == "heard":
        ladder.recorded_held(session, sound)
        said: Heard = Speech(sound.text, sound.confidence) if sound.text else Silence()
        return _take(session, call, number, said)
    if ladder.is_late(sound, _services().settings):
        ladder.recorded_failed(session)
        return _take(session, call, number, Unheard())
    again = _address(f"/ivr/heard?n={number}&look={look + 1}")
    phrase = None if look % _LOOKS_IN_SILENCE else _hold_on(call)
    return twiml.hold_on(phrase, again, pause_s=1)


@blueprint.post("/message")
@answered_once(lambda message: message.args.get("n", ""))
def message_left(session: Session, message: Fields) -> str:
    """A message after the tone is over; without a recording, nothing was said."""
    call = _known_call(session, message)
    number = int(message.args.get("n", "0"))
    sid = message.text("RecordingSid") or message.text("RecordingUrl").rsplit("/", 1)[-1]
    if not sid:
        return _take(session, call, number, Silence())
    left = Message(checked_sid(sid, "RE"), message.number("RecordingDuration") or 0)
    return _take(session, call, number, left)


@blueprint.post("/rescued")
@answered_once(lambda message: message.text("RecordingSid"))
def rescued(session: Session, message: Fields) -> str:
    """The carrier kept a message while we were in trouble: the sweep makes a ticket of it."""
    return twiml.hang_up()


@blueprint.post("/status")
@callback
@answered_once(lambda message: f"{message.text('CallStatus')}:{message.text('SequenceNumber')}")
def status(session: Session, message: Fields) -> str:
    """The carrier says what became of the call."""
    if message.text("CallStatus") not in ENDED:
        return ""
    call = _arrived(session, message)
    end_call(session, call, status=message["CallStatus"], duration_s=message.number("CallDuration"))
    enqueue(
        session, queue="tickets", job="ivr.jobs.settle", key=f"settle:{call.id}", args=[call.id]
    )
    return ""


@public
def sound(key: str) -> Response:
    """The sound of one phrase, for the carrier's `<Play>`; the key cannot be guessed."""
    try:
        data = _services().get(VoiceCache).wav(key)
    except UnknownSound:
        return Response("no such sound", status=404, content_type="text/plain")
    return Response(
        data, content_type="audio/wav", headers={"Cache-Control": "private, max-age=3600"}
    )


def _take(session: Session, call: Call, number: int, heard: Heard) -> str:
    reply = turns.take_turn_in(session, _services(), call.carrier_sid, number, heard)
    return _document(session, call, reply)


def _document(session: Session, call: Call, reply: Reply) -> str:
    """The reply as TwiML, without words that the caller has heard on the media socket."""
    last = reply.verbs[-1]
    if isinstance(last, Listen) and last.speech:
        reply = _put_to_keys_if_speech_unavailable(session, call, reply)
    if isinstance(reply.verbs[-1], Listen):
        return twiml.turn(_asked(call, reply), _addresses(reply), _sound_of())
    said = (last,) if call.spoken_turn >= reply.turn else reply.verbs
    listen = _stream(call, "transcription") if isinstance(last, JoinQueue) else None
    return twiml.turn(said, _addresses(reply), _sound_of(), listen=listen)


def _put_to_keys_if_speech_unavailable(session: Session, call: Call, reply: Reply) -> Reply:
    """The question, by the keypad if nobody recognises recorded answers at this moment."""
    services = _services()
    if ladder.may_speak_after_tone(session, services.settings):
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


def _hold_on(call: Call) -> str:
    return _sound_of()(Prompts(call.language).text("hold_on")[0], call.language)


def _is_waiting_for_person(reply: Reply) -> bool:
    return isinstance(reply.verbs[-1], JoinQueue)


def _ask_to_hear(session: Session, call: Call, number: int, recording_sid: str) -> None:
    if _sound(session, call, number) is None:
        session.add(TurnSound(call_id=call.id, number=number, recording_sid=recording_sid))
        enqueue(
            session,
            queue="live",
            job="ivr.jobs.hear_turn",
            key=f"hear:{call.id}:{number}",
            args=[call.id, number],
        )


def _sound(session: Session, call: Call, number: int) -> TurnSound | None:
    return session.scalar(
        select(TurnSound).where(TurnSound.call_id == call.id, TurnSound.number == number)
    )


def _arrived(session: Session, message: Fields) -> Call:
    """The call that a message is about, made if this is the first we hear of it."""
    return call_arrived(
        session,
        carrier_sid=message["CallSid"],
        from_number=message.text("From"),
        to_number=message.text("To"),
        direction=message.text("Direction"),
        language=_services().settings.language_list[0],
    )


def _known_call(session: Session, message: Fields) -> Call:
    call = find_call(session, message["CallSid"])
    if call is None:
        raise LookupError("a turn came for a call that is not in our records")
    return call


def _stream(call: Call, purpose: str) -> Stream:
    return Stream(_services().settings.media_url, call.carrier_sid, new_stream_token(call), purpose)


def _addresses(reply: Reply) -> Addresses:
    return Addresses(
        turn=_address(f"/ivr/turn?n={reply.turn}"),
        message=_address(f"/ivr/message?n={reply.turn}"),
        recording_status=until_taken(_root() + "/recordings/status"),
        wait=_address("/agents/wait"),
        queue_over=_address(f"/agents/queue-over?n={reply.turn}"),
    )


def _sound_of() -> twiml.SoundOf:
    cache = _services().get(VoiceCache)
    return lambda phrase, language: while_speaking(
        f"{_root()}/say/{cache.promised(phrase, language)}.wav"
    )


def _address(path: str) -> str:
    return while_holding(_root() + path)


def _root() -> str:
    return _services().settings.public_url


def _services() -> Services:
    return cast(Services, current_app.extensions["swiftline"])
