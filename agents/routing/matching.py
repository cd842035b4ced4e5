"""Which waiting caller goes to which free agent: values in, pairs out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Waiting:
    """A caller who waits for a person. Higher priority is sooner."""

    handover_id: int
    priority: int
    since: datetime
    declined_by: frozenset[int] = field(default_factory=frozenset)
    """Agents who said no to this caller and are not asked again."""


@dataclass(frozen=True)
class Free:
    """An agent who is ready, and since when."""

    staff_id: int
    since: datetime


@dataclass(frozen=True)
class Match:
    """This caller rings at this agent."""

    handover_id: int
    staff_id: int


def match(waiting: Iterable[Waiting], free: Iterable[Free]) -> tuple[Match, ...]:
    """Pair the most urgent, then longest waiting callers with the longest ready agents.

    Each caller and each agent is in one pair at most; a caller whom every free agent has
    declined stays waiting.
    """
    agents = sorted(free, key=lambda agent: (agent.since, agent.staff_id))
    matches: list[Match] = []
    for caller in sorted(waiting, key=lambda w: (-w.priority, w.since, w.handover_id)):
        agent = next((a for a in agents if a.staff_id not in caller.declined_by), None)
        if agent is not None:
            agents.remove(agent)
            matches.append(Match(caller.handover_id, agent.staff_id))
    return tuple(matches)
