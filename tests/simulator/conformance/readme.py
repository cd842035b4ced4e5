"""The list of rows without a test in the simulator's README."""

from __future__ import annotations

from pathlib import Path

from tests.simulator.conformance.coverage import missing_lines

README = Path(__file__).parents[3] / "simulator" / "README.md"
BEGINS = "<!-- rows without a test: python -m tests.simulator.conformance --write -->"
ENDS = "<!-- end of rows without a test -->"
_NONE = "Every row has a test."


def expected() -> str:
    """What should stand between the two comments."""
    return "\n".join(missing_lines()) or _NONE


def listed() -> str:
    """What stands there."""
    return _parts()[1].strip()


def write() -> None:
    """Put the list there."""
    before, _, after = _parts()
    README.write_text(f"{before}{BEGINS}\n{expected()}\n{ENDS}{after}")


def _parts() -> tuple[str, str, str]:
    before, _, rest = README.read_text().partition(BEGINS)
    inside, _, after = rest.partition(ENDS)
    return before, inside, after
