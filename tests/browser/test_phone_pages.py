"""The simulator's pages as seen: a call's record while it runs, sizes, and the line's filters."""

from __future__ import annotations

import base64
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpensPage
from tests.browser.lineapp import ANSWER, LineApp, start_line
from tests.browser.sounds import from_mulaw, voice, write_wav
from tests.conftest import eventually
from tests.simulator_phone.phones import ACCOUNT, AUTH_TOKEN

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]

TONE_THROUGH_THE_LINE = """async (pitch) => {
  const context = new AudioContext();
  await context.audioWorklet.addModule("/static/phone/worklet.js");
  const line = new AudioWorkletNode(context, "phone-line");
  const tone = new OscillatorNode(context, { frequency: pitch });
  tone.connect(new GainNode(context, { gain: 0.5 })).connect(line).connect(context.destination);
  const frames = await new Promise((resolve) => {
    const got = [];
    line.port.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer && got.push(...new Uint8Array(data)) > 8000) resolve(got);
    };
    tone.start();
    context.resume();
  });
  await context.close();
  return btoa(String.fromCharCode(...frames));
}"""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineApp]:
    folder = tmp_path_factory.mktemp("pages")
    with start_line(write_wav(folder / "tune.wav", voice(3, seed=2)).read_bytes(), folder) as app:
        yield app


def on_a_call(line: LineApp, chromium_page: OpensPage) -> tuple[Page, Page]:
    """A softphone that is connected, and the page of calls beside it."""
    phone = chromium_page()
    phone.goto(line.simulator)
    phone.get_by_role("button", name="Call", exact=True).click()
    expect(phone.locator("#state")).to_have_text("Connected")

    page = phone.context.new_page()
    page.goto(f"{line.simulator}/calls")
    return phone, page


def test_a_call_is_seen_with_its_requests_and_keys_while_it_runs(
    line: LineApp, chromium_page: OpensPage
) -> None:
    phone, page = on_a_call(line, chromium_page)
    expect(page.locator(".call[data-live]")).to_contain_text("+13125550101")
    expect(page.locator("#events")).to_contain_text("POST https://app.example/voice")
    phone.keyboard.press("5")
    expect(page.locator("#events .on-keys")).to_contain_text("5")
    page.locator("summary", has_text="/keys").first.click()
    expect(page.locator("#events")).to_contain_text("Digits=5")
    phone.get_by_role("button", name="Hang up").click()
    expect(page.locator(".call").first).to_contain_text("completed")


def test_the_verb_that_runs_is_marked_and_a_call_can_be_made_again(
    line: LineApp, chromium_page: OpensPage
) -> None:
    phone, page = on_a_call(line, chromium_page)
    expect(page.locator("#code [aria-current=step] mark")).to_be_visible()
    expect(page.get_by_role("button", name="Call again")).to_be_hidden()
    phone.keyboard.press("7")
    phone.get_by_role("button", name="Hang up").click()
    first = page.locator("#facts code").inner_text()
    page.get_by_role("button", name="Call again").click()
    expect(page.locator("#facts code")).not_to_have_text(first)
    expect(page.locator("#events .on-keys")).to_contain_text("7")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("dark", [False, True])
def test_pages_fit_their_window_and_can_be_touched(
    line: LineApp, chromium_page: OpensPage, width: int, height: int, dark: bool
) -> None:
    page = chromium_page(width=width, height=height, dark=dark)
    for path in ("/", "/calls", "/debugger", "/faults"):
        page.goto(line.simulator + path)
        expect(page.locator("#link")).to_have_attribute("data-state", "up")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert _too_small(page) == [], path


def test_a_request_shows_what_its_signature_is_worth_and_goes_again_by_hand(
    line: LineApp, chromium_page: OpensPage
) -> None:
    plan: Any = {"webhooks": [{"fault": "bad_signature", "of": ["status"]}]}
    requests.put(f"{line.simulator}/simulator/faults", json=plan, timeout=5)
    phone, page = on_a_call(line, chromium_page)
    page.locator("#events summary", has_text="/voice").first.click()
    expect(page.locator(".verdict").first).to_have_text("signed rightly")
    page.get_by_role("button", name="Requests").click()
    expect(page.locator("#events .on-verb").first).to_be_hidden()
    phone.get_by_role("button", name="Hang up").click()
    page.locator("#events summary", has_text="/status").click()
    expect(page.locator(".verdict[data-verdict=forged]")).to_be_visible()

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as curl").first.click()
    command = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    before = len(line.asked("/voice"))
    subprocess.run([*command, "--silent", "--output", "/dev/null"], check=True, timeout=60)
    again = line.asked("/voice")[before]
    assert again == line.asked("/voice")[before - 1]
    requests.delete(f"{line.simulator}/simulator/faults", timeout=5)


def test_an_error_says_what_to_do_on_the_call_and_in_the_log_of_errors(
    line: LineApp, chromium_page: OpensPage
) -> None:
    line.voice = "<Response><Sing/></Response>"
    phone = chromium_page()
    phone.goto(line.simulator)
    phone.get_by_role("button", name="Call", exact=True).click()
    page = phone.context.new_page()
    page.goto(f"{line.simulator}/calls")
    expect(page.locator("#events .on-error")).to_contain_text("12200")
    expect(page.locator("#events .on-error")).to_contain_text("What to do: Correct the named")
    line.voice = ANSWER
    sid = page.locator("#facts code").inner_text()
    page.get_by_role("link", name="12200").click()
    entry = page.locator("#log li").first
    expect(entry).to_contain_text("Schema validation")
    expect(entry).to_contain_text("What to do")
    page.locator("#search").fill("nothing like it")
    expect(page.locator("#empty")).to_have_text("Nothing of that kind.")
    page.locator("#search").fill("Sing")
    entry.get_by_role("link", name="The call").click()
    expect(page.locator("#facts code")).to_have_text(sid)


def test_knobs_put_the_plan_in_force_and_show_one_that_came_from_elsewhere(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(f"{line.simulator}/faults")
    lost = page.locator(".kind", has=page.get_by_role("switch", name="lost")).first
    lost.get_by_role("switch").check()
    lost.get_by_label("status", exact=True).check()
    eventually(lambda: _plan(line).get("webhooks", [{}])[0].get("of") == ["status"])
    lost.locator("[type=range]").fill("25")
    eventually(lambda: _plan(line).get("webhooks", [{}])[0].get("share") == 0.25)
    expect(page.locator("#written")).to_contain_text('"lost"')

    other: Any = {"seed": 9, "rest": [{"fault": "429", "share": 0.5}]}
    requests.put(f"{line.simulator}/simulator/faults", json=other, timeout=5)
    expect(page.locator("#seed")).to_have_value("9")
    expect(page.get_by_role("switch", name="429")).to_be_checked()
    expect(lost.get_by_role("switch")).not_to_be_checked()

    page.get_by_role("switch", name="hangs up").check()
    moment = page.locator("select").first
    expect(moment.locator("option[value=connected]")).to_have_text(
        "connected: while talking to another person"
    )
    moment.select_option("connected")
    eventually(lambda: _plan(line).get("callers", [{}])[0].get("at") == "connected")

    page.locator("#seed").fill("5")
    page.locator("#seed").press("Tab")
    eventually(lambda: _plan(line).get("seed") == 5)
    page.get_by_role("button", name="Switch all faults off").click()
    eventually(lambda: _plan(line) == {"seed": 1})
    expect(page.get_by_role("switch", name="429")).not_to_be_checked()


def test_one_button_takes_the_carrier_out_and_one_cuts_the_media_sockets(
    line: LineApp, chromium_page: OpensPage
) -> None:
    phone, page = on_a_call(line, chromium_page)
    phone.keyboard.press("7")
    eventually(lambda: "start" in line.stream_events)
    page.goto(f"{line.simulator}/faults")
    page.get_by_role("button", name="Cut all media sockets").click()
    expect(page.locator("#at-once-word")).to_have_text("Cut the sockets of 1 call.")
    page.get_by_role("button", name="Cut all media sockets").click()
    expect(page.locator("#at-once-word")).to_have_text("No media socket is open.")

    page.locator("#outage-seconds").fill("600")
    page.get_by_role("button", name="Take the carrier out").click()
    expect(page.locator("#outage-word")).to_contain_text("The carrier is out for another")
    assert _fetched(line).status_code == 503
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("button", name="Take the carrier out")).to_be_visible()
    assert _fetched(line).status_code == 200


def _plan(line: LineApp) -> dict[str, Any]:
    answer = requests.get(f"{line.simulator}/simulator/faults", timeout=5).json()
    return dict(answer["plan"])


def _fetched(line: LineApp) -> requests.Response:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    return requests.get(line.simulator + path, auth=(ACCOUNT, AUTH_TOKEN), timeout=5)


def _too_small(page: Page) -> list[str]:
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("button, input:not([type=checkbox])")]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML)"""
        )
    )


def test_a_telephone_carries_speech_and_folds_nothing_into_it(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    for pitch in (400, 1000, 3000):
        assert _loudness_db(line, page, pitch) == pytest.approx(-9, abs=0.5), pitch
    for pitch in (5000, 7000, 9000):
        assert _loudness_db(line, page, pitch) < -55, pitch


def _loudness_db(line: LineApp, page: Page, pitch: int) -> float:
    page.goto(line.simulator)
    sound = from_mulaw(base64.b64decode(page.evaluate(TONE_THROUGH_THE_LINE, pitch)))
    power = float(np.mean(sound[2000:] ** 2))
    return float(10 * np.log10(power + 1e-12))
