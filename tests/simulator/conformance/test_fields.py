"""Every field of the requests about a call, in the right case and presence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulator.calls.legs import Endpoint
from simulator.calls.status_callback import EVENTS, StatusCallback
from simulator.documents.ring import Ring
from simulator.network import Network
from simulator.numbers.caller_id import BadFacts, CallerFacts, Place, place_in
from simulator.scenario.files import behaviour_from, scenario_from, with_facts
from simulator.scenario.steps import ScenarioError
from simulator.settings import Hook
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, PUBLIC, response
from tests.simulator.conformance.line import GONE, SHOP, Told, answered, dialled, story

HANG_UP = response("<Hangup/>")
PLACES = [f"{role}{part}" for role in ("From", "To", "Caller", "Called")
          for part in ("City", "State", "Zip", "Country")]  # fmt: skip
COMMON = {
    "AccountSid", "ApiVersion", "CallSid", "CallStatus", "Direction", "From", "To", "Caller",
    "Called", *PLACES,
}  # fmt: skip
SPRINGFIELD = Place("Springfield", "IL", "62701", "US")


@pytest.mark.row("request.common.CallSid", "request.common.AccountSid", "request.common.From")
@pytest.mark.row("request.common.To", "request.common.Caller", "request.common.Called")
@pytest.mark.row("request.common.CallStatus", "request.common.ApiVersion", "request.common.form")
@pytest.mark.row("request.common.Direction.inbound", "request.initial-inbound.CallStatus")
def test_a_call_is_announced_with_the_common_fields(tmp_path: Path) -> None:
    told = dialled(
        tmp_path,
        {"/voice": response("<Say>Hi</Say>", "<Redirect>/next</Redirect>"), "/next": HANG_UP},
    )
    first, second = told.at("/voice"), told.at("/next")
    assert set(first) == COMMON | {"StirVerstat", "CallToken"}
    assert set(second) == COMMON
    assert re.fullmatch("CA[0-9a-f]{32}", first["CallSid"]) and first["AccountSid"] == ACCOUNT
    assert (first["From"], first["To"]) == (first["Caller"], first["Called"]) == (CALLER, NUMBER)
    assert (first["Direction"], first["ApiVersion"]) == ("inbound", "2010-04-01")
    assert (first["CallStatus"], second["CallStatus"]) == ("ringing", "in-progress")
    assert second["CallSid"] == first["CallSid"]
    type_ = told.request("/voice").headers["Content-Type"]
    assert type_ == "application/x-www-form-urlencoded; charset=UTF-8"


@pytest.mark.row("request.common.query", "http.method")
def test_a_number_may_be_asked_by_get(tmp_path: Path) -> None:
    hook = Hook(f"{PUBLIC}/voice?a=b", "GET")
    told = dialled(tmp_path, {"/voice": HANG_UP}, voice=hook)
    request = told.request("/voice")
    assert request.form == {} and request.raw == b""
    assert (
        request.url.startswith(f"{PUBLIC}/voice?a=b&AccountSid=AC") and "&CallSid=" in request.url
    )
    assert told.request("/status").form["CallSid"]


@pytest.mark.row("request.common.Geography.From", "request.common.Geography.To")
@pytest.mark.row("request.common.Geography.Caller", "request.common.Geography.Called")
def test_both_sides_geography_is_told_and_empty_where_unknown(tmp_path: Path) -> None:
    facts = CallerFacts(place=SPRINGFIELD)
    here = Place("Chicago", "IL", "", "US")
    form = dialled(tmp_path, {"/voice": HANG_UP}, facts=facts, place=here).at("/voice")
    for role, place in {
        "From": SPRINGFIELD,
        "Caller": SPRINGFIELD,
        "To": here,
        "Called": here,
    }.items():
        assert form[f"{role}City"] == place.city and form[f"{role}Zip"] == place.zip
        assert form[f"{role}State"] == place.state and form[f"{role}Country"] == place.country
    unknown = dialled(tmp_path / "2", {"/voice": HANG_UP}, from_="+4930123456").at("/voice")
    assert (unknown["FromCity"], unknown["FromState"], unknown["FromZip"]) == ("", "", "")
    assert unknown["FromCountry"] == "DE" and unknown["ToCountry"] == "US"
    town = CallerFacts(place=Place(city="Springfield"))
    told = dialled(tmp_path / "3", {"/voice": HANG_UP}, facts=town).at("/voice")
    assert (told["FromCity"], told["FromCountry"]) == ("Springfield", "US")


@pytest.mark.row("request.common.ForwardedFrom", "request.common.CallerName")
def test_a_diversion_is_told_in_every_request_and_a_name_where_it_is_looked_up(
    tmp_path: Path,
) -> None:
    replies = {"/voice": response("<Redirect>/next</Redirect>"), "/next": HANG_UP}
    facts = CallerFacts(forwarded_from=SHOP, name="J SMITH")
    told = dialled(tmp_path, replies, facts=facts, looks_up_names=True)
    for path in ("/voice", "/next", "/status"):
        assert told.at(path)["ForwardedFrom"] == SHOP and told.at(path)["CallerName"] == "J SMITH"
    plain = dialled(tmp_path / "2", replies, facts=facts).at("/voice")
    assert "CallerName" not in plain and plain["ForwardedFrom"] == SHOP
    nobody = dialled(tmp_path / "3", replies, looks_up_names=True).at("/voice")
    assert "CallerName" not in nobody and "ForwardedFrom" not in nobody


@pytest.mark.row("request.initial-inbound.StirVerstat", "request.initial-inbound.CallToken")
def test_attestation_and_token_come_with_the_first_request_only(tmp_path: Path) -> None:
    replies = {"/voice": response("<Redirect>/next</Redirect>"), "/next": HANG_UP}
    told = dialled(tmp_path, replies)
    assert told.at("/voice")["StirVerstat"] == "TN-Validation-Passed-A"
    assert told.at("/voice")["CallToken"] and "CallToken" not in told.at("/next")
    assert "StirVerstat" not in told.at("/next") and "StirVerstat" not in told.at("/status")
    other = dialled(
        tmp_path / "2", replies, facts=CallerFacts(attestation="TN-Validation-Failed-C")
    )
    assert other.at("/voice")["StirVerstat"] == "TN-Validation-Failed-C"
    unsigned = dialled(tmp_path / "3", replies, facts=CallerFacts(attestation=""))
    assert "StirVerstat" not in unsigned.at("/voice")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("anonymous", marks=pytest.mark.row("request.initial-inbound.withheld.word")),
        pytest.param(
            "+266696687", marks=pytest.mark.row("request.initial-inbound.withheld.number")
        ),
        pytest.param(
            "+86282452253", marks=pytest.mark.row("request.initial-inbound.withheld.number")
        ),
    ],
)
def test_a_withheld_number_has_no_place_and_no_attestation(tmp_path: Path, number: str) -> None:
    form = dialled(tmp_path, {"/voice": HANG_UP}, from_=number).at("/voice")
    assert form["From"] == form["Caller"] == number and "StirVerstat" not in form
    assert not any(form[f"From{part}"] for part in ("City", "State", "Zip", "Country"))


@pytest.mark.row("request.initial-inbound.sip")
def test_a_call_by_sip_brings_its_headers(tmp_path: Path) -> None:
    facts = CallerFacts(sip_headers={"X-Case": "42"})
    caller = "sip:alice@example.com"
    form = dialled(tmp_path, {"/voice": HANG_UP}, from_=caller, facts=facts).at("/voice")
    assert form["From"] == caller and form["SipHeader_X-Case"] == "42"
    assert form["SipDomain"] == "example.com" and form["SipCallId"].endswith("@example.com")
    plain = dialled(tmp_path / "2", {"/voice": HANG_UP}, facts=facts).at("/voice")
    assert not [name for name in plain if name.startswith("Sip")]


@pytest.mark.row("request.initial-inbound.client")
def test_a_browser_phone_comes_with_its_application_and_parameters(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        sid, params = net.exchange.settings.app_sid, {"case": "7", "To": SHOP, "From": "+1999"}
        net.call_app(sid, identity="agent_7", params=params, endpoint=Endpoint())

    form = story(tmp_path, {"/agent": response("<Hangup/>")}, act).at("/agent")
    assert form["From"] == form["Caller"] == "client:agent_7" and form["Direction"] == "inbound"
    assert form["ApplicationSid"].startswith("AP") and form["case"] == "7" and form["To"] == SHOP
    assert "StirVerstat" not in form and "FromCity" not in form


def placed(folder: Path, **phone: Any) -> Told:
    """A call that the account makes, with all its events."""

    async def act(net: Network) -> None:
        net.phones.describe(SHOP, behaviour_from(phone, Path()))
        progress = StatusCallback(f"{PUBLIC}/child", "POST", EVENTS)
        net.outgoing.place(
            Ring(SHOP, NUMBER, timeout_s=5, hook=Hook(f"{PUBLIC}/hello"), progress=progress)
        )

    return story(folder, {"/hello": response("<Pause length='61'/>")}, act, place=SPRINGFIELD)


@pytest.mark.row("request.initial-outbound.CallStatus", "request.initial-outbound.Direction")
@pytest.mark.row("request.common.Direction.outbound-api")
def test_a_call_by_rest_asks_its_url_once_answered(tmp_path: Path) -> None:
    form = placed(tmp_path).at("/hello")
    assert set(form) == COMMON
    assert (form["CallStatus"], form["Direction"]) == ("in-progress", "outbound-api")
    assert (form["From"], form["To"], form["FromCity"]) == (NUMBER, SHOP, "Springfield")


@pytest.mark.row("request.call-status.common", "request.call-status.CallbackSource")
@pytest.mark.row("request.call-status.SequenceNumber", "request.call-status.Timestamp")
@pytest.mark.row("request.call-status.CallDuration", "request.call-status.Duration")
@pytest.mark.row("event.initiated", "event.ringing", "event.answered", "event.completed.completed")
def test_progress_is_numbered_dated_and_ends_with_the_duration(tmp_path: Path) -> None:
    forms = placed(tmp_path).app.forms("/child")
    assert [one["CallStatus"] for one in forms] == [
        "initiated", "ringing", "in-progress", "completed",
    ]  # fmt: skip
    plain = COMMON | {"CallbackSource", "SequenceNumber", "Timestamp"}
    assert all(set(one) == plain for one in forms[:-1])
    assert set(forms[-1]) == plain | {"CallDuration", "Duration", "SipResponseCode"}
    assert [one["SequenceNumber"] for one in forms] == ["0", "1", "2", "3"]
    assert {one["CallbackSource"] for one in forms} == {"call-progress-events"}
    date = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
    assert all(re.fullmatch(date, one["Timestamp"]) for one in forms)
    assert (forms[-1]["CallDuration"], forms[-1]["Duration"]) == ("61", "2")


@pytest.mark.row("request.call-status.SipResponseCode")
@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        pytest.param("busy", "486", marks=pytest.mark.row("event.completed.busy")),
        pytest.param("no-answer", "487", marks=pytest.mark.row("event.completed.no-answer")),
        pytest.param("failed", "404", marks=pytest.mark.row("event.completed.failed")),
    ],
)
def test_whoever_is_not_reached_is_told_with_the_reason(
    tmp_path: Path, behaviour: str, code: str
) -> None:
    told = placed(tmp_path, behaviour=behaviour)
    last = told.app.forms("/child")[-1]
    assert (last["CallStatus"], last["SipResponseCode"], last["CallDuration"]) == (
        behaviour, code, "0",
    )  # fmt: skip
    assert "/hello" not in told.paths


@pytest.mark.row("event.completed.canceled")
def test_a_call_that_is_cancelled_is_told_so(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        call = net.outgoing.place(
            Ring(SHOP, NUMBER, hook=Hook(f"{PUBLIC}/x"), progress=StatusCallback(f"{PUBLIC}/child"))
        )
        await net.exchange.clock.sleep(0.5)
        call.end(by="line", status="canceled")

    last = story(tmp_path, {}, act).at("/child")
    assert (last["CallStatus"], last["SipResponseCode"]) == ("canceled", "487")


@pytest.mark.row("request.number-status.fields", "request.number-status.final-only")
def test_a_number_is_told_of_a_calls_end_alone(tmp_path: Path) -> None:
    told = dialled(tmp_path, {"/voice": response("<Gather timeout='3'/>")})
    form = told.at("/status")
    final = {"CallDuration", "Duration", "SipResponseCode"}
    assert set(form) == COMMON | {"CallbackSource", "SequenceNumber", "Timestamp"} | final
    assert (form["CallStatus"], form["SequenceNumber"]) == ("completed", "0")
    assert (form["CallDuration"], form["Duration"], form["SipResponseCode"]) == ("3", "1", "200")
    busy = dialled(tmp_path / "2", {"/voice": response("<Reject reason='busy'/>")}).at("/status")
    assert (busy["CallStatus"], busy["SipResponseCode"]) == ("busy", "486")


@pytest.mark.row("request.gather-action.Digits", "request.gather-action.FinishedOnKey")
@pytest.mark.row("request.gather-action.msg")
@pytest.mark.parametrize(
    ("keys", "digits", "finished"), [("12#", "12", "#"), ("123", "123", ""), ("1", "1", "")]
)
def test_gathered_keys_are_told(tmp_path: Path, keys: str, digits: str, finished: str) -> None:
    document = '<Gather action="/keys" numDigits="3" timeout="2"/>'
    form = answered(tmp_path, document, {"presses": keys}, GONE, **{"/keys": HANG_UP}).at("/keys")
    assert set(form) == COMMON | {"Digits", "FinishedOnKey", "msg"}
    assert (form["Digits"], form["FinishedOnKey"]) == (digits, finished)
    assert form["msg"] == "Gather End" and form["CallStatus"] == "in-progress"


@pytest.mark.row("request.gather-action.SpeechResult", "request.gather-action.Confidence")
@pytest.mark.row("request.gather-action.Language", "request.gather-partial.SequenceNumber")
@pytest.mark.row("request.gather-partial.UnstableSpeechResult", "request.gather-partial.Stability")
@pytest.mark.row("request.gather-partial.StableSpeechResult")
def test_gathered_words_are_told_on_the_way_and_at_the_end(tmp_path: Path) -> None:
    document = (
        '<Gather input="speech" action="/words" speechTimeout="1" language="en-US" '
        'partialResultCallback="/partial"/>'
    )
    replies = {"/words": HANG_UP, "/partial": ""}
    told = answered(tmp_path, document, {"says": "hello there"}, GONE, **replies)
    form, partial = told.at("/words"), told.app.forms("/partial")[0]
    assert set(form) == COMMON | {"SpeechResult", "Confidence", "Language"}
    assert "hello there" in form["SpeechResult"].lower() and form["Language"] == "en-US"
    assert 0.0 <= float(form["Confidence"]) <= 1.0
    extra = {"SequenceNumber", "UnstableSpeechResult", "StableSpeechResult", "Stability"}
    assert set(partial) == COMMON | extra | {"Language"} and partial["SequenceNumber"] == "0"


RECORD = '<Record action="/done" timeout="2" maxLength="4" recordingStatusCallback="/recording"/>'
SAID: dict[str, Any] = {"says": "the street light is out"}
RECORDED = {"RecordingUrl", "RecordingSid", "RecordingDuration"}


@pytest.mark.row("request.record-action.RecordingUrl", "request.record-action.RecordingDuration")
@pytest.mark.row("request.record-action.RecordingSid")
@pytest.mark.parametrize(
    ("steps", "digits"),
    [
        pytest.param(
            [{"waits_s": 2}, {"presses": "7"}, GONE],
            "7",
            marks=pytest.mark.row("request.record-action.Digits.key"),
        ),
        pytest.param(
            [{"waits_s": 2}, {"hangs_up": True}],
            "hangup",
            marks=pytest.mark.row("request.record-action.Digits.hangup"),
        ),
        pytest.param(
            [SAID, GONE], None, marks=pytest.mark.row("request.record-action.Digits.absent")
        ),
    ],
)
def test_a_recorded_message_is_told(
    tmp_path: Path, steps: list[dict[str, Any]], digits: str | None
) -> None:
    form = answered(tmp_path, RECORD, *steps, **{"/done": HANG_UP}).at("/done")
    assert set(form) == COMMON | RECORDED | ({"Digits"} if digits else set())
    assert form.get("Digits") == digits and re.fullmatch("RE[0-9a-f]{32}", form["RecordingSid"])
    assert form["RecordingUrl"].endswith(f"/Recordings/{form['RecordingSid']}")
    assert 0 <= int(form["RecordingDuration"]) <= 4


@pytest.mark.row("request.recording-callback.AccountSid", "request.recording-callback.CallSid")
@pytest.mark.row("request.recording-callback.RecordingSid")
@pytest.mark.row("request.recording-callback.RecordingUrl")
@pytest.mark.row("request.recording-callback.RecordingStatus")
@pytest.mark.row("request.recording-callback.RecordingDuration")
@pytest.mark.row("request.recording-callback.RecordingChannels")
@pytest.mark.row("request.recording-callback.RecordingSource")
@pytest.mark.row("request.recording-callback.RecordingTrack")
@pytest.mark.row("request.recording-callback.RecordingStartTime")
@pytest.mark.row("request.recording-callback.nothing-else")
def test_a_recordings_callback_speaks_of_the_recording_alone(tmp_path: Path) -> None:
    told = answered(tmp_path, RECORD, GONE, **{"/done": HANG_UP})
    form = told.at("/recording")
    always = {
        "AccountSid", "CallSid", "RecordingStatus", "RecordingChannels", "RecordingSource",
        "RecordingTrack", *RECORDED,
    }  # fmt: skip
    assert set(form) == always and form["RecordingSource"] == "RecordVerb"
    assert (form["RecordingStatus"], form["RecordingChannels"]) == ("completed", "1")
    assert form["CallSid"] == told.at("/voice")["CallSid"] and form["AccountSid"] == ACCOUNT
    started = answered(
        tmp_path / "2",
        '<Start><Recording recordingStatusCallback="/recording" '
        'recordingStatusCallbackEvent="in-progress completed"/></Start><Pause length="2"/>',
    )
    begun, done = started.app.forms("/recording")
    assert set(begun) == set(done) == always | {"RecordingStartTime"}
    assert (begun["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
    assert (done["RecordingChannels"], done["RecordingTrack"]) == ("2", "both")
    assert done["RecordingDuration"] == "2" and done["RecordingStartTime"].endswith("+0000")


@pytest.mark.row("request.dial-action.DialCallStatus", "request.dial-action.DialCallSid")
@pytest.mark.row("request.dial-action.DialCallDuration", "request.dial-action.DialBridged")
@pytest.mark.row("request.dial-action.RecordingUrl", "request.common.booleans")
@pytest.mark.row("request.common.Direction.outbound-dial", "request.common.ParentCallSid")
@pytest.mark.row("request.whisper.CallSid", "request.whisper.ParentCallSid")
@pytest.mark.row("request.whisper.Direction", "event.dial-child")
def test_a_dialled_call_is_told_to_the_action_and_the_whisper(tmp_path: Path) -> None:
    number = (
        f'<Number url="/whisper" statusCallback="/child" statusCallbackEvent="answered completed">'
        f"{SHOP}</Number>"
    )
    told = dialled(
        tmp_path,
        {
            "/voice": response(f'<Dial action="/after" record="true">{number}</Dial>'),
            "/whisper": response("<Pause/>"),
            "/after": HANG_UP,
        },
        phones={SHOP: {"steps": [{"waits_s": 4}, {"hangs_up": True}]}},
    )
    parent, child = told.calls
    dial = {"DialCallStatus", "DialCallSid", "DialCallDuration", "DialBridged", "RecordingUrl"}
    after, whisper = told.at("/after"), told.at("/whisper")
    assert set(after) == COMMON | dial and after["CallSid"] == parent.sid
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "true")
    assert after["DialCallSid"] == child.sid and after["DialCallDuration"] == "3"
    assert set(whisper) == COMMON | {"ParentCallSid"} and whisper["CallSid"] == child.sid
    assert whisper["ParentCallSid"] == parent.sid and whisper["Direction"] == "outbound-dial"
    for form in told.app.forms("/child"):
        assert (form["CallSid"], form["ParentCallSid"]) == (child.sid, parent.sid)
    assert "ParentCallSid" not in told.at("/voice")


@pytest.mark.row("event.default")
def test_without_named_events_only_the_end_is_told(tmp_path: Path) -> None:
    number = f'<Number statusCallback="/child">{SHOP}</Number>'
    told = answered(
        tmp_path, f"<Dial timeout='5'>{number}</Dial>", {"waits_s": 4}, {"hangs_up": True}
    )
    assert told.events("/child") == ["completed"]


@pytest.mark.row("request.dial-action.conference")
def test_after_a_conference_no_other_call_is_told(tmp_path: Path) -> None:
    document = '<Dial action="/after" timeLimit="3"><Conference>lobby</Conference></Dial>'
    form = answered(tmp_path, document, **{"/after": HANG_UP}).at("/after")
    assert set(form) == COMMON | {"DialCallStatus", "DialBridged"}
    assert form["DialCallStatus"] == "answered"


@pytest.mark.row("request.fallback.fields", "request.fallback.ErrorCode")
@pytest.mark.row("request.fallback.ErrorUrl")
def test_the_fallback_gets_the_failed_requests_fields_and_the_reason(tmp_path: Path) -> None:
    hook = Hook(f"{PUBLIC}/voice", fallback_url=f"{PUBLIC}/fallback")
    replies = {"/voice": response('<Gather action="/keys" numDigits="1"/>'), "/fallback": HANG_UP}
    told = dialled(tmp_path, replies, {"presses": "5"}, GONE, voice=hook)
    form = told.at("/fallback")
    assert set(form) == {*told.at("/keys"), "ErrorCode", "ErrorUrl"} and form["Digits"] == "5"
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{PUBLIC}/keys")


def test_what_is_known_of_a_caller_is_read_and_refused_by_name(tmp_path: Path) -> None:
    source = {"steps": [GONE], "caller": {"name": "J SMITH", "place": {"city": "Springfield"}}}
    scenario = with_facts(scenario_from(source, tmp_path), {"forwarded_from": SHOP}, tmp_path)
    assert scenario.facts == CallerFacts(SHOP, "J SMITH", place=Place("Springfield"))
    for wrong, words in (
        ({"nam": "x"}, "unknown key 'nam'"),
        ({"name": 5}, "expected text"),
        ({"attestation": "A"}, "expected one of TN-Validation-Passed-A"),
        ({"place": "Springfield"}, "place: expected a mapping"),
        ("J SMITH", "caller: expected a mapping"),
    ):
        with pytest.raises(ScenarioError, match=words):
            scenario_from({**source, "caller": wrong}, tmp_path)
    with pytest.raises(BadFacts, match="CITY,STATE,ZIP,COUNTRY"):
        place_in("Springfield")
    assert place_in("Springfield,IL,62701,US") == SPRINGFIELD
