"""A caller's and an agent's telephone in a real Chromium, talking with a real application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpensPage
from tests.browser.lineapp import (
    LineApp,
    simulator_for,
    start_line,
    token,
)
from tests.browser.sounds import (
    ALIKE,
    UNLIKE,
    Samples,
    from_mulaw,
    keep_sound,
    likeness,
    played,
    voice,
    write_wav,
)
from tests.conftest import eventually
from tests.simulator_phone.phones import ACCOUNT, AUTH_TOKEN, NUMBER

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]

SPOKEN = voice(40, seed=1)
TUNE = voice(6, seed=2)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineApp]:
    folder = tmp_path_factory.mktemp("line")
    with start_line(write_wav(folder / "tune.wav", TUNE).read_bytes(), folder) as app:
        yield app


@pytest.fixture(autouse=True)
def forgotten(line: LineApp) -> None:
    line.requests.clear()
    line.heard.clear()
    line.stream_events.clear()


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "microphone.wav", SPOKEN)


def _call(page: Page, line: LineApp) -> None:
    page.goto(line.simulator)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Connected")).to_be_visible()


def _second_of(line: LineApp) -> bytes:
    """The next second that the application hears, without the silence around it."""
    line.heard.clear()
    eventually(lambda: len(line.heard) >= 8000)
    return bytes(line.heard).strip(b"\xff\x7f")


def _hears(page: Page, sound: Samples) -> bool:
    return likeness(played(page), sound) > ALIKE


def test_caller_and_application_hear_each_other(
    line: LineApp, chromium_page: OpensPage, microphone: Path
) -> None:
    page = chromium_page(fake_audio=microphone, endless=True)
    _call(page, line)
    keep_sound(page)
    eventually(lambda: _hears(page, TUNE), every_s=0.5)

    page.keyboard.press("7")
    expect(page.locator("#digits")).to_have_text("7")
    eventually(lambda: line.asked("/keys"))
    assert line.asked("/keys")[0]["Digits"] == "7"

    eventually(lambda: likeness(from_mulaw(line.heard), SPOKEN) > ALIKE, every_s=0.5)
    assert likeness(from_mulaw(line.heard), TUNE) < UNLIKE
    eventually(lambda: _hears(page, SPOKEN), every_s=0.5)

    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#state")).to_have_text("Call ended")
    eventually(lambda: "stop" in line.stream_events)
    eventually(lambda: [form["CallStatus"] for form in line.asked("/status")] == ["completed"])


def test_a_muted_caller_is_not_heard(
    line: LineApp, chromium_page: OpensPage, microphone: Path
) -> None:
    page = chromium_page(fake_audio=microphone, endless=True)
    _call(page, line)
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("button", name="Muted")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-key='4']").click()
    eventually(lambda: len(line.heard) > 3 * 8000)
    assert not line.heard[8000:].strip(b"\xff\x7f")


def test_a_parked_line_is_neither_spoken_on_nor_heard_until_it_is_chosen_again(
    line: LineApp, chromium_page: OpensPage, microphone: Path
) -> None:
    page = chromium_page(fake_audio=microphone, endless=True)
    _call(page, line)
    page.keyboard.press("7")
    eventually(lambda: likeness(from_mulaw(line.heard), SPOKEN) > ALIKE, every_s=0.5)

    page.keyboard.press("n")
    expect(page.locator("[data-line='1']")).to_contain_text("parked")
    expect(page.locator("#from")).not_to_have_value("+13125550101")
    eventually(lambda: _second_of(line) == b"")
    assert page.evaluate("softphone.lines[0].call.sound.speaker.gain.value") == 0

    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#state")).to_have_text("Connected")
    eventually(lambda: len(line.asked("/voice")) == 2)
    assert [form["From"] for form in line.asked("/voice")] == ["+13125550101", "+13125550102"]
    page.get_by_role("button", name="Hang up").click()
    page.get_by_role("button", name="Line 1").click()
    expect(page.locator("#state")).to_have_text("Connected")
    expect(page.locator("#lines")).to_contain_text("You pressed")
    line.heard.clear()
    eventually(lambda: likeness(from_mulaw(line.heard), SPOKEN) > ALIKE, every_s=0.5)
    page.get_by_role("button", name="Close line 2").click()
    expect(page.get_by_role("button", name="Line 2")).to_have_count(0)
    page.keyboard.press("h")
    expect(page.locator("#state")).to_have_text("Call ended")


def test_a_busy_line_and_a_network_that_is_gone_are_said_in_plain_words(
    chromium_page: OpensPage, tmp_path: Path
) -> None:
    with start_line(b"", tmp_path) as away:
        page = chromium_page()
        away.voice = '<Response><Reject reason="busy"/></Response>'
        page.goto(away.simulator)
        page.get_by_role("button", name="Call", exact=True).click()
        expect(page.locator("#state")).to_have_text("The number is busy")
        address = away.simulator
    expect(page.get_by_role("alert")).to_contain_text("The phone network is away")
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_disabled()
    with simulator_for(LineApp(b"", simulator=address, port=away.port), tmp_path):
        expect(page.locator("#link-word")).to_have_text("Network up")
        expect(page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
        expect(page.locator("#away")).to_be_hidden()


@pytest.mark.row("call.event.warning")
def test_without_a_microphone_the_keys_still_work_and_the_page_says_why(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page(microphone=False, width=390, height=844)
    _call(page, line)
    expect(page.get_by_role("alert")).to_contain_text("may not use the microphone")
    page.locator("[data-key='#']").scroll_into_view_if_needed()
    page.locator("[data-key='3']").click()
    eventually(lambda: line.asked("/keys"))
    assert line.asked("/keys")[0]["Digits"] == "3"


def test_text_messages_to_the_caller_arrive_on_the_page_and_no_others(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(line.simulator)
    page.locator("#from").fill("+13125550177")
    page.locator("#from").press("Tab")
    expect(page.locator("#texts-number")).to_have_text("to +13125550177")
    _send_text(line, to="+13125550178", body="for somebody else")
    _send_text(line, to="+13125550177", body="your report 1234")
    expect(page.locator("#texts")).to_contain_text("your report 1234")
    expect(page.locator("#texts")).not_to_contain_text("for somebody else")


def _send_text(line: LineApp, *, to: str, body: str) -> None:
    answer = requests.post(
        f"{line.simulator}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={"To": to, "From": NUMBER, "Body": body},
        auth=(ACCOUNT, AUTH_TOKEN),
        timeout=10,
    )
    assert answer.json()["to"] == to


def test_a_softphone_rings_when_its_number_is_called_and_hears_who_calls(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(line.simulator)
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
    page.locator("#from").fill("+13125550166")
    page.get_by_label("Ring here").check()
    phones = f"{line.simulator}/simulator/phones"
    eventually(lambda: "+13125550166" in requests.get(phones, timeout=5).json()["registered"])
    first = _call_out(line, "+13125550166")
    expect(page.locator("#state")).to_have_text(f"Incoming call from {NUMBER}")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#state")).to_have_text("Connected")
    keep_sound(page)
    eventually(lambda: _hears(page, TUNE), every_s=0.5)
    page.get_by_role("button", name="Hang up").click()
    eventually(lambda: _status(line, first) == "completed")

    _call_out(line, "+13125550166")
    page.get_by_role("button", name="Decline").click()
    expect(page.locator("#state")).to_have_text("You declined the call")
    page.get_by_label("Ring here").uncheck()


def _status(line: LineApp, sid: str) -> str:
    answer = requests.get(
        f"{line.simulator}/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
        auth=(ACCOUNT, AUTH_TOKEN),
        timeout=10,
    )
    return str(answer.json()["status"])


def _call_out(line: LineApp, to: str) -> str:
    """Call a phone from the line; the call's SID."""
    document = "<Response><Play loop='0'>https://app.example/tune.wav</Play></Response>"
    answer = requests.post(
        f"{line.simulator}/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        data={"To": to, "From": NUMBER, "Twiml": document},
        auth=(ACCOUNT, AUTH_TOKEN),
        timeout=10,
    )
    assert answer.status_code == 201
    return str(answer.json()["sid"])


def test_a_number_typed_before_the_page_knows_its_callers_is_kept(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    late: list[Route] = []
    page.route("**/phone/config", lambda route: late.append(route))
    page.goto(line.simulator)
    page.locator("#from").fill("+13125550187")
    while not late:
        page.wait_for_timeout(20)
    late[0].continue_()
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_enabled()
    expect(page.locator("#to")).to_have_value(NUMBER)
    expect(page.locator("#from")).to_have_value("+13125550187")
    expect(page.locator("#texts-number")).to_have_text("to +13125550187")


def test_a_number_that_does_not_exist_is_said_to_be_so(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(line.simulator)
    page.locator("#to").fill("+13125550199")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("13125550199|number", re.I))
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_visible()


def _desk(page: Page, line: LineApp, access: str) -> None:
    page.goto(f"http://localhost:{line.port}/desk")
    page.evaluate("token => { phone(token); }", access)


def _seen(page: Page) -> list[str]:
    return list(page.evaluate("seen"))


@pytest.mark.row("agent_dials.From", "agent_dials.params")
def test_an_agent_talks_from_a_page_of_another_origin_under_a_strict_policy(
    line: LineApp, chromium_page: OpensPage, microphone: Path
) -> None:
    page = chromium_page(fake_audio=microphone, endless=True)
    _desk(page, line, token("agent_7"))
    page.evaluate("device.register()")
    assert _seen(page) == ["registering", "registered"]
    assert page.evaluate("device.identity") == "agent_7"

    page.locator("#go").click()
    eventually(lambda: "accept" in _seen(page))
    form = line.asked("/agent")[0]
    assert form["From"] == "client:agent_7"
    assert form["offer"] == "42"
    assert page.evaluate("call.parameters.CallSid") == form["CallSid"]
    assert page.evaluate("call.status()") == "open"

    keep_sound(page)
    eventually(lambda: likeness(from_mulaw(line.heard), SPOKEN) > ALIKE, every_s=0.5)
    eventually(lambda: _hears(page, SPOKEN), every_s=0.5)

    page.evaluate("call.disconnect()")
    eventually(lambda: "stop" in line.stream_events)
    assert _seen(page)[-1] == "disconnect"
    assert page.evaluate("device.state") == "registered"


def test_a_caller_in_a_queue_and_the_agent_who_takes_them_hear_each_other(
    line: LineApp, chromium_page: OpensPage, microphone: Path, tmp_path: Path
) -> None:
    caller = chromium_page(fake_audio=microphone, endless=True)
    _call(caller, line)
    caller.keyboard.press("9")
    eventually(lambda: line.asked("/wait"))
    keep_sound(caller)
    eventually(lambda: _hears(caller, TUNE), every_s=0.5)

    agent_says = voice(40, seed=3)
    agent = chromium_page(write_wav(tmp_path / "agent.wav", agent_says), endless=True)
    _desk(agent, line, token())
    agent.evaluate("() => { talk({ queue: 'people' }); }")
    expect(caller.locator("#lines")).to_contain_text("You are through to somebody")
    keep_sound(caller)
    keep_sound(agent)
    eventually(lambda: _hears(agent, SPOKEN), every_s=0.5)
    eventually(lambda: _hears(caller, agent_says), every_s=0.5)
    assert likeness(played(agent), agent_says) < UNLIKE
    assert likeness(played(caller), SPOKEN) < UNLIKE

    caller.get_by_role("button", name="Hang up").click()
    eventually(lambda: "disconnect" in _seen(agent))


def test_an_agent_without_a_microphone_makes_no_call_and_hears_why(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page(microphone=False)
    _desk(page, line, token())
    page.locator("#go").click()
    eventually(lambda: "disconnect" in _seen(page))
    assert "error 31401" in _seen(page)
    assert not line.asked("/agent")


def test_a_forged_token_registers_nobody(line: LineApp, chromium_page: OpensPage) -> None:
    page = chromium_page()
    _desk(page, line, token(secret="a-forged-secret-of-at-least-thirty-two-bytes"))
    code = page.evaluate("device.register().then(() => 0, (error) => error.code)")
    assert code == 20101
    assert "registered" not in _seen(page)


@pytest.mark.row("device.event.tokenWillExpire")
def test_a_page_is_asked_for_a_new_token_in_time(line: LineApp, chromium_page: OpensPage) -> None:
    page = chromium_page()
    page.goto(f"http://localhost:{line.port}/desk")
    page.evaluate("token => { phone(token); }", token(ttl=11))
    eventually(lambda: "tokenWillExpire" in _seen(page))
    page.evaluate("token => device.updateToken(token)", token())
    page.evaluate("device.register()")
    assert page.evaluate("device.state") == "registered"


@pytest.mark.row("code.31005")
def test_an_agent_is_registered_again_after_the_network_was_away(
    chromium_page: OpensPage, tmp_path: Path
) -> None:
    with start_line(b"", tmp_path) as away:
        page = chromium_page()
        _desk(page, away, token())
        page.evaluate("device.register()")
        port = away.simulator
    eventually(lambda: page.evaluate("device.state") == "registering")
    assert "error 31005" in _seen(page)
    with simulator_for(LineApp(b"", simulator=port, port=away.port), tmp_path):
        eventually(lambda: page.evaluate("device.state") == "registered")
