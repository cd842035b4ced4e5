"""The checker of the proof finds every kind of loss and double that is planted."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.proof.evidence import Carrier, Records, Row
from bench.proof.figures import (
    answers_between,
    repaired_after_death,
    repaired_by_reconciling,
    silences,
    spread,
)
from bench.proof.history import Verdict, check
from bench.proof.sockets import Cuts, cuts

CA, RE, ME = "CA" + "1" * 32, "RE" + "1" * 32, "RE" + "2" * 32
ROOT = "https://hotline.example"
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
APOLOGY = (
    "<Response><Say>I am sorry, something went wrong on our side.</Say>"
    f"<Redirect>{ROOT}/ivr/continue?after=trouble&amp;trouble=1</Redirect></Response>"
)


def asked(path: str, purpose: str = "voice", at_s: float = 0.0, **form: str) -> Row:
    return {
        "event": "webhook",
        "at_s": at_s,
        "sent_at_s": at_s,
        "purpose": purpose,
        "url": ROOT + path,
        "status": 200,
        "form": form,
        "body": "<Response/>",
    }


def heard(text: str, start_s: float, end_s: float) -> Row:
    return {"event": "heard", "at_s": end_s, "start_s": start_s, "end_s": end_s, "text": text}


def truth() -> Carrier:
    """One call: told a number, a message left besides, both recordings kept."""
    events = [
        asked("/ivr/voice#rc=1"),
        heard("Is that right?", 0.2, 2.0),
        {"event": "keys", "at_s": 2.5, "digits": "1"},
        asked("/ivr/turn?n=1", at_s=2.5, Digits="1"),
        {"event": "repeat", "at_s": 2.6, "purpose": "voice", "status": 200, "same": True}
        | {"url": f"{ROOT}/ivr/turn?n=1"},
        heard("Thank you. Your report number is", 2.7, 5.0),
        {"event": "ended", "at_s": 9.0},
        asked("/ivr/status", "status", 9.0, CallStatus="completed", SequenceNumber="0"),
        asked("/recordings/status", "recording", 9.5, RecordingSid=RE, RecordingStatus="completed"),
    ]
    call: Row = {"sid": CA, "status": "completed", "direction": "inbound", "to": "+13125550100"}
    call |= {"began": NOON, "ended": NOON + timedelta(seconds=9), "events": events}
    recordings = [
        {"sid": RE, "call_sid": CA, "source": "StartCallRecordingAPI", "sha256": "aa"},
        {"sid": ME, "call_sid": CA, "source": "RecordVerb", "sha256": "bb"},
    ]
    texts = [
        {"to": "+13125550101", "body": f"report {n}", "direction": "outbound-api"}
        for n in ("100-7", "200-3")
    ]
    return Carrier(
        [call],
        texts,
        [one | {"status": "completed", "duration_s": 9} for one in recordings],
    )


def our_records() -> Records:
    """What our records must say of it."""
    reports = [
        {"id": 1, "number": "100-7", "call_id": 7, "confirmed": True, "recording_sid": None},
        {"id": 2, "number": "200-3", "call_id": 7, "confirmed": False, "recording_sid": ME},
    ]
    return Records(
        calls=[{"id": 7, "carrier_sid": CA, "status": "completed", "ended_at": NOON}
               | {"settled_at": NOON + timedelta(seconds=20)}],
        events=[
            {"carrier_sid": CA, "event_key": key}
            for key in (
                "/ivr/voice:arrived",
                "/ivr/turn:1",
                "/ivr/status:completed:0",
                f"/recordings/status:{RE}:completed",
            )
        ],
        reports=[one | {"caller_number": "+13125550101"} for one in reports],
        tickets=[
            {"id": n, "number": one["number"], "report_id": one["id"], "state": "triage"}
            for n, one in enumerate(reports, start=11)
        ],
        ticket_events=[{"ticket_id": n, "action": "opened"} for n in (11, 12)],
        recordings=[
            {"carrier_sid": sid, "call_id": 7, "state": "stored"}
            | {"source_sha256": sha, "sha256": sha, "file_sha256": sha}
            for sid, sha in ((RE, "aa"), (ME, "bb"))
        ],
        outbox=[{"key": "open_ticket:1", "state": "done", "attempt": 1, "last_error": None}],
    )  # fmt: skip


def broken(carrier: Carrier, records: Records) -> dict[str, Verdict]:
    return {verdict.name: verdict for verdict in check(carrier, records) if not verdict.holds}


def test_a_whole_history_holds() -> None:
    verdicts = check(truth(), our_records())
    assert [verdict.name for verdict in verdicts if not verdict.holds] == []
    idle = [v.name for v in verdicts if not v.trials]
    assert idle == [], "a check without a trial shows nothing"


def test_zero_failures_bound_the_rate() -> None:
    assert Verdict("x", 1000).bound == pytest.approx(0.003)
    assert Verdict("x", 1000, ("one",)).bound is None
    assert Verdict("x", 0).bound is None


LOSSES: list[tuple[str, str, Any]] = [
    ("calls lost", "forget a call", lambda c, b: b.calls.clear()),
    ("calls lost", "leave it on", lambda c, b: b.calls[0].update(ended_at=None)),
    ("calls lost", "never settle it", lambda c, b: b.calls[0].update(settled_at=None)),
    ("calls doubled or invented", "invent", lambda c, b: c.calls[0].update(sid="CA" + "9" * 32)),
    ("calls doubled or invented", "keep it twice", lambda c, b: b.calls.append(dict(b.calls[0]))),
    ("reports lost", "forget the report", lambda c, b: b.reports.pop(0)),
    ("reports lost", "unconfirm it", lambda c, b: b.reports[0].update(confirmed=False)),
    (
        "reports doubled",
        "two reports of one call",
        lambda c, b: b.reports.append(b.reports[0] | {"id": 3, "number": "300-1"}),
    ),
    (
        "reports doubled",
        "two of one message",
        lambda c, b: b.reports.append(b.reports[1] | {"id": 3, "number": "300-1"}),
    ),
    ("messages lost", "no report of it", lambda c, b: b.reports[1].update(recording_sid=None)),
    ("tickets lost", "no ticket", lambda c, b: b.tickets.pop()),
    ("tickets doubled", "again", lambda c, b: b.tickets.append(b.tickets[0] | {"id": 13})),
    (
        "tickets doubled",
        "opened twice",
        lambda c, b: b.ticket_events.append(dict(b.ticket_events[0])),
    ),
    ("text messages lost", "not sent", lambda c, b: c.messages.pop(0)),
    ("text messages doubled", "again", lambda c, b: c.messages.append(dict(c.messages[0]))),
    (
        "outbound calls nobody asked for",
        "call somebody",
        lambda c, b: c.calls.append(c.calls[0] | {"direction": "outbound-api"}),
    ),
    ("recordings lost", "no row", lambda c, b: b.recordings.pop()),
    ("recordings lost", "missing", lambda c, b: b.recordings[0].update(state="missing")),
    ("recordings lost", "no file", lambda c, b: b.recordings[0].update(file_sha256="")),
    ("recordings lost", "no call", lambda c, b: b.recordings[0].update(call_id=None)),
    ("recordings lost", "absent?", lambda c, b: b.recordings[0].update(state="absent")),
    ("recordings damaged", "bit", lambda c, b: b.recordings[0].update(file_sha256="ab")),
    ("recordings damaged", "other", lambda c, b: b.recordings[0].update(source_sha256="ab")),
    ("answers without a committed event", "turn", lambda c, b: b.events.pop(1)),
    ("callbacks accepted without a committed event", "status", lambda c, b: b.events.pop(2)),
    ("callbacks accepted without a committed event", "recording", lambda c, b: b.events.pop(3)),
    (
        "repeated requests answered otherwise",
        "fork",
        lambda c, b: c.calls[0]["events"][4].update(same=False),
    ),
    ("states fallen back or wrong", "status", lambda c, b: b.calls[0].update(status="failed")),
    ("states fallen back or wrong", "ticket", lambda c, b: b.tickets[0].update(state="closed")),
    ("work left undone", "waits", lambda c, b: b.outbox[0].update(state="waiting")),
    ("work left undone", "no reason", lambda c, b: b.outbox[0].update(state="dead")),
]


@pytest.mark.parametrize(
    ("name", "what", "plant"), LOSSES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_planted_loss_is_found(name: str, what: str, plant: Any) -> None:
    carrier, records = truth(), our_records()
    plant(carrier, records)
    assert name in broken(carrier, records), what


def test_a_confirmation_that_was_answered_counts_though_no_number_was_heard() -> None:
    carrier, records = truth(), our_records()
    carrier.calls[0]["events"] = [e for e in carrier.calls[0]["events"] if "Thank" not in str(e)]
    records.reports.pop(0)
    assert "reports lost" in broken(carrier, records)


def test_an_apology_promises_nothing_and_needs_no_event() -> None:
    carrier, records = truth(), our_records()
    events = carrier.calls[0]["events"]
    events[3]["body"] = APOLOGY
    carrier.calls[0]["events"] = [
        e for e in events if "Thank" not in str(e) and e["event"] != "repeat"
    ]
    del records.events[1], records.reports[0], records.tickets[0], records.ticket_events[0]
    assert broken(carrier, records) == {}


def test_an_apology_to_a_callback_is_a_callback_that_nobody_sends_again() -> None:
    carrier, records = truth(), our_records()
    carrier.calls[0]["events"][7]["body"] = APOLOGY
    del records.events[2]
    assert "callbacks accepted without a committed event" in broken(carrier, records)


def test_a_recording_of_no_time_may_be_absent() -> None:
    carrier, records = truth(), our_records()
    carrier.recordings[0]["duration_s"] = 0
    records.recordings[0] |= {"state": "absent", "file_sha256": ""}
    assert broken(carrier, records) == {}


def test_silence_is_measured_from_what_the_line_must_answer() -> None:
    carrier = truth()
    assert silences(carrier).silent_calls == 0
    late = deepcopy(carrier)
    late.calls[0]["events"][5] = heard("Thank you. Your report number is", 8.2, 9.0)
    assert silences(late).silent_calls == 1
    dead = deepcopy(carrier)
    dead.calls[0]["events"] = [e for e in dead.calls[0]["events"] if e["event"] != "heard"]
    assert silences(dead).silent_calls == 1


def test_repair_times_come_from_what_had_to_be_repaired() -> None:
    carrier, records = truth(), our_records()
    assert repaired_by_reconciling(carrier, records, ()).soon.count == 0
    carrier.calls[0]["events"] = [
        e for e in carrier.calls[0]["events"] if e.get("purpose") != "status"
    ]
    repaired = repaired_by_reconciling(carrier, records, ())
    assert (repaired.soon.most, repaired.deferred.count) == (11, 0)


def test_what_waited_for_an_absent_database_is_counted_apart() -> None:
    carrier, records = truth(), our_records()
    call = carrier.calls[0]
    call["events"] = [event for event in call["events"] if event.get("purpose") != "status"]
    ended = call["ended"].timestamp()
    away = repaired_by_reconciling(carrier, records, [(ended + 2, ended + 5)])
    assert (away.soon.count, away.deferred.most) == (0, 11)
    before = repaired_by_reconciling(carrier, records, [(ended - 9, ended - 1)])
    assert (before.soon.most, before.deferred.count) == (11, 0)


def test_recovery_is_measured_from_the_last_death_of_a_worker_that_held_the_row() -> None:
    records = our_records()
    noon = NOON.timestamp()
    row = records.outbox[0] | {"id": 7, "failures": 0, "job": "x", "created_at": NOON}
    records.outbox = [row | {"attempt": 2, "done_at": NOON + timedelta(seconds=33)}]
    claims = {(7, 1): noon + 2, (7, 2): noon + 32}
    deaths = [(noon + at, "queue worker") for at in (1, 3, 32.5)]
    assert repaired_after_death(records, deaths, claims, []).most == 30
    assert repaired_after_death(records, [(noon + 3, "valkey")], claims, []).count == 0
    assert repaired_after_death(records, [(noon + 1, "queue worker")], claims, []).count == 0
    assert repaired_after_death(records, deaths, {}, []).count == 0
    assert repaired_after_death(records, deaths, claims, [(noon + 20, noon + 25)]).count == 0


def test_answers_in_an_outage_are_told_apart() -> None:
    carrier = truth()
    noon = NOON.timestamp()
    for event, status in zip(_asked_before_the_end(carrier), (200, 500, 0), strict=False):
        event["status"] = status
    found = answers_between(carrier, noon - 1, noon + 60)
    assert (found.errors, found.unanswered) == (1, 1)
    assert found.sent == found.errors + found.unanswered + 2
    assert answers_between(carrier, noon + 60, noon + 90).sent == 0


def _asked_before_the_end(carrier: Carrier) -> list[Row]:
    return [event for event in carrier.calls[0]["events"] if event["event"] == "webhook"]


def test_the_wait_after_a_cut_socket_is_to_the_next_sentence() -> None:
    cut = {"event": "fault", "fault": "cut", "at_s": 4.0, "stream_sid": "MZ1"}
    over = {"event": "ended", "by": "caller", "at_s": 20.0}
    told = heard("your report number is", 1.0, 3.9)
    carrier = truth()

    def found(*events: Row, verb: str = "Connect") -> Cuts:
        opened = [
            {"event": "verb", "verb": verb, "at_s": 0.5},
            {"event": "stream", "state": "started", "stream_sid": "MZ1", "at_s": 0.6},
        ]
        carrier.calls[0]["events"] = [*opened, *events]
        return cuts(carrier)

    assert found(heard("cut", 3.0, 4.0), cut, heard("again", 5.5, 6.0), over).resumed.most == 1.5
    assert found(cut, heard("again", 10.0, 11.0), over).dead
    assert found(cut, over).dead
    assert found(cut, over | {"at_s": 4.5}).count == 0
    assert found(cut, over | {"at_s": 4.5, "by": "line"}).dead
    assert found(told, cut, over | {"at_s": 4.5, "by": "line"}).count == 0
    assert found(cut, over, verb="Start").count == 0


def test_a_spoken_answer_to_a_question_is_no_lost_message() -> None:
    carrier, records = truth(), our_records()
    records.reports = [one for one in records.reports if one["recording_sid"] != ME]
    assert "messages lost" in broken(carrier, records)
    carrier.calls[0]["events"].append(asked("/ivr/turn?n=2", RecordingSid=ME))
    assert "messages lost" not in broken(carrier, records)


def test_a_recording_of_nothing_that_a_turn_took_as_silence_is_no_lost_message() -> None:
    carrier, records = truth(), our_records()
    records.reports = [one for one in records.reports if one["recording_sid"] != ME]
    events = [one for one in carrier.calls[0]["events"] if not _names(one, ME)]
    carrier.calls[0]["events"] = events
    assert "messages lost" in broken(carrier, records)
    events.append(asked("/ivr/turn?n=2", Digits="1"))
    assert "messages lost" in broken(carrier, records)
    events.append(asked("/ivr/turn?n=2"))
    assert "messages lost" not in broken(carrier, records)


def test_a_silence_excuses_no_recording_that_was_handed_over() -> None:
    carrier, records = truth(), our_records()
    records.reports = [one for one in records.reports if one["recording_sid"] != ME]
    carrier.calls[0]["events"].append(asked("/ivr/message?n=2", RecordingSid=ME))
    carrier.calls[0]["events"].append(asked("/ivr/turn?n=2"))
    assert "messages lost" in broken(carrier, records)


def _names(event: Row, sid: str) -> bool:
    return bool(event.get("form", {}).get("RecordingSid") == sid)


def test_percentiles_are_values_that_were_measured() -> None:
    found = spread([float(n) for n in range(1, 101)])
    assert (found.count, found.p50, found.p99, found.most) == (100, 50, 99, 100)
    assert spread([4.0]).p99 == 4.0
