"""Runs every benchmark: `make bench`, or one: `python -m bench NAME [OPTIONS]`."""

from __future__ import annotations

import sys

from bench import (
    categories,
    emergencies,
    phone_beside,
    phone_network,
    speech_latency,
    wer_through_call,
)

ALL = {
    "categories": categories.main,
    "emergencies": emergencies.main,
    "wer": wer_through_call.main,
    "latency": speech_latency.main,
    "phone": phone_network.main,
    "beside": phone_beside.main,
}


def main(given: list[str]) -> None:
    """Run the named benchmark with its options, or all."""
    if given and given[0] not in ALL:
        raise SystemExit(f"no benchmark is called {given[0]}; there are {', '.join(ALL)}")
    for name in given[:1] or ALL:
        print(f"\n== {name}", flush=True)
        ALL[name](given[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
