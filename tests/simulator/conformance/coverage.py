"""How many rows have a test, by table, and which have none; printed at the end of a test run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import pytest

from tests.simulator.conformance.catalogue import Row, load_rows
from tests.simulator.conformance.marks import marks_in

_PROPERTY = "row"
_PASSED = pytest.StashKey[set[str]]()
_FAILED = pytest.StashKey[set[str]]()


def missing_rows() -> list[Row]:
    """The rows without a test, in the catalogue's order."""
    tested = {mark.row for mark in marks_in()}
    return [row for row in load_rows().values() if row.id not in tested]


def table_lines(passed: Iterable[str] | None = None) -> Iterator[str]:
    """A line for each table; with `passed`, how many of its rows passed in a run as well."""
    tested = {mark.row for mark in marks_in()}
    ran = None if passed is None else set(passed)
    tables: dict[str, list[Row]] = {}
    for row in load_rows().values():
        tables.setdefault(row.table, []).append(row)
    yield _line("table", "rows", "tested", "guesses", None if ran is None else "passed now")
    for table, rows in [
        *tables.items(),
        ("all", [row for part in tables.values() for row in part]),
    ]:
        ids = {row.id for row in rows}
        now = None if ran is None else str(len(ids & ran))
        guesses = sum(row.is_guess for row in rows)
        yield _line(table, str(len(rows)), str(len(ids & tested)), str(guesses), now)


def missing_lines() -> Iterator[str]:
    """The rows without a test by name, a paragraph for each table."""
    names: dict[str, list[str]] = {}
    for row in missing_rows():
        names.setdefault(row.table, []).append(row.id)
    for table, ids in names.items():
        yield from textwrap.wrap(
            f"- {table}: {', '.join(f'`{name}`' for name in ids)}",
            width=100,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _line(table: str, rows: str, tested: str, guesses: str, now: str | None) -> str:
    return f"{table:<50}{rows:>6}{tested:>8}{guesses:>9}{'' if now is None else f'{now:>12}'}"


# A pytest plugin


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing known."""
    config.stash[_PASSED], config.stash[_FAILED] = set(), set()
    config.pluginmanager.register(_Listener(config), "conformance-listener")


class _Listener:
    """Hears of every test's outcome, also from other processes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the rows of a test that ran."""
        rows = {str(value) for name, value in report.user_properties if name == _PROPERTY}
        if report.when == "call" and report.passed:
            self._config.stash[_PASSED].update(rows)
        elif report.failed:
            self._config.stash[_FAILED].update(rows)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the report say which rows the test is about."""
    for mark in item.iter_markers("row"):
        item.user_properties += [(_PROPERTY, name) for name in mark.args]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the coverage when a test about a row ran."""
    passed, failed = config.stash[_PASSED], config.stash[_FAILED]
    if not passed | failed:
        return
    terminalreporter.section("conformance with the carrier")
    for line in table_lines(passed - failed):
        terminalreporter.write_line(line)
    missing = list(missing_lines())
    terminalreporter.write_line("rows without a test:" if missing else "every row has a test")
    for line in missing:
        terminalreporter.write_line(line)
