"""Connection overrides in a URL's fragment: `https://app.example/voice#ct=2000&rt=4000&rc=2&rp=all`.

Names, ranges and defaults: Twilio, "Webhooks: Connection Overrides". The fragment is neither sent
nor signed. A fragment without any of the names is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})
_RANGES = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000), "rc": (0, 5)}
_NAMES = frozenset({*_RANGES, "rp", "e", "sni"})


EDGES = frozenset(
    "ashburn dublin frankfurt sao-paulo singapore sydney tokyo umatilla roaming".split()
)


class BadOverride(ValueError):
    """A value of the fragment is out of range; the text says what was expected.

    `code` is Twilio's: 11240 an edge that there is not, 11243 a policy of retries, 11100 the rest.
    """

    def __init__(self, message: str, code: int = 11100) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Overrides:
    """How a request is sent; times in seconds.

    retries: further attempts after the first. policies: which failures are tried again: `ct` no
    connection in time, `rt` no answer in time, `4xx`, `5xx`, or `all`.
    """

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0
    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})
    edges: tuple[str, ...] = ()
    checks_name: bool = True

    def retries_after(self, failure: str) -> bool:
        """Whether a failure of that kind (ct, rt, 4xx, 5xx) is tried again."""
        return failure in self.policies or "all" in self.policies

    @classmethod
    def of(cls, url: str) -> Overrides:
        """Read an address's fragment. Raises BadOverride."""
        given = dict(parse_qsl(urlsplit(url).fragment, keep_blank_values=True))
        if not _NAMES & set(given):
            return cls()
        numbers = {name: _number(name, given[name]) for name in _RANGES if name in given}
        plain = cls()
        return cls(
            numbers.get("ct", 5000) / 1000,
            numbers.get("rt", 15_000) / 1000,
            numbers.get("tt", 15_000) / 1000,
            numbers.get("rc", plain.retries),
            _policies(given["rp"]) if "rp" in given else plain.policies,
            _edges(given.get("e", "")),
            _flag(given.get("sni", "y")),
        )


def _number(name: str, text: str) -> int:
    low, high = _RANGES[name]
    if not text.isdigit() or not low <= int(text) <= high:
        message = f"#{name}: expected {low} to {high}, got {text!r}"
        raise BadOverride(message, 11243 if name == "rc" else 11100)
    return int(text)


def _policies(text: str) -> frozenset[str]:
    given = frozenset(text.split(","))
    if not given <= POLICIES:
        expected = ", ".join(sorted(POLICIES))
        raise BadOverride(f"#rp: expected some of {expected}, got {text!r}", 11243)
    return given


def _edges(text: str) -> tuple[str, ...]:
    given = tuple(edge for edge in text.split(",") if edge)
    if not set(given) <= EDGES:
        expected = ", ".join(sorted(EDGES))
        raise BadOverride(f"#e: expected some of {expected}, got {text!r}", 11240)
    return given


def _flag(text: str) -> bool:
    if text not in {"y", "n"}:
        raise BadOverride(f"#sni: expected y or n, got {text!r}")
    return text == "y"
