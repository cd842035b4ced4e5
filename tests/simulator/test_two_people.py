"""Two scripted people on one line: each knows exactly what the other says, without a model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from simulator.calls.call import Call
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import scenario_from
from simulator.sound.audio import SILENCE
from simulator.sound.spoken import Sentence, Spoken
from simulator.speech.person_captions import PersonCaptions
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run
from tests.simulator.line import FRIEND, SHOP, play

ASKS = "is the shop open on sunday"
ANSWERS = "yes it is open from nine to five"
HISS = b"\xfe" * 160


def heard(call: Call) -> list[tuple[str, bool]]:
    """What was heard on a call, and whether it was cut; nothing of it by a speech model."""
    events = [one for one in call.log.events if one["event"] == "heard"]
    assert not any(one.get("recognised") for one in events)
    return [(str(one["text"]), bool(one["cut"])) for one in events]


def test_the_caller_and_whom_the_line_called_hear_each_other_word_for_word(tmp_path: Path) -> None:
    shop = [{"hears": ASKS}, {"says": ANSWERS}, {"is_hung_up_on": True}]
    steps: list[Any] = [
        {"is_transferred": True},
        {"says": ASKS},
        {"hears": ANSWERS},
        {"hangs_up": True},
    ]
    replies = {"/voice": response(f"<Dial>{SHOP}</Dial>")}
    played = play(tmp_path, replies, steps, phones={SHOP: {"steps": shop}})
    parent, child = played.calls
    assert heard(parent) == [(ANSWERS, False)] and heard(child) == [(ASKS, False)]
    assert [one["held"] for one in child.log.events if one["event"] == "end"] == [True]


def test_people_in_a_room_hear_each_other_word_for_word(tmp_path: Path) -> None:
    room = '<Conference waitUrl="" beep="false">lobby</Conference>'
    app = FakeApp({"/voice": response(f"<Dial>{room}</Dial>"), "/status": response()})
    asks: list[Any] = [{"waits_s": 2}, {"says": ASKS}, {"hears": ANSWERS}, {"hangs_up": True}]
    answers: list[Any] = [{"hears": ASKS}, {"says": ANSWERS}, {"waits_s": 1}, {"hangs_up": True}]

    async def work() -> list[Call]:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:

            async def person(number: str, steps: list[Any]) -> Call:
                caller = ScriptedCaller(net.exchange, number=number)
                net.dial(caller, from_number=number, to=NUMBER)
                await play_scenario(caller, scenario_from({"steps": steps}, tmp_path))
                await caller.call.settling()
                return caller.call

            return list(await asyncio.gather(person(CALLER, asks), person(FRIEND, answers)))

    first, second = run(work())
    assert heard(first) == [(ANSWERS, False)] and heard(second) == [(ASKS, False)]


def test_a_sentence_that_came_over_a_bad_line_is_not_known(tmp_path: Path) -> None:
    shop = [{"says": {"text": ANSWERS, "gain_db": -6}}, {"hangs_up": True}]
    replies = {"/voice": response(f"<Dial>{SHOP}</Dial>")}
    played = play(tmp_path, replies, [{"is_hung_up_on": True}], phones={SHOP: {"steps": shop}})
    assert heard(played.call) == []


def followed(*frames: bytes) -> list[tuple[Any, ...]]:
    """What is told of these frames."""
    told: list[tuple[Any, ...]] = []
    captions = PersonCaptions(
        lambda text, start: told.append((text, start)),
        lambda end, share: told.append((end, share)),
    )
    for number, frame in enumerate(frames):
        captions.take(frame, number * 160)
    captions.close()
    return told


def said(sentence: Sentence, *shares: float) -> list[bytes]:
    return [Spoken.of(HISS, sentence, share) for share in shares]


def test_a_pause_that_a_room_leaves_out_does_not_end_a_sentence() -> None:
    yes = Sentence("yes indeed")
    frames = [*said(yes, 0.05, 0.5), *[SILENCE] * 20, *said(yes, 0.9, 1.0, 1.0), HISS]
    assert followed(*frames) == [("yes indeed", 0), (24 * 160, 1.0)]


@pytest.mark.parametrize("after", [[HISS], [SILENCE] * 60, []])
def test_a_sentence_that_is_not_heard_to_its_end_was_cut(after: list[bytes]) -> None:
    assert followed(*said(Sentence("yes"), 0.05, 0.5), *after) == [("yes", 0), (320, 0.5)]


def test_a_sentence_whose_beginning_was_not_heard_is_unknown() -> None:
    yes, no = Sentence("yes"), Sentence("no")
    assert followed(*said(yes, 0.4, 0.6, 1.0), *said(no, 0.1, 1.0)) == [("no", 480), (800, 1.0)]


def test_the_same_words_again_are_another_sentence() -> None:
    first, again = Sentence("yes"), Sentence("yes")
    frames = [*said(first, 0.1, 1.0), *said(again, 0.1, 1.0)]
    assert followed(*frames) == [("yes", 0), (320, 1.0), ("yes", 320), (640, 1.0)]
