"""A moment as it is said: "tomorrow at 6 p m", "Thursday, May 7, at noon"."""

from __future__ import annotations

from datetime import datetime, timedelta

from voice.prompts import Prompts


def spoken_deadline(due: datetime, now: datetime, language: str) -> str:
    """A deadline for the ear. Both moments in the city's own time zone."""
    prompts = Prompts(language)
    hour = _hour(prompts, due)
    for days, near in ((0, "today"), (1, "tomorrow")):
        if due.date() == (now + timedelta(days=days)).date():
            return prompts.word("due_near").format(day=prompts.word(near), hour=hour)
    return prompts.word("due_at").format(
        weekday=prompts.word(f"weekday_{due.isoweekday()}"),
        month=prompts.word(f"month_{due.month}"),
        day=due.day,
        hour=hour,
    )


def _hour(prompts: Prompts, due: datetime) -> str:
    if due.minute == 0 and due.hour in (0, 12):
        return prompts.word("noon" if due.hour else "midnight")
    pattern = prompts.word("due_hour_minutes" if due.minute else "due_hour")
    half = prompts.word("am" if due.hour < 12 else "pm")
    return pattern.format(hour12=due.hour % 12 or 12, minute=f"{due.minute:02d}", half=half)
