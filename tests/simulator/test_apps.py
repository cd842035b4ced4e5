"""Applications in the styles people really use, unchanged and in processes of their own.

They reach REST by the environment alone: the proxy that is api.twilio.com.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp.test_utils import unused_port

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, TOKEN
from tests.simulator.processes import process

APPS = Path(__file__).with_name("apps")
OWNER = "+13125550188"
DOMAIN = "assistant.example"

pytestmark = pytest.mark.slow


class Running:
    """An application and a simulator that calls it."""

    def __init__(self, root: str, app: str, reach: dict[str, str]) -> None:
        self.root = root
        self.app = app
        self._reach = reach

    def caller(self) -> Caller:
        return Caller(self.root, number=CALLER)

    def texts(self, to: str) -> list[str]:
        found = requests.get(f"{self.root}/simulator/messages", timeout=60).json()["messages"]
        return [one["body"] for one in found if one["to"] == to]

    def errors(self) -> list[str]:
        found = requests.get(f"{self.root}/simulator/debugger", timeout=60).json()["errors"]
        return [one["message"] for one in found]

    def fetch(self, url: str) -> bytes:
        """What the application would get: by the proxy that is api.twilio.com."""
        answer = requests.get(
            url,
            auth=(ACCOUNT, TOKEN),
            timeout=60,
            proxies={"https": self._reach["HTTPS_PROXY"]},
            verify=self._reach["REQUESTS_CA_BUNDLE"],
        )
        assert answer.status_code == 200, answer.text
        return answer.content

    def describe(self, **phone: Any) -> None:
        answer = requests.post(f"{self.root}/simulator/phones", json=phone, timeout=60)
        assert answer.status_code == 201, answer.text


@contextmanager
def running(
    folder: Path, command: list[str], voice: str, status: str = "", ready: str = "/"
) -> Iterator[Running]:
    """Start both; stop both."""
    app_port, port, door = unused_port(), unused_port(), unused_port()
    app = f"http://127.0.0.1:{app_port}"
    serve = [
        *(sys.executable, "-m", "simulator", "serve", "--port", str(port), "--door", str(door)),
        *("--account-sid", ACCOUNT, "--number", NUMBER, "--data-dir", str(folder)),
        *("--voice-url", f"{app}{voice}", "--pace", "0"),
        *("--map", f"https://{DOMAIN}={app}"),
        *("--map", f"wss://{DOMAIN}=ws://127.0.0.1:{app_port}"),
        *(("--status-callback", f"{app}{status}") if status else ()),
    ]
    proxy, ca = f"http://127.0.0.1:{door}", str(folder / "door" / "ca.pem")
    env = {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "SIMULATOR_AUTH_TOKEN": TOKEN,
        "SHOP_NUMBER": NUMBER,
        "DESK_NUMBER": NUMBER,
        "OWNER_NUMBER": OWNER,
        "COLLEAGUE": OWNER,
        "PUBLIC_URL": app,
        "DOMAIN": DOMAIN,
        "PORT": str(app_port),
    }
    reach = {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "REQUESTS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }
    with process(serve, env, f"http://127.0.0.1:{port}/healthz"):  # noqa: SIM117
        with process(command, env | reach, f"{app}{ready}"):
            yield Running(f"http://127.0.0.1:{port}", app, reach)


def python(name: str) -> list[str]:
    return [sys.executable, str(APPS / name)]


def test_flask_with_the_twilio_package_takes_a_voice_mail(tmp_path: Path) -> None:
    with running(tmp_path, python("flask_voicemail.py"), "/voice", ready="/messages") as shop:
        call = shop.caller().dials()
        call.hears("press 1 for our hours").presses("2")
        call.hears("after the tone").waits(1.5).says("please call me back")
        call.hears("your message has").is_hung_up_on()
        texts = eventually(lambda: shop.texts(OWNER))
        (sid,) = requests.get(f"{shop.app}/messages", timeout=60).json()
        url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}"
        assert texts == [f"New voice mail: {url}"]
        assert shop.fetch(url)[:4] == b"RIFF"
        hours = shop.caller().dials()
        hours.hears("press 1").presses("1").hears("nine to six").is_hung_up_on()
        assert shop.errors() == []


def test_raw_xml_from_fastapi_asks_its_questions(tmp_path: Path) -> None:
    command = python("fastapi_survey.py")
    with running(tmp_path, command, "/start", "/over", ready="/answers") as survey:
        call = survey.caller().dials()
        call.hears("how was the bus").says("late & loud")
        call.hears("will you take it again").presses("1")
        call.hears("you said late").is_hung_up_on()
        answers = eventually(
            lambda: _with_status(requests.get(f"{survey.app}/answers", timeout=60).json())
        )
        assert answers[call.sid] == ["late & loud", "1"]
        assert answers["status"] == ["completed"]
        assert survey.errors() == []


def test_an_assistant_by_conversation_relay_talks_and_hands_over(tmp_path: Path) -> None:
    command = python("fastapi_relay.py")
    with running(tmp_path, command, "/twiml") as library:
        call = library.caller().dials()
        call.hears("ask me anything").says("when do you open")
        call.hears("closes at six").says("tell me about the stars")
        call.hears("let me think").interrupts(says="no I want a person")
        call.hears("to a librarian").is_hung_up_on()
        talk = requests.get(library.app, timeout=60).json()[call.sid]
        asked = [one["content"] for one in talk if one["role"] == "user"]
        assert asked == ["when do you open", "tell me about the stars", "no I want a person"]
        (cut,) = [one["content"] for one in talk if one["role"] == "assistant"]
        assert cut.startswith("Let me think about that.") and cut.count("great deal") < 6
        assert library.errors() == []


def test_node_with_the_twilio_package_puts_a_caller_through(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    folder = APPS / "node_menu"
    if not (folder / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)
    with running(tmp_path, [node, str(folder / "server.js")], "/voice") as desk:
        desk.describe(address=OWNER, after_s=2, steps=[{"waits_s": 2}, {"hangs_up": True}])
        call = desk.caller().dials()
        call.hears("putting you through").is_transferred().hears("thank you").is_hung_up_on()
        desk.describe(address=OWNER, behaviour="no-answer")
        missed = desk.caller().dials()
        missed.hears("putting you through").hears("will call you back").is_hung_up_on()
        assert eventually(lambda: desk.texts(OWNER)) == [f"Missed call from {CALLER}"]
        assert desk.errors() == []


def _with_status(answers: dict[str, list[str]]) -> dict[str, list[str]]:
    return answers if "status" in answers else {}
