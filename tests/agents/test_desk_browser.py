"""An agent at the real desk in Chromium, a scripted caller on the local phone network.

The line itself is replaced by one webhook that asks for a person at once; that the whole
line leads here is for tests/journeys.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask, Response, request
from playwright.sync_api import APIResponse, Page, Route, expect
from sqlalchemy.exc import OperationalError

from agents import webhooks
from agents.desk import pages
from agents.handovers import actions
from agents.models import Handover
from calls.actions import call_arrived, say
from calls.models import Call
from carriers.base import Carrier
from carriers.twilio.carrier import TwilioCarrier
from carriers.verbs import JoinQueue
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.outbox.work import work
from infra.services import Services
from migrations.tables import metadata
from tests import cities
from tests.browser.conftest import OpensPage
from tests.conftest import eventually, settings_of
from tests.ports import free_ports
from tests.serving import serving
from voice.cache import VoiceCache
from web.access.guard import Role, public
from web.access.staff import add_staff
from web.shell import create_shell
from web.webhooks import reply

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery staple"
TIMEOUT_MS = 30_000


class Line:
    """Web, worker and phone network of one test, with one agent who can sign in."""

    def __init__(self, services: Services, app: Flask, web_port: int, phone_port: int) -> None:
        self.services = services
        self.app = app
        self.web = f"http://localhost:{web_port}"
        self.phone = f"http://127.0.0.1:{phone_port}"
        self._callers: list[subprocess.Popen[bytes]] = []

    def handover(self) -> Handover | None:
        with self.services.database.read() as session:
            return session.query(Handover).order_by(Handover.id.desc()).first()

    def loses_its_agent(self) -> None:
        """The agent of the conversation is taken for gone."""
        with self.services.database.transaction() as session:
            actions.agent_lost(session, session.query(Handover).one())

    def state(self) -> str:
        found = self.handover()
        return found.state if found else ""

    def use(self, **settings: object) -> None:
        """Go on with other settings."""
        self.services.settings = self.services.settings.model_copy(update=settings)

    def calls(self, scenario: str, folder: Path) -> subprocess.Popen[bytes]:
        """A scripted caller calls now, and is gone when the test is over."""
        file = folder / "caller.yaml"
        file.write_text(scenario)
        command = ["-m", "simulator", "call", "--server", self.phone, "--scenario", str(file)]
        caller = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._callers.append(caller)
        return caller

    def ends(self) -> None:
        """Nobody calls any more."""
        for caller in self._callers:
            caller.terminate()
            caller.wait(timeout=60)


def _voice(services: Services) -> Response:
    """The line's stand-in: notes what was said and asks for a person."""
    root = services.settings.public_url
    with services.database.transaction() as session:
        call = call_arrived(
            session,
            carrier_sid=request.form["CallSid"],
            from_number=request.form["From"],
            to_number=request.form["To"],
            direction="inbound",
            language="en",
        )
        call.draft = {"category": "pothole", "category_score": 0.8, "problem_text": "a deep hole"}
        say(session, call_id=call.id, speaker="caller", text="a deep hole in the road")
        handover = actions.ask_for_person(session, call_id=call.id)
        wait = JoinQueue(
            actions.queue_name(handover.call_id),
            wait=f"{root}/agents/wait",
            then=f"{root}/agents/queue-over",
        )
    return reply((wait,))


def _app(services: Services) -> Flask:
    app = Flask("swiftline", static_folder=None)
    create_shell(app, services)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.before_request_funcs[None] = [
        check for check in app.before_request_funcs[None] if check.__module__ != "web.access.csrf"
    ]
    app.add_url_rule("/voice", "voice", public(lambda: _voice(services)), methods=["POST"])
    cache = services.get(VoiceCache)
    app.add_url_rule(
        "/say/<key>.wav",
        "sound",
        public(lambda key: Response(cache.wav(key), content_type="audio/wav")),
    )
    return app


def _simulator(settings: Settings, web_port: int) -> subprocess.Popen[bytes]:
    root = settings.public_url
    options = {
        "--port": settings.simulator_port,
        "--account-sid": settings.twilio_account_sid,
        "--api-key": settings.twilio_api_key,
        "--app-sid": settings.twilio_twiml_app_sid,
        "--voice-url": f"{root}/voice",
        "--app-voice-url": f"{root}/agents/voice",
        "--map": f"{root}=http://127.0.0.1:{web_port}",
        "--data-dir": settings.var_dir / "simulator",
    }
    flat = [str(part) for pair in options.items() for part in pair]
    secrets = {
        "SIMULATOR_AUTH_TOKEN": settings.twilio_auth_token,
        "SIMULATOR_API_SECRET": settings.twilio_api_secret,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "serve", *flat], env={**os.environ, **secrets}
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    web_port, phone_port = free_ports(2)
    settings = settings_of(
        tmp_path,
        f"sqlite:///{tmp_path / 'desk.db'}",
        voice_en="espeak",
        web_port=web_port,
        simulator_port=phone_port,
    )
    services = Services(settings, Database(settings.database))
    metadata.create_all(services.database.engine)
    services.add(City, cities.chicago())
    services.add(Carrier, TwilioCarrier(settings))
    services.add(VoiceCache, VoiceCache(settings))
    with services.database.transaction() as session:
        add_staff(session, username="alice", name="Alice", password=PASSWORD, roles=[Role.AGENT])
    app, over = _app(services), threading.Event()
    worker = threading.Thread(target=_works, args=(services, over), daemon=True)
    worker.start()
    with serving(app, web_port):
        simulator = _simulator(settings, web_port)
        made = Line(services, app, web_port, phone_port)
        eventually(lambda: _answers(f"{made.phone}/healthz"))
        yield made
        made.ends()
        over.set()
        simulator.terminate()
        simulator.wait(timeout=60)
    worker.join(timeout=60)


def _works(services: Services, over: threading.Event) -> None:
    while not over.wait(0.1):
        with suppress(OperationalError):
            work(services, "live")


def signs_in(page: Page, line: Line) -> None:
    page.goto(f"{line.web}/signin?next=/agents/desk")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/agents/desk"))


def is_ready(page: Page, line: Line) -> None:
    """The agent signs in and waits for calls."""
    signs_in(page, line)
    page.click("#go-ready")


def takes_a_call(page: Page, line: Line, folder: Path, *, waits_s: int) -> subprocess.Popen[bytes]:
    """The agent is ready, and talks with a caller who stays for so long."""
    is_ready(page, line)
    steps = f"from: '+13125550101'\nsteps:\n  - waits_s: {waits_s}\n"
    caller = line.calls(steps, folder)
    page.locator("#accept").click(timeout=TIMEOUT_MS)
    expect(page.locator("#sound-word")).to_have_text("Connected", timeout=TIMEOUT_MS)
    return caller


def test_an_agent_takes_a_call_files_it_and_hangs_up(
    line: Line,
    chromium_page: OpensPage,
    tmp_path: Path,
) -> None:
    page = chromium_page()
    is_ready(page, line)
    caller = line.calls(
        "from: '+13125550101'\nsteps:\n  - is_transferred: true\n    within_s: 90\n"
        "  - is_hung_up_on: true\n    within_s: 90\n",
        tmp_path,
    )
    expect(page.locator("#offer-category")).to_have_text("Pothole", timeout=TIMEOUT_MS)
    expect(page.locator("#offer")).not_to_contain_text("555")
    page.keyboard.press("Control+Shift+A")
    expect(page.locator("#sound-word")).to_have_text("Connected", timeout=TIMEOUT_MS)
    expect(page.locator("#said")).to_contain_text("a deep hole in the road")
    page.keyboard.press("Control+Shift+M")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    page.fill("#notes", "in front of the school")
    page.click("text=File the ticket")
    expect(page.locator("#filed-number")).to_have_text(re.compile(r"\d{3} \d{3}"))
    page.keyboard.press("Control+Shift+1")
    expect(page.locator("body")).to_have_attribute("data-presence", "wrapping_up")
    said, _ = caller.communicate(timeout=90)
    assert caller.returncode == 0, said.decode()
    assert line.state() == "ended"
    page.click("#wrap-up-done")
    expect(page.locator("body")).to_have_attribute("data-presence", "ready")


def test_a_reload_in_the_conversation_keeps_the_caller_who_can_be_taken_back(
    line: Line,
    chromium_page: OpensPage,
    tmp_path: Path,
) -> None:
    page = chromium_page()
    page.on("dialog", lambda dialog: dialog.accept())
    caller = takes_a_call(page, line, tmp_path, waits_s=300)
    page.fill("#notes", "half a sentence")
    expect(page.locator("#saved")).to_contain_text("Saved", timeout=TIMEOUT_MS)
    page.reload()
    eventually(lambda: line.state() == "waiting")
    assert caller.poll() is None
    expect(page.locator("#cut-off")).to_be_visible(timeout=TIMEOUT_MS)
    page.click("#take-back")
    expect(page.locator("#sound-word")).to_have_text("Connected", timeout=TIMEOUT_MS)
    expect(page.locator("#notes")).to_have_value("half a sentence")
    assert line.state() == "in_conversation"


def test_a_caller_who_hangs_up_leaves_the_agent_with_the_wrap_up(
    line: Line,
    chromium_page: OpensPage,
    tmp_path: Path,
) -> None:
    page = chromium_page()
    is_ready(page, line)
    line.calls(
        "from: '+13125550101'\nsteps:\n  - is_transferred: true\n    within_s: 90\n"
        "  - waits_s: 1\n  - hangs_up: true\n",
        tmp_path,
    )
    page.locator("#accept").click(timeout=TIMEOUT_MS)
    expect(page.locator("#ended-by")).to_have_text("The caller hung up.", timeout=TIMEOUT_MS)
    with line.services.database.read() as session:
        assert session.query(Call).count() == 1
    assert line.state() == "ended"


def test_an_answer_from_before_the_accept_hangs_up_on_nobody(
    line: Line,
    chromium_page: OpensPage,
    tmp_path: Path,
) -> None:
    page = chromium_page()
    is_ready(page, line)
    line.calls("from: '+13125550101'\nsteps:\n  - waits_s: 60\n", tmp_path)
    expect(page.locator("#offer")).to_be_visible(timeout=TIMEOUT_MS)
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/agents/here", lambda route: late.append((route, route.fetch())), times=1)
    eventually(lambda: page.evaluate("true") and late)
    page.locator("#accept").click()
    expect(page.locator("#sound-word")).to_have_text("Connected", timeout=TIMEOUT_MS)
    with page.expect_request("**/agents/state"):
        route, answer = late[0]
        route.fulfill(response=answer)
    expect(page.locator("#sound-word")).to_have_text("Connected")
    assert line.state() == "in_conversation"


def test_what_could_not_be_saved_is_kept_when_the_conversation_is_cut_off(
    line: Line,
    chromium_page: OpensPage,
    tmp_path: Path,
) -> None:
    page = chromium_page()
    takes_a_call(page, line, tmp_path, waits_s=60)
    network_is_away = threading.Event()
    network_is_away.set()

    def saves(route: Route) -> None:
        if network_is_away.is_set():
            route.abort()
        else:
            route.continue_()

    def beats(route: Route) -> None:
        if network_is_away.is_set():
            line.loses_its_agent()
            network_is_away.clear()
        route.continue_()

    page.route("**/draft", saves)
    page.fill("#notes", "half a sentence")
    expect(page.locator("#saved")).to_contain_text("Not saved yet", timeout=TIMEOUT_MS)
    with page.expect_response(re.compile("/draft$"), timeout=TIMEOUT_MS):
        page.route("**/agents/here", beats)
    handover = line.handover()
    assert handover is not None
    assert handover.draft["notes"] == "half a sentence"


def test_a_button_counts_though_the_desk_changes_while_it_is_pressed(
    line: Line, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    held: list[Route] = []
    page.route("**/agents/here", lambda route: held.append(route))
    signs_in(page, line)
    page.hover("#go-ready")
    while not held:
        page.wait_for_timeout(20)
    page.mouse.down()
    with page.expect_response("**/agents/here"):
        held[0].continue_()
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.locator("body")).to_have_attribute("data-presence", "ready")


def test_the_voice_sdk_is_served_and_takes_the_same_interface(
    line: Line, chromium_page: OpensPage, tmp_path: Path
) -> None:
    line.use(agent_phone="twilio")
    page = chromium_page()
    is_ready(page, line)
    expect(page.locator("body")).to_have_attribute("data-presence", "ready")
    assert eventually(lambda: page.evaluate("globalThis.Twilio && Twilio.Device.version"))
    expect(page.locator("#trouble")).to_be_hidden()
