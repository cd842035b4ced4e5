"""`python -m tests.simulator.conformance [--write]`: coverage of the carrier's tables.

Prints the tables and the rows without a test; with --write also puts them into the simulator's
README.
"""

from __future__ import annotations

import sys

from tests.simulator.conformance.coverage import missing_lines, table_lines
from tests.simulator.conformance.readme import write


def main(arguments: list[str]) -> int:
    """Print, and write if asked to."""
    if set(arguments) - {"--write"}:
        print(__doc__, file=sys.stderr)
        return 2
    lines = list(missing_lines())
    print("\n".join([*table_lines(), "", *(lines or ["every row has a test"])]))
    if arguments:
        write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
