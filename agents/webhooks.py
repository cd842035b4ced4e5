"""The carrier about people: the wait for an agent, the agent's own leg, and what follows."""

from __future__ import annotations

import re
import uuid
from typing import cast
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy.orm import Session

from agents.handovers import actions, connecting
from agents.handovers.actions import queue_name
from agents.handovers.life import OPEN, State
from agents.models import Handover
from agents.routing import queries as routing_queries
from agents.routing import waiting
from agents.rows import held_handover_of_call
from calls import legs
from calls.actions import find_call
from calls.models import Call
from calls.webhooks import answered_once
from carriers.messages import CarrierMessage, QueueResult
from carriers.verbs import GoOn, HangUp, JoinQueue, LeaveQueue, Pause, Play, TakeFromQueue, Verbs
from infra.clock import now
from infra.log import logger
from infra.services import Services
from voice.cache import VoiceCache
from voice.prompts import Prompts
from web.webhooks import in_place, webhook_blueprint

blueprint = webhook_blueprint("agents", __name__, "/agents")

MOST_BRIDGES = 6
"""How often an agent's leg looks for its caller, a second apart, before it is given up."""

_ID = re.compile(r"^[1-9][0-9]{0,8}$")
_AGENT = re.compile(r"^agent_([1-9][0-9]{0,8})$")
_NO_QUEUE = (QueueResult.LEFT, QueueResult.REFUSED)
"""Results after which the caller cannot or should not wait on."""
_log = logger(__name__)


def _look(message: CarrierMessage) -> str:
    """What makes a look at a waiting caller the same again.

    Only the answer to the first of a round knows the round. It changes nothing, so the carrier's
    own word that a request is the same is enough, and without that word it is always new.
    """
    if "look" not in message.args:
        return f"first:{message.repeat_token or uuid.uuid4().hex}"
    return f"{message.args.get('round', '')}:{message.args['look']}"


@blueprint.post("/wait")
@in_place
@answered_once(_look)
def wait(session: Session, message: CarrierMessage) -> Verbs:
    """What a waiting caller hears next."""
    call, handover = _of_caller(session, message)
    if handover is None or handover.state not in OPEN:
        return (LeaveQueue(),)
    seen = _seen(session, handover, _number(message.args.get("look")))
    match waiting.next_piece(seen):
        case waiting.Enough():
            return (LeaveQueue(),)
        case waiting.AgentLost():
            following = actions.agent_lost(session, handover)
            return _play(call, following, seen.look, waiting.Hear("trouble", 2))
        case waiting.Hear() as piece:
            return _play(call, handover, seen.look, piece)


@blueprint.post("/queue-over")
@answered_once(lambda message: f"{_round(message)}:{message.queue_result or ''}")
def queue_over(session: Session, message: CarrierMessage) -> Verbs:
    """The caller is out of the queue: after a conversation, a wait that was too long, a hang-up."""
    call, handover = _of_caller(session, message)
    if handover is None:
        return (GoOn(_address("/ivr/continue", after="queue")),)
    if message.status == "completed" or message.queue_result is QueueResult.HUNG_UP:
        actions.caller_gone(session, call.id)
        return ()
    if message.queue_result in _NO_QUEUE:
        actions.give_up_waiting(session, handover)
    return _go_on(session, call, handover)


@blueprint.post("/back")
@answered_once(lambda message: message.args.get("round", ""))
def back(session: Session, message: CarrierMessage) -> Verbs:
    """We fetched the caller out of a bridge whose agent fell silent."""
    call, handover = _of_caller(session, message)
    if handover is None:
        return (GoOn(_address("/ivr/continue", after="queue")),)
    return _go_on(session, call, handover)


@blueprint.post("/voice")
@in_place
@answered_once(lambda message: message.args.get("try", "0"))
def voice(session: Session, message: CarrierMessage) -> Verbs:
    """An agent's browser calls: connect it with the caller of an offer it accepted.

    Who calls is known from the carrier alone, which takes it from the token that we signed.
    """
    agent = _AGENT.match(message.client)
    if agent is None:
        _log.warning("agent leg refused", reason="not an agent")
        return (HangUp(),)
    attempt = _number(message.args.get("try"))
    if attempt:
        return _bridge_again(session, message, attempt)
    try:
        handover = connecting.connect_leg(
            session,
            staff_id=int(agent.group(1)),
            offer_id=_offer_id(message),
            leg_sid=message.call_sid,
        )
    except actions.NotYours as error:
        _log.warning("agent leg refused", reason=str(error))
        return (HangUp(),)
    return _bridge(handover, 0)


@blueprint.post("/voice-over")
@in_place
@answered_once(lambda message: message.args.get("attempt", "0"))
def voice_over(session: Session, message: CarrierMessage) -> Verbs:
    """The agent's leg is out of the bridge.

    If the leg itself ended without the desk's hang-up, the agent is lost. If it is still up,
    the caller hung up or is on the way into the queue: look again in a second.
    """
    handover = connecting.handover_of_leg(session, message.call_sid)
    if handover is None or handover.state != State.IN_CONVERSATION:
        return _leave(session, message)
    if message.status == "completed":
        actions.agent_lost(session, handover)
        legs.leave(session, message.call_sid)
        return ()
    attempt = _number(message.args.get("attempt")) + 1
    if attempt > MOST_BRIDGES:
        actions.caller_gone(session, handover.call_id)
        return _leave(session, message)
    return (Pause(1), GoOn(_address("/agents/voice", **{"try": attempt})))


def _leave(session: Session, message: CarrierMessage) -> Verbs:
    """The agent's leg is over, or ends with this answer."""
    legs.leave(session, message.call_sid)
    return (HangUp(),)


def _bridge_again(session: Session, message: CarrierMessage, attempt: int) -> Verbs:
    handover = connecting.handover_of_leg(session, message.call_sid)
    if handover is None or handover.state != State.IN_CONVERSATION:
        return _leave(session, message)
    return _bridge(handover, attempt)


def _bridge(handover: Handover, attempt: int) -> Verbs:
    over = _address("/agents/voice-over", attempt=attempt)
    return (TakeFromQueue(queue_name(handover.call_id), over),)


def _offer_id(message: CarrierMessage) -> int:
    offer = message.parameters.get("offer", "")
    return int(offer) if _ID.match(offer) else 0


def _go_on(session: Session, call: Call, handover: Handover) -> Verbs:
    """What follows for a caller who is on the line and in no queue."""
    match handover.state:
        case State.ENDED if handover.ended_by == "agent":
            return (*_sounds("goodbye", call.language), HangUp())
        case State.ENDED | State.ABANDONED:
            handover = actions.caller_still_there(session, handover)
        case State.TO_MESSAGE:
            again = _address("/ivr/continue", after="queue", round=handover.round)
            return (GoOn(again),)
    over = _address("/agents/queue-over", round=handover.round)
    return (JoinQueue(queue_name(call.id), wait=_address("/agents/wait"), then=over),)


def _play(call: Call, handover: Handover, look: int, piece: waiting.Hear) -> Verbs:
    sounds = _sounds(piece.prompt, call.language) if piece.prompt else ()
    tune_from = look * waiting.PIECE_S
    tune = _address("/agents/hold-music.wav", **{"from": tune_from, "for": piece.music_s})
    again = _address("/agents/wait", round=handover.round, look=look + 1)
    return (*sounds, Play(tune), GoOn(again))


def _seen(session: Session, handover: Handover, look: int) -> waiting.Wait:
    settings, moment = _services().settings, now()
    limit_s = settings.nobody_wait_s
    if routing_queries.somebody_on_duty(session):
        limit_s = settings.agent_wait_s
    in_conversation_s = None
    if handover.state == State.IN_CONVERSATION and handover.accepted_at is not None:
        in_conversation_s = (moment - handover.accepted_at).total_seconds()
    return waiting.Wait(
        look=look,
        waited_s=(moment - handover.waiting_since).total_seconds(),
        limit_s=limit_s,
        ringing=handover.state == State.OFFERED,
        in_conversation_s=in_conversation_s,
        came_back=handover.round > 1 and handover.priority >= actions.FRONT,
        next_in_line=routing_queries.is_next_in_line(session, handover),
        in_danger=handover.reason == "emergency",
    )


def _of_caller(session: Session, message: CarrierMessage) -> tuple[Call, Handover | None]:
    call = find_call(session, message.call_sid)
    if call is None:
        raise LookupError("a caller waits who is not in our records")
    return call, held_handover_of_call(session, call.id)


def _round(message: CarrierMessage) -> str:
    return f"{message.args.get('round', '')}:{message.queued_s}"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _sounds(prompt: str, language: str) -> tuple[Play, ...]:
    cache = _services().get(VoiceCache)
    phrases = Prompts(language).text(prompt)
    keys = (cache.deferred(text, language) for text in phrases)
    return tuple(Play(_address(f"/say/{key}.wav")) for key in keys)


def _address(path: str, **args: object) -> str:
    query = f"?{urlencode(args)}" if args else ""
    return _services().settings.public_url + path + query


def _services() -> Services:
    return cast(Services, current_app.extensions["swiftline"])
