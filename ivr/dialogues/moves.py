"""Moves through a dialogue: arrive at a state, take what an answer meant, ask once more. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from carriers.messages import Heard, Keys, Speech
from config.city import City
from ivr.dialogues.dialogue import Dialogue, DialogueError
from ivr.dialogues.steps import ONLY_KEYS, Effect, Place, Prompt, Step
from ivr.dialogues.vocabulary import (
    ASK_FOR_PERSON,
    Announce,
    Ask,
    Choose,
    Confirm,
    Connect,
    Context,
    Do,
    Draft,
    EnterKeys,
    Goodbye,
    Handover,
    Menu,
    NotUnderstood,
    State,
    TakeMessage,
    Understood,
    targets,
)

MOST_FAILURES = 3


@dataclass(frozen=True)
class Rules:
    """What decides a step besides the caller: the dialogue, the city and the language."""

    dialogue: Dialogue
    city: City
    language: str

    def context(self, draft: Draft) -> Context:
        """What an understanding function may know."""
        return Context(self.city, self.language, draft)


def arrive(rules: Rules, step: Step, name: str) -> Step:
    """Walk through states that only speak or act, until one that waits.

    A `Resume` ends the walk too: only the engine can answer with the words that were kept.
    """
    state = rules.dialogue.state(name)
    place = Place(name, 0, step.place.draft)
    match state:
        case Announce():
            spoken = replace(
                step, place=place, says=(*step.says, Prompt(state.say, when=state.when))
            )
            return arrive(rules, spoken, state.then)
        case Do():
            done = replace(step, place=place, effects=(*step.effects, Effect(state.effect, {})))
            return arrive(rules, done, state.then)
        case Ask() if state.keyed and place.draft.get(ONLY_KEYS):
            return arrive(rules, replace(step, place=place), state.keyed)
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
    return replace(step, place=place, says=(*step.says, *question(rules, state, place.draft)))


def take_meaning(
    rules: Rules,
    step: Step,
    state: State,
    meant: Understood | NotUnderstood,
    usual: str,
) -> Step:
    """Remember what an answer meant and go on; `usual` is where most answers lead.

    Raises DialogueError when the answer leads where the state does not say it may.
    """
    if isinstance(meant, NotUnderstood):
        return fail(rules, step, state, meant)
    target = meant.then or usual
    if target not in targets(state):
        raise DialogueError(f"{state.name} may not lead to {target}; name it in `also`")
    place = replace(step.place, draft={**step.place.draft, **meant.values})
    return arrive(rules, replace(step, place=place), target)


def fail(rules: Rules, step: Step, state: State, why: NotUnderstood) -> Step:
    """Ask again, in other words; the third failure at one question goes to a person."""
    failures = step.place.failures + 1
    if failures >= MOST_FAILURES and state.name == rules.dialogue.ask_emergency:
        # Whoever cannot answer whether anyone is in danger may be in it.
        return arrive(rules, step, rules.dialogue.emergency)
    if failures >= MOST_FAILURES:
        place = replace(step.place, draft={**step.place.draft, "reason": "not_understood"})
        return arrive(rules, replace(step, place=place), rules.dialogue.give_up)
    draft = {**step.place.draft, **why.values}
    place = Place(state.name, failures, draft)
    says = (Prompt(why.say),) if why.say else ()
    again = state.again if isinstance(state, (Ask, EnterKeys)) else None
    asked = (Prompt(again),) if again else question(rules, state, draft)
    return replace(step, place=place, says=(*step.says, *says, *asked))


def question(rules: Rules, state: State, draft: Draft) -> tuple[Prompt, ...]:
    """What is said in a state that waits."""
    if isinstance(state, Choose):
        options = state.options(rules.context(draft))
        lines = tuple(
            Prompt(state.say, {"option": option.label, "key": str(number)})
            for number, option in enumerate(options, start=1)
        )
        end = (Prompt(state.end),) if state.end else ()
        return (Prompt(state.intro), *lines, *end)
    if isinstance(state, Confirm) and draft.get(ONLY_KEYS):
        return (Prompt(state.say_keys),)
    if isinstance(state, (Ask, EnterKeys, Menu, Confirm, TakeMessage, Connect, Goodbye)):
        return (Prompt(state.say),)
    return ()


def reason_for(heard: Heard) -> NotUnderstood:
    """Silence was not heard; words that came out empty were not understood."""
    if isinstance(heard, Speech):
        return NotUnderstood("didnt_understand")
    return NotUnderstood("wrong_key" if isinstance(heard, Keys) else "didnt_hear")
