"""Whole calls in simulated time, and what the application was asked and told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, encode_basic_auth, web
from aiohttp.test_utils import BaseTestServer, TestServer

from simulator.calls.call import Call
from simulator.calls.legs import Endpoint, NotReachable
from simulator.debugger import Alert
from simulator.keys import NETWORK
from simulator.network import Network
from simulator.numbers.caller_id import CallerFacts
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import behaviour_from, scenario_from
from simulator.server import create_app
from simulator.settings import Hook
from tests.simulator.app import (
    ACCOUNT,
    CALLER,
    NUMBER,
    TOKEN,
    FakeApp,
    Received,
    network,
    response,
    run,
    settings_for,
)

SHOP, FRIEND = "+13125550177", "+13125550178"
GONE = {"is_hung_up_on": True}
_QUIET: dict[str, Any] = {"/status": "", "/child": "", "/room": "", "/recording": ""}
"""Callbacks that nobody minds."""
Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
Act = Callable[[Network], Awaitable[None]]


@dataclass(frozen=True)
class Told:
    """What the application received in a run, and the calls of it."""

    app: FakeApp
    calls: tuple[Call, ...]
    alerts: tuple[Alert, ...]

    @property
    def paths(self) -> list[str]:
        """Where the requests went, in order."""
        return [one.path for one in self.app.received]

    def at(self, path: str) -> dict[str, str]:
        """The fields of the only request to an address."""
        (form,) = self.app.forms(path)
        return form

    def request(self, path: str) -> Received:
        """The first request to an address."""
        return next(one for one in self.app.received if one.path == path)

    def events(self, path: str, name: str = "CallStatus") -> list[str]:
        """One field of all requests to an address."""
        return [form[name] for form in self.app.forms(path)]

    @property
    def codes(self) -> list[int]:
        """What stands in the debugger."""
        return [one.code for one in self.alerts]


def story(
    folder: Path, replies: dict[str, Any], act: Act, *, socket: Talk | None = None, **settings: Any
) -> Told:
    """Let something happen on a network, until everything that follows is done.

    socket: what the application does with a media socket; without one it opens none.
    """
    app = FakeApp({**_QUIET, **replies}, socket=socket)

    async def work() -> Told:
        async with network(app, folder, **{"pace": 0.0, "seed": 1, **settings}) as net:
            await act(net)
            await settled(net)
            return Told(
                app, tuple(net.exchange.calls.values()), tuple(net.exchange.debugger.alerts)
            )

    return run(work())


class Rest:
    """REST on a running network, while line time stands still."""

    def __init__(self, net: Network, server: BaseTestServer, session: ClientSession) -> None:
        self._net, self._server, self._session = net, server, session

    async def post(self, path: str, **form: str | tuple[str, ...]) -> dict[str, Any]:
        """Create or update a resource of the account; several values repeat their name."""
        url = self._server.make_url(f"/2010-04-01/Accounts/{ACCOUNT}/{path}.json")
        pairs = [
            (name, one)
            for name, given in form.items()
            for one in ((given,) if isinstance(given, str) else given)
        ]
        with self._net.exchange.clock.held():
            async with self._session.post(url, data=pairs) as answer:
                found: dict[str, Any] = await answer.json()
                assert answer.status < 400, found
                return found


def story_by_rest(
    folder: Path,
    replies: dict[str, Any],
    act: Callable[[Network, Rest], Awaitable[None]],
    **settings: Any,
) -> Told:
    """Let something happen on a network that REST can lead."""
    app = FakeApp({**_QUIET, **replies})
    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", app.answer)

    async def work() -> Told:
        async with TestServer(outer) as theirs:
            plain = settings_for(theirs.port or 0, folder)
            ours = replace(plain, **{"pace": 0.0, "seed": 1, **settings})
            login = {"Authorization": encode_basic_auth(ACCOUNT, TOKEN)}
            made = create_app(ours)
            async with TestServer(made) as server, ClientSession(headers=login) as session:
                net = made[NETWORK]
                await act(net, Rest(net, server, session))
                await settled(net)
                return Told(
                    app, tuple(net.exchange.calls.values()), tuple(net.exchange.debugger.alerts)
                )

    return run(work())


async def settled(net: Network) -> None:
    """Until all calls are over and everything has been sent."""
    seen = 0
    while seen < len(net.exchange.calls):
        seen = len(net.exchange.calls)
        await asyncio.gather(*(call.settling() for call in net.exchange.calls.values()))


def dialled(
    folder: Path,
    replies: dict[str, Any],
    *steps: dict[str, Any],
    phones: dict[str, dict[str, Any]] | None = None,
    facts: CallerFacts = CallerFacts(),
    from_: str = CALLER,
    **settings: Any,
) -> Told:
    """One call from outside: what the caller does, while those telephones stand there."""

    async def act(net: Network) -> None:
        describe(net, phones or {})
        caller = ScriptedCaller(net.exchange, number=from_)
        net.dial(caller, from_number=from_, to=NUMBER, facts=facts)
        await play_scenario(caller, scenario_from({"steps": list(steps) or [GONE]}, Path()))

    return story(folder, replies, act, **settings)


def answered(folder: Path, document: str, *steps: dict[str, Any], **more: Any) -> Told:
    """One call whose first document is this."""
    return dialled(folder, {"/voice": response(document), **more}, *steps)


def answered_by(
    folder: Path, answer: bytes, *, tls: ssl.SSLContext | None = None, **settings: Any
) -> Told:
    """One call to an application that is a bare socket and answers with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def act(net: Network) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        async with server:
            port = server.sockets[0].getsockname()[1]
            voice = Hook(f"{'https' if tls else 'http'}://127.0.0.1:{port}/voice")
            number = net.exchange.account.numbers[NUMBER]
            number.answering = replace(number.answering, voice=voice)
            await coming(net).settling()

    return story(folder, {}, act, **settings)


def describe(net: Network, phones: dict[str, dict[str, Any]]) -> None:
    """Say what telephones do."""
    for address, source in phones.items():
        net.phones.describe(address, behaviour_from(source, Path()))


def coming(net: Network, from_: str = CALLER) -> Call:
    """Somebody who only listens calls the number."""
    return net.exchange.calls[net.dial(Endpoint(), from_number=from_, to=NUMBER).sid]


def refused(act: Callable[[], object]) -> int:
    """The code of a call that the network does not put through."""
    try:
        act()
    except NotReachable as error:
        return error.code
    raise AssertionError("it was put through")
