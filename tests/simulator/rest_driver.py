"""The unmodified `twilio` client against a simulator of its own, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from simulator.callers import Caller, ScriptedCall
from simulator.keys import NETWORK
from simulator.network import Network
from simulator.server import create_app
from tests.conftest import eventually
from tests.loops import InALoop
from tests.simulator.app import ACCOUNT, CALLER, TOKEN, FakeApp, response, settings_for
from tests.simulator.openapi import check

_TICK_S = 0.02
API = f"/2010-04-01/Accounts/{ACCOUNT}"


class Rooted(TwilioHttpClient):
    """Twilio's own HTTP client with another host; every answer is held to the description."""

    def __init__(self, root: str) -> None:
        super().__init__(timeout=60)
        self._root = urlsplit(root)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send to the simulator."""
        there = urlsplit(url)._replace(scheme=self._root.scheme, netloc=self._root.netloc)
        answer = super().request(method, urlunsplit(there), *args, **kwargs)
        check(method, there.path, answer.status_code, answer.text)
        return answer


class Served(InALoop):
    """A simulator with a fake application, in a thread of its own."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        super().__init__()
        self._changes = changes
        self.app = FakeApp({"/status": "", "/recording": ""})
        self._folder = folder
        self.network: Network
        self.root = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The fake application and the simulator."""
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", self.app.answer)
        async with (
            TestServer(outer) as theirs,
            TestServer(self._simulator(theirs.port or 0), port=self._changes.get("port")) as ours,
        ):
            self.root = f"http://127.0.0.1:{ours.port}"
            yield

    def _simulator(self, port: int) -> web.Application:
        app = create_app(replace(settings_for(port, self._folder), **self._changes))
        self.network = app[NETWORK]
        return app

    def run(self, work: Callable[[Network], Coroutine[Any, Any, Any]]) -> Any:
        """Do something in the simulator's own loop."""
        return self.in_loop(work(self.network))

    def client(self, token: str = TOKEN) -> Client:
        """A client with these credentials."""
        return Client(ACCOUNT, token, http_client=Rooted(self.root))

    @contextmanager
    def standing_still(self) -> Iterator[Callable[[Callable[[], bool]], None]]:
        """Line time stands still; `go_on(until)` lets it pass to the moment in which that holds."""
        held = ExitStack()

        async def hold(net: Network) -> None:
            held.enter_context(net.exchange.clock.held())

        def go_on(until: Callable[[], bool]) -> None:
            async def pass_time(net: Network) -> None:
                held.close()
                while not until():
                    await net.exchange.clock.sleep(_TICK_S)
                await hold(net)

            self.run(pass_time)

        async def release(_: Network) -> None:
            held.close()

        self.run(hold)
        try:
            yield go_on
        finally:
            self.run(release)


def describe(served: Served, address: str, **facts: Any) -> None:
    """Say who answers at an address."""
    answer = requests.post(
        f"{served.root}/simulator/phones", json={"address": address, **facts}, timeout=60
    )
    assert answer.status_code == 201, answer.text


def first(served: Served, path: str, sid: str) -> dict[str, str]:
    """The first form about a call that comes to a path."""
    found: dict[str, str] = eventually(
        lambda: [form for form in served.app.forms(path) if form.get("CallSid") == sid]
    )[0]
    return found


def reach(served: Served, address: str, **facts: Any) -> None:
    """Say how well a number is reached."""
    answer = requests.post(
        f"{served.root}/simulator/reach", json={"address": address, **facts}, timeout=60
    )
    assert answer.status_code == 201, answer.text


def ended(client: Client, sid: str) -> Any:
    """A call that is completed; None before that."""
    call = client.calls(sid).fetch()
    return call if call.status == "completed" else None


def fetched(served: Served, path: str, **query: str) -> dict[str, Any]:
    """An answer as it comes, validated."""
    answer = requests.get(
        f"{served.root}{API}{path}", params=query, auth=(ACCOUNT, TOKEN), timeout=60
    )
    check("GET", f"{API}{path}", answer.status_code, answer.text)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def told(served: Served, path: str, sid: str) -> list[dict[str, str]]:
    """The forms about a call that came to a path."""
    return [form for form in served.app.forms(path) if form.get("CallSid") == sid]


def told_of_end(served: Served, sid: str) -> dict[str, str]:
    """The last progress of a call that is over."""
    found: dict[str, str] = eventually(
        lambda: [form for form in told(served, "/progress", sid) if "CallDuration" in form]
    )[-1]
    return found


def refusal(ask: Callable[[], object]) -> tuple[int, int]:
    """The status and the code with which it is refused; fails when it is not."""
    with pytest.raises(TwilioRestException) as refused:
        ask()
    return refused.value.status, refused.value.code


@contextmanager
def talking(served: Served) -> Iterator[ScriptedCall]:
    """A caller whom the application has greeted, and who stays until the block ends."""
    served.app.replies["/voice"] = response("<Say>Good day.</Say><Pause length='600'/>")
    made = Caller(served.root, number=CALLER).dials().hears("good day")
    yield made
    made.hangs_up()
