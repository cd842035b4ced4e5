"""The engine that runs a dialogue: values in, one step out. It touches nothing else.

`answer` takes where the caller is and what was heard, and gives the next place, what to
say, the effects to run, and what to do after the words. The caller of the engine runs the
effects in its transaction and turns prompts into phrases afterwards, so that a prompt can
speak what an effect made (a ticket number).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from carriers.messages import Heard, Keys, Message, Speech, Unanswered, Unheard
from config.city import City
from ivr.dialogues.dialogue import Dialogue, DialogueError
from ivr.dialogues.vocabulary import (
    ASK_FOR_PERSON,
    KEEP_MESSAGE,
    Announce,
    Ask,
    Choose,
    Confirm,
    Context,
    Do,
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
    targets,
)
from ivr.understanding.emergencies import Certainty, emergency
from ivr.understanding.intents import wants_person
from places.spoken_numbers import spoken_digits

MOST_FAILURES = 3
ONLY_KEYS = "only_keys"
"""Value of the draft: nobody recognises speech on this call, so questions go by the keypad."""
ASKED_ABOUT_EMERGENCY = "asked_about_emergency"
"""Value of the draft: the caller was asked once whether anyone is in danger."""
INTERRUPTED = "interrupted"
"""Value of the draft: the state and the words that a question came in between of."""
_PERSON = "0"
_SOMETHING_ELSE = "9"


@dataclass(frozen=True)
class Prompt:
    """A prompt to speak: its key, and values for slots that are not in the draft.

    With `when`, it is spoken only if that value of the draft is set once effects have run.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None


@dataclass(frozen=True)
class Effect:
    """Something to do outside the conversation, by name, with what it needs."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a caller is: the state that waits for them, failures there, and the draft."""

    state: str
    failures: int
    draft: Draft


@dataclass(frozen=True)
class Step:
    """One move of a call: say these prompts, run these effects, then wait in this place."""

    place: Place
    says: tuple[Prompt, ...] = ()
    effects: tuple[Effect, ...] = ()


def begin(
    dialogue: Dialogue, city: City, language: str, draft: Draft = MappingProxyType({})
) -> Step:
    """The first step of a call; `draft` is what is known of it before a word is said."""
    place = Place(dialogue.start, 0, draft)
    return _arrive(_Conversation(dialogue, city, language), Step(place), dialogue.start)


def answer(dialogue: Dialogue, city: City, language: str, place: Place, heard: Heard) -> Step:
    """The step after `heard` in `place`; DialogueError when that state does not listen."""
    conversation = _Conversation(dialogue, city, language)
    state = dialogue.state(place.state)
    start = Step(place)
    way_out = _way_out(conversation, start, state, heard)
    if way_out:
        return way_out
    if isinstance(heard, Unheard):
        return _by_keys(conversation, start, state)
    match state:
        case Ask():
            return _after_question(conversation, start, state, heard)
        case EnterKeys():
            return _after_keys(conversation, start, state, heard)
        case Menu():
            return _after_menu(conversation, start, state, heard)
        case Choose():
            return _after_list(conversation, start, state, heard)
        case Confirm():
            return _after_confirm(conversation, start, state, heard)
        case TakeMessage():
            return _after_message(conversation, start, state, heard)
        case Handover():
            if isinstance(heard, Unanswered):
                return _arrive(conversation, start, state.unanswered)
            return _arrive(conversation, start, state.name)
        case Goodbye():
            return start
    raise DialogueError(f"{state.name} does not listen, so nothing can be heard there")


@dataclass(frozen=True)
class _Conversation:
    dialogue: Dialogue
    city: City
    language: str

    def context(self, draft: Draft) -> Context:
        return Context(self.city, self.language, draft)


def _way_out(conversation: _Conversation, step: Step, state: State, heard: Heard) -> Step | None:
    """Emergencies and the wish for a person are heard at any point."""
    if isinstance(state, (Handover, Goodbye, TakeMessage)):
        return None
    dialogue = conversation.dialogue
    if isinstance(heard, Keys) and heard.digits == _PERSON and not isinstance(state, EnterKeys):
        return _arrive(conversation, step, dialogue.give_up)
    if not isinstance(heard, Speech):
        return None
    told = emergency(conversation.city, heard.text, conversation.language)
    if told.certainty is Certainty.YES:
        return _arrive(conversation, step, dialogue.emergency)
    if told.certainty is Certainty.UNSURE and _may_ask_about_emergency(dialogue, step):
        return _ask_about_emergency(conversation, step, heard)
    if wants_person(heard.text, conversation.language):
        return _arrive(conversation, step, dialogue.give_up)
    return None


def _may_ask_about_emergency(dialogue: Dialogue, step: Step) -> bool:
    """Once a call: whoever has said that nobody is in danger is not asked at each turn."""
    return dialogue.ask_emergency is not None and not step.place.draft.get(ASKED_ABOUT_EMERGENCY)


def _ask_about_emergency(conversation: _Conversation, step: Step, heard: Speech) -> Step:
    assert conversation.dialogue.ask_emergency is not None
    draft = {
        **step.place.draft,
        ASKED_ABOUT_EMERGENCY: True,
        INTERRUPTED: {
            "state": step.place.state,
            "failures": step.place.failures,
            "text": heard.text,
            "confidence": heard.confidence,
        },
    }
    asked = replace(step, place=replace(step.place, draft=draft))
    return _arrive(conversation, asked, conversation.dialogue.ask_emergency)


def _resume(conversation: _Conversation, step: Step, state: Resume) -> Step:
    """Answer with the words that were kept the question that they were said to."""
    draft = dict(step.place.draft)
    kept = draft.pop(INTERRUPTED, None)
    if kept is None:
        return _arrive(conversation, step, state.then)
    place = Place(kept["state"], kept["failures"], draft)
    words = Speech(kept["text"], kept["confidence"])
    again = answer(conversation.dialogue, conversation.city, conversation.language, place, words)
    return replace(again, says=(*step.says, *again.says), effects=(*step.effects, *again.effects))


def _by_keys(conversation: _Conversation, step: Step, state: State) -> Step:
    """Put the question to the keypad, and every one after it. It is not the caller's failure."""
    draft = {**step.place.draft, ONLY_KEYS: True}
    place = Place(state.name, step.place.failures, draft)
    told = replace(step, place=place, says=(*step.says, Prompt("keys_instead")))
    if isinstance(state, Ask) and state.keyed:
        return _arrive(conversation, told, state.keyed)
    return replace(told, says=(*told.says, *_question(conversation, state, draft)))


def _after_question(conversation: _Conversation, step: Step, state: Ask, heard: Heard) -> Step:
    if isinstance(heard, Keys):
        if heard.digits in state.keys:
            return _arrive(conversation, step, state.keys[heard.digits])
        return _fail(conversation, step, state, NotUnderstood("wrong_key"))
    if not isinstance(heard, Speech) or not heard.text:
        return _fail(conversation, step, state, _why(heard))
    meant = state.understand(conversation.context(step.place.draft), heard.text)
    return _take(conversation, step, state, meant, state.then)


def _after_keys(conversation: _Conversation, step: Step, state: EnterKeys, heard: Heard) -> Step:
    if isinstance(heard, Keys) and heard.digits == _PERSON:
        return _arrive(conversation, step, conversation.dialogue.give_up)
    said = heard.digits if isinstance(heard, Keys) else ""
    if isinstance(heard, Speech):
        said = spoken_digits(heard.text, conversation.language)
    if not said:
        return _fail(conversation, step, state, NotUnderstood("didnt_hear"))
    meant = state.understand(conversation.context(step.place.draft), said)
    return _take(conversation, step, state, meant, state.then)


def _after_menu(conversation: _Conversation, step: Step, state: Menu, heard: Heard) -> Step:
    key = heard.digits if isinstance(heard, Keys) else None
    if isinstance(heard, Speech):
        key = state.words(conversation.context(step.place.draft), heard.text)
    if key is not None and key in state.keys:
        return _arrive(conversation, step, state.keys[key])
    return _fail(conversation, step, state, _why(heard))


def _after_list(conversation: _Conversation, step: Step, state: Choose, heard: Heard) -> Step:
    options = state.options(conversation.context(step.place.draft))
    if isinstance(heard, Keys):
        if heard.digits == _SOMETHING_ELSE and state.more:
            return _arrive(conversation, step, state.more)
        if heard.digits.isdigit() and 1 <= int(heard.digits) <= len(options):
            chosen = options[int(heard.digits) - 1]
            return _take(conversation, step, state, Understood(chosen.values), state.then)
    if isinstance(heard, Speech) and heard.text and state.understand:
        meant = state.understand(conversation.context(step.place.draft), heard.text)
        return _take(conversation, step, state, meant, state.then)
    return _fail(conversation, step, state, _why(heard))


def _after_confirm(conversation: _Conversation, step: Step, state: Confirm, heard: Heard) -> Step:
    said: bool | None = None
    if isinstance(heard, Keys):
        said = {"1": True, "2": False}.get(heard.digits)
    if isinstance(heard, Speech):
        said = state.understand(conversation.context(step.place.draft), heard.text)
    if said is None:
        return _fail(conversation, step, state, _why(heard))
    return _arrive(conversation, step, state.yes if said else state.no)


def _after_message(
    conversation: _Conversation, step: Step, state: TakeMessage, heard: Heard
) -> Step:
    if isinstance(heard, Message):
        kept = Effect(KEEP_MESSAGE, {"recording_sid": heard.recording_sid})
        return _arrive(conversation, replace(step, effects=(*step.effects, kept)), state.then)
    return _fail(conversation, step, state, NotUnderstood("didnt_hear"))


def _take(
    conversation: _Conversation,
    step: Step,
    state: State,
    meant: Understood | NotUnderstood,
    usual: str,
) -> Step:
    if isinstance(meant, NotUnderstood):
        return _fail(conversation, step, state, meant)
    target = meant.then or usual
    if target not in targets(state):
        raise DialogueError(f"{state.name} may not lead to {target}; name it in `also`")
    place = replace(step.place, draft={**step.place.draft, **meant.values})
    return _arrive(conversation, replace(step, place=place), target)


def _fail(conversation: _Conversation, step: Step, state: State, why: NotUnderstood) -> Step:
    """Ask again, in other words; the third failure at one question goes to a person."""
    failures = step.place.failures + 1
    if failures >= MOST_FAILURES:
        place = replace(step.place, draft={**step.place.draft, "reason": "not_understood"})
        return _arrive(conversation, replace(step, place=place), conversation.dialogue.give_up)
    draft = {**step.place.draft, **why.values}
    place = Place(state.name, failures, draft)
    says = (Prompt(why.say),) if why.say else ()
    again = state.again if isinstance(state, (Ask, EnterKeys)) else None
    asked = (Prompt(again),) if again else _question(conversation, state, draft)
    return replace(step, place=place, says=(*step.says, *says, *asked))


def _arrive(conversation: _Conversation, step: Step, name: str) -> Step:
    """Walk through states that only speak or act, until one that waits."""
    state = conversation.dialogue.state(name)
    place = Place(name, 0, step.place.draft)
    match state:
        case Announce():
            spoken = replace(
                step, place=place, says=(*step.says, Prompt(state.say, when=state.when))
            )
            return _arrive(conversation, spoken, state.then)
        case Do():
            done = replace(step, place=place, effects=(*step.effects, Effect(state.effect, {})))
            return _arrive(conversation, done, state.then)
        case Resume():
            return _resume(conversation, step, state)
        case Ask() if state.keyed and place.draft.get(ONLY_KEYS):
            return _arrive(conversation, replace(step, place=place), state.keyed)
        case Handover():
            asked = Effect(
                ASK_FOR_PERSON,
                {"queue": state.queue, "reason": state.reason, "priority": state.priority},
            )
            return replace(
                step,
                place=place,
                says=(*step.says, Prompt(state.say)),
                effects=(*step.effects, asked),
            )
    return replace(
        step, place=place, says=(*step.says, *_question(conversation, state, place.draft))
    )


def _question(conversation: _Conversation, state: State, draft: Draft) -> tuple[Prompt, ...]:
    if isinstance(state, Choose):
        options = state.options(conversation.context(draft))
        lines = tuple(
            Prompt(state.say, {"option": option.label, "key": str(number)})
            for number, option in enumerate(options, start=1)
        )
        end = (Prompt(state.end),) if state.end else ()
        return (Prompt(state.intro), *lines, *end)
    if isinstance(state, Confirm) and draft.get(ONLY_KEYS):
        return (Prompt(state.say_keys),)
    if isinstance(state, (Ask, EnterKeys, Menu, Confirm, TakeMessage, Goodbye)):
        return (Prompt(state.say),)
    return ()


def _why(heard: Heard) -> NotUnderstood:
    """Silence was not heard; words that came out empty were not understood."""
    if isinstance(heard, Speech):
        return NotUnderstood("didnt_understand")
    return NotUnderstood("wrong_key" if isinstance(heard, Keys) else "didnt_hear")
