"""SCENARIOS.md says what the code does: its files are read, its tables are complete."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path

import yaml

import simulator
from simulator.callers import ScriptedCall
from simulator.numbers.caller_id import CallerFacts
from simulator.scenario.acts import Speech
from simulator.scenario.files import _PERSON, BEHAVIOURS, scenario_from
from simulator.scenario.steps import _ACTS, _SPEECH

CODE = Path(simulator.__file__).parent
TEXT = (CODE / "SCENARIOS.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = TEXT.split(f"{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", below, flags=re.M)
    assert table is not None, heading
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table[0].splitlines()]
    return [[cell.strip() for cell in cells] for cells in lines[2:]]


def names(heading: str) -> list[str]:
    """What stands in back quotes in the first column."""
    return [name for cells in rows(heading) for name in re.findall(r"`(\w+)", cells[0])]


def test_its_file_is_a_scenario_with_every_key(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.S)
    for clip in re.findall(r"\w+\.flac", block):
        (tmp_path / clip).write_bytes(b"")
    source = yaml.safe_load(block)
    scenario_from(source, tmp_path)
    assert set(source) == set(names("## The file"))


def test_what_is_known_of_the_caller_has_those_keys() -> None:
    known = set(names("### What is known of the caller")) - {"caller"}
    assert known == set(inspect.signature(CallerFacts).parameters)


def test_whom_the_line_calls_has_those_keys() -> None:
    assert set(names("### Whom the line calls")) == _PERSON
    behaviours = rows("### Whom the line calls")[0][1]
    assert set(re.findall(r"`([\w-]+)`", behaviours)) == set(BEHAVIOURS)


def test_its_steps_are_those_that_are_read() -> None:
    assert sorted(names("## Steps")) == sorted(_ACTS)


def test_what_is_said_has_those_keys() -> None:
    assert sorted(names("### What is said")) == sorted(_SPEECH)
    assert {field.name for field in fields(Speech)} == _SPEECH


def test_the_methods_are_those_of_a_call_in_python() -> None:
    public = [name for name, _ in inspect.getmembers(ScriptedCall, inspect.isfunction)]
    methods = [name for name in public if not name.startswith("_")]
    assert sorted(names("## The same in Python")) == sorted(methods)
    steps = [cells[1].strip("`") for cells in rows("## The same in Python")]
    assert set(_ACTS) - {"waits_s"} <= set(steps)


def test_the_python_is_python() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.S)
    calls = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    used = {call.func.attr: call for call in calls if isinstance(call.func, ast.Attribute)}
    for name, call in used.items():
        if name == "dials":
            continue
        known = inspect.signature(getattr(ScriptedCall, name)).parameters
        assert {word.arg for word in call.keywords} <= set(known), name


def test_its_events_are_those_that_are_logged() -> None:
    logged = {
        str(ast.literal_eval(node.args[0]))
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("log.add")
        and isinstance(node.args[0], ast.Constant)
    }
    assert sorted(names("## Events")) == sorted(logged)
    from simulator.calls import events

    assert set(re.findall(r"\b[a-z]+\b", str(events.__doc__))) >= logged


def test_the_shown_failure_has_the_form_of_one() -> None:
    (block,) = re.findall(r"```text\n(.*?)```", TEXT, flags=re.S)
    lines = block.splitlines()
    assert lines[0].startswith("step 2 (hears): the caller waited 3 s for the line to say")
    assert lines[1] == "the conversation so far:"
    assert sum(line.startswith("  > ") for line in lines) == 1
