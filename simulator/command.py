"""One scripted call from the command line, here or in a running simulator."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import click

from simulator.api import settled
from simulator.events import Event
from simulator.legs import NotReachable
from simulator.network import Network
from simulator.rest.answers import dumps
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, play_scenario
from simulator.scenario.printing import told
from simulator.scenario.steps import Scenario
from simulator.settings import Settings


async def call_there(server: str, scenario: Scenario, folder: Path, *, as_json: bool) -> bool:
    """Let a running simulator place the call; whether all expectations held."""
    body = {"scenario": dict(scenario.source), "folder": str(folder)}
    url = server.rstrip("/") + "/simulator/calls"
    held = False
    timeout = aiohttp.ClientTimeout(total=None, connect=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, read_bufsize=2**22) as session,
            session.post(url, json=body) as response,
        ):
            if response.status != 200:
                raise click.ClickException(f"{server}: {await response.text()}")
            async for line in response.content:
                event: Event = json.loads(line)
                _show(event, as_json=as_json)
                held = bool(event["held"]) if event["event"] == "end" else held
    except (aiohttp.ClientError, TimeoutError) as error:
        raise click.ClickException(
            f"no simulator answers at {server} ({error}); start `python -m simulator serve`"
        ) from error
    return held


async def call_here(settings: Settings, scenario: Scenario, *, as_json: bool) -> bool:
    """Place the call from this very process; whether all expectations held."""
    async with Network(settings) as network:
        caller = ScriptedCaller(network, number=scenario.from_number, language=scenario.language)
        try:
            network.dial(caller, from_number=scenario.from_number, to=settings.number)
        except NotReachable as error:
            raise click.ClickException(str(error)) from error
        call = caller.call
        for event in call.log.events:
            _show(event, as_json=as_json)
        call.log.follow(lambda event: _show(event, as_json=as_json))
        failure = None
        try:
            await play_scenario(caller, scenario)
        except ExpectationFailed as failed:
            failure = str(failed)
            call.log.add("error", message=failure, expectation=True)
        await settled(network, call)
        call.log.add("end", held=failure is None, failure=failure, status=call.status)
        await asyncio.sleep(0)
        return failure is None


def _show(event: Event, *, as_json: bool) -> None:
    text = dumps(event) if as_json else told(event)
    if text is not None:
        click.echo(text)
