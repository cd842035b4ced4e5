"""Whom a scenario lets the line call: described while it runs, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from simulator.callees.phones import Phone, Phones
from simulator.scenario.caller import ExpectationFailed
from simulator.scenario.files import Behaviour


class Described:
    """Use as a context manager; afterwards every address does what it did before."""

    def __init__(self, phones: Phones, people: Mapping[str, Behaviour]) -> None:
        self._phones = phones
        self._people = people
        self._called: list[Phone] = []
        self._undo = ExitStack()

    def __enter__(self) -> Described:
        for address, behaviour in self._people.items():
            self._undo.callback(self._restore, address, self._phones.described.get(address))
            self._phones.describe(address, behaviour)
        self._undo.callback(self._phones.listen(self._note))
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    async def failures(self) -> list[tuple[str, ExpectationFailed]]:
        """Wait until all who were called have done their steps: whose did not hold, and why."""
        for phone in self._called:
            await phone.done.wait()
        return [(phone.number, phone.failure) for phone in self._called if phone.failure]

    def _note(self, phone: Phone) -> None:
        if any(phone.behaviour is mine for mine in self._people.values()):
            kept = [one for one in self._called if one.failure or not one.done.is_set()]
            self._called = [*kept, phone]

    def _restore(self, address: str, before: Behaviour | None) -> None:
        """Unless somebody else has described it since."""
        if self._phones.described.get(address) is not self._people[address]:
            return
        if before is None:
            self._phones.forget(address)
        else:
            self._phones.describe(address, before)
