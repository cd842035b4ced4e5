"""Work of the line after the commit: calls that we place."""

from __future__ import annotations

from calls import outbound
from calls.life import OutboundState
from calls.models import OutboundCall
from carriers.base import Carrier, CarrierError
from infra.outbox.jobs import Later, Permanent, Run, job

_SAME_NUMBER_S = 5


@job
def place_call(run: Run, outbound_id: int) -> None:
    """Place a wanted call, once: an intent that was asked before is first looked for.

    A refusal stays a dead letter, also when the attempt that committed it died before saying so.
    """
    with run.database.transaction("calls.jobs.place_call.begin") as session:
        intent = outbound.locked_outbound(session, outbound_id)
        if intent.state == OutboundState.REFUSED:
            raise Permanent(f"outbound call {outbound_id} was refused before")
        if intent.state not in outbound.OPEN:
            return
        was_asked = intent.state == OutboundState.ASKED
        may_ask = outbound.begin_asking(session, intent)
    if not may_ask:
        raise Later(_SAME_NUMBER_S, "another call to that number is being placed")
    sid = (_found(run, intent) if was_asked else None) or _placed(run, intent)
    with run.finish() as session:
        intent = outbound.locked_outbound(session, outbound_id)
        outbound.placed(session, intent, carrier_sid=sid, our_number=run.settings.phone_number)


def _found(run: Run, intent: OutboundCall) -> str | None:
    assert intent.asked_at is not None
    theirs = run.get(Carrier).calls_to(intent.to_number, since=intent.asked_at)
    with run.database.read() as session:
        return next((one.sid for one in theirs if outbound.is_ours(session, intent, one)), None)


def _placed(run: Run, intent: OutboundCall) -> str:
    root = run.settings.public_url
    try:
        return run.get(Carrier).place_call(
            to=intent.to_number,
            then=f"{root}/ivr/voice?outbound={intent.id}",
            notify=f"{root}/ivr/status?outbound={intent.id}",
        )
    except CarrierError as error:
        if not error.permanent:
            raise
        with run.database.transaction("calls.jobs.place_call.refuse") as session:
            outbound.refused(outbound.locked_outbound(session, intent.id))
        raise Permanent(f"outbound call {intent.id} is refused (code {error.code})") from None
