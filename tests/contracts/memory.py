"""A carrier in memory that shares nothing with Twilio: JSON, and a signature of its own."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime

from carriers.base import CarrierCall, CarrierRequest, Document, MediaFormat, NotThereYet
from carriers.messages import AnsweredBy, CarrierMessage, CarrierRecording, MessageError
from carriers.verbs import GoOn, HangUp, Listen, Verbs
from infra.clock import now

SECRET = b"a secret of two"
OURS = "+13125550100"

Answer = Callable[[CarrierRequest], Document]


class MemoryCarrier:
    """A `carriers.base.Carrier`, and the network behind it: calls run while they are placed."""

    def __init__(self, root: str, answer: Answer) -> None:
        self._root, self._answer = root, answer
        self._calls: dict[str, CarrierCall] = {}
        self._keys: dict[str, str] = {}
        self._ids = itertools.count(1)

    @property
    def media(self) -> MediaFormat:
        """None here."""
        raise NotImplementedError

    def is_authentic(self, request: CarrierRequest) -> bool:
        """Whether the header signs address and fields."""
        return hmac.compare_digest(
            request.header("Proof"), _signed(request.url, request.form)
        ) and bool(request.header("Proof"))

    def read(self, request: CarrierRequest) -> CarrierMessage:
        """Its one field is JSON."""
        try:
            told = json.loads(request.form["event"])
        except (KeyError, ValueError):
            raise MessageError("expected an event") from None
        by = AnsweredBy(told["by"]) if told.get("by") else None
        return CarrierMessage(
            route=request.route,
            args=request.args,
            call_sid=told["id"],
            from_number=told["caller"],
            to_number=told["called"],
            direction=told["direction"],
            status=told["status"],
            keys=told.get("keys"),
            answered_by=by,
            fields=request.form,
        )

    def reply(self, verbs: Verbs) -> Document:
        """The verbs by name."""
        listed = [[type(verb).__name__, asdict(verb)] for verb in verbs]
        return Document(json.dumps(listed), "application/json")

    def dials(self, caller: str, keys: str) -> None:
        """A caller calls the line, presses these keys when asked, and is hung up on."""
        call = self._new(caller, OURS, "inbound")
        self._keys[call.sid] = keys
        self._talk(call, f"{self._root}/voice")
        self._end(call, f"{self._root}/status")

    def answers(self, number: str, keys: str) -> None:
        """Who is called at that number presses these keys when asked."""
        self._keys[number] = keys

    def place_call(self, *, to: str, then: str, notify: str) -> str:
        """Call a number; here that is over at once."""
        call = self._new(OURS, to, "outbound-api")
        self._keys[call.sid] = self._keys.get(to, "")
        self._talk(call, then, by=AnsweredBy.HUMAN.value)
        self._end(call, notify)
        return call.sid

    def calls_to(self, number: str, *, since: datetime) -> list[CarrierCall]:
        """Calls to that number."""
        return [call for call in self.calls(since=since) if call.to_number == number]

    def calls(self, *, since: datetime) -> list[CarrierCall]:
        """Every call since then."""
        return [one for one in self._calls.values() if one.started_at and one.started_at >= since]

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        """It records nothing."""
        return []

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """It records nothing."""
        return []

    def download_recording(self, sid: str) -> Iterator[bytes]:
        """It records nothing."""
        raise NotThereYet("no recording here")

    def delete_recording(self, sid: str) -> None:
        """It records nothing."""

    def send_sms(self, *, to: str, body: str) -> str:
        """Taken and forgotten."""
        return f"text-{next(self._ids)}"

    def find_sms(self, *, to: str, body: str, since: datetime) -> str | None:
        """None is kept."""
        return None

    def redirect_call(self, sid: str, url: str) -> None:
        """No call lasts that long."""

    def end_call(self, sid: str) -> None:
        """No call lasts that long."""

    def browser_token(self, identity: str, *, ttl_s: int = 3600) -> str:
        """Anything."""
        return identity

    def _new(self, caller: str, called: str, direction: str) -> CarrierCall:
        sid = f"call-{next(self._ids)}"
        call = CarrierCall(sid, caller, called, direction, "in-progress", now(), None, None)
        self._calls[sid] = call
        return call

    def _talk(self, call: CarrierCall, url: str, **facts: str) -> None:
        document = self._tells(call, url, **facts)
        for name, verb in json.loads(document.text):
            match name:
                case Listen.__name__:
                    return self._talk(call, verb["then"], keys=self._keys[call.sid])
                case GoOn.__name__:
                    return self._talk(call, verb["then"])
                case HangUp.__name__:
                    return None
        return None

    def _end(self, call: CarrierCall, url: str) -> None:
        over = replace(call, status="completed", ended_at=now(), duration_s=1)
        self._calls[call.sid] = over
        self._tells(over, url)

    def _tells(self, call: CarrierCall, url: str, **facts: str) -> Document:
        event = {
            "id": call.sid,
            "caller": call.from_number,
            "called": call.to_number,
            "direction": call.direction,
            "status": call.status,
            **facts,
        }
        form = {"event": json.dumps(event)}
        path, _, query = url.removeprefix(self._root).partition("?")
        args = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        proof = {"Proof": _signed(url, form)}
        return self._answer(CarrierRequest(url, path, args, proof, form))


def _signed(url: str, form: Mapping[str, str]) -> str:
    return hmac.new(SECRET, f"{url}{sorted(form.items())}".encode(), hashlib.sha256).hexdigest()
