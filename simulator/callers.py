"""Scripted callers from Python, against a running simulator.

    call = Caller("http://127.0.0.1:8100").dials()
    call.hears("what is the problem").says("there is a hole in the road")
    call.hears("is that right").presses("1")
    call.gets_sms("your report").is_hung_up_on()

Each step waits for at most `within_s` and raises ExpectationFailed with the conversation so far.
Not for use inside the simulator's own event loop: every step blocks.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from simulator.scenario.caller import ExpectationFailed
from simulator.scenario.steps import WITHIN_S

__all__ = ["Caller", "ExpectationFailed", "ScriptedCall"]

_SLACK_S = 30.0


class Caller:
    """Somebody with a telephone."""

    def __init__(
        self,
        server: str,
        *,
        number: str = "+13125550101",
        language: str = "en",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """facts: what is known of them besides the number, as `caller` in a scenario."""
        self._server = server
        self._number = number
        self._language = language
        self._facts = dict(facts or {})

    def dials(self, to: str | None = None) -> ScriptedCall:
        """Call a number, or the account's own."""
        body: dict[str, Any] = {"from": self._number, "language": self._language}
        body |= {"caller": self._facts, **({"to": to} if to else {})}
        answer = _asked(self._server, "POST", "/simulator/calls", body)
        return ScriptedCall(self._server, str(answer["call_sid"]))


class ScriptedCall:
    """One call; every step returns the call, so that steps can be written in a row."""

    def __init__(self, server: str, sid: str) -> None:
        self.sid = sid
        self._server = server

    def hears(self, *phrases: str, within_s: float = WITHIN_S) -> ScriptedCall:
        """Wait until the line has said one of these."""
        return self._step("hears", list(phrases), within_s)

    def says(
        self,
        text: str | None = None,
        *,
        clip: Path | str | None = None,
        noise: Path | str | None = None,
        snr_db: float | None = None,
        gain_db: float | None = None,
        packet_loss: float | None = None,
        within_s: float = WITHIN_S,
    ) -> ScriptedCall:
        """Speak a text or a recording once the line is quiet; as it comes over a bad line."""
        how = {"noise": noise, "snr_db": snr_db, "gain_db": gain_db, "packet_loss": packet_loss}
        return self._step("says", _speech(text, clip, how), within_s)

    def presses(self, digits: str, *, within_s: float = WITHIN_S) -> ScriptedCall:
        """Press keys once the line is quiet."""
        return self._step("presses", digits, within_s)

    def waits(self, seconds: float) -> ScriptedCall:
        """Do nothing for a while."""
        return self._step("waits_s", seconds, seconds + WITHIN_S)

    def interrupts(
        self,
        *,
        says: str | None = None,
        clip: Path | str | None = None,
        presses: str | None = None,
        within_s: float = WITHIN_S,
    ) -> ScriptedCall:
        """Speak or press while the line is speaking."""
        act = {"presses": presses} if presses else {"says": _speech(says, clip, {})}
        return self._step("interrupts", act, within_s)

    def gets_sms(self, *phrases: str, within_s: float = WITHIN_S) -> ScriptedCall:
        """Wait for a text message."""
        return self._step("gets_sms", list(phrases), within_s)

    def is_transferred(self, *, within_s: float = WITHIN_S) -> ScriptedCall:
        """Wait until another person is on the line."""
        return self._step("is_transferred", True, within_s)

    def is_transferred_to(self, whom: str, *, within_s: float = WITHIN_S) -> ScriptedCall:
        """Wait until this number, client or SIP address is on the line."""
        return self._step("is_transferred_to", whom, within_s)

    def hangs_up(self) -> ScriptedCall:
        """Put the receiver down."""
        return self._step("hangs_up", True, WITHIN_S)

    def is_hung_up_on(self, *, within_s: float = WITHIN_S) -> ScriptedCall:
        """Wait until the line ends the call."""
        return self._step("is_hung_up_on", True, within_s)

    def facts(self) -> dict[str, Any]:
        """The call with its whole event log."""
        return _asked(self._server, "GET", f"/simulator/calls/{self.sid}")

    def repeats_webhook(self, n: int = 0) -> dict[str, Any]:
        """Have webhook `n` sent again; gives `status`, `body` and whether it is the `same`."""
        path = f"/simulator/calls/{self.sid}/repeat-webhook"
        return _asked(self._server, "POST", path, {"n": n})

    def loses_its_stream(self) -> ScriptedCall:
        """Have the media socket dropped."""
        _asked(self._server, "POST", f"/simulator/calls/{self.sid}/cut-stream", {})
        return self

    def _step(self, name: str, value: Any, within_s: float) -> ScriptedCall:
        path = f"/simulator/calls/{self.sid}/steps?folder={quote(str(Path.cwd()))}"
        body = {name: value, "within_s": within_s}
        _asked(self._server, "POST", path, body, timeout_s=within_s + _SLACK_S)
        return self


def _speech(
    text: str | None, clip: Path | str | None, how: Mapping[str, Path | str | float | None]
) -> Any:
    given = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in how.items()
        if value is not None
    }
    if clip is not None:
        return {"clip": str(clip), **given}
    return {"text": text, **given} if given else text


def _asked(
    server: str, method: str, path: str, body: Any = None, *, timeout_s: float = 30.0
) -> dict[str, Any]:
    parts = urlsplit(server)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        raw = json.dumps(body) if body is not None else None
        connection.request(method, path, raw, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status >= 400:
        raise _refusal(answer.status, text)
    result: dict[str, Any] = json.loads(text)
    return result


def _refusal(status: int, text: str) -> Exception:
    try:
        message = str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        message = text
    if status != 409:
        return ValueError(f"{status}: {message}")
    reason, _, rest = message.partition("\nthe conversation so far:\n")
    return ExpectationFailed(reason, rest)
