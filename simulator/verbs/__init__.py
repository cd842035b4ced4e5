"""The verbs: one module per family, one function per verb."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.documents.scene import Handler
from simulator.verbs import connect, dial, flow, gather, queue, record, refer, sms, speak, streams

HANDLERS: Mapping[str, Handler] = {
    "Say": speak.say,
    "Play": speak.play,
    "Pause": speak.pause,
    "Gather": gather.gather,
    "Record": record.record,
    "Enqueue": queue.enqueue,
    "Leave": queue.leave,
    "Dial": dial.dial,
    "Connect": connect.connect,
    "Start": streams.start,
    "Stop": streams.stop,
    "Redirect": flow.redirect,
    "Reject": flow.reject,
    "Hangup": flow.hang_up,
    "Refer": refer.refer,
    "Echo": flow.echo,
    "Sms": sms.sms,
}
