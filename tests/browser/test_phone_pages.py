"""The simulator's pages as seen: a call's record while it runs, sizes, and the line's filters."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpensPage
from tests.browser.lineapp import LineApp, start_line
from tests.browser.sounds import from_mulaw, voice, write_wav

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
    expect(page.locator("#events .on-keys")).to_contain_text("7", timeout=30_000)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", ["/", "/calls"])
def test_pages_fit_their_window_and_can_be_touched(
    line: LineApp, chromium_page: OpensPage, width: int, height: int, dark: bool, path: str
) -> None:
    page = chromium_page(width=width, height=height, dark=dark)
    page.goto(line.simulator + path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert _too_small(page) == []


def _too_small(page: Page) -> list[str]:
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("button, input")]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML)"""
        )
    )


@pytest.mark.parametrize("pitch", [400, 1000, 3000])
def test_what_a_telephone_carries_passes(
    line: LineApp, chromium_page: OpensPage, pitch: int
) -> None:
    assert _loudness_db(line, chromium_page(), pitch) == pytest.approx(-9, abs=0.5)


@pytest.mark.parametrize("pitch", [5000, 7000, 9000])
def test_what_it_does_not_carry_never_folds_into_speech(
    line: LineApp, chromium_page: OpensPage, pitch: int
) -> None:
    assert _loudness_db(line, chromium_page(), pitch) < -55


def _loudness_db(line: LineApp, page: Page, pitch: int) -> float:
    page.goto(line.simulator)
    sound = from_mulaw(base64.b64decode(page.evaluate(TONE_THROUGH_THE_LINE, pitch)))
    power = float(np.mean(sound[2000:] ** 2))
    return float(10 * np.log10(power + 1e-12))
