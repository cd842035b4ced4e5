"""Plans, scenarios and curves that anybody may write: read, or refused by their own error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.faults.fault_parameters import BadPlan
from simulator.faults.kinds import KINDS, SECTIONS
from simulator.faults.plan import load_plan, plan_from
from simulator.faults.strikes import Faults
from simulator.load.arrivals import BadArrivals, read_arrivals, read_duration
from simulator.scenario.files import BadBehaviour, behaviour_from, load_scenario, scenario_from
from simulator.scenario.steps import _ACTS, _SPEECH, ScenarioError
from simulator.yaml_files import MOST_BYTES, BadYaml, read_yaml
from tests.simulator.test_fuzz import QUICK

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent

_plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "0", "status", "lost", "answered", "\x00", "../../etc/passwd", "{{}}"]),
)
_anything = st.recursive(
    _plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(_plain, _plain), inner, max_size=3)
    ),
    max_leaves=6,
)
_names = st.sampled_from(sorted({one.name for kind in KINDS for one in kind.parameters}))
_kinds = st.sampled_from([kind.name for kind in KINDS])
_fault = st.one_of(
    _anything,
    st.builds(
        lambda kind, values: {**values, "fault": kind},
        st.one_of(_kinds, _plain),
        st.dictionaries(st.one_of(_names, _plain), _anything, max_size=3),
    ),
)
_plans = st.one_of(
    _anything,
    st.dictionaries(
        st.sampled_from(["seed", *SECTIONS, "weather"]),
        st.one_of(st.lists(_fault, max_size=3), st.integers(), _anything),
        max_size=4,
    ),
)


@st.composite
def good_plans(draw: Any) -> dict[str, Any]:
    """A plan within all limits."""
    plan: dict[str, Any] = {"seed": draw(st.integers(0, 99))}
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=5)):
        values: dict[str, Any] = {"fault": kind.name}
        for one in draw(st.lists(st.sampled_from(kind.parameters), max_size=3)):
            numbers = st.floats(one.least, one.most or 1.0)
            values[one.name] = draw(
                {
                    "number": numbers,
                    "whole": st.integers(int(one.least), int(one.most or 1)),
                    "range": st.lists(numbers, min_size=2, max_size=2).map(sorted),
                    "choice": st.sampled_from(one.choices or ("",)),
                    "choices": st.lists(st.sampled_from(one.choices or ("",)), max_size=2),
                    "text": st.text(max_size=9),
                    "yes": st.booleans(),
                }[one.type]
            )
        plan.setdefault(kind.section, []).append(values)
    return plan


@QUICK
@given(_plans)
def test_a_plan_is_read_or_refused_by_name(source: Any) -> None:
    try:
        plan_from(source)
    except BadPlan as error:
        assert "expected" in str(error) or "unknown key" in str(error)


@QUICK
@given(good_plans(), st.sampled_from(["status", "voice", "recording"]))
def test_a_plan_within_its_limits_is_read_shown_and_strikes(
    source: dict[str, Any], purpose: str
) -> None:
    plan = plan_from(source)
    assert plan_from(json.loads(json.dumps(plan.shown()))) == plan
    faults = Faults(plan)
    faults.of_webhook("CA1", 0, purpose)
    faults.of_media("CA1", 1)
    faults.of_recording("RE1", "CA1")
    assert set(faults.struck) <= {f"{kind.section}.{kind.name}" for kind in KINDS}


_speech = st.dictionaries(st.sampled_from([*sorted(_SPEECH), "x"]), _anything, max_size=4)
_step = st.one_of(
    _anything,
    st.dictionaries(
        st.sampled_from([*_ACTS, "within_s", "x"]), st.one_of(_anything, _speech), max_size=2
    ),
)
_scenarios = st.one_of(
    _anything,
    st.dictionaries(
        st.sampled_from(["from", "dials", "caller", "language", "steps", "x"]),
        st.one_of(st.lists(_step, max_size=3), _anything),
        max_size=4,
    ),
)


@QUICK
@given(_scenarios)
def test_a_scenario_is_read_or_refused_by_name(source: Any) -> None:
    try:
        scenario_from(source, FOLDER)
    except ScenarioError as error:
        assert str(error)


@QUICK
@given(st.dictionaries(st.sampled_from(["behaviour", "after_s", "steps", "greeting", "x"]), _step))
def test_a_telephone_is_described_or_refused_by_name(source: dict[str, Any]) -> None:
    try:
        behaviour_from(source, FOLDER)
    except (BadBehaviour, ScenarioError) as error:
        assert str(error)


_yaml = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(str.encode),
    _plans.map(lambda value: yaml.dump(value).encode()),
    st.builds(
        lambda tag, text: f"steps: !!{tag} {text}".encode(),
        st.sampled_from(["bool", "int", "float", "binary", "timestamp", "set", "omap", "python/x"]),
        st.sampled_from(["x", "''", "[1]", "{a: b}", "2020-99-99", "0x", "1:99:", "&a [*a]"]),
    ),
)


@QUICK
@given(_yaml)
def test_a_file_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("files") / "file.yaml"
    path.write_bytes(raw)
    for load, refusal in ((load_plan, BadPlan), (load_scenario, ScenarioError)):
        try:
            load(path)
        except refusal as error:
            assert str(error).startswith(f"{path}: ")


def test_a_very_deep_and_a_very_large_file_are_refused(tmp_path: Path) -> None:
    deep, large = tmp_path / "deep.yaml", tmp_path / "large.yaml"
    deep.write_text("[" * 5000)
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    for path in (deep, large, tmp_path, tmp_path / "gone.yaml"):
        with pytest.raises(BadYaml, match=r"cannot be read|not YAML"):
            read_yaml(path)


@QUICK
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
def test_a_curve_of_arrivals_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("curves") / "day.csv"
    path.write_bytes(b"time,calls\n" + raw)
    for text in (str(path), raw.decode(errors="replace")):
        try:
            read_arrivals(text)
        except BadArrivals as error:
            assert str(error)


_cell = st.sampled_from(["0", "1", "8:30", "nan", "inf", "-1", "", "2026-01-05", "1e400", "x"])


@QUICK
@given(st.lists(st.lists(_cell, max_size=3), max_size=5))
def test_rows_of_arrivals_are_a_curve_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("curves") / "day.csv"
    path.write_text("\n".join(["time,calls", *(",".join(row) for row in rows)]))
    try:
        curve = read_arrivals(str(path))
    except BadArrivals:
        return
    assert curve.length_s > 0
    assert all(0 <= at_s < 60 for at_s in _first(curve.times(60, seed=1), 100))


def _first(times: Any, most: int) -> list[float]:
    return [at_s for at_s, _ in zip(times, range(most), strict=False)]


@QUICK
@given(st.text(max_size=12))
def test_a_duration_is_read_or_refused_by_name(text: str) -> None:
    try:
        assert read_duration(text) > 0
    except BadArrivals as error:
        assert "expected a duration" in str(error)
