"""Queues: callers who wait, first come, first served, and the bridges they get."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from simulator.calls.call import Call
from simulator.calls.legs import Leg
from simulator.sids import QUEUE, new_sid
from simulator.sound.audio import SILENCE
from simulator.time.clock import Clock

MOST_WAITING = 1000
"""Callers in a queue whose size nobody has set."""
LONGEST_NAME = 64


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
    joined_at: datetime
    taken: asyncio.Future[Call]
    bridge: asyncio.Future[Bridge]


@dataclass
class Queue:
    """Callers waiting under one name. `max_size` holds beside an <Enqueue>'s own limit."""

    name: str
    clock: Clock
    account_sid: str = ""
    max_size: int = MOST_WAITING
    sid: str = field(default_factory=lambda: new_sid(QUEUE))
    members: list[Member] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    _arrival: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.created_at = self.updated_at = self.clock.date

    @property
    def average_wait_s(self) -> int:
        """Mean waiting time of those who were served."""
        return round(sum(self.waits_s) / len(self.waits_s)) if self.waits_s else 0

    def join(self, call: Call) -> Member:
        """Put a caller at the end."""
        loop = asyncio.get_running_loop()
        member = Member(
            call, self.clock.now_s, self.clock.date, loop.create_future(), loop.create_future()
        )
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

    def __init__(self, clock: Clock, account_sid: str) -> None:
        self.by_name: dict[str, Queue] = {}
        self._clock, self._account_sid = clock, account_sid

    def named(self, name: str) -> Queue:
        """The queue of that name, made when it is new."""
        if name not in self.by_name:
            self.by_name[name] = Queue(name, self._clock, self._account_sid)
        return self.by_name[name]

    def by_sid(self, sid: str) -> Queue | None:
        """The queue of that id, if there is one."""
        return next((queue for queue in self.by_name.values() if queue.sid == sid), None)

    def rename(self, queue: Queue, name: str) -> None:
        """Give a queue another name; from now on documents find it under that one."""
        del self.by_name[queue.name]
        queue.name = name
        self.by_name[name] = queue

    def remove(self, queue: Queue) -> None:
        """Forget an empty queue; its name makes a new one."""
        del self.by_name[queue.name]
