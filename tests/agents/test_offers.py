"""Offers: who rings where, and that exactly one agent gets a caller."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agents import jobs
from agents.handovers import actions
from agents.models import Handover, Offer, Presence
from agents.routing import offers
from infra.clock import now
from infra.outbox.jobs import Run
from infra.outbox.work import work
from tests.agents.conftest import Floor
from tests.races import race


def accepts(floor: Floor, staff_id: int, offer_id: int) -> Handover:
    with floor.database.transaction() as session:
        return offers.accept(session, staff_id=staff_id, offer_id=offer_id)


def expire(floor: Floor, offer: Offer) -> None:
    floor.change(Offer, offer.id, expires_at=now() - timedelta(seconds=1))
    with floor.database.transaction() as session:
        offers.miss(session, offer_id=offer.id)
    floor.works()


def test_a_waiting_caller_rings_at_a_ready_agent(floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    assert floor.rings_at(agent).handover_id == handover
    assert floor.presence(agent).state == "offered"
    assert floor.handover(handover).state == "offered"


def test_nobody_rings_at_an_agent_who_is_away(floor: Floor) -> None:
    agent = floor.agent(ready=False)
    floor.asks()
    floor.works()
    assert floor.ringing(agent) is None


def test_going_ready_brings_the_caller_who_waits_already(floor: Floor) -> None:
    floor.asks()
    floor.works()
    agent = floor.agent()
    floor.works()
    assert floor.rings_at(agent)


def test_an_agent_whose_page_is_silent_is_not_rung(floor: Floor) -> None:
    agent = floor.agent()
    floor.change(Presence, agent, seen_at=now() - timedelta(seconds=16))
    floor.asks()
    floor.works()
    assert floor.ringing(agent) is None


def test_accepting_makes_the_conversation(floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    accepts(floor, agent, floor.rings_at(agent).id)
    assert floor.handover(handover).state == "in_conversation"
    assert floor.handover(handover).staff_id == agent
    assert floor.presence(agent).state == "in_conversation"


def test_accepting_twice_is_the_same_conversation(floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    offer = floor.rings_at(agent).id
    accepts(floor, agent, offer)
    assert accepts(floor, agent, offer).id == handover


def test_nobody_accepts_anothers_offer(floor: Floor) -> None:
    agent, other = floor.agent(), floor.agent(ready=False)
    floor.asks()
    floor.works()
    with pytest.raises(offers.OfferGone):
        accepts(floor, other, floor.rings_at(agent).id)


def test_a_declined_caller_rings_at_the_next_agent_and_not_here_again(floor: Floor) -> None:
    first, second = floor.agent(), floor.agent()
    floor.asks()
    floor.works()
    with floor.database.transaction() as session:
        offers.decline(session, staff_id=first, offer_id=floor.rings_at(first).id)
    floor.works()
    assert floor.presence(first).state == "ready"
    assert floor.ringing(first) is None
    assert floor.rings_at(second)


def test_a_missed_caller_rings_at_the_next_agent(floor: Floor) -> None:
    first, second = floor.agent(), floor.agent()
    floor.asks()
    floor.works()
    expire(floor, floor.rings_at(first))
    assert floor.rings_at(second)
    assert (floor.presence(first).state, floor.presence(first).missed) == ("ready", 1)


def test_two_misses_make_the_agent_away(floor: Floor) -> None:
    agent = floor.agent()
    floor.asks()
    floor.works()
    expire(floor, floor.rings_at(agent))
    expire(floor, floor.rings_at(agent))
    left = floor.presence(agent)
    assert (left.state, left.away_because) == ("away", "missed")
    assert floor.ringing(agent) is None


def test_an_offer_still_within_its_time_is_not_missed(floor: Floor) -> None:
    agent = floor.agent()
    floor.asks()
    floor.works()
    offer = floor.rings_at(agent)
    with floor.database.transaction() as session:
        assert not offers.miss(session, offer_id=offer.id)
    assert floor.rings_at(agent)


def test_going_away_gives_the_ringing_caller_to_the_next(floor: Floor) -> None:
    first, second = floor.agent(), floor.agent()
    floor.asks()
    floor.works()
    with floor.database.transaction() as session:
        actions.set_presence(session, staff_id=first, wanted="away")
    floor.works()
    assert floor.presence(first).state == "away"
    assert floor.rings_at(second)


def test_a_silent_page_loses_its_ringing_caller(floor: Floor) -> None:
    first, second = floor.agent(), floor.agent()
    floor.asks()
    floor.works()
    floor.change(Presence, first, seen_at=now() - timedelta(seconds=20))
    jobs.tidy(Run(floor.services, 0, 0, 0))
    assert (floor.presence(first).state, floor.presence(first).away_because) == ("away", "silent")
    assert floor.rings_at(second)


def test_a_lost_timer_is_made_up_for(floor: Floor) -> None:
    first, second = floor.agent(), floor.agent()
    floor.asks()
    floor.works()
    floor.change(Offer, floor.rings_at(first).id, expires_at=now() - timedelta(seconds=5))
    jobs.tidy(Run(floor.services, 0, 0, 0))
    assert floor.rings_at(second)


@pytest.mark.parametrize("round_number", range(3))
def test_many_accepts_of_one_offer_make_one_conversation(floor: Floor, round_number: int) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    offer = floor.rings_at(agent).id
    results = race(*[lambda: accepts(floor, agent, offer).id for _ in range(8)])
    assert set(results) == {handover}
    with floor.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 1


@pytest.mark.parametrize("round_number", range(5))
def test_accept_against_miss_has_one_outcome(floor: Floor, round_number: int) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    offer = floor.rings_at(agent)
    floor.change(Offer, offer.id, expires_at=now() - timedelta(seconds=1))

    def miss() -> bool:
        with floor.database.transaction() as session:
            return offers.miss(session, offer_id=offer.id)

    accepted, missed = race(lambda: accepts(floor, agent, offer.id), miss)
    assert isinstance(accepted, offers.OfferGone) == (missed is True)
    assert floor.handover(handover).state == ("waiting" if missed else "in_conversation")
    assert floor.presence(agent).state == ("ready" if missed else "in_conversation")


def test_many_matchers_at_once_ring_each_caller_once(floor: Floor) -> None:
    agents = [floor.agent() for _ in range(3)]
    for _ in range(3):
        floor.asks()
    race(*[lambda: work(floor.services, "live") for _ in range(6)])
    floor.works()
    ringing = [floor.rings_at(agent).handover_id for agent in agents]
    assert len(set(ringing)) == 3


def test_accept_against_the_callers_hang_up_has_one_outcome(floor: Floor) -> None:
    for _ in range(4):
        agent, handover = floor.agent(), floor.asks()
        floor.works()
        offer, call_id = floor.rings_at(agent), floor.handover(handover).call_id

        def hang_up(call_id: int = call_id) -> None:
            with floor.database.transaction() as session:
                actions.caller_gone(session, call_id)

        def accept(agent: int = agent, offer_id: int = offer.id) -> Handover:
            return accepts(floor, agent, offer_id)

        race(accept, hang_up)
        ended = floor.handover(handover).state
        assert ended in ("ended", "abandoned")
        assert floor.presence(agent).state == ("wrapping_up" if ended == "ended" else "ready")
        with floor.database.transaction() as session:
            actions.set_presence(session, staff_id=agent, wanted="away")


def test_a_caller_in_danger_who_was_declined_rings_again_last_where_it_was_last(
    floor: Floor,
) -> None:
    one, other = floor.agent(), floor.agent()
    floor.asks(priority=actions.EMERGENCY, reason="emergency")
    floor.works()
    rang = []
    for _ in range(4):
        staff_id = next(each for each in (one, other) if floor.ringing(each))
        rang.append(staff_id)
        with floor.database.transaction() as session:
            offers.decline(session, staff_id=staff_id, offer_id=floor.rings_at(staff_id).id)
        floor.works()
    assert rang == [one, other, one, other]
