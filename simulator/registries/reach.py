"""How well the carrier reaches a number: what becomes of texts to it, and calls it will not place.

A number of which nothing was said is reached. Codes: Twilio, "Error and Warning Dictionary".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.errors.error_names import NAMES


class BadReach(Exception):
    """It is described wrongly; the text says what was expected."""


@dataclass(frozen=True)
class Fate:
    """What becomes of a text: its last state, Twilio's code and words; some are refused at once."""

    status: str
    code: int | None = None
    words: str = ""
    is_refused: bool = False


def _refused(code: int, words: str) -> Fate:
    return Fate("", code, words, is_refused=True)


FATES: Mapping[str, Fate] = {
    "delivered": Fate("delivered"),
    "no-receipt": Fate("sent"),
    "stuck": Fate("queued"),
    "overflow": Fate("failed", 30001, "Queue overflow"),
    "suspended": Fate("failed", 30002, "Account suspended"),
    "unreachable": Fate("undelivered", 30003, "Unreachable destination handset"),
    "blocked": Fate("undelivered", 30004, "Message blocked"),
    "unknown": Fate("undelivered", 30005, "Unknown destination handset"),
    "landline": Fate("undelivered", 30006, "Landline or unreachable carrier"),
    "filtered": Fate("undelivered", 30007, "Message filtered"),
    "error": Fate("undelivered", 30008, "Unknown error"),
    "unregistered": Fate("undelivered", 30034, "Message from an unregistered number"),
    "invalid": _refused(21211, "Invalid 'To' Phone Number"),
    "no-region": _refused(21408, "Permission to send an SMS has not been enabled for the region"),
    "unverified": _refused(21608, "The number is unverified. Trial accounts cannot send there"),
    "opted-out": _refused(21610, NAMES[21610]),
    "full": _refused(21611, "This 'From' number has exceeded its queue of messages"),
    "no-route": _refused(21612, "The 'To' phone number is not currently reachable"),
    "not-mobile": _refused(21614, "'To' number is not a valid mobile number"),
}
"""What one may say of texts to a number. `stuck` waits until its validity period is over."""

CALLS: Mapping[int, str] = {
    13227: "International calls are not permitted there",
    21211: "Invalid 'To' Phone Number",
    21214: "'To' phone number cannot be reached",
    21215: "Account not authorized to call this number",
    21216: "Account not allowed to call this number",
    21217: "Phone number does not appear to be valid",
    21219: "The number is unverified. Trial accounts may only call verified numbers",
}
"""Why the carrier does not place a call."""

_IN_DIAL = {21211: 13224, 21214: 13224, 21217: 13224, 21215: 13227, 21216: 13225, 21219: 13225}
"""The code of the same reason where <Dial> meets it."""


class Reach:
    """What was said of numbers."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._calls: dict[str, int] = {}

    def describe(self, address: str, source: Mapping[str, Any]) -> None:
        """Say `texts` (a word of FATES) or `calls` (a code of CALLS) of it. Raises BadReach."""
        unknown = sorted(set(source) - {"address", "texts", "calls"})
        if unknown:
            raise BadReach(f"unknown key {unknown[0]!r}; allowed: address, calls, texts")
        texts, calls = source.get("texts", "delivered"), source.get("calls")
        if texts not in FATES:
            raise BadReach(f"texts: expected one of {', '.join(FATES)}, got {texts!r}")
        if calls is not None and calls not in CALLS:
            raise BadReach(f"calls: expected one of {', '.join(map(str, CALLS))}, got {calls!r}")
        self._texts[address] = texts
        self._calls.pop(address, None)
        if calls is not None:
            self._calls[address] = calls

    def forget(self, address: str) -> None:
        """It is reached again."""
        self._texts.pop(address, None)
        self._calls.pop(address, None)

    def of_texts(self, address: str) -> Fate:
        """What becomes of a text to it."""
        return FATES[self._texts.get(address, "delivered")]

    def of_calls(self, address: str) -> int | None:
        """The code with which a call there is refused."""
        return self._calls.get(address)

    def of_dial(self, address: str) -> int | None:
        """The code with which <Dial> does not ring there; no country code begins with 0."""
        if address.startswith("+0"):
            return 13226
        code = self._calls.get(address)
        return code if code is None else _IN_DIAL.get(code, code)

    def shown(self) -> list[dict[str, Any]]:
        """Plain values."""
        return [
            {"address": address, "texts": texts, "calls": self._calls.get(address)}
            for address, texts in self._texts.items()
        ]
