"""The carrier about people: the wait for an agent, the agent's own leg, and what follows."""

from __future__ import annotations

import re
import uuid
from typing import cast
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy.orm import Session

from agents import actions, queries, waiting
from agents.actions import queue_name
from agents.life import State
from agents.models import Handover
from agents.rows import held_handover_of_call
from calls.actions import find_call
from calls.models import Call
from calls.webhooks import answered_once
from carriers import twiml
from carriers.addresses import while_holding, while_speaking
from infra.clock import now
from infra.log import logger
from infra.services import Services
from voice.cache import VoiceCache
from voice.prompts import Prompts
from web.webhooks import Fields, in_place, webhook_blueprint

blueprint = webhook_blueprint("agents", __name__, "/agents")

MOST_BRIDGES = 6
"""How often an agent's leg looks for its caller, a second apart, before it is given up."""

_ID = re.compile(r"^[1-9][0-9]{0,8}$")
_AGENT = re.compile(r"^client:agent_([1-9][0-9]{0,8})$")
_NO_QUEUE = ("leave", "queue-full", "system-error")
"""Results after which the caller cannot or should not wait on; after `error`, a bridge that
failed at its start, they can."""
_log = logger(__name__)


def _look(message: Fields) -> str:
    """What makes a look at a waiting caller the same again.

    Only the answer to the first of a round knows the round. It changes nothing, so the carrier's
    own word that a request is the same is enough, and without that word it is always new.
    """
    if "look" not in message.args:
        return f"first:{message.token or uuid.uuid4().hex}"
    return f"{message.args.get('round', '')}:{message.args['look']}"


@blueprint.post("/wait")
@in_place
@answered_once(_look)
def wait(session: Session, message: Fields) -> str:
    """What a waiting caller hears next."""
    call, handover = _of_caller(session, message)
    if handover is None or handover.state not in ("waiting", "offered", "talking"):
        return twiml.leave_queue()
    seen = _seen(session, handover, _number(message.args.get("look")))
    match waiting.next_piece(seen):
        case waiting.Enough():
            return twiml.leave_queue()
        case waiting.AgentLost():
            actions.agent_lost(session, handover)
            return _play(call, handover, seen.look, waiting.Hear("trouble", 2))
        case waiting.Hear() as piece:
            return _play(call, handover, seen.look, piece)


@blueprint.post("/queue-over")
@answered_once(lambda message: ":".join((_round(message), message.text("QueueResult"))))
def queue_over(session: Session, message: Fields) -> str:
    """The caller is out of the queue: after a talk, a wait that was long enough, a hang-up."""
    call, handover = _of_caller(session, message)
    if handover is None:
        return twiml.redirect(_address("/ivr/continue", after="queue"))
    if message.text("CallStatus") == "completed" or message.text("QueueResult") == "hangup":
        actions.caller_gone(session, call.id)
        return twiml.empty()
    if message.text("QueueResult") in _NO_QUEUE:
        actions.give_up_waiting(session, handover)
    return _go_on(session, call, handover)


@blueprint.post("/back")
@answered_once(lambda message: message.args.get("round", ""))
def back(session: Session, message: Fields) -> str:
    """We fetched the caller out of a bridge whose agent fell silent."""
    call, handover = _of_caller(session, message)
    if handover is None:
        return twiml.redirect(_address("/ivr/continue", after="queue"))
    return _go_on(session, call, handover)


@blueprint.post("/voice")
@in_place
@answered_once(lambda message: message.args.get("try", "0"))
def voice(session: Session, message: Fields) -> str:
    """An agent's browser calls: connect it with the caller of an offer it accepted.

    Who calls is known from `From` alone, which the carrier takes from the signed token.
    """
    agent = _AGENT.match(message.text("From"))
    if agent is None:
        _log.warning("agent leg refused", reason="not an agent")
        return twiml.hang_up()
    attempt = _number(message.args.get("try"))
    if attempt:
        return _bridge_again(session, message, attempt)
    try:
        handover = actions.connect_leg(
            session,
            staff_id=int(agent.group(1)),
            offer_id=int(message["offer"]) if _ID.match(message.text("offer")) else 0,
            leg_sid=message["CallSid"],
        )
    except actions.NotYours as error:
        _log.warning("agent leg refused", reason=str(error))
        return twiml.hang_up()
    return twiml.bridge(queue_name(handover), _address("/agents/voice-over", attempt=0))


@blueprint.post("/voice-over")
@in_place
@answered_once(lambda message: message.args.get("attempt", "0"))
def voice_over(session: Session, message: Fields) -> str:
    """The agent's leg is out of the bridge.

    If the leg itself ended without the desk's hang-up, the agent is lost. If it is still up,
    the caller hung up or is on the way into the queue: look again in a second.
    """
    handover = actions.handover_of_leg(session, message["CallSid"])
    if handover is None or handover.state != State.TALKING:
        return twiml.hang_up()
    if message.text("CallStatus") == "completed":
        actions.agent_lost(session, handover)
        return twiml.empty()
    attempt = _number(message.args.get("attempt")) + 1
    if attempt > MOST_BRIDGES:
        actions.caller_gone(session, handover.call_id)
        return twiml.hang_up()
    return twiml.hold_on(None, _address("/agents/voice", **{"try": attempt}), pause_s=1)


def _bridge_again(session: Session, message: Fields, attempt: int) -> str:
    handover = actions.handover_of_leg(session, message["CallSid"])
    if handover is None or handover.state != State.TALKING:
        return twiml.hang_up()
    return twiml.bridge(queue_name(handover), _address("/agents/voice-over", attempt=attempt))


def _go_on(session: Session, call: Call, handover: Handover) -> str:
    """What follows for a caller who is on the line and in no queue."""
    match handover.state:
        case State.ENDED if handover.ended_by == "agent":
            return twiml.say_and_hang_up(_sounds("goodbye", call.language))
        case State.ENDED | State.ABANDONED:
            actions.caller_still_there(session, handover)
        case State.TO_MESSAGE:
            again = _address("/ivr/continue", after="queue", round=handover.round)
            return twiml.redirect(again)
    return twiml.join_queue(
        queue_name(handover),
        wait_url=_address("/agents/wait"),
        over_url=_address("/agents/queue-over", round=handover.round),
    )


def _play(call: Call, handover: Handover, look: int, piece: waiting.Hear) -> str:
    sounds = _sounds(piece.prompt, call.language) if piece.prompt else ()
    tune_from = look * waiting.PIECE_S
    tune = _plain("/agents/hold-music.wav", **{"from": tune_from, "for": piece.music_s})
    again = _address("/agents/wait", round=handover.round, look=look + 1)
    return twiml.wait((*sounds, while_speaking(tune)), then=again)


def _seen(session: Session, handover: Handover, look: int) -> waiting.Wait:
    settings, moment = _services().settings, now()
    limit_s = settings.nobody_wait_s
    if queries.somebody_on_duty(session):
        limit_s = settings.agent_wait_s
    talking_s = None
    if handover.state == State.TALKING and handover.accepted_at is not None:
        talking_s = (moment - handover.accepted_at).total_seconds()
    return waiting.Wait(
        look=look,
        waited_s=(moment - handover.waiting_since).total_seconds(),
        limit_s=limit_s,
        ringing=handover.state == State.OFFERED,
        talking_s=talking_s,
        came_back=handover.priority >= actions.FRONT,
        next_in_line=queries.is_next_in_line(session, handover),
    )


def _of_caller(session: Session, message: Fields) -> tuple[Call, Handover | None]:
    call = find_call(session, message["CallSid"])
    if call is None:
        raise LookupError("a caller waits who is not in our books")
    return call, held_handover_of_call(session, call.id)


def _round(message: Fields) -> str:
    return f"{message.args.get('round', '')}:{message.text('QueueTime')}"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _sounds(prompt: str, language: str) -> tuple[str, ...]:
    cache = _services().get(VoiceCache)
    phrases = Prompts(language).text(prompt)
    keys = (cache.promised(text, language) for text in phrases)
    return tuple(while_speaking(_plain(f"/say/{key}.wav")) for key in keys)


def _address(path: str, **args: object) -> str:
    return while_holding(_plain(path, **args))


def _plain(path: str, **args: object) -> str:
    query = f"?{urlencode(args)}" if args else ""
    return _services().settings.public_url + path + query


def _services() -> Services:
    return cast(Services, current_app.extensions["swiftline"])
