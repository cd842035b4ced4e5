"""The life of a ticket as one table: no action of a department closes one.

The department reports; then the caller is asked, and only that, or nobody to be reached,
ends a ticket.
"""

from __future__ import annotations

from enum import StrEnum

from infra.lifecycle import Lifecycle


class State(StrEnum):
    """Where a ticket is."""

    TRIAGE = "triage"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    WORKING = "working"
    PAUSED = "paused"
    RETURNED = "returned"
    ARBITRATION = "arbitration"
    REPORTED = "reported"
    ASKING = "asking"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    EXCLUDED = "excluded"
    REOPENED = "reopened"
    MERGED = "merged"


class ReceiptState(StrEnum):
    """What became of the text message that tells a caller the number."""

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


class Action(StrEnum):
    """What may happen to a ticket."""

    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    REPORT_DONE = "report_done"
    RETURN = "return"
    RETURN_AGAIN = "return_again"
    ASK = "ask"
    VERIFY = "verify"
    GIVE_UP_ASKING = "give_up_asking"
    EXCLUDE = "exclude"
    REOPEN = "reopen"
    MERGE = "merge"
    UNMERGE = "unmerge"


WITH_DEPARTMENT = (
    State.DISPATCHED,
    State.REOPENED,
    State.ACKNOWLEDGED,
    State.WORKING,
    State.PAUSED,
)
"""A department must do something."""

WITH_PEOPLE_OF_THE_LINE = (State.TRIAGE, State.RETURNED, State.ARBITRATION)
"""An agent or supervisor must decide something."""

CLOSED = (State.VERIFIED, State.UNVERIFIED, State.EXCLUDED)


_DOING = {
    Action.DISPATCH: "send on",
    Action.ACKNOWLEDGE: "acknowledge",
    Action.START: "start",
    Action.PAUSE: "pause",
    Action.RESUME: "resume",
    Action.REPORT_DONE: "report as done",
    Action.RETURN: "return",
    Action.RETURN_AGAIN: "return again",
    Action.ASK: "ask the caller about",
    Action.VERIFY: "close as verified",
    Action.GIVE_UP_ASKING: "stop asking about",
    Action.EXCLUDE: "exclude",
    Action.REOPEN: "reopen",
    Action.MERGE: "merge",
    Action.UNMERGE: "separate",
}

STATE_NAMES = {
    State.TRIAGE: "to be checked",
    State.DISPATCHED: "waiting to be acknowledged",
    State.ACKNOWLEDGED: "acknowledged",
    State.WORKING: "being worked on",
    State.PAUSED: "paused",
    State.RETURNED: "returned by the department",
    State.ARBITRATION: "waiting for a ruling",
    State.REPORTED: "reported done",
    State.ASKING: "being verified with the caller",
    State.VERIFIED: "closed and verified",
    State.UNVERIFIED: "closed unverified",
    State.EXCLUDED: "excluded",
    State.REOPENED: "reopened",
    State.MERGED: "merged with another ticket",
}

_LIFE = Lifecycle(
    {
        State.TRIAGE: {Action.DISPATCH: State.DISPATCHED, Action.MERGE: State.MERGED},
        State.DISPATCHED: {
            Action.ACKNOWLEDGE: State.ACKNOWLEDGED,
            Action.RETURN: State.RETURNED,
            Action.RETURN_AGAIN: State.ARBITRATION,
            Action.MERGE: State.MERGED,
        },
        State.ACKNOWLEDGED: {
            Action.START: State.WORKING,
            Action.PAUSE: State.PAUSED,
            Action.MERGE: State.MERGED,
        },
        State.WORKING: {
            Action.REPORT_DONE: State.REPORTED,
            Action.PAUSE: State.PAUSED,
            Action.MERGE: State.MERGED,
        },
        State.PAUSED: {Action.RESUME: State.WORKING},
        State.RETURNED: {Action.DISPATCH: State.DISPATCHED, Action.MERGE: State.MERGED},
        State.ARBITRATION: {Action.DISPATCH: State.DISPATCHED},
        State.REPORTED: {Action.ASK: State.ASKING, Action.EXCLUDE: State.EXCLUDED},
        State.ASKING: {
            Action.VERIFY: State.VERIFIED,
            Action.GIVE_UP_ASKING: State.UNVERIFIED,
            Action.EXCLUDE: State.EXCLUDED,
            Action.REOPEN: State.REOPENED,
        },
        State.VERIFIED: {Action.REOPEN: State.REOPENED},
        State.UNVERIFIED: {Action.REOPEN: State.REOPENED},
        State.EXCLUDED: {Action.REOPEN: State.REOPENED},
        State.REOPENED: {Action.ACKNOWLEDGE: State.ACKNOWLEDGED},
        State.MERGED: {Action.UNMERGE: State.TRIAGE, Action.ASK: State.ASKING},
    },
    refusal="cannot {action} a ticket that is {state}",
    doing=_DOING,
    being=STATE_NAMES,
)
next_state = _LIFE.next_state
possible = _LIFE.possible
