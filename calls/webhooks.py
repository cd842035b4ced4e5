"""What every webhook of a call shares: one answer per message, kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import cast

from flask import Response, copy_current_request_context, current_app
from sqlalchemy.orm import Session

from calls.events import answer_once
from carriers.base import Carrier, Document
from carriers.messages import CarrierMessage
from carriers.verbs import Verbs
from infra.services import Services
from infra.timeouts import Timeout
from web.webhooks import message, sent

View = Callable[[Session, CarrierMessage], Verbs]

_ANSWER_S = 1.7
"""Less than the carrier waits while a caller holds the line (carriers/twilio/addresses.py)."""
_MOST_ANSWERS = 48
_in_time = Timeout(_ANSWER_S, most=_MOST_ANSWERS)


def answered_once(key: Callable[[CarrierMessage], str]) -> Callable[[View], Callable[[], Response]]:
    """Make a view of `view(session, message) -> verbs` that answers each message once.

    An answer that takes too long is given up: the caller hears an apology, and what is
    committed later is what the same message would be answered with again.

    `key` says what makes a message the same again, within its route and call.
    """

    def decorate(view: View) -> Callable[[], Response]:
        @wraps(view)
        def answer() -> Response:
            return sent(
                _in_time.wait_for(copy_current_request_context(partial(_answer, view, key)))
            )

        return answer

    return decorate


def _answer(view: View, key: Callable[[CarrierMessage], str]) -> Document:
    told = message()
    services = cast(Services, current_app.extensions["swiftline"])
    carrier = services.get(Carrier)
    return answer_once(
        services.database,
        carrier_sid=told.subject,
        key=f"{told.route}:{key(told)}",
        route=told.route,
        fields=told.fields,
        answer=lambda session: carrier.reply(view(session, told)),
    )
