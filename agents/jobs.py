"""Work around offers and presence that must happen after a commit or after a time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from agents import duty, presence
from agents.handovers import actions
from agents.handovers import queries as handover_queries
from agents.handovers.life import State
from agents.models import Handover, Presence
from agents.routing import offers
from agents.routing import queries as routing_queries
from agents.rows import held_handover, held_presence
from calls.models import Call
from carriers.base import Carrier
from infra.clock import now
from infra.log import logger
from infra.outbox.jobs import Later, Run, job
from infra.outbox.rows import enqueue

SILENT_CONVERSATION_S = 30
"""A conversation whose desk page is silent for so long is taken from the agent. It is long because
sound may still flow while a page's requests fail; a dead browser loses its leg sooner."""

_MOST_OFFERS = 100
_log = logger(__name__)


@job
def offer_next(run: Run) -> None:
    """Let waiting callers ring at free agents until no pair is left."""
    for _ in range(_MOST_OFFERS):
        with run.database.read() as session:
            if not routing_queries.somebody_waits(session):
                return
        with run.database.transaction("agents.jobs.offer_next.offer") as session:
            offered = offers.offer_next(
                session, offer_s=run.settings.offer_s, alive_s=routing_queries.ALIVE_S
            )
        if not offered:
            return


@job
def miss_offer(run: Run, offer_id: int) -> None:
    """Take back an offer that rang out."""
    with run.finish() as session:
        offers.miss(session, offer_id=offer_id)


@job
def end_wrap_up(run: Run, staff_id: int) -> None:
    """End an agent's wrap-up time when it is over."""
    with run.database.read() as session:
        agent = session.get(Presence, staff_id)
        left_s = _wrap_up_left_s(agent, run.settings.wrap_up_s) if agent else 0
    if left_s > 0:
        raise Later(left_s, "the wrap-up goes on")
    with run.finish() as session:
        _end_wrap_up_if_over(session, staff_id, run.settings.wrap_up_s)


@job
def tidy(run: Run) -> None:
    """Find what no timer and no webhook told us: silent desks, lost timers, ended calls."""
    with run.database.read() as session:
        lost_offers = routing_queries.overdue_offers(session, by_s=3)
        over = handover_queries.open_handovers_of_ended_calls(session)
        idle = (presence.State.READY, presence.State.OFFERED, presence.State.WRAPPING_UP)
        silent = duty.silent_agents(session, silent_s=routing_queries.ALIVE_S, states=idle)
        cut_off = duty.silent_agents(
            session, silent_s=SILENT_CONVERSATION_S, states=(presence.State.IN_CONVERSATION,)
        )
    for offer_id in lost_offers:
        with run.database.transaction("agents.jobs.tidy.late_offers") as session:
            offers.miss(session, offer_id=offer_id)
    for call_id in over:
        with run.database.transaction("agents.jobs.tidy.ended_calls") as session:
            actions.caller_gone(session, call_id)
    for staff_id in silent:
        with run.database.transaction("agents.jobs.tidy.silent") as session:
            offers.fall_silent(session, staff_id=staff_id, silent_s=routing_queries.ALIVE_S)
    for staff_id in cut_off:
        with run.database.transaction("agents.jobs.tidy.cut_off") as session:
            _take_conversation_away(session, staff_id)
    offer_next(run)


@job
def bring_back(run: Run, handover_id: int) -> None:
    """Fetch a caller out of a bridge with a silent agent, back into their queue."""
    with run.database.read() as session:
        handover = session.get(Handover, handover_id)
        if handover is None or handover.state == State.ENDED:
            return
        if handover_queries.handover_for(session, handover.call_id) is not handover:
            return
        call = session.get_one(Call, handover.call_id)
        sid, over, number = call.carrier_sid, call.ended_at is not None, handover.round
    if not over:
        back = f"{run.settings.public_url}/agents/back?round={number}"
        run.get(Carrier).redirect_call(sid, back)


def _take_conversation_away(session: Session, staff_id: int) -> None:
    found = handover_queries.conversation_with(session, staff_id)
    handover = held_handover(session, found) if found is not None else None
    if handover is None or handover.state != State.IN_CONVERSATION or handover.staff_id != staff_id:
        return
    if held_presence(session, staff_id).seen_at >= now() - timedelta(seconds=SILENT_CONVERSATION_S):
        return
    _log.warning("desk silent in a conversation", staff=staff_id, handover=handover.id)
    following = actions.agent_lost(session, handover)
    enqueue(
        session,
        queue="live",
        job="agents.jobs.bring_back",
        key=f"bring_back:{following.id}",
        args=[following.id],
    )


def _wrap_up_left_s(agent: Presence, wrap_up_s: int) -> float:
    if agent.state != presence.State.WRAPPING_UP:
        return 0
    until = agent.since + timedelta(seconds=wrap_up_s * (2 if agent.extended else 1))
    return (until - now()).total_seconds()


def _end_wrap_up_if_over(session: Session, staff_id: int, wrap_up_s: int) -> None:
    agent = held_presence(session, staff_id)
    if agent.state != presence.State.WRAPPING_UP or _wrap_up_left_s(agent, wrap_up_s) > 0:
        return
    duty.end_wrap_up(session, staff_id=staff_id)
