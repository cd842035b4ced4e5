"""How far back a comparison with the carrier's records looks (SW)."""

from __future__ import annotations

from datetime import datetime, timedelta

from infra.clock import now
from infra.outbox.jobs import Run

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
RECENT = timedelta(minutes=15)
"""As far as the first comparison looks, and as long as what is unfinished is asked for often."""
_OVERLAP = timedelta(minutes=3)
"""So far may the carrier's lists be behind its calls, and its clock behind ours."""


def since_last(run: Run) -> datetime:
    """From when on a comparison must look, so that none of the time up to now is left out.

    That is where the last one that was done began, and a little before; a week back at most.
    """
    moment = now()
    last = run.last_done() or moment - RECENT
    return max(min(last, moment) - _OVERLAP, moment - WEEK)
