"""Queues: callers who wait, first come, first served, and the bridges they get."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from simulator.audio import SILENCE
from simulator.call import Call
from simulator.clock import Clock
from simulator.legs import Leg
from simulator.sids import QUEUE, new_sid


class Bridge:
    """Two legs that hear each other until one of them is gone."""

    def __init__(self, waiting: Call, dialling: Call) -> None:
        self.waiting = waiting
        self.dialling = dialling
        self.over = asyncio.Event()
        self.began_s = waiting.clock.now_s

    @property
    def duration_s(self) -> int:
        """Whole seconds since the two were connected."""
        return round(self.waiting.clock.now_s - self.began_s)

    def end(self) -> None:
        """Let both go; a second time does nothing."""
        self.over.set()


class OtherSide:
    """What a bridged person hears: whatever the other one says."""

    def __init__(self, other: Leg) -> None:
        self._other = other

    def next_frame(self) -> bytes:
        """The other one's words of this very tick."""
        return SILENCE if self._other.over else self._other.inbound


@dataclass
class Member:
    """A caller who waits."""

    call: Call
    joined_s: float
    taken: asyncio.Future[Call]
    bridge: asyncio.Future[Bridge]


@dataclass
class Queue:
    """Callers waiting under one name."""

    name: str
    clock: Clock
    max_size: int = 1000
    sid: str = field(default_factory=lambda: new_sid(QUEUE))
    members: list[Member] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    _arrival: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def average_wait_s(self) -> int:
        """Mean waiting time of those who were served."""
        return round(sum(self.waits_s) / len(self.waits_s)) if self.waits_s else 0

    def join(self, call: Call) -> Member:
        """Put a caller at the end."""
        loop = asyncio.get_running_loop()
        member = Member(call, self.clock.now_s, loop.create_future(), loop.create_future())
        self.members.append(member)
        self._arrival.set()
        return member

    def remove(self, member: Member) -> None:
        """Take a caller out, served or not; a second time does nothing."""
        if member in self.members:
            self.members.remove(member)

    def position(self, member: Member) -> int:
        """The caller's place, from 1; 0 when no longer waiting."""
        return self.members.index(member) + 1 if member in self.members else 0

    async def take(self, by: Call) -> Member:
        """Take the first caller out for `by`; waits until there is one."""
        while not self.members:
            self._arrival.clear()
            await self._arrival.wait()
        member = self.members.pop(0)
        self.waits_s.append(self.clock.now_s - member.joined_s)
        member.taken.set_result(by)
        return member


class Queues:
    """The account's queues by name."""

    def __init__(self, clock: Clock) -> None:
        self.by_name: dict[str, Queue] = {}
        self._clock = clock

    def named(self, name: str) -> Queue:
        """The queue of that name, made when it is new."""
        return self.by_name.setdefault(name, Queue(name, self._clock))
