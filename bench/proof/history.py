"""The checker: compares the carrier's log with our records and names every loss and every double.

I1 to I6 and I10 are the invariants that each docstring states. Nothing here asks our own code what
ought to be: a turn that was answered, a sentence that was heard and a file that was recorded are
facts of the carrier's side.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bench.proof.evidence import Carrier, Records, Row

TOLD = "your report number is"
_ASKED = "is that right"
_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_AUDIBLE = frozenset({"stored", "transcribed", "reviewed"})
_APOLOGY = re.compile(r"something went wrong on our side|/ivr/rescued")
_OURS = ("/ivr/", "/recordings/", "/agents/")
_TAKEN = frozenset({"/ivr/turn", "/ivr/message"})
"""Where the document of a recording asks how to go on."""
_SAID = frozenset({"RecordingSid", "Digits", "SpeechResult"})
_CALLBACKS = frozenset({"status", "recording"})


@dataclass(frozen=True)
class Verdict:
    """One thing that must never happen: how often it could have, and where it did."""

    name: str
    trials: int
    failures: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it never happened."""
        return not self.failures

    @property
    def bound(self) -> float | None:
        """With no failure in n trials, the rate is below 3/n with 95 % confidence."""
        return 3 / self.trials if self.holds and self.trials else None


def check(carrier: Carrier, records: Records) -> list[Verdict]:
    """Every verdict, in the order of the report."""
    return [judge(carrier, records) for judge in _JUDGES]


def calls_lost(carrier: Carrier, records: Records) -> Verdict:
    """I1: every call of the carrier is in our records, and over where it is over there."""
    ours = {call["carrier_sid"]: call for call in records.calls}
    wrong = []
    for call in _incoming(carrier):
        mine = ours.get(call["sid"])
        if mine is None:
            wrong.append(f"{call['sid']}: not in our records")
        elif call["status"] in _OVER and mine["ended_at"] is None:
            wrong.append(f"{call['sid']}: over at the carrier, still on in our records")
        elif call["status"] in _OVER and mine["settled_at"] is None:
            wrong.append(f"{call['sid']}: over, but what follows was not done")
    return Verdict("calls lost", len(list(_incoming(carrier))), tuple(wrong))


def calls_invented(carrier: Carrier, records: Records) -> Verdict:
    """Every call in our records is one of the carrier's, once."""
    known = {call["sid"] for call in carrier.calls}
    counted = Counter(call["carrier_sid"] for call in records.calls)
    wrong = [f"{sid}: unknown to the carrier" for sid in counted if sid not in known]
    wrong += [f"{sid}: {n} times" for sid, n in counted.items() if n > 1]
    return Verdict("calls doubled or invented", len(records.calls), tuple(wrong))


def reports_lost(carrier: Carrier, records: Records) -> Verdict:
    """I2: who was told a number, or whose yes was answered, has a confirmed report."""
    confirmed = _by_call(records, (one for one in records.reports if one["confirmed"]))
    promised = [call["sid"] for call in _incoming(carrier) if _was_promised(call["events"])]
    wrong = [f"{sid}: told a number, no report" for sid in promised if not confirmed.get(sid)]
    return Verdict("reports lost", len(promised), tuple(wrong))


def reports_doubled(carrier: Carrier, records: Records) -> Verdict:
    """I4: a call has one report of what was said or keyed, and one of each message left."""
    wrong = []
    for sid, reports in _by_call(records, records.reports).items():
        spoken = [one for one in reports if not one["recording_sid"]]
        if len(spoken) > 1:
            wrong.append(f"{sid}: {len(spoken)} reports")
        left = Counter(one["recording_sid"] for one in reports if one["recording_sid"])
        wrong += [f"{sid}: {n} reports of message {one}" for one, n in left.items() if n > 1]
    return Verdict("reports doubled", len(records.reports), tuple(wrong))


def messages_lost(carrier: Carrier, records: Records) -> Verdict:
    """I2: a message left after a tone has a report; an answer to a question is no message."""
    reported = {one["recording_sid"] for one in records.reports}
    answers = {*_spoken_answers(carrier), *_silences(carrier)}
    left = [
        one
        for one in carrier.recordings
        if one["source"] == "RecordVerb"
        and one["status"] == "completed"
        and one["duration_s"] > 0
        and one["sid"] not in answers
    ]
    wrong = [
        f"{one['sid']} of {one['call_sid']}: no report"
        for one in left
        if one["sid"] not in reported
    ]
    return Verdict("messages lost", len(left), tuple(wrong))


def tickets_lost(carrier: Carrier, records: Records) -> Verdict:
    """I2: every report has its ticket."""
    opened = {ticket["report_id"] for ticket in records.tickets}
    wrong = [f"report {r['number']}: no ticket" for r in records.reports if r["id"] not in opened]
    return Verdict("tickets lost", len(records.reports), tuple(wrong))


def tickets_doubled(carrier: Carrier, records: Records) -> Verdict:
    """I4: one ticket for a report and a number, opened once."""
    wrong = []
    for what in ("report_id", "number"):
        counted = Counter(ticket[what] for ticket in records.tickets)
        wrong += [f"{what} {one}: {n} tickets" for one, n in counted.items() if n > 1]
    opened = Counter(e["ticket_id"] for e in records.ticket_events if e["action"] == "opened")
    wrong += [f"ticket {one}: opened {n} times" for one, n in opened.items() if n > 1]
    return Verdict("tickets doubled", len(records.tickets), tuple(wrong))


def sms_lost(carrier: Carrier, records: Records) -> Verdict:
    """Every report of a caller who can get one has its text message."""
    bodies = " ".join(m["body"] for m in carrier.messages)
    due = [one for one in records.reports if one["caller_number"].startswith("+")]
    wrong = [f"report {one['number']}: no text" for one in due if one["number"] not in bodies]
    return Verdict("text messages lost", len(due), tuple(wrong))


def sms_doubled(carrier: Carrier, records: Records) -> Verdict:
    """I4: no text message was sent twice."""
    sent = Counter((m["to"], m["body"]) for m in carrier.messages if m["direction"] != "inbound")
    wrong = [f"{n} times to {to}: {body[:60]}" for (to, body), n in sent.items() if n > 1]
    return Verdict("text messages doubled", sum(sent.values()), tuple(wrong))


def outbound_doubled(carrier: Carrier, records: Records) -> Verdict:
    """I4: the line calls nobody twice; in this traffic it has nobody to call at all."""
    wrong = [f"{call['sid']}" for call in carrier.calls if call["direction"] != "inbound"]
    return Verdict("outbound calls nobody asked for", len(carrier.calls), tuple(wrong))


def recordings_lost(carrier: Carrier, records: Records) -> Verdict:
    """I3: every recording of the carrier is in the archive."""
    ours = {one["carrier_sid"]: one for one in records.recordings}
    kept = [one for one in carrier.recordings if one["status"] == "completed"]
    wrong = []
    for one in kept:
        mine = ours.get(one["sid"])
        if mine is None:
            wrong.append(f"{one['sid']}: not in our records")
        elif mine["state"] == "absent" and one["duration_s"] == 0:
            continue
        elif mine["state"] not in _AUDIBLE:
            wrong.append(f"{one['sid']}: {mine['state']}")
        elif not mine["file_sha256"]:
            wrong.append(f"{one['sid']}: no file")
        elif mine["call_id"] is None and one["call_sid"]:
            wrong.append(f"{one['sid']}: not tied to its call")
    return Verdict("recordings lost", len(kept), tuple(wrong))


def recordings_damaged(carrier: Carrier, records: Records) -> Verdict:
    """I3: what is in the archive is what the carrier has, byte for byte."""
    theirs = {one["sid"]: one for one in carrier.recordings}
    kept = [one for one in records.recordings if one["state"] in _AUDIBLE and one["file_sha256"]]
    wrong = []
    for one in kept:
        truth = theirs.get(one["carrier_sid"], {})
        if one["source_sha256"] != truth.get("sha256"):
            wrong.append(f"{one['carrier_sid']}: another file than the carrier's")
        elif one["file_sha256"] != one["sha256"]:
            wrong.append(f"{one['carrier_sid']}: the file changed in the archive")
    return Verdict("recordings damaged", len(kept), tuple(wrong))


def answers_without_event(carrier: Carrier, records: Records) -> Verdict:
    """I6: a question answered with anything but an apology has its committed event."""
    return _unkept("answers without a committed event", carrier, records, callbacks=False)


def callbacks_without_event(carrier: Carrier, records: Records) -> Verdict:
    """I6: a callback that was answered 2xx has its committed event: nobody sends it again."""
    return _unkept("callbacks accepted without a committed event", carrier, records, callbacks=True)


def repeats_unequal(carrier: Carrier, records: Records) -> Verdict:
    """A repeated request gets the same bytes, when both were answered and none apologised."""
    trials, wrong = 0, []
    for call in _incoming(carrier):
        first: dict[tuple[str, str], Row] = {}
        for event in call["events"]:
            name = (event.get("purpose", ""), event.get("url", ""))
            if event["event"] == "webhook":
                first[name] = event
            if event["event"] != "repeat" or event["status"] != 200 or name not in first:
                continue
            if is_apology(first[name]["body"]) or is_apology(event.get("body", "")):
                continue
            trials += 1
            if not event["same"]:
                wrong.append(f"{call['sid']}: {_path(event['url'])} answered otherwise")
    return Verdict("repeated requests answered otherwise", trials, tuple(wrong))


def states_fallen(carrier: Carrier, records: Records) -> Verdict:
    """I5: at the end our states are the carrier's, and a ticket nobody touched is as opened."""
    theirs = {call["sid"]: call["status"] for call in carrier.calls}
    wrong = [
        f"{call['carrier_sid']}: {call['status']}, at the carrier {theirs[call['carrier_sid']]}"
        for call in records.calls
        if call["ended_at"] is not None
        and theirs.get(call["carrier_sid"], call["status"]) != call["status"]
    ]
    wrong += [
        f"ticket {one['number']}: {one['state']}"
        for one in records.tickets
        if one["state"] not in {"triage", "dispatched"}
    ]
    return Verdict(
        "states fallen back or wrong", len(records.calls) + len(records.tickets), tuple(wrong)
    )


def work_left(carrier: Carrier, records: Records) -> Verdict:
    """I10: nothing waits in the outbox, and each dead letter says why."""
    rows = [row for row in records.outbox if not row["key"].startswith("every:")]
    wrong = [f"{row['key']}: waits, attempt {row['attempt']}, {row['last_error']}"
             for row in rows if row["state"] == "waiting"]  # fmt: skip
    wrong += [f"{r['key']}: a dead letter without a reason"
              for r in rows if r["state"] == "dead" and not r["last_error"]]  # fmt: skip
    return Verdict("work left undone", len(rows), tuple(wrong))


_JUDGES: tuple[Callable[[Carrier, Records], Verdict], ...] = (
    calls_lost,
    calls_invented,
    reports_lost,
    reports_doubled,
    messages_lost,
    tickets_lost,
    tickets_doubled,
    sms_lost,
    sms_doubled,
    outbound_doubled,
    recordings_lost,
    recordings_damaged,
    answers_without_event,
    callbacks_without_event,
    repeats_unequal,
    states_fallen,
    work_left,
)


def _spoken_answers(carrier: Carrier) -> Iterator[str]:
    """Recordings that were handed over as the answer to a question, and taken."""
    for call in _incoming(carrier):
        for event in call["events"]:
            if _accepted(event) and _path(event["url"]) == "/ivr/turn":
                yield event["form"].get("RecordingSid", "")


def _silences(carrier: Carrier) -> Iterator[str]:
    """Recordings of nothing, whose silence a turn took.

    The carrier asks no action for an empty recording and goes on to the next verb, which asks
    the same address without a recording (twilio.md, <Record>). One such request that was taken
    excuses one recording that no request ever named.
    """
    for call in _incoming(carrier):
        asked = [one for one in call["events"] if one["event"] == "webhook"]
        named = {one["form"].get("RecordingSid") for one in asked if _path(one["url"]) in _TAKEN}
        silent = sum(
            _accepted(one) and _path(one["url"]) in _TAKEN and not _SAID & one["form"].keys()
            for one in asked
        )
        unnamed = [
            one["sid"]
            for one in carrier.recordings
            if one["call_sid"] == call["sid"]
            and one["source"] == "RecordVerb"
            and one["sid"] not in named
        ]
        yield from unnamed[:silent]


def _incoming(carrier: Carrier) -> Iterator[Row]:
    return (call for call in carrier.calls if call["direction"] == "inbound")


def _by_call(records: Records, reports: Iterable[Row]) -> dict[str, list[Row]]:
    """Reports by the carrier's id of their call."""
    sids = {call["id"]: call["carrier_sid"] for call in records.calls}
    found: dict[str, list[Row]] = defaultdict(list)
    for report in reports:
        found[sids.get(report["call_id"], f"report {report['number']}")].append(report)
    return found


def _was_promised(events: list[Row]) -> bool:
    """Whether the caller heard of a number, or said yes to the read-back and was answered."""
    asked = pressed = False
    for event in events:
        heard = str(event.get("text", "")).lower() if event["event"] == "heard" else ""
        if TOLD in heard:
            return True
        asked = asked or _ASKED in heard
        pressed = pressed or (asked and event["event"] == "keys" and event["digits"] == "1")
        if pressed and _is_answered_turn(event):
            return True
    return False


def _is_answered_turn(event: Row) -> bool:
    return (
        event["event"] == "webhook"
        and _path(event["url"]) == "/ivr/turn"
        and event["status"] == 200
        and event["form"].get("Digits") == "1"
        and not is_apology(event["body"])
    )


def is_apology(body: str) -> bool:
    """Whether a document only says sorry and asks again: nothing was committed."""
    return bool(_APOLOGY.search(body))


def _unkept(name: str, carrier: Carrier, records: Records, *, callbacks: bool) -> Verdict:
    kept: dict[str, set[str]] = defaultdict(set)
    for event in records.events:
        kept[event["carrier_sid"]].add(event["event_key"])
    trials, wrong = 0, []
    for call in _incoming(carrier):
        for event in call["events"]:
            if not _accepted(event) or (event["purpose"] in _CALLBACKS) is not callbacks:
                continue
            if not callbacks and is_apology(event["body"]):
                continue
            trials += 1
            if _key(event) not in kept[call["sid"]] and not _has_route(kept[call["sid"]], event):
                wrong.append(f"{call['sid']}: {_path(event['url'])} {event['purpose']}")
    return Verdict(name, trials, tuple(wrong))


def _accepted(event: Row) -> bool:
    return (
        event["event"] == "webhook"
        and 200 <= event["status"] < 300
        and _path(event["url"]).startswith(_OURS)
    )


def _key(event: Row) -> str:
    """What our records call this request; empty for a route that is looked up by itself."""
    path, form = _path(event["url"]), event["form"]
    args = dict(parse_qsl(urlsplit(event["url"]).query))
    keys: dict[str, Callable[[], str]] = {
        "/ivr/voice": lambda: "arrived",
        "/ivr/continue": lambda: "&".join(f"{k}={v}" for k, v in sorted(args.items())),
        "/ivr/turn": lambda: args.get("n", ""),
        "/ivr/message": lambda: args.get("n", ""),
        "/ivr/recognised": lambda: f"{args.get('n')}:{args.get('look')}",
        "/ivr/rescued": lambda: form.get("RecordingSid", ""),
        "/ivr/status": lambda: f"{form.get('CallStatus')}:{form.get('SequenceNumber', '')}",
        "/recordings/status": lambda: f"{form.get('RecordingSid')}:{form.get('RecordingStatus')}",
    }
    return f"{path}:{keys[path]()}" if path in keys else ""


def _has_route(kept: set[str], event: Row) -> bool:
    """For routes of the desk, whose keys are counted rounds: any event of the route."""
    path = _path(event["url"])
    return path.startswith("/agents/") and any(key.startswith(f"{path}:") for key in kept)


def _path(url: str) -> str:
    return urlsplit(url).path
