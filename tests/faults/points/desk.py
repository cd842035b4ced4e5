"""A carrier of this test: an HTTP server that keeps what it is asked, through any of our deaths."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.clock import now

_WAV = re.compile(r"/Recordings/(RE\w+)\.wav$")
_ONE = re.compile(r"/(Calls|Recordings)/((?:CA|RE)\w+)\.json$")
_LIST = re.compile(r"/(Calls|Recordings|Messages)\.json$")


@dataclass
class Records:
    """What the carrier knows and has done. Rows are as its REST API writes them."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    recordings: list[dict[str, Any]] = field(default_factory=list)
    sounds: dict[str, bytes] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    """Calls that were changed: their id, and the address or status asked for."""
    deleted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Numbers that it calls for nobody."""
    archive: bytes = b""
    """What it gives out besides: an archive on a mirror."""


class Desk:
    """The carrier's REST API 2010-04-01, as far as we use it."""

    def __init__(self) -> None:
        self.records = Records()
        self.url = ""

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        """One request: status and body."""
        if sound := _WAV.search(path):
            body = self.records.sounds.get(sound[1])
            return (200, body) if body is not None else (404, b"{}")
        if path.endswith(".aar"):
            return 200, self.records.archive
        if one := _ONE.search(path):
            return self._one(method, one[2], form)
        if found := _LIST.search(path):
            return self._list(method, found[1].lower(), form)
        return 404, b"{}"

    def _one(self, method: str, sid: str, form: dict[str, str]) -> tuple[int, bytes]:
        if method == "DELETE":
            if sid in self.records.deleted:
                return 404, _json({"code": 20404, "message": "gone", "status": 404})
            self.records.deleted.append(sid)
            return 204, b""
        self.records.changes.append((sid, form.get("Url") or form.get("Status", "")))
        return 200, _json({"sid": sid, "status": "in-progress"})

    def _list(self, method: str, name: str, form: dict[str, str]) -> tuple[int, bytes]:
        rows: list[dict[str, Any]] = getattr(self.records, name)
        if method == "GET":
            found = [row for row in rows if form.get("To") in (None, row.get("to"))]
            return 200, _json({name: found, "next_page_uri": None, "page": 0})
        if form["To"] in self.records.refused:
            return 400, _json({"code": 21211, "message": "no such number", "status": 400})
        kept = self._call(form) if name == "calls" else self._message(form)
        rows.append(kept)
        return 201, _json(kept)

    def _message(self, form: dict[str, str]) -> dict[str, Any]:
        sid = f"SM{len(self.records.messages) + 1:032x}"
        sent = format_datetime(now())
        return {"sid": sid, "to": form["To"], "body": form["Body"], "date_sent": sent}

    def _call(self, form: dict[str, str]) -> dict[str, Any]:
        """It rings, and has no start yet; `asks` is the address that it will ask for words."""
        return {
            "sid": f"CA{len(self.records.calls) + 1:032x}",
            "from": form["From"],
            "to": form["To"],
            "direction": "outbound-api",
            "status": "ringing",
            "date_created": format_datetime(now()),
            "asks": form["Url"],
        }


@contextmanager
def open_desk() -> Iterator[Desk]:
    """The carrier on a free port of this machine."""
    desk = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_DELETE(self) -> None:
            self._serve("DELETE")

        def log_message(self, format: str, *args: Any) -> None:
            return

        def _serve(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = urlsplit(self.path)
            sent = self.rfile.read(length).decode() or asked.query
            form = {k: v[0] for k, v in parse_qs(sent).items()}
            status, body = desk.answer(method, asked.path, form)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield desk
    server.shutdown()
    server.server_close()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
