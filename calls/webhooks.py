"""What every webhook of a call shares: one answer per message, kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from flask import Response, current_app
from sqlalchemy.orm import Session

from calls.events import answer_once, checked_sid
from infra.services import Services
from web.webhooks import Fields, fields, xml

View = Callable[[Session, Fields], str]


def answered_once(key: Callable[[Fields], str]) -> Callable[[View], Callable[[], Response]]:
    """Make a view of `view(session, fields) -> TwiML` that answers each message once.

    `key` says what makes a message the same again, within its route and call.
    """

    def decorate(view: View) -> Callable[[], Response]:
        @wraps(view)
        def answer() -> Response:
            message = fields()
            services = cast(Services, current_app.extensions["swiftline"])
            document = answer_once(
                services.database,
                carrier_sid=_subject(message),
                key=f"{message.route}:{key(message)}",
                route=message.route,
                fields=message,
                answer=lambda session: view(session, message),
            )
            return xml(document)

        return answer

    return decorate


def _subject(message: Fields) -> str:
    """What the message is about: a call, or a recording of a conference."""
    if message.text("CallSid"):
        return checked_sid(message["CallSid"], "CA")
    return checked_sid(message.text("RecordingSid"), "RE")
