"""Which bytes a player asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re

_ONE = re.compile(r"^\s*bytes\s*=\s*(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))\s*$", re.IGNORECASE)


class OutOfRange(Exception):
    """The range names no byte of the file: answer 416."""


def asked_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and one past the last, or None for the whole file.

    A malformed header, another unit, or several ranges at once are ignored, as the RFC allows.
    Raises OutOfRange when the range begins beyond the end, or is the last 0 bytes.
    """
    found = _ONE.match(header)
    if found is None:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        start, stop = max(0, size - int(tail)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last is not None else size)
        if last is not None and int(last) < start:
            return None
    if start >= stop:
        raise OutOfRange(f"expected a range within {size} bytes")
    return start, stop
