"""What the carrier posts about recordings: signed, repeated, malformed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

import recordings.webhooks
from calls.models import CallEvent
from config.settings import Settings
from infra.db import Database
from infra.outbox.rows import Outbox
from recordings.models import Recording
from tests.recordings.conftest import CALL_SID, SID
from tests.web.conftest import make_app

URL = "/recordings/status"


@pytest.fixture
def client(settings: Settings, database: Database) -> FlaskClient:
    return make_app(settings, database, recordings.webhooks).test_client()


def message(settings: Settings, **other: str) -> dict[str, str]:
    """The fields of a recordingStatusCallback (twilio.md, 1)."""
    return {
        "AccountSid": settings.twilio_account_sid,
        "CallSid": CALL_SID,
        "RecordingSid": SID,
        "RecordingUrl": f"https://evil.example/Recordings/{SID}",
        "RecordingStatus": "completed",
        "RecordingDuration": "42",
        "RecordingChannels": "2",
        "RecordingStartTime": "Tue, 24 Nov 2026 03:00:00 +0000",
        "RecordingSource": "StartCallRecordingAPI",
    } | other


def post(client: FlaskClient, settings: Settings, fields: dict[str, str]) -> TestResponse:
    validator = RequestValidator(settings.twilio_auth_token)
    signature = validator.compute_signature(settings.public_url + URL, fields)
    return client.post(URL, data=fields, headers={"X-Twilio-Signature": signature})


def all_recordings(database: Database) -> list[Recording]:
    with database.read() as session:
        return list(session.scalars(select(Recording)))


def test_a_completed_recording_is_registered_once(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    first = post(client, settings, message(settings))
    again = post(client, settings, message(settings))
    assert first.status_code == 200
    assert (first.data, first.content_type) == (again.data, "text/xml; charset=utf-8")
    (found,) = all_recordings(database)
    assert (found.purpose, found.channels, found.announced_s) == ("call", 2, 42)
    assert found.started_at is not None and found.started_at.hour == 3
    with database.read() as session:
        assert len(session.scalars(select(Outbox)).all()) == 1
        assert len(session.scalars(select(CallEvent)).all()) == 1


def test_the_carriers_address_is_not_kept_anywhere_we_fetch_from(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    post(client, settings, message(settings))
    (found,) = all_recordings(database)
    assert not any("evil" in str(value) for value in vars(found).values())


def test_an_absent_recording_is_not_fetched(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    post(client, settings, message(settings, RecordingStatus="absent", RecordingDuration=""))
    assert [r.state for r in all_recordings(database)] == ["absent"]
    with database.read() as session:
        assert session.scalars(select(Outbox)).all() == []


def test_a_message_after_the_tone_is_one(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    fields = message(settings, RecordingSource="RecordVerb", RecordingChannels="1")
    del fields["RecordingStartTime"]
    post(client, settings, fields)
    assert [(r.purpose, r.channels) for r in all_recordings(database)] == [("message", 1)]


def test_a_forged_message_has_no_effect(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    answer = client.post(
        URL, data=message(settings), headers={"X-Twilio-Signature": "bm90IHRoZSBzaWduYXR1cmU="}
    )
    assert answer.status_code == 403
    assert all_recordings(database) == []


@pytest.mark.parametrize(
    "other",
    [
        {"RecordingSid": "../../etc/passwd"},
        {"RecordingSid": "RE" + "1" * 31 + "/"},
        {"RecordingSid": ""},
        {"RecordingSid": CALL_SID},
        {"CallSid": "CA' OR 1=1"},
    ],
)
def test_a_wrong_id_has_no_effect(
    other: dict[str, str], client: FlaskClient, settings: Settings, database: Database
) -> None:
    post(client, settings, message(settings, **other))
    assert all_recordings(database) == []


@pytest.mark.parametrize(
    "other",
    [
        {"RecordingDuration": "-1"},
        {"RecordingDuration": "many"},
        {"RecordingStartTime": "yesterday"},
        {"RecordingStartTime": "Tue, 99 Nov 2026 03:00:00 +0000"},
        {"RecordingChannels": "x"},
        {"RecordingStatus": "no such status"},
        {"RecordingSource": "\0"},
    ],
)
def test_a_strange_field_loses_no_recording(
    other: dict[str, str], client: FlaskClient, settings: Settings, database: Database
) -> None:
    assert post(client, settings, message(settings, **other)).status_code == 200
    assert [r.carrier_sid for r in all_recordings(database)] == [SID]
