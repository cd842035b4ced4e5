"""The catalogue names each row once, and marks name rows that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.conformance import readme
from tests.simulator.conformance.catalogue import BadCatalogue, Row, load_rows
from tests.simulator.conformance.coverage import table_lines
from tests.simulator.conformance.marks import BadMark, Mark, marks_in


def test_every_mark_names_a_row_of_the_catalogue() -> None:
    rows = load_rows()
    unknown = [f"{mark.where}: {mark.row}" for mark in marks_in() if mark.row not in rows]
    assert rows and not unknown


def test_the_readme_lists_the_rows_without_a_test() -> None:
    assert readme.listed() == readme.expected(), "run python -m tests.simulator.conformance --write"


def test_rows_are_read_with_their_tables_and_guesses(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '["1 Codes"]\n"code.1" = "one"\n"code.2" = { says = "two", guess = true }\n'
    )
    assert list(load_rows(tmp_path).values()) == [
        Row("code.1", "1 Codes", "one"),
        Row("code.2", "1 Codes", "two", is_guess=True),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[t]\nx = "1"\n[u]\nx = "2"\n', "more than one row is called x"),
        ('[t]\nx = "1"\nx = "2"\n', "a.toml: .*overwrite"),
        ("[t]\nx = 5\n", 'a.toml: x: expected "text"'),
        ('[t]\nx = { says = "1", gues = true }\n', "a.toml: x: expected"),
        ('x = "1"\n', "a.toml: x stands outside a table"),
    ],
)
def test_a_bad_catalogue_is_refused_by_name(text: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(BadCatalogue, match=expected):
        load_rows(tmp_path)


def test_marks_are_found_on_tests_and_on_parameters(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        "@pytest.mark.row('a', 'b')\ndef test_a(): ...\n"
        "P = [pytest.param(1, marks=pytest.mark.row('c')), cursor.row('d')]\n"
    )
    assert [mark.row for mark in marks_in(tmp_path)] == ["a", "b", "c"]
    assert marks_in(tmp_path)[2] == Mark("c", "test_a.py:3")


@pytest.mark.parametrize("mark", ["pytest.mark.row(name)", "pytest.mark.row()"])
def test_a_mark_without_ids_written_out_is_refused(mark: str, tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(f"\n@{mark}\ndef test_a(): ...\n")
    with pytest.raises(BadMark, match=r"test_a\.py:2: expected"):
        marks_in(tmp_path)


def test_each_table_says_how_many_rows_there_are_and_passed() -> None:
    rows = load_rows()
    first = next(iter(rows.values()))
    head, *tables, total = table_lines({first.id, "unknown"})
    assert head.split()[-2:] == ["passed", "now"] and total.split()[-1] == "1"
    assert int(total.split()[1]) == len(rows)
    assert len(tables) == len({row.table for row in rows.values()})


@pytest.mark.slow
def test_a_run_says_which_rows_passed(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("pytest_plugins = ['tests.simulator.conformance.coverage']")
    pytester.makepyfile(
        """
        import pytest
        name = next(iter(__import__("tests.simulator.conformance.catalogue",
                                    fromlist=["x"]).load_rows()))
        @pytest.mark.row(name)
        def test_a(): ...
        @pytest.mark.row("never run")
        def test_b(): ...
        """
    )
    lines = pytester.runpytest("-k", "test_a").outlines
    (total,) = [line.split() for line in lines if line.startswith("all ")]
    assert total[1] == str(len(load_rows())) and total[4] == "1"
    assert any("rows without a test:" in line or "every row" in line for line in lines)
