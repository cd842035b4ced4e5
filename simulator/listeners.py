"""Those who want to hear of something as it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Listeners(Generic[T]):
    """Functions that are called with each new thing, in the order they came."""

    def __init__(self) -> None:
        self._all: list[Callable[[T], None]] = []

    def add(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call `listener` from now on, until the returned function is called, once or more."""
        self._all.append(listener)

        def stop() -> None:
            if listener in self._all:
                self._all.remove(listener)

        return stop

    def tell(self, what: T) -> None:
        """Call all of them; one that leaves or comes meanwhile changes nothing for this round."""
        for listener in tuple(self._all):
            listener(what)
