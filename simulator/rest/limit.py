"""How many REST requests are answered in a second; the others get 429 (Twilio, error 20429)."""

from __future__ import annotations

from collections.abc import Callable


class RateLimit:
    """A bucket that holds one second's requests and fills steadily, by the line's own time."""

    def __init__(self, per_second: float | None, now_s: Callable[[], float]) -> None:
        self._rate, self._now_s = per_second, now_s
        self._size = max(1.0, per_second or 1.0)
        self._left, self._at_s = self._size, now_s()

    def allows(self) -> bool:
        """Whether a request that comes now is answered; it counts only if it is."""
        if self._rate is None:
            return True
        now_s = self._now_s()
        self._left = min(self._size, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
