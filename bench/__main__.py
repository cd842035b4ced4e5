"""Runs every benchmark: `make bench`, or `python -m bench NAME`."""

from __future__ import annotations

import sys

from bench import speech_latency, wer_through_call

ALL = {"wer": wer_through_call.main, "latency": speech_latency.main}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        raise SystemExit(f"no benchmark is called {unknown[0]}; there are {', '.join(ALL)}")
    for name in names or ALL:
        print(f"\n== {name}")
        ALL[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
