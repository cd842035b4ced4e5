"""What the desk shows in words, made from what is stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from agents.desk.queries import ConversationSeen, Desk, Speaker, WaitingSeen
from agents.handovers.life import IN_QUEUE
from agents.handovers.life import State as HandoverState
from agents.presence import State
from calls.models import Utterance

PRESENCE = {
    State.AWAY: "Away",
    State.READY: "Ready",
    State.OFFERED: "Ringing",
    State.IN_CONVERSATION: "In conversation",
    State.WRAPPING_UP: "Wrap-up",
}
REASONS = {
    "asked": "asked for a person",
    "not_understood": "was not understood",
    "emergency": "is in danger",
    "trouble": "something went wrong",
}
AWAY_BECAUSE = {
    "missed": (
        "You missed two callers in a row, so you were set to away. Go ready when you are back."
    ),
    "silent": "This page gave no sign of life for a while, so you were set to away.",
}
ENDED_BY = {"caller": "The caller hung up.", "agent": "You hung up."}
SPEAKERS = {"caller": "Caller", "line": "Hotline", "agent": "You"}


def who(one: Utterance, speakers: Sequence[Speaker]) -> str:
    """Who said it: an agent who had this caller before is named.

    The last one who had joined counts, for words are written down a moment after they are said.
    """
    before = [speaker.name for speaker in speakers if speaker.since <= one.at]
    if one.speaker == "agent" and before and before[-1]:
        return f"Agent {before[-1]}"
    return SPEAKERS.get(one.speaker, one.speaker)


def is_away(shown: Desk) -> bool:
    """Whether the switch stands at away: now, or once this conversation is over."""
    me = shown.presence
    return me.state == State.AWAY or (me.state == State.IN_CONVERSATION and me.after == State.AWAY)


def is_in_danger(one: WaitingSeen) -> bool:
    """Whether a waiting caller told of somebody in danger."""
    return one.reason == "emergency"


def is_ringing(one: WaitingSeen) -> bool:
    """Whether a waiting caller rings at an agent now."""
    return one.state == HandoverState.OFFERED


def cut_off_from(shown: Desk) -> ConversationSeen | None:
    """The conversation that broke off and whose caller waits again."""
    last = shown.conversation
    return last if last is not None and last.state in IN_QUEUE else None


def at_hand(shown: Desk) -> ConversationSeen | None:
    """The conversation that the desk works on: the one that is on, or the one just ended."""
    return None if cut_off_from(shown) else shown.conversation
