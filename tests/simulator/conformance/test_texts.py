"""Every field of the requests about texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.network import Network
from simulator.registries.text_messages import Media
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, PUBLIC
from tests.simulator.conformance.line import SHOP, Rest, Told, story, story_by_rest

PLACES = {
    f"{role}{part}" for role in ("From", "To") for part in ("City", "State", "Zip", "Country")
}
INCOMING = PLACES | {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia",
    "NumSegments", "SmsStatus", "ApiVersion",
}  # fmt: skip
STATUS = {"MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "From", "To", "AccountSid",
          "ApiVersion"}  # fmt: skip


def texted(folder: Path, body: str, *pictures: bytes) -> dict[str, str]:
    """What the application is asked about a text."""

    async def act(net: Network) -> None:
        media = [Media(net.exchange.clock.date, "image/png", one) for one in pictures]
        await net.text(from_number=CALLER, to=NUMBER, body=body, media=media)

    return story(folder, {"/sms": ""}, act, sms_url=f"{PUBLIC}/sms").at("/sms")


@pytest.mark.row("request.incoming-text.MessageSid", "request.incoming-text.SmsSid")
@pytest.mark.row("request.incoming-text.SmsMessageSid", "request.incoming-text.AccountSid")
@pytest.mark.row("request.incoming-text.From", "request.incoming-text.To")
@pytest.mark.row("request.incoming-text.Body", "request.incoming-text.NumMedia")
@pytest.mark.row("request.incoming-text.NumSegments", "request.incoming-text.SmsStatus")
@pytest.mark.row("request.incoming-text.geography")
def test_a_text_is_told_with_all_its_fields(tmp_path: Path) -> None:
    form = texted(tmp_path, "There is a hole in the road. " * 6)
    assert set(form) == INCOMING
    assert re.fullmatch("SM[0-9a-f]{32}", form["MessageSid"]) and form["AccountSid"] == ACCOUNT
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert (form["From"], form["To"], form["NumMedia"]) == (CALLER, NUMBER, "0")
    assert (form["SmsStatus"], form["NumSegments"]) == ("received", "2")
    assert (form["FromCountry"], form["ToCountry"], form["FromCity"]) == ("US", "US", "")


@pytest.mark.row("request.incoming-text.OptOutType")
@pytest.mark.parametrize(
    ("body", "kind"), [("STOP", "STOP"), ("unsubscribe", "STOP"), ("Start", "START"),
                       ("help", "HELP"), ("Please stop it", None)],
)  # fmt: skip
def test_a_word_that_opts_out_is_named(tmp_path: Path, body: str, kind: str | None) -> None:
    form = texted(tmp_path, body)
    assert form.get("OptOutType") == kind and form["Body"] == body


@pytest.mark.row("request.incoming-text.Media", "request.incoming-text.NumMedia")
def test_pictures_are_told_with_type_and_address(tmp_path: Path) -> None:
    form = texted(tmp_path, "Look", b"first", b"second")
    files = {f"{name}{n}" for name in ("MediaUrl", "MediaContentType") for n in (0, 1)}
    assert set(form) == INCOMING | files and form["NumMedia"] == "2"
    assert form["MediaContentType1"] == "image/png" and "/Media/ME" in form["MediaUrl1"]
    assert form["MessageSid"].startswith("MM")


def sent(folder: Path, fate: str = "delivered", **form: str) -> Told:
    """A text by REST, of which that becomes."""

    async def act(net: Network, rest: Rest) -> None:
        net.exchange.reach.describe(SHOP, {"texts": fate})
        asked: dict[str, Any] = {"To": SHOP, "From": NUMBER, "Body": "Your report",
                                 "StatusCallback": f"{PUBLIC}/told", **form}  # fmt: skip
        shown = await rest.post("Messages", **asked)
        assert shown["status"] == ("accepted" if "MessagingServiceSid" in form else "queued")
        await net.exchange.clock.sleep(30)

    return story_by_rest(folder, {"/told": ""}, act)


@pytest.mark.row("request.text-status.MessageSid", "request.text-status.SmsSid")
@pytest.mark.row("request.text-status.MessageStatus", "request.text-status.SmsStatus")
@pytest.mark.row("request.text-status.From", "request.text-status.To")
@pytest.mark.row("request.text-status.AccountSid", "request.text-status.ApiVersion")
@pytest.mark.row("request.text-status.first-state")
def test_a_texts_states_are_told_but_for_the_first(tmp_path: Path) -> None:
    told = sent(tmp_path)
    forms = told.app.forms("/told")
    assert told.events("/told", "MessageStatus") == ["sent", "delivered"]
    assert told.events("/told", "SmsStatus") == ["sent", "delivered"]
    assert all(set(form) - {"RawDlrDoneDate"} == STATUS for form in forms)
    assert {(form["From"], form["To"], form["AccountSid"]) for form in forms} == {
        (NUMBER, SHOP, ACCOUNT)
    }
    assert {form["ApiVersion"] for form in forms} == {"2010-04-01"}
    assert {form["MessageSid"] for form in forms} == {form["SmsSid"] for form in forms}


@pytest.mark.row("request.text-status.ErrorCode", "code.30002")
@pytest.mark.parametrize(
    ("fate", "status", "code"),
    [("suspended", "failed", "30002"), ("unreachable", "undelivered", "30003")],
)
def test_a_text_that_fails_is_told_with_its_code(
    tmp_path: Path, fate: str, status: str, code: str
) -> None:
    last = sent(tmp_path, fate).app.forms("/told")[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == (status, code)


@pytest.mark.row("request.text-status.MessagingServiceSid")
def test_a_messaging_service_is_told(tmp_path: Path) -> None:
    service = "MG" + "1" * 32
    told = sent(tmp_path, From="", MessagingServiceSid=service)
    assert {form["MessagingServiceSid"] for form in told.app.forms("/told")} == {service}


@pytest.mark.row("request.incoming-text.MessagingServiceSid")
def test_a_number_in_a_messaging_service_says_so(tmp_path: Path) -> None:
    service = "MG" + "1" * 32

    async def act(net: Network) -> None:
        await net.text(from_number=CALLER, to=NUMBER, body="Hello")

    settings: dict[str, Any] = {"sms_url": f"{PUBLIC}/sms", "messaging_service": service}
    form = story(tmp_path, {"/sms": ""}, act, **settings).at("/sms")
    assert set(form) == INCOMING | {"MessagingServiceSid"}
    assert form["MessagingServiceSid"] == service


@pytest.mark.row("http.cookies.texts")
def test_cookies_last_four_hours_between_two_numbers(tmp_path: Path) -> None:
    def visited(form: dict[str, str]) -> web.Response:
        answer = web.Response(text="<Response/>", content_type="text/xml")
        answer.set_cookie("visits", form["Body"])
        return answer

    async def act(net: Network) -> None:
        for who, body, wait_s in ((CALLER, "1", 0.0), (SHOP, "2", 3.9 * 3600), (CALLER, "3", 0.0)):
            await net.text(from_number=who, to=NUMBER, body=body)
            net.exchange.clock.ticks += round(wait_s * 50)
        net.exchange.clock.ticks += round(4.1 * 3600 * 50)
        await net.text(from_number=CALLER, to=NUMBER, body="4")

    told = story(tmp_path, {"/sms": visited}, act, sms_url=f"{PUBLIC}/sms")
    cookies = [one.headers.get("Cookie") for one in told.app.received]
    assert cookies == [None, None, "visits=1", None]
