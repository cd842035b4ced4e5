"""The words of one side of a call that are known without recognising anything."""

from __future__ import annotations

from simulator.calls.call import Call
from simulator.calls.events import Event


class KnownWords:
    """Words of one side of a call that are known exactly, until `close`."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: list[str] = []
        self._are_all_known = True
        self._closed: str | None = None
        self._stop = call.log.follow(self._note)

    @property
    def is_held(self) -> bool:
        """Whether a sentence is under way whose pauses are no ends."""
        return False

    def saying(self) -> tuple[str, float] | None:
        """The sentence that is being said, and how much of it is said."""
        return self._call.leg.endpoint.saying()

    def so_far(self) -> str:
        """The words up to now, or up to `close`; of a sentence being said, its part by time."""
        if self._closed is not None:
            return self._closed
        parts = list(self._known)
        saying = self.saying()
        if saying is not None:
            words = saying[0].split()
            parts.append(" ".join(words[: int(len(words) * saying[1])]))
        return " ".join(part for part in parts if part)

    def whole(self) -> str:
        """The same; empty when some of it is not known."""
        return self.so_far() if self._are_all_known else ""

    def forget(self) -> None:
        """What was said until now belongs to nothing."""
        self._known.clear()

    def close(self) -> None:
        """What is said from now on belongs to somebody else. A second time does nothing."""
        if self._closed is None:
            self._closed = self.so_far()
            self._stop()

    def _note(self, event: Event) -> None:
        if event["event"] == "said":
            if event.get("exact"):
                self._known.append(str(event["text"]))
            else:
                self._are_all_known = False


class LineWords(KnownWords):
    """What the line says, by its own sentences."""

    @property
    def is_held(self) -> bool:
        """Its sentences are known once they are over."""
        return self._call.recogniser.is_following

    def saying(self) -> tuple[str, float] | None:
        """The sentence that is being followed, and how much of it was heard."""
        return self._call.recogniser.saying()

    def _note(self, event: Event) -> None:
        if event["event"] == "heard" and not event.get("recognised"):
            self._known.append(str(event["text"]))
