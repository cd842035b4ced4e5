"""How long a proof takes: five minutes, an hour, a night."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How much one run does.

    calls, minutes, kill_every_s: under chaos, for each of the two databases. cuts: calls whose
    media socket is cut, on the embedded default. settle_s: longest wait for the work left at the
    end.
    """

    calls: int
    minutes: float
    at_once: int
    kill_every_s: float
    reconcile_s: int
    lease_s: int
    valkey_away_s: float
    database_away_s: float
    settle_s: float
    cuts: int
    cuts_at_once: int = 6


SIZES = {
    "ci": Size(
        calls=100,
        minutes=1.0,
        at_once=45,
        kill_every_s=0.6,
        reconcile_s=15,
        lease_s=15,
        valkey_away_s=12,
        database_away_s=8,
        settle_s=300,
        cuts=20,
    ),
    "hour": Size(
        calls=5_050,
        minutes=34,
        at_once=75,
        kill_every_s=0.6,
        reconcile_s=15,
        lease_s=15,
        valkey_away_s=300,
        database_away_s=60,
        settle_s=1_500,
        cuts=60,
    ),
    "night": Size(
        calls=60_000,
        minutes=230,
        at_once=60,
        kill_every_s=0.6,
        reconcile_s=15,
        lease_s=15,
        valkey_away_s=300,
        database_away_s=60,
        settle_s=600,
        cuts=1_000,
    ),
}
