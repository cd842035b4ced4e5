"""How the carrier is to connect to an address of ours: connection overrides in its fragment.

The fragment is neither sent nor signed (Twilio, "Webhooks: Connection Overrides"): `ct` and `rt`
are milliseconds to connect and to answer, `rc` further tries, `rp` the failures tried again.
"""

from __future__ import annotations

_WHILE_HOLDING = "#ct=1000&rt=2000&rc=1&rp=ct,rt"
_WHILE_SPEAKING = "#ct=1000&rt=3000&rc=1&rp=ct"
_UNTIL_TAKEN = "#rc=3&rp=all"


def while_holding(url: str) -> str:
    """An address that is asked while a caller holds the line.

    Two tries of two seconds, so that the fallback speaks within 5 s whatever is dead.
    """
    return url + _WHILE_HOLDING


def until_taken(url: str) -> str:
    """An address that is only told something: nobody waits, so every failure is tried again."""
    return url + _UNTIL_TAKEN


def while_speaking(url: str) -> str:
    """A sound that a caller is about to hear, which may have to be spoken first.

    Without limits a caller hears fifteen seconds of nothing when we die in mid-sentence. Whether
    the carrier obeys them for sounds is not documented; where it does not, they do no harm.
    """
    return url + _WHILE_SPEAKING
