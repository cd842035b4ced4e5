"""The verbs: one module per family, one function per verb."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from simulator.callees.phones import Phones
from simulator.conferences.conferences import Conferences
from simulator.documents.outgoing import Outgoing
from simulator.documents.scene import Handler
from simulator.verbs import connect, dial, flow, gather, queue, record, refer, sms, speak, streams


def handlers(outgoing: Outgoing, conferences: Conferences, phones: Phones) -> Mapping[str, Handler]:
    """What runs each verb, by its name."""
    return {
        "Say": speak.say,
        "Play": speak.play,
        "Pause": speak.pause,
        "Gather": gather.gather,
        "Record": record.record,
        "Enqueue": queue.enqueue,
        "Leave": queue.leave,
        "Dial": partial(dial.dial, outgoing=outgoing, conferences=conferences),
        "Connect": connect.connect,
        "Start": streams.start,
        "Stop": streams.stop,
        "Redirect": flow.redirect,
        "Reject": flow.reject,
        "Hangup": flow.hang_up,
        "Refer": partial(refer.refer, phones=phones),
        "Echo": flow.echo,
        "Sms": sms.sms,
    }
