"""Scenario files: what they may say, and what is said about what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.scenario.acts import (
    GetsSms,
    HangsUp,
    Hears,
    Interrupts,
    IsTransferred,
    Presses,
    Says,
    Speech,
    Waits,
)
from simulator.scenario.files import load_scenario, scenario_from
from simulator.scenario.steps import ScenarioError, match, words
from simulator.scenario.utterance import with_noise
from simulator.sound.audio import decoded, encoded

SHOP = "+13125550177"
WHOLE = """
from: "+13125550199"
language: es
dials: "+13125550111"
steps:
  - hears: "what is the problem"
  - hears: [uno, dos]
    within_s: 3
  - says: "hola"
  - says: {clip: clips/a.wav, noise: clips/b.wav, snr_db: 15}
  - says: {text: "hola", gain_db: -12, packet_loss: 0.1}
  - presses: "1#"
  - waits_s: 2.5
  - waits: 1
  - interrupts: {presses: "0"}
  - gets_sms: "your report"
  - is_transferred: true
  - is_transferred_to: "client:agent_7"
  - hangs_up: true
people:
  "+13125550177":
    after_s: 3
    greeting: "Good morning"
    steps: [{hears: "hello"}, {hangs_up: true}]
  "client:agent_7": {behaviour: no-answer}
"""


def test_every_step_of_the_format_is_read(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    for name in ("a.wav", "b.wav"):
        (tmp_path / "clips" / name).write_bytes(b"")
    path = tmp_path / "whole.yaml"
    path.write_text(WHOLE)
    scenario = load_scenario(path)
    assert scenario.from_number == "+13125550199" and scenario.language == "es"
    assert scenario.dials == "+13125550111"
    clip = Speech("", tmp_path / "clips/a.wav", tmp_path / "clips/b.wav", 15.0)
    assert [step.act for step in scenario.steps] == [
        Hears(("what is the problem",)),
        Hears(("uno", "dos")),
        Says(Speech("hola")),
        Says(clip),
        Says(Speech("hola", gain_db=-12, packet_loss=0.1)),
        Presses("1#"),
        Waits(2.5),
        Waits(1),
        Interrupts(Presses("0")),
        GetsSms(("your report",)),
        IsTransferred(),
        IsTransferred("client:agent_7"),
        HangsUp(),
    ]
    assert [step.within_s for step in scenario.steps[:3]] == [20.0, 3.0, 20.0]
    shop, agent = scenario.people["+13125550177"], scenario.people["client:agent_7"]
    assert (shop.kind, shop.after_s, shop.greeting) == ("answers", 3.0, "Good morning")
    assert [step.act for step in shop.scenario.steps] == [Hears(("hello",)), HangsUp()]
    assert agent.kind == "no-answer" and agent.scenario.steps == ()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"listens": "x"}, "step 1: unknown key 'listens'; allowed: gets_sms, hangs_up"),
        ({"hears": 7}, "step 1 (hears): expected words or a list of alternatives, got 7"),
        ({"hears": "..."}, "step 1 (hears): expected words"),
        ({"presses": 1}, "step 1 (presses): expected keys 0-9 * # as text, got 1; put it in quote"),
        ({"presses": "A"}, "step 1 (presses): expected keys"),
        ({"says": {"clip": "gone.wav"}}, "step 1 (says), clip: there is no file"),
        ({"says": {"clap": "x"}}, "step 1 (says): unknown key 'clap'; allowed: clip, gain_db, "),
        ({"says": {"gain_db": 3}}, "step 1 (says): expected text or clip"),
        ({"says": {"text": "a", "clip": "b"}}, "step 1 (says): expected text or clip"),
        ({"says": {"text": "a", "noise": "b"}}, "step 1 (says): noise and snr_db come together"),
        ({"says": {"text": "a", "packet_loss": 2}}, "step 1 (says), packet_loss: expected 0 to 1"),
        ({"says": {"text": "a", "gain_db": 99}}, "step 1 (says), gain_db: expected -60 to 40"),
        ({"is_transferred_to": True}, "step 1 (is_transferred_to): expected text in quotes"),
        ({"hangs_up": "yes"}, "step 1 (hangs_up): expected true, got 'yes'"),
        ({"waits_s": True}, "step 1 (waits_s): expected a number, got True"),
        ({"waits_s": -1}, "step 1 (waits_s): expected seconds above 0"),
        ({"hears": "a", "says": "b"}, "step 1: expected one of hears"),
        ({}, "step 1: expected one of hears"),
        ("hears", "step 1: expected gets_sms"),
    ],
)
def test_a_wrong_step_is_named_with_what_is_allowed(
    tmp_path: Path, step: Any, expected: str
) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario_from({"steps": [step]}, tmp_path)
    assert str(error.value).startswith(expected)


def with_people(people: Any) -> dict[str, Any]:
    """A scenario that describes whom the line may call."""
    return {"steps": [{"hangs_up": True}], "people": people}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, "scenario: expected caller, dials, from, language, people, steps, got nothing"),
        ({"steps": []}, "steps: expected a list of steps"),
        (
            {"stops": []},
            "scenario: unknown key 'stops'; allowed: caller, dials, from, ",
        ),
        ({"from": 1, "steps": [{"hangs_up": True}]}, "from: expected text in quotes, got 1"),
        (with_people(["+1312"]), "people: expected addresses, got list"),
        (with_people({13125550177: {}}), "people: expected +1..., client:... or sip:..., got 1312"),
        (with_people({"bob": {}}), "people: expected +1..., client:... or sip:..., got 'bob'"),
        (with_people({SHOP: "busy"}), f"people, {SHOP}: expected after_s, behaviour, greeting, "),
        (
            with_people({SHOP: {"after": 1}}),
            f"people, {SHOP}: unknown key 'after'; allowed",
        ),
        (
            with_people({SHOP: {"behaviour": "shouts"}}),
            f"people, {SHOP}: behaviour: expected one of answers, busy, no-answer, failed, ",
        ),
        (
            with_people({SHOP: {"steps": [{"presses": 1}]}}),
            f"people, {SHOP}: step 1 (presses): expected keys",
        ),
    ],
)
def test_a_wrong_scenario_is_named(tmp_path: Path, source: Any, expected: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario_from(source, tmp_path)
    assert str(error.value).startswith(expected)


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("steps: [")
    with pytest.raises(ScenarioError, match="not YAML"):
        load_scenario(path)


@pytest.mark.parametrize(
    ("phrase", "heard", "taken"),
    [
        ("What is the problem?", "Hello. What is the problem", 5),
        ("your number", "Your report's number is", 3),
        ("problem what", "what is the problem", None),
        ("it's", "its over", 1),
        ("号码", "您的号码是三", 4),
        ("pot", "pothole", None),
    ],
)
def test_words_match_in_order(phrase: str, heard: str, taken: int | None) -> None:
    assert match(phrase, words(heard)) == taken


def test_noise_is_mixed_at_its_ratio() -> None:
    random = np.random.default_rng(1)
    speech, noise = encoded(random.normal(0, 4000, 8000)), encoded(random.normal(0, 900, 3000))
    both = decoded(with_noise(speech, noise, 15)).astype(float)
    added = both - decoded(speech)
    ratio = 10 * np.log10(np.mean(decoded(speech).astype(float) ** 2) / np.mean(added**2))
    assert abs(ratio - 15) < 1
