"""Calls that the account makes: who answered, what was recorded, and the order of what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.network import Network
from tests.simulator.app import ACCOUNT, NUMBER, PUBLIC, response
from tests.simulator.conformance.line import SHOP, Rest, Told, describe, story_by_rest
from tests.simulator.conformance.test_fields import COMMON

EVERYTHING = ("initiated", "ringing", "answered", "completed")
VERDICT = {"AnsweredBy", "MachineDetectionDuration"}
FINAL = {"CallbackSource", "SequenceNumber", "Timestamp", "CallDuration", "Duration",
         "SipResponseCode"}  # fmt: skip


def made(folder: Path, phone: dict[str, Any] | None = None, **form: str | tuple[str, ...]) -> Told:
    """One call by REST, while the telephone does as described."""

    async def act(net: Network, rest: Rest) -> None:
        describe(net, {SHOP: phone or {}})
        asked = {"To": SHOP, "From": NUMBER, "Url": f"{PUBLIC}/hello",
                 "StatusCallback": f"{PUBLIC}/child", **form}  # fmt: skip
        shown = await rest.post("Calls", **asked)
        assert shown["status"] == "queued"

    replies = {"/hello": response("<Pause length='9'/>"), "/verdict": ""}
    return story_by_rest(folder, replies, act)


@pytest.mark.row("request.initial-outbound.AnsweredBy", "request.call-status.AnsweredBy")
@pytest.mark.row("request.initial-outbound.MachineDetectionDuration")
def test_a_verdict_that_is_waited_for_comes_with_the_first_request(tmp_path: Path) -> None:
    told = made(tmp_path, MachineDetection="Enable")
    first, last = told.at("/hello"), told.at("/child")
    assert set(first) == COMMON | VERDICT and first["AnsweredBy"] == "human"
    assert 1200 <= int(first["MachineDetectionDuration"]) < 30_000, "milliseconds"
    assert set(last) == COMMON | FINAL | {"AnsweredBy"} and last["AnsweredBy"] == "human"
    assert not VERDICT & set(made(tmp_path / "2").at("/hello"))


@pytest.mark.row("request.amd-callback.CallSid", "request.amd-callback.AccountSid")
@pytest.mark.row("request.amd-callback.AnsweredBy", "request.amd-callback.method")
@pytest.mark.row("request.amd-callback.MachineDetectionDuration", "order.async-amd")
def test_a_verdict_beside_the_document_comes_by_callback(tmp_path: Path) -> None:
    told = made(
        tmp_path,
        MachineDetection="Enable",
        AsyncAmd="true",
        AsyncAmdStatusCallback=f"{PUBLIC}/verdict",
    )
    verdict = told.at("/verdict")
    assert set(verdict) == {"CallSid", "AccountSid"} | VERDICT and verdict["AccountSid"] == ACCOUNT
    assert verdict["CallSid"] == told.calls[0].sid and verdict["AnsweredBy"] == "human"
    assert told.paths == ["/hello", "/verdict", "/child"]
    assert told.request("/verdict").raw, "by POST"


@pytest.mark.row("code.21262")
def test_a_verdict_that_nobody_is_told_is_a_warning(tmp_path: Path) -> None:
    told = made(tmp_path, MachineDetection="Enable", AsyncAmd="true")
    assert told.codes == [21262] and told.alerts[0].level == "warning"
    assert told.calls[0].answered_by == "human"


@pytest.mark.row("request.call-status.Recording")
def test_the_end_of_a_recorded_call_is_told_with_its_recording(tmp_path: Path) -> None:
    recording = {"RecordingUrl", "RecordingSid", "RecordingDuration"}
    last = made(tmp_path, Record="true").at("/child")
    assert set(last) == COMMON | FINAL | recording and last["RecordingSid"].startswith("RE")
    assert not recording & set(made(tmp_path / "2").at("/child"))


@pytest.mark.row("order.outbound")
def test_a_call_is_told_of_step_by_step(tmp_path: Path) -> None:
    told = made(tmp_path, StatusCallbackEvent=EVERYTHING)
    assert told.paths[:2] == ["/child", "/child"] and set(told.paths[2:4]) == {"/child", "/hello"}
    assert told.paths[4:] == ["/child"]
    assert told.events("/child") == ["initiated", "ringing", "in-progress", "completed"]
    assert told.events("/child", "SequenceNumber") == ["0", "1", "2", "3"]


@pytest.mark.row("order.outbound-unanswered")
@pytest.mark.parametrize("behaviour", ["busy", "no-answer", "failed"])
def test_a_call_that_nobody_takes_never_asks_its_url(tmp_path: Path, behaviour: str) -> None:
    phone = {"behaviour": behaviour}
    told = made(tmp_path, phone, StatusCallbackEvent=EVERYTHING, Timeout="5")
    assert told.events("/child") == ["initiated", "ringing", behaviour]
    assert set(told.paths) == {"/child"}
