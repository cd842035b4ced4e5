"""What a caller notices when something of ours dies in mid-call: an answer, and a ticket."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import psutil
import pytest
from sqlalchemy import select
from websockets.exceptions import InvalidStatus

from calls.models import Call
from infra.outbox.rows import Outbox
from simulator.callers import Caller, ScriptedCall
from tests.conftest import eventually
from tests.journeys.line import Line
from tests.journeys.test_a_call import ticket_of
from tests.streams import phone

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech]


def dials(line: Line, number: str) -> ScriptedCall:
    return Caller(line.simulator(""), number=number).dials()


def finish_by_keys(call: ScriptedCall) -> None:
    call.hears("is that right", within_s=60).presses("1")
    call.hears("your report number is", within_s=60).is_hung_up_on(within_s=60)


def all_done(line: Line) -> bool:
    with line.database() as database, database.read() as session:
        waiting = select(Outbox.key).where(Outbox.state != "done", ~Outbox.key.like("every:%"))
        return session.scalars(waiting).all() == []


def test_streams_killed_in_mid_call_and_the_caller_goes_on_in_turns(line: Line) -> None:
    call = dials(line, "+13125550111")
    call.hears("what is the problem").says("there is a big pothole in the road")
    call.hears("where is it")
    line.kill("streams")
    call.hears("where is it", within_s=60).hears("answer after the tone").waits(3)
    call.says("twelve hundred north clark street")
    call.hears("twelve hundred north clark street", within_s=60)
    finish_by_keys(call)
    ticket = ticket_of(line, call.sid)
    assert (ticket.category, ticket.address) == ("pothole", "1200 North Clark Street")
    with line.database() as database, database.read() as session:
        assert (
            session.scalars(select(Call.mode).where(Call.carrier_sid == call.sid)).one() == "turn"
        )
    eventually(line.ready, within_s=120)


def test_streams_full_and_the_next_caller_is_asked_in_turns(line: Line) -> None:
    eventually(line.ready, within_s=120)
    with ExitStack() as held:
        with pytest.raises(InvalidStatus, match="503"):
            while True:
                held.callback(phone.dials(line.settings, line.settings.streams_port).leaves)
        call = dials(line, "+13125550117")
        call.hears("what is the problem", within_s=60).hears("answer after the tone")
        call.presses("1").hears("here is the list", within_s=60).hangs_up()
    opened = [one for one in call.facts()["events"] if one["event"] == "stream"]
    assert not [one for one in opened if one["state"] == "started"]


def test_a_cut_socket_costs_only_the_words_being_spoken(line: Line) -> None:
    call = dials(line, "+13125550112")
    call.hears("what is the problem").says("there is a big pothole in the road")
    call.hears("where is it").loses_its_stream()
    call.hears("where is it", within_s=60).presses("1")
    call.hears("key in the house number", within_s=60).presses("1200#")
    call.hears("spell the first letters", within_s=60).presses("25275#")
    call.hears("north clark street", within_s=60).presses("1")
    finish_by_keys(call)
    assert ticket_of(line, call.sid).address == "1200 North Clark Street"


def test_a_worker_killed_in_mid_job_loses_nothing(line: Line) -> None:
    call = dials(line, "+13125550113")
    call.hears("what is the problem").presses("0")
    call.hears("no one is free", within_s=60).hears("press the pound key").waits(1)
    call.says("a tree has fallen on the road near halsted street")
    call.hears("a person will listen", within_s=60).is_hung_up_on(within_s=60)
    busy = eventually(lambda: horses(line), every_s=0.005)
    for horse in busy:
        with suppress(psutil.NoSuchProcess):
            horse.kill()
    line.kill("worker")
    ticket = eventually(lambda: ticket_of(line, call.sid), within_s=120)
    assert "message" in ticket.triage_reasons
    eventually(lambda: all_done(line), within_s=180)
    assert "tree" in ticket_of(line, call.sid).summary


def horses(line: Line) -> list[psutil.Process]:
    """Processes that work on a job at this moment."""
    worker = line.programs()["worker"]
    found = []
    for child in worker.children():
        with suppress(psutil.NoSuchProcess):
            found.extend(child.children())
    return found


def test_valkey_killed_and_wiped_only_delays(line: Line) -> None:
    call = dials(line, "+13125550114")
    call.hears("what is the problem").says("there is graffiti on the wall")
    call.hears("where is it")
    line.kill("valkey")
    for file in (line.settings.valkey_socket.parent / "appendonlydir").glob("*"):
        file.unlink(missing_ok=True)
    call.says("twelve hundred north clark street").hears("is that right", within_s=60)
    finish_by_keys(call)
    assert ticket_of(line, call.sid).category == "graffiti"
    eventually(lambda: all_done(line), within_s=120)
    eventually(line.ready, within_s=120)


def test_web_killed_between_turns_and_the_call_goes_on(line: Line) -> None:
    call = dials(line, "+13125550115")
    call.hears("what is the problem")
    line.kill("gunicorn")
    call.says("there is a big pothole in the road").hears("where is it")
    call.says("twelve hundred north clark street").hears("is that right", within_s=60)
    eventually(line.ready, within_s=120)
    finish_by_keys(call)
    assert ticket_of(line, call.sid).category == "pothole"


def test_a_call_whose_end_was_never_told_is_found_in_the_carriers_records(line: Line) -> None:
    call = dials(line, "+13125550116")
    call.hears("what is the problem").says("there is a big pothole in the road")
    call.hears("where is it")
    line.kill("gunicorn")
    call.hangs_up()
    eventually(line.ready, within_s=120)

    def ended() -> bool:
        with line.database() as database, database.read() as session:
            found = session.scalars(select(Call).where(Call.carrier_sid == call.sid)).one()
            return found.ended_at is not None and found.settled_at is not None

    eventually(ended, within_s=180)
    ticket = ticket_of(line, call.sid)
    assert "cut_off" in ticket.triage_reasons
    assert ticket.category == "pothole"
