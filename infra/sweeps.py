"""How far back a comparison with the carrier's books looks (SW)."""

from __future__ import annotations

from datetime import datetime, timedelta

from infra.clock import now
from infra.jobs import Run

DAY = timedelta(hours=24)
RECENT = timedelta(minutes=15)
"""What the first comparison looks at, which has none before it."""
_OVERLAP = timedelta(seconds=60)
"""The carrier's lists may be that much behind its calls."""


def since_last(run: Run) -> datetime:
    """From when on a comparison must look, so that none of the time up to now is left out.

    That is where the last one that was done began, and a little before; a day back at most, which
    the daily comparison covers.
    """
    last = run.last_done()
    since = last - _OVERLAP if last else now() - RECENT
    return max(since, now() - DAY)
