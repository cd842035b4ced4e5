"""One scripted call from the command line, here or in a running simulator."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import click
from aiohttp import web

from simulator.calls.events import Event
from simulator.rest.answers import dumps
from simulator.scenario.files import Scenario
from simulator.scenario.printing import told
from simulator.server import create_app
from simulator.settings import Settings, SettingsError


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


async def call_here(settings: Settings, scenario: Scenario, folder: Path, *, as_json: bool) -> bool:
    """Start a simulator for this one call, with its REST API, and let it place the call."""
    runner = web.AppRunner(create_app(settings), shutdown_timeout=1.0)
    try:
        await runner.setup()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); is a "
                f"simulator running there? Then use --server {settings.root}, else another --port"
            ) from error
        return await call_there(settings.root, scenario, folder, as_json=as_json)
    finally:
        await runner.cleanup()


def _show(event: Event, *, as_json: bool) -> None:
    text = dumps(event) if as_json else told(event)
    if text is not None:
        click.echo(text)
