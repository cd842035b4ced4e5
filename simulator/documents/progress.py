"""Call progress events: told to the application in order, each with its number.

Fields and order: Twilio, "Call resource: StatusCallback". SequenceNumber counts, from 0, the
callbacks of one call; each waits for the one before it.
"""

from __future__ import annotations

from simulator.calls.call import Call
from simulator.calls.status_callback import final_fields
from simulator.exchange import Exchange
from simulator.webhooks.webhook import Form, WebhookFailed

_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
_ERROR_ANSWER = 15003


def tell(exchange: Exchange, call: Call, event: str, more: Form = ()) -> None:
    """Send a progress event if the application asked for it; `more`: fields it carries besides."""
    to = call.party.progress
    if not to.wants(event):
        return
    extra = more
    if event == "completed":
        extra = (*final_fields(call.status, call.duration_s or 0, call.answered_by), *more)
    request = call.progress_request(
        to.url, to.method, status=_STATUS.get(event, call.status), extra=extra
    )

    async def send() -> None:
        async with call.progress_turn:
            try:
                await exchange.sender.send(call, request)
            except WebhookFailed as failed:
                code = code_of_progress(failed)
                exchange.debugger.alert(call, code, str(failed), failed.url, level="warning")

    exchange.background.run(send(), of=call)


def code_of_progress(failed: WebhookFailed) -> int:
    """The code of a progress callback that failed: 15003 when it was answered with an error."""
    return _ERROR_ANSWER if failed.status else failed.code
