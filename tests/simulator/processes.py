"""Programs of their own for tests: started, waited for, stopped."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import requests

from tests.conftest import eventually


@contextmanager
def process(command: Sequence[str], env: Mapping[str, str], ready: str) -> Iterator[list[str]]:
    """Run a program from the moment its address answers; yields what it said, once it is over."""
    told: list[str] = []
    running = subprocess.Popen(list(command), env=dict(env), stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: _answers(ready) or running.poll() is not None)
        if running.poll() is not None:
            raise AssertionError(f"{command[:3]} ended at its start: {running.communicate()[1]}")
        yield told
    finally:
        running.terminate()
        try:
            told.append(running.communicate(timeout=60)[1])
        except subprocess.TimeoutExpired:
            running.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False
