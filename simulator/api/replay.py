"""A call done again from its event log: the same words and keys at the same places.

The caller does what they did then, each time once the line has begun the sentence that it had said
before (its first words: numbers and names in it may differ today). What a person said into a
microphone is not in the log as words and cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from simulator.calls.events import Event
from simulator.scenario.acts import (
    Act,
    HangsUp,
    Hears,
    Interrupts,
    IsHungUpOn,
    Presses,
    Says,
    Speech,
    Waits,
)
from simulator.scenario.files import Scenario
from simulator.scenario.steps import Step, words

_FIRST_WORDS = 4
_WITHIN_S = 60.0
_JOINED_KEYS_S = 0.6


def replayed(events: Iterable[Event], *, from_number: str, language: str = "en") -> Scenario:
    """A scenario that does what the caller of those events did."""
    steps: list[Step] = []
    sentence: Event | None = None
    last_key_s = -1.0
    for event in events:
        match event["event"]:
            case "heard":
                sentence = event
            case "keys" if steps and 0 <= event["at_s"] - last_key_s < _JOINED_KEYS_S:
                steps[-1] = _with_key(steps[-1], str(event["digits"]))
                last_key_s = float(event["at_s"])
            case "keys" | "said":
                steps += _done(event, sentence)
                last_key_s = float(event["at_s"]) if event["event"] == "keys" else -1.0
                sentence = None
            case "ended":
                steps += _ended(event, sentence)
    return Scenario(tuple(steps), from_number, language)


def _done(event: Event, sentence: Event | None) -> list[Step]:
    """Wait for the line's sentence, then say or press; during it, if it was cut then."""
    is_speech = event["event"] == "said"
    act: Says | Presses = Says(_speech(event)) if is_speech else Presses(str(event["digits"]))
    name = f"{'says' if isinstance(act, Says) else 'presses'} at {event['at_s']} s"
    if sentence is None:
        return [Step(act, _WITHIN_S, name)]
    if sentence.get("cut"):
        return [Step(Interrupts(act), _WITHIN_S, name)]
    return [*_heard(sentence), Step(act, _WITHIN_S, name)]


def _speech(event: Event) -> Speech:
    """The same words or the same recording, as it came then."""
    how = {name: event[name] for name in ("snr_db", "gain_db", "packet_loss") if name in event}
    noise = Path(event["noise"]) if "noise" in event else None
    if "clip" in event:
        return Speech(clip=Path(event["clip"]), noise=noise, **how)
    return Speech(str(event["text"]), noise=noise, **how)


def _heard(sentence: Event) -> list[Step]:
    said = words(str(sentence["text"]))[:_FIRST_WORDS]
    name = f"hears what came at {sentence['at_s']} s"
    return [Step(Hears((" ".join(said),)), _WITHIN_S, name)] if said else []


def _with_key(step: Step, digit: str) -> Step:
    """One more key in the same row."""
    act: Act = step.act
    if isinstance(act, Presses):
        act = Presses(act.digits + digit)
    elif isinstance(act, Interrupts) and isinstance(act.by, Presses):
        act = Interrupts(Presses(act.by.digits + digit))
    return Step(act, step.within_s, step.name)


def _ended(event: Event, sentence: Event | None) -> list[Step]:
    heard = _heard(sentence) if sentence is not None and not sentence.get("cut") else []
    if event["by"] != "caller":
        return [*heard, Step(IsHungUpOn(), _WITHIN_S, "is hung up on")]
    rest = [Step(Waits(0.5), 5.0, "waits")] if not heard else []
    return [*heard, *rest, Step(HangsUp(), _WITHIN_S, "hangs up")]
