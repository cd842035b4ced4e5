"""The one way a call moves: `take_turn`, one transaction, safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.handovers.actions import caller_gone, queue_name
from calls import fallback
from calls.actions import locked_call, say
from calls.life import TurnSoundState
from calls.models import Call, Turn, TurnSound
from carriers import messages, verbs
from carriers.messages import Heard, Keys, Speech
from carriers.verbs import DialNumber, HangUp, JoinQueue, Listen, Record, Say, Verb
from config.city import City
from config.settings import Settings
from infra.services import Services
from ivr.dialogues import prompt_values
from ivr.dialogues.engine import answer, begin
from ivr.dialogues.grammars import grammar_for
from ivr.dialogues.steps import ONLY_KEYS, Place, Prompt, Step
from ivr.dialogues.vocabulary import (
    Confirm,
    Connect,
    Draft,
    EnterKeys,
    Goodbye,
    Handover,
    Menu,
    State,
    TakeMessage,
)
from ivr.registry import Entry, dialogues_of
from ivr.reporting import report_cut_off
from voice.prompts import Prompts

AFTER_STREAM = "/ivr/continue:after=stream"
"""Key of the message with which the carrier comes back from a media socket."""


class OutOfStep(Exception):
    """A turn came that the call has not reached."""


@dataclass(frozen=True)
class Reply:
    """What the caller is told and asked now; `turn` belongs to the next thing heard."""

    turn: int
    place: str
    verbs: tuple[Verb, ...]
    dialogue: str
    """Name of the dialogue that `place` is a state of."""


def start(
    session: Session, services: Services, call: Call, draft: Draft = MappingProxyType({})
) -> Reply:
    """The first reply of a call; the same again for a call that has begun."""
    if call.turn_count:
        return _present(session, call)
    dialogue = _entry(services, call).dialogue
    step = begin(dialogue, services.get(City), call.language, {**call.draft, **draft})
    return _store(session, services, call, step, {"heard": "Start"})


def present(services: Services, call_sid: str) -> Reply:
    """What the caller is being told or asked now."""
    with services.database.read() as session:
        return present_in(session, call_sid)


def present_in(session: Session, call_sid: str) -> Reply:
    """The same, within a transaction at hand."""
    call = session.scalars(select(Call).where(Call.carrier_sid == call_sid)).one()
    return _present(session, call)


def take_turn(services: Services, call_sid: str, turn: int, heard: Heard) -> Reply:
    """Answer what was heard on a media socket, in a transaction of its own.

    The same turn again: same reply. Raises OutOfStep for a turn the call has not reached.
    """
    with services.database.transaction("ivr.turns.take_turn") as session:
        call = locked_call(session, call_sid)
        fallback.live_succeeded(session, call)
        reply = take_turn_in(session, services, call_sid, turn, heard)
        if call.settled_at is not None:
            _settle_again(session, call)
        return reply


def take_turn_in(
    session: Session, services: Services, call_sid: str, turn: int, heard: Heard
) -> Reply:
    """The same, within a transaction at hand."""
    call = locked_call(session, call_sid)
    if turn < call.turn_count:
        return _stored(session, call, turn)
    if turn > call.turn_count:
        raise OutOfStep(f"call {call.id} is at turn {call.turn_count}, not {turn}")
    _note_heard(session, call, heard)
    place = Place(call.place, call.failures, call.draft)
    dialogue = _entry(services, call).dialogue
    step = answer(dialogue, services.get(City), call.language, place, heard)
    return _store(session, services, call, step, messages.to_json(heard))


def take_left_answer(session: Session, services: Services, call: Call) -> None:
    """Take the words of a held call whose caller hung up after the tone: nobody asks for them.

    May be repeated.
    """
    sound = session.scalar(
        select(TurnSound)
        .where(TurnSound.call_id == call.id, TurnSound.number == call.turn_count)
        .where(TurnSound.state == TurnSoundState.HEARD, TurnSound.text != "")
    )
    if sound is None:
        return
    said = Speech(sound.text, sound.confidence)
    take_turn_in(session, services, call.carrier_sid, sound.number, said)
    caller_gone(session, call.id)


def spoken(services: Services, call_sid: str, turn: int) -> None:
    """Note that the caller has heard the words of the reply before `turn` to their end."""
    with services.database.transaction("ivr.turns.spoken") as session:
        call = locked_call(session, call_sid)
        call.spoken_turn = max(call.spoken_turn, turn)


def _settle_again(session: Session, call: Call) -> None:
    """The words came after all that follows from the end of a call: nobody waits, all is kept."""
    caller_gone(session, call.id)
    report_cut_off(session, call)


def _entry(services: Services, call: Call) -> Entry:
    return dialogues_of(services).named(call.dialogue)


def _present(session: Session, call: Call) -> Reply:
    return _stored(session, call, call.turn_count - 1)


def _stored(session: Session, call: Call, number: int) -> Reply:
    turn = session.scalars(select(Turn).where(Turn.call_id == call.id, Turn.number == number)).one()
    said = verbs.from_json(turn.reply["verbs"])
    return Reply(number + 1, turn.reply["place"], said, call.dialogue)


def _store(
    session: Session, services: Services, call: Call, step: Step, heard: dict[str, Any]
) -> Reply:
    """Run the effects, turn prompts into phrases, and keep turn and reply together."""
    entry, city = _entry(services, call), services.get(City)
    call.draft = dict(step.place.draft)
    for effect in step.effects:
        run = entry.effects[effect.name]
        call.draft = call.draft | run(session, city, call, effect.values)
    asked_in = call.place or entry.dialogue.start
    call.place, call.failures = step.place.state, step.place.failures
    said = _phrases(city, call, step.says)
    state = entry.dialogue.state(call.place)
    spoken_words = (Say(said, call.language),) if said else ()
    verbs_now = (*spoken_words, _last_verb(services, call, state))
    reply = Reply(call.turn_count + 1, call.place, verbs_now, call.dialogue)
    session.add(
        Turn(
            call_id=call.id,
            number=call.turn_count,
            place=asked_in,
            heard=heard,
            reply={"place": reply.place, "verbs": verbs.to_json(reply.verbs)},
        )
    )
    call.turn_count += 1
    say(session, call_id=call.id, speaker="line", text=" ".join(said))
    return reply


def _phrases(city: City, call: Call, says: tuple[Prompt, ...]) -> tuple[str, ...]:
    prompts = Prompts(call.language, city.name)
    phrases: list[str] = []
    for prompt in says:
        if prompt.when and not call.draft.get(prompt.when):
            continue
        values = prompt_values.for_prompt(city, call.language, call.draft) | dict(prompt.values)
        phrases.extend(prompts.text(prompt.key, **values))
    return tuple(phrases)


def _last_verb(services: Services, call: Call, state: State) -> Verb:
    settings = services.settings
    match state:
        case TakeMessage():
            return Record(purpose="message")
        case Handover():
            return JoinQueue(queue_name(call.id))
        case Connect():
            return DialNumber(services.get(City).emergency_number)
        case Goodbye():
            return HangUp()
        case EnterKeys():
            return _listen(settings, call, state, max_keys=state.max_keys)
        case Menu() | Confirm():
            return _listen(settings, call, state, grammar=grammar_for(call.language, state))
    return _listen(settings, call, state)


def _listen(
    settings: Settings,
    call: Call,
    state: State,
    *,
    max_keys: int = 1,
    grammar: tuple[str, ...] = (),
) -> Listen:
    return replace(
        Listen(state.name, call.language, max_keys=max_keys, grammar=grammar),
        speech=settings.speech_on and not call.draft.get(ONLY_KEYS),
        no_input_s=settings.no_input_s,
    )


def _note_heard(session: Session, call: Call, heard: Heard) -> None:
    """Keep the caller's side of the live transcript."""
    if isinstance(heard, Speech):
        say(
            session,
            call_id=call.id,
            speaker="caller",
            text=heard.text,
            confidence=heard.confidence,
        )
    if isinstance(heard, Keys):
        say(session, call_id=call.id, speaker="caller", text="", keys=heard.digits)
