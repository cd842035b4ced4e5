"""A caller between the line and people: asking, talking, losing each other, ending."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from agents import duty, jobs
from agents.desk import queries
from agents.handovers import actions, connecting
from agents.handovers import queries as handover_queries
from agents.models import Handover, Offer, Presence
from agents.routing import offers
from agents.routing import queries as routing_queries
from calls.actions import end_call
from calls.models import Call
from infra import failpoints
from infra.clock import now
from infra.lifecycle import NotAllowed
from infra.outbox.jobs import Run
from infra.outbox.rows import Outbox
from tests.agents.conftest import Floor
from tests.races import race


def gone(floor: Floor, handover_id: int) -> None:
    with floor.database.transaction() as session:
        actions.caller_gone(session, floor.handover(handover_id).call_id)


def loses(floor: Floor, handover_id: int) -> None:
    with floor.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, handover_id))


def test_asking_twice_is_one_handover(floor: Floor) -> None:
    call = floor.call()
    with floor.database.transaction() as session:
        first = actions.ask_for_person(session, call_id=call.id, reason="asked").id
    with floor.database.transaction() as session:
        again = actions.ask_for_person(session, call_id=call.id, priority=10)
    assert (again.id, again.priority, again.round) == (first, 10, 1)
    with floor.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Handover)) == 1
        assert handover_queries.handover_for(session, call.id) is not None
        assert handover_queries.handover_for(session, call.id + 1) is None


def test_what_the_line_understood_is_the_first_draft(floor: Floor) -> None:
    call = floor.call()
    with floor.database.transaction() as session:
        session.get_one(Call, call.id).draft = {
            "category": "pothole",
            "problem_text": "a hole",
            "reason": "asked",
        }
    with floor.database.transaction() as session:
        handover = actions.ask_for_person(session, call_id=call.id)
    assert handover.draft["category"] == "pothole"
    assert handover.draft["problem_text"] == "a hole"
    assert "reason" not in handover.draft


def test_asking_again_after_it_was_over_waits_anew_at_the_end(floor: Floor) -> None:
    handover = floor.asks(priority=10)
    with floor.database.transaction() as session:
        actions.give_up_waiting(session, session.get_one(Handover, handover))
    assert floor.handover(handover).state == "to_message"
    with floor.database.transaction() as session:
        actions.ask_for_person(session, call_id=floor.handover(handover).call_id)
    left = floor.handover(handover)
    assert (left.state, left.round, left.priority) == ("waiting", 2, 0)


def test_a_caller_who_hangs_up_while_it_rings_rings_no_more(floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    gone(floor, handover)
    assert floor.handover(handover).state == "abandoned"
    assert floor.ringing(agent) is None
    assert floor.presence(agent).state == "ready"
    gone(floor, handover)
    assert floor.handover(handover).state == "abandoned"


def test_a_caller_who_hangs_up_in_the_conversation_leaves_the_agent_to_wrap_up(
    floor: Floor,
) -> None:
    agent, handover = floor.talks()
    gone(floor, handover)
    left = floor.handover(handover)
    assert (left.state, left.ended_by) == ("ended", "caller")
    assert floor.presence(agent).state == "wrapping_up"


def test_the_agent_hangs_up(floor: Floor) -> None:
    agent, handover = floor.talks()
    for _ in range(2):
        with floor.database.transaction() as session:
            actions.end_conversation(session, staff_id=agent, handover_id=handover)
    left = floor.handover(handover)
    assert (left.state, left.ended_by) == ("ended", "agent")
    assert floor.presence(agent).state == "wrapping_up"


def test_no_agent_ends_anothers_conversation(floor: Floor) -> None:
    _, handover = floor.talks()
    with pytest.raises(actions.NotYours), floor.database.transaction() as session:
        actions.end_conversation(session, staff_id=floor.agent(), handover_id=handover)
    assert floor.handover(handover).state == "in_conversation"


def test_a_lost_agent_puts_the_caller_at_the_front(floor: Floor) -> None:
    lost, handover = floor.talks()
    before = floor.asks(priority=10)
    loses(floor, handover)
    assert (floor.presence(lost).state, floor.presence(lost).away_because) == ("away", "cut_off")
    next_agent = floor.agent()
    floor.works()
    assert floor.rings_at(next_agent).handover_id == floor.handover(handover).id
    assert floor.handover(before).state == "waiting"


def test_an_agent_who_was_cut_off_takes_the_caller_back(floor: Floor) -> None:
    agent, handover = floor.talks()
    loses(floor, handover)
    with floor.database.transaction() as session:
        offer = connecting.rejoin(session, staff_id=agent, handover_id=handover)
        joined = connecting.connect_leg(
            session, staff_id=agent, offer_id=offer.id, leg_sid="CA" + "e" * 32
        )
    again = floor.handover(handover)
    assert (joined.id, again.state) == (again.id, "in_conversation")
    assert floor.presence(agent).state == "in_conversation"


def test_taking_back_stops_the_ringing_elsewhere(floor: Floor) -> None:
    agent, handover = floor.talks()
    loses(floor, handover)
    other = floor.agent()
    floor.works()
    assert floor.rings_at(other).handover_id == floor.handover(handover).id
    with floor.database.transaction() as session:
        connecting.rejoin(session, staff_id=agent, handover_id=handover)
    assert floor.ringing(other) is None
    assert floor.presence(other).state == "ready"


def test_nobody_takes_back_a_caller_whom_another_took(floor: Floor) -> None:
    agent, handover = floor.talks()
    loses(floor, handover)
    other = floor.agent()
    floor.works()
    with floor.database.transaction() as session:
        offers.accept(session, staff_id=other, offer_id=floor.rings_at(other).id)
    with pytest.raises(actions.NotYours), floor.database.transaction() as session:
        connecting.rejoin(session, staff_id=agent, handover_id=handover)


def test_a_leg_needs_an_offer_that_this_agent_accepted(floor: Floor) -> None:
    agent, handover = floor.talks()
    other = floor.agent()
    with floor.database.read() as session:
        offer = session.scalars(select(Offer).where(Offer.handover_id == handover)).one()
    for staff_id, offer_id in ((other, offer.id), (agent, 999), (agent, 0)):
        with pytest.raises(actions.NotYours), floor.database.transaction() as session:
            connecting.connect_leg(
                session, staff_id=staff_id, offer_id=offer_id, leg_sid="CA" + "f" * 32
            )


def test_a_wrap_up_ends_by_itself_and_not_before(floor: Floor) -> None:
    agent, handover = floor.talks()
    gone(floor, handover)
    floor.works()
    assert floor.presence(agent).state == "wrapping_up"
    floor.change(Presence, agent, since=now() - timedelta(seconds=61))
    with floor.database.transaction() as session:
        for row in session.scalars(select(Outbox).where(Outbox.state == "waiting")):
            row.next_at = now()
    floor.works()
    assert floor.presence(agent).state == "ready"


def test_a_wrap_up_can_be_extended_once(floor: Floor) -> None:
    agent, handover = floor.talks()
    gone(floor, handover)
    with floor.database.transaction() as session:
        duty.extend_wrap_up(session, staff_id=agent)
    with pytest.raises(NotAllowed), floor.database.transaction() as session:
        duty.extend_wrap_up(session, staff_id=agent)


def test_asking_to_be_away_in_a_conversation_takes_effect_after_the_wrap_up(floor: Floor) -> None:
    agent, handover = floor.talks()
    with floor.database.transaction() as session:
        actions.set_presence(session, staff_id=agent, wanted="away")
    assert floor.presence(agent).state == "in_conversation"
    gone(floor, handover)
    with floor.database.transaction() as session:
        duty.end_wrap_up(session, staff_id=agent)
    assert floor.presence(agent).state == "away"


def test_a_desk_silent_in_a_conversation_loses_the_caller_to_the_front(floor: Floor) -> None:
    agent, handover = floor.talks()
    floor.change(Presence, agent, seen_at=now() - timedelta(seconds=jobs.SILENT_CONVERSATION_S + 1))
    jobs.tidy(Run(floor.services, 0, 0, 0))
    assert floor.handover(handover).state == "waiting"
    assert floor.presence(agent).state == "away"
    with floor.database.read() as session:
        asked = session.scalars(select(Outbox).where(Outbox.queue == "live")).all()
    assert "agents.jobs.bring_back" in [row.job for row in asked]


def test_a_desk_that_is_heard_again_in_time_keeps_its_caller(floor: Floor) -> None:
    both = [floor.talks() for _ in range(2)]
    silent = now() - timedelta(seconds=jobs.SILENT_CONVERSATION_S + 1)
    for agent, _handover in both:
        floor.change(Presence, agent, seen_at=silent)

    def are_heard_again() -> None:
        for agent, _handover in both:
            floor.change(Presence, agent, seen_at=now())

    failpoints.arm("agents.jobs.tidy.cut_off.committed", are_heard_again)
    try:
        jobs.tidy(Run(floor.services, 0, 0, 0))
    finally:
        failpoints.disarm()
    states = sorted(floor.handover(handover).state for _agent, handover in both)
    assert states == ["in_conversation", "waiting"]


def test_a_conversation_is_over_when_the_carriers_records_say_so(floor: Floor) -> None:
    agent, handover = floor.talks()
    with floor.database.transaction() as session:
        call = session.get_one(Call, floor.handover(handover).call_id)
        end_call(session, call, status="completed", duration_s=12)
    jobs.tidy(Run(floor.services, 0, 0, 0))
    assert floor.handover(handover).state == "ended"
    assert floor.presence(agent).state == "wrapping_up"


def test_the_desk_shows_only_its_own_conversation(floor: Floor) -> None:
    agent, handover = floor.talks()
    other = floor.agent()
    with floor.database.read() as session:
        mine, theirs = queries.desk(session, agent), queries.desk(session, other)
        assert mine.conversation is not None
        assert mine.conversation.handover == handover
        assert theirs.conversation is None
        assert theirs.offer is None
        assert queries.conversation_of(session, other, handover) is None


def test_a_conversation_leaves_the_desk_with_the_wrap_up(floor: Floor) -> None:
    agent, handover = floor.talks()
    gone(floor, handover)
    with floor.database.read() as session:
        assert queries.conversation_of(session, agent, handover) is not None
    with floor.database.transaction() as session:
        duty.end_wrap_up(session, staff_id=agent)
    with floor.database.read() as session:
        assert queries.conversation_of(session, agent, handover) is None


def test_somebody_is_on_duty_only_with_a_living_page(floor: Floor) -> None:
    agent = floor.agent(ready=False)
    with floor.database.read() as session:
        assert not routing_queries.somebody_on_duty(session)
    with floor.database.transaction() as session:
        actions.set_presence(session, staff_id=agent, wanted="ready")
    with floor.database.read() as session:
        assert routing_queries.somebody_on_duty(session)
    floor.change(Presence, agent, seen_at=now() - timedelta(seconds=20))
    with floor.database.read() as session:
        assert not routing_queries.somebody_on_duty(session)


def test_a_person_is_on_the_line_only_while_bridged(floor: Floor) -> None:
    _, handover = floor.talks()
    call_id, other = floor.handover(handover).call_id, floor.asks()
    with floor.database.read() as session:
        assert handover_queries.is_in_conversation(session, call_id)
        assert not handover_queries.is_in_conversation(session, floor.handover(other).call_id)
        assert not handover_queries.is_in_conversation(session, 999)
    loses(floor, handover)
    with floor.database.read() as session:
        assert not handover_queries.is_in_conversation(session, call_id)


def test_a_call_is_on_a_desk_until_the_wrap_up_is_over(floor: Floor) -> None:
    agent, handover = floor.talks()
    call_id = floor.handover(handover).call_id
    gone(floor, handover)
    with floor.database.read() as session:
        assert queries.is_on_a_desk(session, call_id)
    with floor.database.transaction() as session:
        duty.end_wrap_up(session, staff_id=agent)
    with floor.database.read() as session:
        assert not queries.is_on_a_desk(session, call_id)


@pytest.mark.parametrize("round_number", range(4))
def test_taking_back_against_anothers_accept_has_one_winner(
    floor: Floor, round_number: int
) -> None:
    first, handover = floor.talks()
    loses(floor, handover)
    other = floor.agent()
    floor.works()
    offer = floor.rings_at(other).id

    def take_back() -> None:
        with floor.database.transaction() as session:
            connecting.rejoin(session, staff_id=first, handover_id=handover)

    def accept() -> None:
        with floor.database.transaction() as session:
            offers.accept(session, staff_id=other, offer_id=offer)

    results = race(take_back, accept)
    assert sum(result is None for result in results) == 1
    winner = first if results[0] is None else other
    assert (floor.handover(handover).state, floor.handover(handover).staff_id) == (
        "in_conversation",
        winner,
    )
    states = {agent: floor.presence(agent).state for agent in (first, other)}
    assert [agent for agent, state in states.items() if state == "in_conversation"] == [winner]
