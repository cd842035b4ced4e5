"""Both sides of the story as plain rows: what the carrier knows, and what our records say."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import select

from calls.models import Call, CallEvent
from config.settings import Settings
from infra.db import Base, Database
from infra.outbox.rows import Outbox
from recordings.models import Recording
from tickets.models import Report, Ticket, TicketEvent

Row = dict[str, Any]
_AT_ONCE = 16


@dataclass
class Carrier:
    """The ground truth.

    calls: `sid`, `status`, `direction`, `to`, `began` and `ended` (times), `events` (the log; a
    `webhook` with the `body` of its answer).
    recordings: `sid`, `call_sid`, `source`, `status`, `duration_s`, `sha256` of the file.
    """

    calls: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)


@dataclass
class Records:
    """Our tables, row by row; a recording also has `file_sha256`, of the file in the archive."""

    calls: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    ticket_events: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)


def read_records(database: Database, archive: Path) -> Records:
    """Everything that the check compares."""
    tables: dict[str, type[Base]] = {
        "calls": Call,
        "events": CallEvent,
        "reports": Report,
        "tickets": Ticket,
        "ticket_events": TicketEvent,
        "recordings": Recording,
        "outbox": Outbox,
    }
    records = Records()
    with database.read() as session:
        for name, table in tables.items():
            found = session.execute(select(table.__table__)).mappings()
            getattr(records, name).extend(dict(row) for row in found)
    for recording in records.recordings:
        recording["file_sha256"] = _hash_of(archive, recording["storage_key"])
    return records


async def read_carrier(url: str, settings: Settings) -> Carrier:
    """Ask the simulator for everything it knows, by its own API."""
    sign_in = aiohttp.BasicAuth(settings.twilio_account_sid, settings.twilio_auth_token)
    root = f"{url}/2010-04-01/Accounts/{settings.twilio_account_sid}"
    async with aiohttp.ClientSession(auth=sign_in, raise_for_status=True) as session:
        listed = await _json(session, f"{url}/simulator/calls")
        messages = await _json(session, f"{url}/simulator/messages")
        few = asyncio.Semaphore(_AT_ONCE)

        async def call(sid: str) -> Row:
            async with few:
                return _call(await _json(session, f"{url}/simulator/calls/{sid}"))

        async def sound(row: Row) -> Row:
            async with few:
                return await _recording(session, root, row)

        calls = await asyncio.gather(*(call(one["sid"]) for one in listed["calls"]))
        found = await _recordings(session, root)
        recordings = await asyncio.gather(*map(sound, found))
    return Carrier(list(calls), messages["messages"], list(recordings))


def _call(shown: Row) -> Row:
    return {
        "sid": shown["sid"],
        "status": shown["status"],
        "direction": shown["direction"],
        "from": shown["from"],
        "to": shown["to"],
        "began": _time(shown["date_created"]),
        "ended": _time(shown["end_time"]),
        "events": [_with_answer(event, shown["webhooks"]) for event in shown["events"]],
    }


def _with_answer(event: Row, webhooks: list[Row]) -> Row:
    """A request's entry with the document it was answered with."""
    if event["event"] != "webhook":
        return event
    return event | {"body": webhooks[event["number"]]["body"]}


async def _recordings(session: aiohttp.ClientSession, root: str) -> list[Row]:
    rows: list[Row] = []
    number = 0
    while True:
        query = f"{root}/Recordings.json?PageSize=1000&Page={number}"
        page = await _json(session, query)
        rows += page["recordings"]
        number += 1
        if not page["next_page_uri"]:
            return rows


async def _recording(session: aiohttp.ClientSession, root: str, shown: Row) -> Row:
    row = {
        "sid": shown["sid"],
        "call_sid": shown["call_sid"] or "",
        "source": shown["source"],
        "status": shown["status"],
        "duration_s": int(shown["duration"]),
        "sha256": "",
    }
    if shown["status"] == "completed":
        url = f"{root}/Recordings/{shown['sid']}.wav?RequestedChannels=2"
        async with session.get(url) as response:
            row["sha256"] = hashlib.sha256(await response.read()).hexdigest()
    return row


async def _json(session: aiohttp.ClientSession, url: str) -> Row:
    async with session.get(url) as response:
        found: Row = await response.json()
    return found


def _time(text: str | None) -> datetime | None:
    return parsedate_to_datetime(text).astimezone(UTC) if text else None


def _hash_of(archive: Path, key: str | None) -> str:
    file = archive / key if key else None
    if file is None or not file.is_file():
        return ""
    return hashlib.sha256(file.read_bytes()).hexdigest()
