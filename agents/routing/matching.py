"""Which waiting caller goes to which free agent: values in, pairs out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True)
class Waiting:
    """A caller who waits for a person. Higher priority is sooner."""

    handover_id: int
    priority: int
    since: datetime
    declined_by: frozenset[int] = field(default_factory=frozenset)
    """Agents who said no to this caller and are not asked again."""
    asked_before: Mapping[int, datetime] = field(default_factory=dict)
    """When each agent last let this caller ring in vain: the one who did so last is asked last."""


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
        may_take = [agent for agent in agents if agent.staff_id not in caller.declined_by]
        never = datetime.min.replace(tzinfo=UTC)
        agent = min(
            may_take, key=lambda one: caller.asked_before.get(one.staff_id, never), default=None
        )
        if agent is not None:
            agents.remove(agent)
            matches.append(Match(caller.handover_id, agent.staff_id))
    return tuple(matches)
