"""An HTTP proxy: what is meant for the carrier comes here, what is local goes through.

`CONNECT api.twilio.com:443` is answered with our own certificate and led to the REST API of this
simulator. Addresses of this machine, and public ones that the origin map knows, are tunnelled to
where they really are. Everything else is refused: the door is no way into the internet. A second
port may be the carrier's host itself, for clients that know no proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.webhooks.origins import OriginMap

_MOST_HEAD = 32 * 1024
_HEAD_S = 15.0
_CHUNK = 64 * 1024
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class _Refused(Exception):
    """The request is answered with this status and text."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class _Head:
    """The first lines of a request, and what it is for."""

    method: str
    target: str
    version: str
    headers: bytes


class Door:
    """Serves its ports. `rest_port`: where the simulator answers on this machine."""

    def __init__(self, *, rest_port: int, context: ssl.SSLContext, origins: OriginMap) -> None:
        self._rest = ("127.0.0.1", rest_port)
        self._context = context
        self._origins = origins
        self._servers: list[asyncio.Server] = []

    async def open(self, host: str, port: int) -> int:
        """Be the proxy; returns the port (another one when 0 was asked for). Raises OSError."""
        return self._listen(await asyncio.start_server(self._lead_in, host, port, limit=_MOST_HEAD))

    async def open_tls(self, port: int) -> int:
        """Be the carrier's host, on this machine alone; else as `open`."""
        server = await asyncio.start_server(
            self._be_carrier,
            "127.0.0.1",
            port,
            ssl=self._context,
            ssl_handshake_timeout=_HEAD_S,
        )
        return self._listen(server)

    async def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.close()

    def _listen(self, server: asyncio.Server) -> int:
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _lead_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _served(writer):
            async with asyncio.timeout(_HEAD_S):
                head = await _read_head(reader)
            await self._lead(head, reader, writer)

    async def _be_carrier(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _served(writer):
            await self._pipe(self._rest, reader, writer)

    async def _lead(
        self, head: _Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if head.method == "CONNECT":
            host, _, port = head.target.rpartition(":")
            await self._connect(host.strip("[]").lower(), port, reader, writer)
            return
        parts = urlsplit(head.target)
        if parts.scheme != "http" or not parts.hostname:
            raise _Refused("400 Bad Request", "expected CONNECT host:port or an http:// address")
        there = self._place(parts.hostname.lower(), str(parts.port or 80), "http")
        path = parts._replace(scheme="", netloc="").geturl() or "/"
        first = f"{head.method} {path} {head.version}\r\nConnection: close\r\n".encode()
        await self._pipe(there, reader, writer, first=first + _without_connection(head.headers))

    async def _connect(
        self, host: str, port: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there = self._place(host, port, "https")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        if _is_carrier(host):
            await writer.start_tls(self._context, ssl_handshake_timeout=_HEAD_S)
        await self._pipe(there, reader, writer)

    def _place(self, host: str, port: str, scheme: str) -> tuple[str, int]:
        """Where a connection really goes. Raises _Refused."""
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise _Refused("400 Bad Request", f"expected a port, got {port!r}")
        if _is_carrier(host):
            return self._rest
        if host in _LOCAL:
            return host, int(port)
        for public, local in self._origins.pairs:
            if public.host == host and public.port == int(port) and scheme == "http":
                return local.host, local.port
        raise _Refused("403 Forbidden", f"{host} is neither the carrier nor on this machine")

    async def _pipe(
        self,
        there: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        first: bytes = b"",
    ) -> None:
        try:
            theirs, ours = await asyncio.open_connection(*there)
        except OSError as error:
            raise _Refused("502 Bad Gateway", f"nothing listens there: {error}") from error
        try:
            ours.write(first)
            await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))
        finally:
            ours.close()


@contextlib.asynccontextmanager
async def _served(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Answer what is refused inside, and close the connection."""
    try:
        yield
    except _Refused as refused:
        await _answer(writer, refused.status, str(refused))
    except (OSError, ssl.SSLError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def _is_carrier(host: str) -> bool:
    return host == "twilio.com" or host.endswith(".twilio.com")


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise _Refused("431 Request Header Fields Too Large", "the head is too long") from error
    line, _, headers = raw.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _Refused("400 Bad Request", "expected METHOD target HTTP/1.1")
    return _Head(words[0].upper(), words[1], words[2], headers)


def _without_connection(headers: bytes) -> bytes:
    lines = headers.split(b"\r\n")
    dropped = (b"connection:", b"proxy-connection:")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(dropped))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side is through."""
    with contextlib.suppress(OSError, ssl.SSLError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


async def _answer(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    with contextlib.suppress(OSError):
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
