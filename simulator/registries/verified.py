"""Numbers of others that the account may show as caller: their owners have confirmed it.

Whoever is described as a telephone counts as one who did, since they can answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from simulator.sids import NUMBER


@dataclass
class VerifiedNumber:
    """A number that may be shown. friendly_name: empty unless it was given one."""

    phone_number: str
    friendly_name: str
    created_at: datetime
    updated_at: datetime

    @property
    def sid(self) -> str:
        """Not drawn: what a seeded run draws must not depend on who is described."""
        return NUMBER + hashlib.sha256(self.phone_number.encode()).hexdigest()[:32]


class VerifiedNumbers:
    """The verified numbers of the account, oldest first."""

    def __init__(self) -> None:
        self.by_number: dict[str, VerifiedNumber] = {}

    def verify(self, phone_number: str, at: datetime, *, name: str = "") -> VerifiedNumber:
        """Let a number be shown from now on; one that may be already stays as it is."""
        new = VerifiedNumber(phone_number, name, at, at)
        return self.by_number.setdefault(phone_number, new)

    def by_sid(self, sid: str) -> VerifiedNumber | None:
        """The one of that id, if there is one."""
        return next((one for one in self.by_number.values() if one.sid == sid), None)
