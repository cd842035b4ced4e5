"""The carrier about people, by real signed posts: the wait, the agent's leg, what follows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from agents import webhooks
from agents.handovers import actions
from agents.models import Handover, Presence
from agents.routing import offers
from calls.actions import end_call
from calls.legs import legs_of
from calls.models import Call
from carriers import base
from carriers.twilio.carrier import TwilioCarrier
from infra.clock import now
from tests.agents.conftest import Floor
from voice.cache import VoiceCache


class Carrier:
    """Posts as the carrier does, signed over the public address."""

    def __init__(self, floor: Floor, client: FlaskClient) -> None:
        self.floor = floor
        self.client = client
        self.settings = floor.services.settings

    def posts(
        self,
        path: str,
        *,
        sid: str,
        signature: str | None = None,
        status: str = "in-progress",
        **fields: str,
    ) -> ET.Element:
        """The answer to a webhook, as XML."""
        return ET.fromstring(  # noqa: S314
            self.posts_raw(path, sid=sid, signature=signature, status=status, **fields)
        )

    def posts_raw(
        self,
        path: str,
        *,
        sid: str,
        signature: str | None = None,
        status: str = "in-progress",
        token: str = "",
        **fields: str,
    ) -> bytes:
        form = {
            "CallSid": sid,
            "AccountSid": self.settings.twilio_account_sid,
            "From": "+13125550101",
            "To": "+13125550100",
            "CallStatus": status,
            **fields,
        }
        url = self.settings.public_url + path
        made = RequestValidator(self.settings.twilio_auth_token).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signature or made}
        if token:
            headers["I-Twilio-Idempotency-Token"] = token
        answer = self.client.post(path, data=form, headers=headers)
        self.status = answer.status_code
        return bytes(answer.data)

    def sid_of(self, handover_id: int) -> str:
        with self.floor.database.read() as session:
            handover = session.get_one(Handover, handover_id)
            return session.get_one(Call, handover.call_id).carrier_sid


@pytest.fixture
def carrier(floor: Floor) -> Carrier:
    app = Flask(__name__)
    quiet = floor.services.settings.model_copy(update={"voice_en": "espeak"})
    floor.services.add(VoiceCache, VoiceCache(quiet))
    floor.services.add(base.Carrier, TwilioCarrier(quiet))
    app.extensions["swiftline"] = floor.services
    app.register_blueprint(webhooks.blueprint)
    return Carrier(floor, app.test_client())


def verbs(document: ET.Element) -> list[str]:
    return [verb.tag for verb in document]


def next_wait(document: ET.Element) -> str:
    """Path and query of the wait document's `<Redirect>`."""
    redirect = document.find("Redirect")
    assert redirect is not None
    asked = urlsplit(redirect.text or "")
    return f"{asked.path}?{asked.query}"


def ages(floor: Floor, handover_id: int, seconds: float) -> None:
    floor.change(Handover, handover_id, waiting_since=now() - timedelta(seconds=seconds))


LEG = "CA" + "a" * 32


def accepted(floor: Floor) -> tuple[int, int, int]:
    """An agent who accepted but whose phone is not there yet: staff, handover, offer."""
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    offer = floor.rings_at(agent)
    with floor.database.transaction() as session:
        offers.accept(session, staff_id=agent, offer_id=offer.id)
    return agent, handover, offer.id


def connects(carrier: Carrier, agent: int, offer: int, *, sid: str = LEG) -> ET.Element:
    return carrier.posts(
        "/agents/voice", sid=sid, From=f"client:agent_{agent}", offer=str(offer), To=""
    )


def test_an_unsigned_post_is_refused(carrier: Carrier, floor: Floor) -> None:
    handover = floor.asks()
    carrier.posts_raw("/agents/wait", sid=carrier.sid_of(handover), signature="bm8=")
    assert carrier.status == 403


def test_a_waiting_caller_hears_music_in_pieces(carrier: Carrier, floor: Floor) -> None:
    floor.agent()
    handover = floor.asks()
    sid = carrier.sid_of(handover)
    heard = carrier.posts("/agents/wait", sid=sid, QueueTime="0")
    assert verbs(heard) == ["Play", "Redirect"]
    music = urlsplit(heard.findtext("Play") or "")
    assert music.path == "/agents/hold-music.wav"
    assert 1 <= int(parse_qs(music.query)["for"][0]) <= 10


def test_a_spoken_word_comes_now_and_then(carrier: Carrier, floor: Floor) -> None:
    floor.agent()
    handover = floor.asks()
    heard = carrier.posts("/agents/wait?round=1&look=4", sid=carrier.sid_of(handover))
    assert verbs(heard) == ["Play", "Play", "Redirect"]
    assert "/say/" in (heard.findtext("Play") or "")


def test_the_same_look_gets_the_same_bytes(carrier: Carrier, floor: Floor) -> None:
    floor.agent()
    handover = floor.asks()
    sid = carrier.sid_of(handover)
    path = next_wait(carrier.posts("/agents/wait", sid=sid))
    first = carrier.posts_raw(path, sid=sid)
    ages(floor, handover, 1000)
    assert carrier.posts_raw(path, sid=sid) == first


@pytest.mark.parametrize(
    ("on_duty", "waited_s", "leaves"),
    [
        (True, 20, False),
        (True, 91, True),
        (False, 5, False),
        (False, 11, True),
    ],
)
def test_a_wait_has_an_end(
    carrier: Carrier, floor: Floor, on_duty: bool, waited_s: int, leaves: bool
) -> None:
    if on_duty:
        floor.agent()
    handover = floor.asks()
    ages(floor, handover, waited_s)
    heard = carrier.posts("/agents/wait?round=1&look=1", sid=carrier.sid_of(handover))
    assert (verbs(heard) == ["Leave"]) is leaves


def test_nobody_leaves_while_it_rings_at_an_agent(carrier: Carrier, floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    assert floor.rings_at(agent)
    ages(floor, handover, 200)
    heard = carrier.posts("/agents/wait?round=1&look=9", sid=carrier.sid_of(handover))
    assert "Leave" not in verbs(heard)


def test_who_left_the_queue_goes_on_to_a_message(carrier: Carrier, floor: Floor) -> None:
    handover = floor.asks()
    sid = carrier.sid_of(handover)
    heard = carrier.posts("/agents/queue-over", sid=sid, QueueResult="leave", QueueTime="12")
    assert "/ivr/continue?after=queue" in (heard.findtext("Redirect") or "")
    assert floor.handover(handover).state == "to_message"
    again = carrier.posts("/agents/queue-over", sid=sid, QueueResult="leave", QueueTime="12")
    assert ET.tostring(again) == ET.tostring(heard)


def test_a_caller_who_hangs_up_in_the_queue_is_gone(carrier: Carrier, floor: Floor) -> None:
    agent, handover = floor.agent(), floor.asks()
    floor.works()
    carrier.posts(
        "/agents/queue-over", sid=carrier.sid_of(handover), QueueResult="hangup", status="completed"
    )
    assert floor.handover(handover).state == "abandoned"
    assert floor.ringing(agent) is None


def test_an_agent_who_accepted_is_bridged_with_exactly_that_caller(
    carrier: Carrier, floor: Floor
) -> None:
    agent, handover, offer = accepted(floor)
    heard = connects(carrier, agent, offer)
    assert heard.findtext("Dial/Queue") == actions.queue_name(floor.handover(handover).call_id)
    assert floor.handover(handover).leg_sid == LEG


def test_another_agent_who_names_that_offer_is_hung_up_on(carrier: Carrier, floor: Floor) -> None:
    _, handover, offer = accepted(floor)
    other = floor.agent()
    assert verbs(connects(carrier, other, offer)) == ["Hangup"]
    assert floor.handover(handover).leg_sid is None


@pytest.mark.parametrize(
    "sender", ["+13125550199", "client:agent_x", "client:agent_0", "client:qa_1", ""]
)
def test_who_is_no_agent_is_hung_up_on(carrier: Carrier, floor: Floor, sender: str) -> None:
    _, _, offer = accepted(floor)
    heard = carrier.posts("/agents/voice", sid=LEG, From=sender, offer=str(offer))
    assert verbs(heard) == ["Hangup"]


@pytest.mark.parametrize("offer", ["", "x", "-1", "9" * 40, "1 or 1"])
def test_an_offer_that_is_none_connects_nobody(carrier: Carrier, floor: Floor, offer: str) -> None:
    agent, _, _ = accepted(floor)
    heard = carrier.posts("/agents/voice", sid=LEG, From=f"client:agent_{agent}", offer=offer)
    assert verbs(heard) == ["Hangup"]


def test_an_offer_that_still_rings_connects_nobody(carrier: Carrier, floor: Floor) -> None:
    agent = floor.agent()
    floor.asks()
    floor.works()
    assert verbs(connects(carrier, agent, floor.rings_at(agent).id)) == ["Hangup"]


def test_after_the_agents_hang_up_the_caller_hears_goodbye(carrier: Carrier, floor: Floor) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    with floor.database.transaction() as session:
        actions.end_conversation(session, staff_id=agent, handover_id=handover)
    heard = carrier.posts(
        "/agents/queue-over", sid=carrier.sid_of(handover), QueueResult="bridged", QueueTime="7"
    )
    assert verbs(heard)[-1] == "Hangup"
    assert verbs(connects(carrier, agent, offer, sid="CA" + "b" * 32)) == ["Hangup"]


@pytest.mark.parametrize("leg_first", [True, False])
def test_a_lost_agent_leaves_the_caller_at_the_front(
    carrier: Carrier, floor: Floor, leg_first: bool
) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    posts: list[Callable[[], ET.Element]] = [
        lambda: carrier.posts(
            "/agents/voice-over?attempt=0", sid=LEG, status="completed", DialCallStatus="completed"
        ),
        lambda: carrier.posts(
            "/agents/queue-over", sid=carrier.sid_of(handover), QueueResult="bridged", QueueTime="3"
        ),
    ]
    answers = [post() for post in (posts if leg_first else reversed(posts))]
    to_caller = answers[1] if leg_first else answers[0]
    assert to_caller.findtext("Enqueue") == actions.queue_name(floor.handover(handover).call_id)
    left = floor.handover(handover)
    assert (left.state, left.priority) == ("waiting", actions.FRONT)
    assert floor.presence(agent).state == "away"
    heard = carrier.posts("/agents/wait", sid=carrier.sid_of(handover))
    assert "/say/" in (heard.findtext("Play") or "")


def test_who_was_on_a_call_and_when_is_kept_leg_by_leg(carrier: Carrier, floor: Floor) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    call_id = floor.handover(handover).call_id
    with floor.database.read() as session:
        caller, on_desk = legs_of(session, call_id)
    assert (caller.party, caller.staff_id, caller.answered_at is not None) == ("caller", None, True)
    assert (on_desk.party, on_desk.staff_id, on_desk.carrier_sid) == ("agent", agent, LEG)
    carrier.posts("/agents/voice-over?attempt=0", sid=LEG, status="completed")
    with floor.database.read() as session:
        caller, on_desk = legs_of(session, call_id)
    assert (caller.ended_at, on_desk.ended_at is not None) == (None, True)
    with floor.database.transaction() as session:
        end_call(session, session.get_one(Call, call_id), status="completed", duration_s=9)
    with floor.database.read() as session:
        assert all(leg.ended_at is not None for leg in legs_of(session, call_id))


def test_a_first_look_that_is_sent_again_gets_the_same_bytes(
    carrier: Carrier, floor: Floor
) -> None:
    floor.agent()
    handover = floor.asks()
    sid = carrier.sid_of(handover)
    first = carrier.posts_raw("/agents/wait", sid=sid, token="a")
    floor.change(Handover, handover, state="ended", ended_by="agent")
    assert carrier.posts_raw("/agents/wait", sid=sid, token="a") == first
    assert carrier.posts_raw("/agents/wait", sid=sid, token="b") != first


def test_a_phone_that_never_comes_gives_the_caller_back(carrier: Carrier, floor: Floor) -> None:
    agent, handover, _ = accepted(floor)
    sid = carrier.sid_of(handover)
    carrier.posts("/agents/wait?round=1&look=1", sid=sid)
    assert floor.handover(handover).state == "in_conversation"
    floor.change(Handover, handover, accepted_at=now() - timedelta(seconds=11))
    carrier.posts("/agents/wait?round=1&look=2", sid=sid)
    assert floor.handover(handover).state == "waiting"
    assert floor.presence(agent).state == "away"


def test_a_leg_whose_caller_is_not_there_yet_looks_again(carrier: Carrier, floor: Floor) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    heard = carrier.posts("/agents/voice-over?attempt=0", sid=LEG, DialCallStatus="failed")
    assert verbs(heard) == ["Pause", "Redirect"]
    again = carrier.posts(next_wait(heard), sid=LEG, From=f"client:agent_{agent}")
    assert again.findtext("Dial/Queue") == actions.queue_name(floor.handover(handover).call_id)


def test_a_leg_that_never_finds_its_caller_ends_the_conversation(
    carrier: Carrier, floor: Floor
) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    path = f"/agents/voice-over?attempt={webhooks.MOST_BRIDGES}"
    assert verbs(carrier.posts(path, sid=LEG)) == ["Hangup"]
    assert floor.handover(handover).state == "ended"
    assert floor.presence(agent).state == "wrapping_up"


def test_a_caller_who_hangs_up_in_the_conversation_ends_it(carrier: Carrier, floor: Floor) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    sid = carrier.sid_of(handover)
    carrier.posts("/agents/queue-over", sid=sid, QueueResult="bridged", status="completed")
    assert floor.handover(handover).ended_by == "caller"
    assert floor.presence(agent).state == "wrapping_up"
    assert verbs(carrier.posts("/agents/voice-over?attempt=0", sid=LEG)) == ["Hangup"]


def test_a_caller_fetched_from_a_silent_agent_waits_again(carrier: Carrier, floor: Floor) -> None:
    agent, handover, offer = accepted(floor)
    connects(carrier, agent, offer)
    floor.change(Presence, agent, seen_at=now() - timedelta(seconds=60))
    with floor.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, handover))
    heard = carrier.posts("/agents/back?round=2", sid=carrier.sid_of(handover))
    assert heard.findtext("Enqueue") == actions.queue_name(floor.handover(handover).call_id)


def test_a_stranger_in_the_queue_gets_an_apology_not_a_trace(carrier: Carrier) -> None:
    heard = carrier.posts("/agents/wait", sid="CA" + "9" * 32)
    assert verbs(heard) == ["Say", "Pause", "Redirect"]
    again = heard.findtext("Redirect") or ""
    assert again.startswith("https://hotline.swiftline.example/agents/wait?trouble=1#")
    last = carrier.posts("/agents/wait?round=1&look=2&trouble=3", sid="CA" + "9" * 32)
    assert verbs(last) == ["Say", "Leave", "Hangup"], "out of the queue, whose action goes on"
