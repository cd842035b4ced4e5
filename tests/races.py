"""Several who do something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def race(*runners: Callable[[], object]) -> list[object]:
    """Run all at the same moment; their results, or the error each raised."""
    start = threading.Barrier(len(runners))
    results: list[object] = [None] * len(runners)

    def run(at: int) -> None:
        start.wait()
        try:
            results[at] = runners[at]()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(runners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
