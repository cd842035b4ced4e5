"""Queues and waiting callers by the unmodified `twilio` client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.callers import Caller, ScriptedCall
from tests.conftest import eventually
from tests.simulator.app import CALLER, response
from tests.simulator.rest_driver import Served, refusal

pytestmark = pytest.mark.slow

WAITS = '<Enqueue waitUrl="/wait" action="/queue-over">{}</Enqueue>'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("queues")) as one:
        one.app.replies["/wait"] = response("<Say>Please hold.</Say><Pause length='60'/>")
        one.app.replies["/queue-over"] = response("<Say>There is no room.</Say>")
        one.app.replies["/rescue"] = response("<Say>Somebody has time for you.</Say><Hangup/>")
        yield one


def results_of(served: Served, sid: str) -> list[str]:
    """What the action was told about a caller's time in the queue."""
    forms = served.app.forms("/queue-over")
    return [form["QueueResult"] for form in forms if form["CallSid"] == sid]


def waits_in(served: Served, name: str, number: str = CALLER) -> ScriptedCall:
    served.app.replies["/voice"] = response(WAITS.format(name))
    return Caller(served.root, number=number).dials().hears("please hold")


@pytest.mark.row("rest.queues.create", "rest.queues.delete")
def test_a_queue_is_made_renamed_and_forgotten(served: Served) -> None:
    client = served.client()
    made = client.queues.create("street lights", max_size=7)
    assert (made.friendly_name, made.max_size, made.current_size) == ("street lights", 7, 0)
    changed = client.queues(made.sid).update(friendly_name="lights", max_size=8)
    assert (changed.friendly_name, changed.max_size) == ("lights", 8)
    assert client.queues(made.sid).fetch().friendly_name == "lights"
    assert made.sid in {one.sid for one in client.queues.list(page_size=1)}
    assert client.queues(made.sid).delete()
    assert refusal(client.queues(made.sid).fetch) == (404, 20404)


@pytest.mark.row("rest.queues.create")
@pytest.mark.parametrize(
    ("name", "size"), [("", 10), ("x" * 65, 10), ("fine", 0), ("fine", 5001), ("taken", 10)]
)
def test_a_queue_that_cannot_be_is_refused(served: Served, name: str, size: int) -> None:
    client = served.client()
    if not any(one.friendly_name == "taken" for one in client.queues.list()):
        client.queues.create("taken")
    assert refusal(lambda: client.queues.create(name, max_size=size)) == (400, 20001)


@pytest.mark.row("rest.members.update", "rest.members.update.action", "rest.queues.delete")
def test_whoever_waits_is_seen_in_order_and_taken_out_by_rest(served: Served) -> None:
    client = served.client()
    queue = client.queues.create("roads")
    first = waits_in(served, "roads")
    second = waits_in(served, "roads", "+17735550300")
    members = client.queues(queue.sid).members
    assert [(one.call_sid, one.position) for one in members.list()] == [
        (first.sid, 1),
        (second.sid, 2),
    ]
    assert client.queues(queue.sid).fetch().current_size == 2
    assert client.queues(queue.sid).members("Front").fetch().call_sid == first.sid
    assert refusal(client.queues(queue.sid).delete) == (400, 20001)
    rescue = "https://hotline.test/rescue"
    assert client.queues(queue.sid).members(second.sid).update(url=rescue).call_sid == second.sid
    second.hears("somebody has time for you").is_hung_up_on()
    assert [one.call_sid for one in members.list()] == [first.sid]
    assert client.queues(queue.sid).members("Front").update(url=rescue, method="GET")
    first.hears("somebody has time for you").is_hung_up_on()
    assert members.list() == []
    assert refusal(client.queues(queue.sid).members("Front").fetch) == (404, 20404)
    told = eventually(lambda: results_of(served, first.sid) + results_of(served, second.sid))
    assert set(told) == {"redirected"}


def test_a_full_queue_sends_the_next_caller_on(served: Served) -> None:
    queue = served.client().queues.create("one at a time", max_size=1)
    first = waits_in(served, "one at a time")
    other = Caller(served.root, number="+17735550301").dials()
    other.hears("there is no room").is_hung_up_on()
    first.hangs_up()
    eventually(lambda: served.client().queues(queue.sid).fetch().current_size == 0)


def test_a_bad_address_leaves_the_caller_where_they_are(served: Served) -> None:
    client = served.client()
    queue = client.queues.create("patience")
    call = waits_in(served, "patience")
    front = client.queues(queue.sid).members("Front")
    assert refusal(lambda: front.update(url="not an address")) == (400, 21205)
    assert front.fetch().call_sid == call.sid
    call.hangs_up()
