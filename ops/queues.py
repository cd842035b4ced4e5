"""The queues of this line, and what the outbox is told about them."""

from __future__ import annotations

from infra.outbox.plan import OutboxPlan

QUEUES = ("live", "tickets", "sms", "reconcile", "carrier", "asr")
"""Each is worked by a process of its own, so that a slow kind of work holds up no vital one.

`live`: a caller waits for it. `sms`: text messages. `reconcile`: the comparison with the
carrier's records. `carrier`: downloads. `asr`: batch recognition.
"""

PLAN = OutboxPlan(
    queues=QUEUES,
    background=frozenset({"carrier", "asr"}),
    own_packages=frozenset("agents asr calls carriers infra ivr recordings tickets voice".split()),
)
"""Wakes nobody: a process that can adds how."""
