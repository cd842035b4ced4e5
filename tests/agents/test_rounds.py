"""Each time a caller waits for a person is a row of its own, and history stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.handovers import actions, connecting
from agents.models import Handover, Offer
from agents.routing import offers
from agents.rows import held_handover_of_call
from infra.clock import now
from tests.agents.conftest import Floor
from tests.races import race


def loses(floor: Floor, handover: int) -> None:
    with floor.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, handover))


def states(floor: Floor, handover: int) -> list[tuple[int, str]]:
    return [(each.round, each.state) for each in floor.rounds(handover)]


def test_a_lost_agent_begins_the_next_round_and_the_first_stays_as_it_ended(floor: Floor) -> None:
    agent, first = floor.talks()
    with floor.database.transaction() as session:
        actions.save_draft(session, staff_id=agent, handover_id=first, draft={"notes": "late"})
    before = floor.handover(first)
    loses(floor, first)
    old, new = floor.rounds(first)
    assert (old.state, old.staff_id, old.leg_sid) == ("cut_off", agent, before.leg_sid)
    assert (old.accepted_at, old.ended_at is not None) == (before.accepted_at, True)
    assert (new.state, new.round, new.staff_id) == ("waiting", 2, agent)
    assert (new.leg_sid, new.accepted_at, new.draft) == (None, None, {"notes": "late"})


def test_an_agent_lost_twice_over_begins_one_round(floor: Floor) -> None:
    _, handover = floor.talks()

    def lose() -> None:
        with floor.database.transaction() as session:
            call_id = session.get_one(Handover, handover).call_id
            held = held_handover_of_call(session, call_id)
            assert held is not None
            actions.agent_lost(session, held)

    race(*[lose] * 4)
    assert states(floor, handover) == [(1, "cut_off"), (2, "waiting")]


def test_a_caller_who_asks_again_in_many_places_begins_one_round(floor: Floor) -> None:
    handover = floor.asks()
    call_id = floor.handover(handover).call_id
    with floor.database.transaction() as session:
        actions.give_up_waiting(session, session.get_one(Handover, handover))

    def ask() -> int:
        with floor.database.transaction() as session:
            return actions.ask_for_person(session, call_id=call_id).id

    assert set(race(*[ask] * 6)) == {floor.handover(handover).id}
    assert states(floor, handover) == [(1, "to_message"), (2, "waiting")]


def test_a_first_wish_in_many_places_is_one_round(floor: Floor) -> None:
    call_id = floor.call().id

    def ask() -> int:
        with floor.database.transaction() as session:
            return actions.ask_for_person(session, call_id=call_id).id

    (handover,) = set(race(*[ask] * 6))
    assert isinstance(handover, int)
    assert states(floor, handover) == [(1, "waiting")]


def test_offers_belong_to_the_round_in_which_they_rang(floor: Floor) -> None:
    _, handover = floor.talks()
    loses(floor, handover)
    other = floor.agent()
    floor.works()
    ringing = floor.rings_at(other)
    assert ringing.handover_id == floor.handover(handover).id != handover
    with floor.database.read() as session:
        rang = session.query(Offer).filter(Offer.handover_id == handover).all()
        assert [offer.state for offer in rang] == ["accepted"]


def test_who_declined_in_an_earlier_round_is_not_rung_again(floor: Floor) -> None:
    decliner = floor.agent()
    handover = floor.asks()
    floor.works()
    with floor.database.transaction() as session:
        offers.decline(session, staff_id=decliner, offer_id=floor.rings_at(decliner).id)
    taker = floor.agent()
    floor.works()
    with floor.database.transaction() as session:
        offers.accept(session, staff_id=taker, offer_id=floor.rings_at(taker).id)
    loses(floor, handover)
    floor.works()
    assert floor.ringing(decliner) is None
    assert floor.handover(handover).state == "waiting"


def test_an_offer_of_an_earlier_round_connects_nobody(floor: Floor) -> None:
    agent, handover = floor.talks()
    loses(floor, handover)
    with floor.database.transaction() as session:
        connecting.rejoin(session, staff_id=agent, handover_id=handover)
    with floor.database.read() as session:
        old = session.query(Offer).filter(Offer.handover_id == handover).one().id
    with pytest.raises(actions.NotYours), floor.database.transaction() as session:
        connecting.connect_leg(session, staff_id=agent, offer_id=old, leg_sid="CA" + "f" * 32)


def test_a_page_that_saves_for_the_round_before_saves_for_the_present_one(floor: Floor) -> None:
    agent, handover = floor.talks()
    loses(floor, handover)
    with floor.database.transaction() as session:
        actions.save_draft(session, staff_id=agent, handover_id=handover, draft={"notes": "x"})
    assert [each.draft for each in floor.rounds(handover)] == [{}, {"notes": "x"}]


def test_a_caller_thought_gone_who_is_not_waits_in_front_in_the_next_round(floor: Floor) -> None:
    agent, handover = floor.talks()
    call_id = floor.handover(handover).call_id
    with floor.database.transaction() as session:
        actions.caller_gone(session, call_id)
    with floor.database.transaction() as session:
        actions.caller_still_there(session, session.get_one(Handover, handover))
    old, new = floor.rounds(handover)
    assert (old.state, old.ended_by, old.ended_at is not None) == ("ended", None, True)
    assert (new.state, new.priority, new.staff_id) == ("waiting", actions.FRONT, agent)


def test_the_wait_is_counted_from_the_rounds_own_beginning(floor: Floor) -> None:
    _, handover = floor.talks()
    long_ago: Any = now() - timedelta(hours=1)
    floor.change(Handover, handover, waiting_since=long_ago)
    loses(floor, handover)
    old, new = floor.rounds(handover)
    assert old.waiting_since == long_ago
    assert now() - new.waiting_since < timedelta(minutes=1)
