"""What is known of a matter before it is filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReportDraft:
    """A report that is about to be filed.

    source_key: what makes it the same report again, as `call:7` or `call:7:message`.
    source: `voice`, `keys`, `message`, `cut_off` or `agent`. confirmed: the caller agreed to
    what was read back. recording_sid: a message left after the tone, when that is the report.
    emergency: kind of danger, when the caller told of one (`tickets.emergencies.kinds.KINDS`).
    """

    source_key: str
    source: str
    language: str
    call_id: int | None = None
    caller_number: str = ""
    problem_text: str = ""
    category: str | None = None
    category_score: float | None = None
    place: Mapping[str, Any] | None = None
    place_text: str = ""
    confirmed: bool = False
    recording_sid: str | None = None
    emergency: str | None = None
