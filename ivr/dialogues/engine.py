"""The engine that runs a dialogue: values in, one step out. It touches nothing else.

`answer` takes where the caller is and what was heard, and gives the next place, what to
say, the effects to run, and what to do after the words. The caller of the engine runs the
effects in its transaction and turns prompts into phrases afterwards, so that a prompt can
speak what an effect made (a ticket number).
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from carriers.messages import Heard, Keys, Message, Speech, Unanswered, Unheard
from config.city import City
from ivr.dialogues.dialogue import Dialogue, DialogueError
from ivr.dialogues.interruptions import PERSON, way_out
from ivr.dialogues.moves import Rules, arrive, fail, question, reason_for, take_meaning
from ivr.dialogues.steps import INTERRUPTED, ONLY_KEYS, Effect, Place, Prompt, Step
from ivr.dialogues.vocabulary import (
    KEEP_MESSAGE,
    Ask,
    Choose,
    Confirm,
    Connect,
    Draft,
    EnterKeys,
    Goodbye,
    Handover,
    Menu,
    NotUnderstood,
    Resume,
    State,
    TakeMessage,
    Understood,
)
from places.spoken_numbers import spoken_digits

_SOMETHING_ELSE = "9"


def begin(
    dialogue: Dialogue, city: City, language: str, draft: Draft = MappingProxyType({})
) -> Step:
    """The first step of a call; `draft` is what is known of it before a word is said."""
    rules = Rules(dialogue, city, language)
    start = Step(Place(dialogue.start, 0, draft))
    return _resumed(rules, arrive(rules, start, dialogue.start))


def answer(dialogue: Dialogue, city: City, language: str, place: Place, heard: Heard) -> Step:
    """The step after `heard` in `place`; DialogueError when that state does not listen."""
    rules = Rules(dialogue, city, language)
    state = dialogue.state(place.state)
    start = Step(place)
    return _resumed(
        rules, way_out(rules, start, state, heard) or _after(rules, start, state, heard)
    )


def _resumed(rules: Rules, step: Step) -> Step:
    """In a Resume, answer with the words that were kept the question that they were said to."""
    state = rules.dialogue.state(step.place.state)
    if not isinstance(state, Resume):
        return step
    draft = dict(step.place.draft)
    kept = draft.pop(INTERRUPTED, None)
    if kept is None:
        return _resumed(rules, arrive(rules, step, state.then))
    place = Place(kept["state"], kept["failures"], draft)
    words = Speech(kept["text"], kept["confidence"])
    again = answer(rules.dialogue, rules.city, rules.language, place, words)
    return replace(again, says=(*step.says, *again.says), effects=(*step.effects, *again.effects))


def _after(rules: Rules, step: Step, state: State, heard: Heard) -> Step:
    """What each kind of state makes of what was heard."""
    if isinstance(heard, Unheard):
        return _by_keys(rules, step, state)
    match state:
        case Ask():
            return _after_question(rules, step, state, heard)
        case EnterKeys():
            return _after_keys(rules, step, state, heard)
        case Menu():
            return _after_menu(rules, step, state, heard)
        case Choose():
            return _after_list(rules, step, state, heard)
        case Confirm():
            return _after_confirm(rules, step, state, heard)
        case TakeMessage():
            return _after_message(rules, step, state, heard)
        case Handover() | Connect():
            unanswered = isinstance(heard, Unanswered)
            return arrive(rules, step, state.unanswered if unanswered else state.name)
        case Goodbye():
            return step
    raise DialogueError(f"{state.name} does not listen, so nothing can be heard there")


def _by_keys(rules: Rules, step: Step, state: State) -> Step:
    """Put the question to the keypad, and every one after it. It is not the caller's failure."""
    draft = {**step.place.draft, ONLY_KEYS: True}
    place = Place(state.name, step.place.failures, draft)
    told = replace(step, place=place, says=(*step.says, Prompt("keys_instead")))
    if isinstance(state, Ask) and state.keyed:
        return arrive(rules, told, state.keyed)
    return replace(told, says=(*told.says, *question(rules, state, draft)))


def _after_question(rules: Rules, step: Step, state: Ask, heard: Heard) -> Step:
    if isinstance(heard, Keys):
        if heard.digits in state.keys:
            return arrive(rules, step, state.keys[heard.digits])
        return fail(rules, step, state, NotUnderstood("wrong_key"))
    if not isinstance(heard, Speech) or not heard.text:
        return fail(rules, step, state, reason_for(heard))
    meant = state.understand(rules.context(step.place.draft), heard.text)
    return take_meaning(rules, step, state, meant, state.then)


def _after_keys(rules: Rules, step: Step, state: EnterKeys, heard: Heard) -> Step:
    if isinstance(heard, Keys) and heard.digits == PERSON:
        return arrive(rules, step, rules.dialogue.give_up)
    said = heard.digits if isinstance(heard, Keys) else ""
    if isinstance(heard, Speech):
        said = spoken_digits(heard.text, rules.language)
    if not said:
        return fail(rules, step, state, NotUnderstood("didnt_hear"))
    meant = state.understand(rules.context(step.place.draft), said)
    return take_meaning(rules, step, state, meant, state.then)


def _after_menu(rules: Rules, step: Step, state: Menu, heard: Heard) -> Step:
    key = heard.digits if isinstance(heard, Keys) else None
    if isinstance(heard, Speech):
        key = state.words(rules.context(step.place.draft), heard.text)
    if key is not None and key in state.keys:
        return arrive(rules, step, state.keys[key])
    return fail(rules, step, state, reason_for(heard))


def _after_list(rules: Rules, step: Step, state: Choose, heard: Heard) -> Step:
    options = state.options(rules.context(step.place.draft))
    if isinstance(heard, Keys):
        if heard.digits == _SOMETHING_ELSE and state.more:
            return arrive(rules, step, state.more)
        if heard.digits.isdigit() and 1 <= int(heard.digits) <= len(options):
            chosen = options[int(heard.digits) - 1]
            return take_meaning(rules, step, state, Understood(chosen.values), state.then)
    if isinstance(heard, Speech) and heard.text and state.understand:
        meant = state.understand(rules.context(step.place.draft), heard.text)
        return take_meaning(rules, step, state, meant, state.then)
    return fail(rules, step, state, reason_for(heard))


def _after_confirm(rules: Rules, step: Step, state: Confirm, heard: Heard) -> Step:
    said: bool | None = None
    if isinstance(heard, Keys):
        said = {"1": True, "2": False}.get(heard.digits)
    if isinstance(heard, Speech):
        said = state.understand(rules.context(step.place.draft), heard.text)
    if said is None and state.otherwise is not None:
        return arrive(rules, step, state.otherwise)
    if said is None:
        return fail(rules, step, state, reason_for(heard))
    return arrive(rules, step, state.yes if said else state.no)


def _after_message(rules: Rules, step: Step, state: TakeMessage, heard: Heard) -> Step:
    if isinstance(heard, Message):
        kept = Effect(KEEP_MESSAGE, {"recording_sid": heard.recording_sid})
        return arrive(rules, replace(step, effects=(*step.effects, kept)), state.then)
    return fail(rules, step, state, NotUnderstood("didnt_hear"))
