"""What may come in between of any question: an emergency, the wish for a person. Pure."""

from __future__ import annotations

from dataclasses import replace

from carriers.messages import Heard, Keys, Speech
from ivr.dialogues.dialogue import Dialogue
from ivr.dialogues.moves import Rules, arrive
from ivr.dialogues.steps import ASKED_ABOUT_EMERGENCY, EMERGENCY, INTERRUPTED, Step
from ivr.dialogues.vocabulary import (
    Confirm,
    Connect,
    EnterKeys,
    Goodbye,
    Handover,
    State,
    TakeMessage,
)
from ivr.understanding.emergencies import Certainty, Emergency, emergency
from ivr.understanding.intents import wants_person

PERSON = "0"
"""The key for a person, at every question."""


def way_out(rules: Rules, step: Step, state: State, heard: Heard) -> Step | None:
    """Emergencies and the wish for a person are heard at any point."""
    if isinstance(state, (Handover, Connect, Goodbye, TakeMessage)):
        return None
    if isinstance(state, Confirm) and state.otherwise is not None:
        return None
    dialogue = rules.dialogue
    if isinstance(heard, Keys) and heard.digits == PERSON and not isinstance(state, EnterKeys):
        return arrive(rules, step, dialogue.give_up)
    if not isinstance(heard, Speech):
        return None
    told = emergency(rules.city, heard.text, rules.language)
    if told.certainty is Certainty.YES:
        return _to_emergency(rules, step, heard, told)
    if told.certainty is Certainty.UNSURE and _may_ask_about_emergency(dialogue, step):
        return _ask_about_emergency(rules, step, heard, told)
    if wants_person(heard.text, rules.language):
        return arrive(rules, step, dialogue.give_up)
    return None


def _may_ask_about_emergency(dialogue: Dialogue, step: Step) -> bool:
    """Once a call: whoever has said that nobody is in danger is not asked at each turn."""
    return dialogue.ask_emergency is not None and not step.place.draft.get(ASKED_ABOUT_EMERGENCY)


def _to_emergency(rules: Rules, step: Step, heard: Speech, told: Emergency) -> Step:
    draft = {**step.place.draft, EMERGENCY: {"text": heard.text, "kind": told.kind}}
    known = replace(step, place=replace(step.place, draft=draft))
    return arrive(rules, known, rules.dialogue.emergency)


def _ask_about_emergency(rules: Rules, step: Step, heard: Speech, told: Emergency) -> Step:
    assert rules.dialogue.ask_emergency is not None
    draft = {
        **step.place.draft,
        ASKED_ABOUT_EMERGENCY: True,
        INTERRUPTED: {
            "state": step.place.state,
            "failures": step.place.failures,
            "text": heard.text,
            "confidence": heard.confidence,
            "kind": told.kind,
        },
    }
    asked = replace(step, place=replace(step.place, draft=draft))
    return arrive(rules, asked, rules.dialogue.ask_emergency)
