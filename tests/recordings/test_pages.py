"""The archive's pages: who may see and hear, and exactly which bytes they get."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

import recordings.pages
from calls.actions import call_arrived
from calls.models import Utterance
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.storage.base import Stored
from infra.storage.local import LocalStorage
from recordings import actions
from recordings.models import Listening, Recording
from recordings.ranges import OutOfRange, asked_range
from recordings.sound import Shape
from recordings.transcript import Said
from tests.recordings.conftest import CALL_SID, new_sid
from tests.recordings.sounds import call_wav
from tests.web.conftest import Browser, browser_of, browser_with, make_app, person
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report
from tickets.reports.numbers import written
from web.access.guard import Role

__all__ = ["browser_of"]

SOUND = call_wav(2.0)


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    return make_app(settings, database, recordings.pages)


@pytest.fixture
def reviewer(browser_of: Callable[..., Browser]) -> Browser:
    return browser_of(Role.QA)


def record(
    settings: Settings, database: Database, text: str = "a pothole", **other: Any
) -> Recording:
    """A recording that is stored and, with a text, transcribed."""
    known: dict[str, Any] = {
        "carrier_sid": new_sid(),
        "call_sid": CALL_SID,
        "purpose": "call",
        "status": "completed",
        "channels": 2,
        "duration_s": 2,
        "started_at": datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
    }
    with database.transaction() as session:
        call_arrived(
            session,
            carrier_sid=CALL_SID,
            from_number="",
            to_number="",
            direction="inbound",
            language="en",
        )
        recording = actions.register(session, **(known | other))
        if recording.state != "announced" or not text:
            return recording
        stored = keep(settings, recording)
        actions.keep(session, recording, stored=stored, shape=Shape(2, 8000, 2.0, [[0.5], [0.4]]))
        actions.replace_words(session, recording, said(text))
    return recording


def keep(settings: Settings, recording: Recording) -> Stored:
    return LocalStorage(settings.storage).put(f"{recording.public_id}.wav", [SOUND])


def said(text: str) -> list[Said]:
    return [
        Said(0, "caller", word, number * 0.4, number * 0.4 + 0.3, 0.6)
        for number, word in enumerate(text.split())
    ]


def listen(browser: Browser, recording: Recording) -> dict[str, str]:
    answer = browser.post(
        f"/recordings/{recording.public_id}/listen", headers={"Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, str] = answer.get_json()
    return body


ROLES_REFUSED = [(), (Role.AGENT,), (Role.DEPARTMENT,), (Role.ADMIN,)]


@pytest.mark.parametrize("roles", ROLES_REFUSED, ids=lambda roles: "-".join(roles) or "nobody")
def test_others_neither_see_nor_hear(
    roles: tuple[Role, ...],
    settings: Settings,
    database: Database,
    app: Flask,
    browser_of: Callable[..., Browser],
    reviewer: Browser,
) -> None:
    recording = record(settings, database)
    sound_url = listen(reviewer, recording)["sound_url"]
    other = browser_of(*roles) if roles else Browser(app.test_client())
    here = f"/recordings/{recording.public_id}"
    for path in ("/recordings/", here, f"{here}/listeners", sound_url):
        answer = other.get(path)
        assert answer.status_code in (303, 403), path
        assert b"pothole" not in answer.data
    for path in (f"{here}/listen", f"{here}/listen/1", f"{here}/fetch-again"):
        assert other.post(path).status_code in (303, 403)
    with database.read() as session:
        assert len(session.scalars(select(Listening)).all()) == 1


def test_a_supervisor_may_listen(
    settings: Settings, database: Database, browser_of: Callable[..., Browser]
) -> None:
    supervisor = browser_of(Role.SUPERVISOR)
    sound_url = listen(supervisor, record(settings, database))["sound_url"]
    assert supervisor.get(sound_url).data == SOUND


def test_the_sound_comes_with_the_right_headers(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    answer = reviewer.get(listen(reviewer, record(settings, database))["sound_url"])
    assert answer.data == SOUND
    assert answer.content_type == "audio/wav"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_anothers_link_is_refused(
    settings: Settings, database: Database, app: Flask, reviewer: Browser
) -> None:
    sound_url = listen(reviewer, record(settings, database))["sound_url"]
    colleague = browser_with(app, database, person(database, "colleague", Role.QA))
    assert colleague.get(sound_url).status_code == 403
    assert reviewer.get(sound_url).status_code == 200
    same_person_elsewhere = Browser(app.test_client())
    same_person_elsewhere.sign_in("qa")
    assert same_person_elsewhere.get(sound_url).status_code == 403


def test_a_link_runs_out_and_its_page_may_renew_it(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    given_out = listen(reviewer, record(settings, database))
    with database.transaction() as session:
        listening = session.scalars(select(Listening)).one()
        assert listening.open_until - now() <= timedelta(seconds=60)
        listening.open_until = now() - timedelta(seconds=1)
    assert reviewer.get(given_out["sound_url"]).status_code == 403
    assert reviewer.post(given_out["renew_url"]).status_code == 200
    assert reviewer.get(given_out["sound_url"]).status_code == 200
    with database.read() as session:
        assert len(session.scalars(select(Listening)).all()) == 1


def test_a_link_ends_with_the_sign_in(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    sound_url = listen(reviewer, record(settings, database))["sound_url"]
    reviewer.post("/signout")
    assert reviewer.get(sound_url).status_code == 303
    reviewer.sign_in("qa")
    assert reviewer.get(sound_url).status_code == 403


def test_nobody_renews_anothers_listening(
    settings: Settings, database: Database, app: Flask, reviewer: Browser
) -> None:
    renew_url = listen(reviewer, record(settings, database))["renew_url"]
    colleague = browser_with(app, database, person(database, "colleague", Role.QA))
    assert colleague.post(renew_url).status_code == 403


def test_a_link_opens_one_recording_only(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    mine, other = record(settings, database), record(settings, database)
    sound_url = listen(reviewer, mine)["sound_url"]
    assert reviewer.get(sound_url.replace(mine.public_id, other.public_id)).status_code == 403
    for bad in ("", "x", sound_url.split("link=")[1][:-2], "%00"):
        assert reviewer.get(f"/recordings/{mine.public_id}/sound?link={bad}").status_code == 403


def test_a_link_never_changes_its_bytes(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    recording = record(settings, database)
    given_out = listen(reviewer, recording)
    with database.transaction() as session:
        kept = session.get_one(Recording, recording.id)
        smaller = LocalStorage(settings.storage).put("small.ogg", [b"OggS"])
        actions.exchange_file(kept, stored=smaller, media_type="audio/ogg; codecs=opus")
    assert reviewer.get(given_out["sound_url"]).status_code == 410
    renewed = reviewer.post(given_out["renew_url"]).get_json()
    answer = reviewer.get(renewed["sound_url"])
    assert (answer.data, answer.content_type) == (b"OggS", "audio/ogg; codecs=opus")


def test_ids_cannot_be_guessed(settings: Settings, database: Database, reviewer: Browser) -> None:
    recording = record(settings, database)
    assert len(recording.public_id) == 32
    for guess in (str(recording.id), "0", recording.carrier_sid, recording.public_id[:-1]):
        assert reviewer.get(f"/recordings/{guess}").status_code == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", SOUND[:1]),
        ("bytes=10-19", SOUND[10:20]),
        (f"bytes={len(SOUND) - 1}-", SOUND[-1:]),
        ("bytes=-5", SOUND[-5:]),
        (f"bytes=-{len(SOUND) + 1}", SOUND),
        (f"bytes=5-{10 * len(SOUND)}", SOUND[5:]),
    ],
)
def test_a_range_is_answered_with_its_bytes(
    header: str, expected: bytes, settings: Settings, database: Database, reviewer: Browser
) -> None:
    sound_url = listen(reviewer, record(settings, database))["sound_url"]
    answer = reviewer.get(sound_url, headers={"Range": header})
    assert (answer.status_code, answer.data) == (206, expected)
    assert answer.content_length == len(expected)
    first = SOUND.index(expected) if len(expected) > 9 else None
    if first is not None:
        span = f"bytes {first}-{first + len(expected) - 1}/{len(SOUND)}"
        assert answer.headers["Content-Range"] == span


@pytest.mark.parametrize("header", [f"bytes={len(SOUND)}-", "bytes=-0", "bytes=999999999-"])
def test_a_range_beyond_the_end_is_416(
    header: str, settings: Settings, database: Database, reviewer: Browser
) -> None:
    sound_url = listen(reviewer, record(settings, database))["sound_url"]
    answer = reviewer.get(sound_url, headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(SOUND)}"


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "lines=1-2", "bytes=5-2", "bytes=x", ""])
def test_what_is_no_single_range_gives_the_whole_file(
    header: str, settings: Settings, database: Database, reviewer: Browser
) -> None:
    sound_url = listen(reviewer, record(settings, database))["sound_url"]
    answer = reviewer.get(sound_url, headers={"Range": header})
    assert (answer.status_code, answer.data) == (200, SOUND)


@given(size=st.integers(1, 400), first=st.integers(0, 500), length=st.integers(0, 500))
def test_any_range_names_the_bytes_it_says(size: int, first: int, length: int) -> None:
    content = bytes(i % 251 for i in range(size))
    try:
        part = asked_range(f"bytes={first}-{first + length}", size)
    except OutOfRange:
        assert first >= size
        return
    assert part is not None
    assert content[part[0] : part[1]] == content[first : first + length + 1] != b""


@given(size=st.integers(1, 400), tail=st.integers(0, 500))
def test_any_tail_is_the_last_bytes(size: int, tail: int) -> None:
    content = bytes(i % 251 for i in range(size))
    try:
        part = asked_range(f"bytes=-{tail}", size)
    except OutOfRange:
        assert tail == 0
        return
    assert part is not None
    assert content[part[0] : part[1]] == content[-tail:]


@given(header=st.text(max_size=40))
def test_no_header_breaks_the_reader(header: str) -> None:
    try:
        part = asked_range(header, 100)
    except OutOfRange:
        return
    assert part is None or 0 <= part[0] < part[1] <= 100


def test_the_page_shows_words_and_escapes_them(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    evil = "<script>alert(1)</script> \"onmouseover='x' </span><img/src=x/onerror=alert(1)> {{7*7}}"
    recording = record(settings, database, evil)
    for path in (f"/recordings/{recording.public_id}?q=<script>", "/recordings/?q=<script>"):
        page = reviewer.get(path).get_data(as_text=True)
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page and "<img/src" not in page and ">49<" not in page


def test_listening_is_written_down_and_shown(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    recording = record(settings, database)
    page = f"/recordings/{recording.public_id}"
    assert "Nobody yet" in reviewer.get(page).get_data(as_text=True)
    listen(reviewer, recording)
    shown = reviewer.get(f"{page}/listeners").get_data(as_text=True)
    assert "Qa" in shown and "Nobody yet" not in shown


def test_a_page_says_what_it_waits_for(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    waiting = record(settings, database, text="")
    absent = record(settings, database, status="absent")
    page = reviewer.get(f"/recordings/{waiting.public_id}").get_data(as_text=True)
    assert "Being fetched" in page and f'data-live="recording:{waiting.id}"' in page
    assert "<audio" not in page
    assert "Nothing was recorded" in reviewer.get(f"/recordings/{absent.public_id}").text
    refused = reviewer.post(f"/recordings/{waiting.public_id}/listen")
    assert refused.status_code == 409


def test_a_missing_recording_is_fetched_again_from_the_page(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    recording = record(settings, database, text="")
    with database.transaction() as session:
        actions.give_up(session, recording.id)
    page = f"/recordings/{recording.public_id}"
    assert "Fetch it again" in reviewer.get(page).text
    assert reviewer.post(f"{page}/fetch-again").status_code == 303
    assert "Being fetched" in reviewer.get(page).text
    assert reviewer.post(f"{page}/fetch-again").status_code == 409


def test_the_ticket_and_what_was_understood_stand_beside_the_words(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    recording = record(settings, database)
    with database.transaction() as session:
        report = file_report(
            session,
            ReportDraft(
                source_key="call",
                call_id=recording.call_id,
                source="voice",
                language="en",
                caller_number="+13125550101",
                problem_text="there is a hole",
                category="pothole",
                category_score=0.87,
                place={"address": "100 North State Street", "score": 0.91},
                place_text="state street",
                confirmed=True,
            ),
        )
        session.add(
            Utterance(
                call_id=recording.call_id,
                speaker="caller",
                text="",
                keys="1",
                at=datetime(2026, 11, 20, 18, 0, 1, tzinfo=UTC),
            )
        )
    page = reviewer.get(f"/recordings/{recording.public_id}").text
    for expected in (
        written(report.number),
        "there is a hole",
        "100 North State Street",
        "87 %",
        "91 %",
    ):
        assert expected in page
    assert "pressed <kbd>1</kbd>" in page
    assert "5550101" not in page
    assert written(report.number) in reviewer.get("/recordings/").text


def test_the_list_can_be_searched(
    settings: Settings, database: Database, reviewer: Browser
) -> None:
    hole = record(settings, database, "there is a hole in the road")
    lamp = record(settings, database, "the lamp is 100% dark", purpose="message", duration_s=90)
    late = record(settings, database, "another hole", started_at=datetime(2026, 11, 22, tzinfo=UTC))

    def found(query: str) -> set[str]:
        page = reviewer.get(f"/recordings/?{query}").text
        return {r.public_id for r in (hole, lamp, late) if r.public_id in page}

    everything = {hole.public_id, lamp.public_id, late.public_id}
    assert found("") == everything
    assert found("q=HOLE+in") == {hole.public_id}
    assert found("q=100%25") == {lamp.public_id}
    assert found("q=%25") == {lamp.public_id}
    assert found("q=_") == set()
    assert found("kind=message") == {lamp.public_id}
    assert found("state=announced") == set()
    assert found("from=2026-11-21") == {late.public_id}
    assert found("to=2026-11-20") == {hole.public_id, lamp.public_id}
    assert found("from=2026-11-21&to=2026-11-21") == {late.public_id}, "days are the city's"
    assert found("least=1") == set()
    assert found("most=0:02") == everything
    assert found("from=x") == everything
    assert "expected a day" in reviewer.get("/recordings/?from=x").text
    assert reviewer.get("/recordings/?to=9999-12-31&page=99999999999").status_code == 200


def test_the_list_has_pages(settings: Settings, database: Database, reviewer: Browser) -> None:
    made = [record(settings, database).public_id for _ in range(26)]
    first, second = reviewer.get("/recordings/").text, reviewer.get("/recordings/?page=2").text
    assert sum(public_id in first for public_id in made) == 25
    assert sum(public_id in second for public_id in made) == 1
    assert "page=2" in first
