"""Browser phones that are connected, or were a moment ago and may come back to their call."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from aiohttp import web

from simulator.phone.phone_socket import Line, PhoneSocket


class Sessions:
    """Every phone by the secret with which its browser may take it up again."""

    def __init__(self) -> None:
        self._phones: dict[str, PhoneSocket] = {}

    async def serve(
        self, request: web.Request, socket: web.WebSocketResponse, line: Callable[[], Line]
    ) -> None:
        """Serve a socket: of a new phone, or of the one that `?resume=` names."""
        drop = request.transport.abort if request.transport is not None else lambda: None
        known = self._phones.get(request.query.get("resume", ""))
        if known is not None and not known.is_gone:
            await known.run(socket, drop=drop, again=True)
        else:
            await self._begin(PhoneSocket(line()), socket, drop)
        self._phones = {key: one for key, one in self._phones.items() if not one.is_gone}

    def cut(self, call_sid: str) -> bool:
        """Drop the connection of the phone that has this call; whether there is one."""
        phone = next((one for one in self._phones.values() if one.has_call(call_sid)), None)
        if phone is not None:
            phone.drop()
        return phone is not None

    async def _begin(
        self, phone: PhoneSocket, socket: web.WebSocketResponse, drop: Callable[[], None]
    ) -> None:
        secret = secrets.token_urlsafe(24)
        self._phones[secret] = phone
        phone.send("session", resume=secret)
        await phone.run(socket, drop=drop)
