"""What went on when an expectation failed: the document with its verb, the socket's messages."""

from __future__ import annotations

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.twiml import schema
from simulator.twiml.parser import DocumentError, ignore, parse

_MOST_LINES = 40
_MOST_CHARACTERS = 200


def around(call: Call) -> list[str]:
    """Lines for people: the last document, its current verb marked; then the socket's messages."""
    return [*_document(call.log.events), *_socket(call)]


def _document(events: list[Event]) -> list[str]:
    place = max((n for n, event in enumerate(events) if event["event"] == "twiml"), default=None)
    if place is None:
        return ["no document was answered"]
    document, since = events[place], events[place:]
    verbs = [event for event in since if event["event"] == "verb"]
    current = (int(verbs[-1]["line"]), int(verbs[-1]["column"])) if verbs else None
    pieces = _pieces(str(document["document"]), current)
    return [f"the document of {document['url'] or 'REST'}, at {document['at_s']:.2f} s:", *pieces]


def _pieces(document: str, current: tuple[int, int] | None) -> list[str]:
    """The document, a verb on a line of its own, `>` before the one that runs."""
    starts = _starts(document)
    pieces: list[str] = []
    for number, line in enumerate(document.splitlines(), start=1):
        cuts = [1, *sorted(column for at, column in starts if at == number and column > 1)]
        for begin, end in zip(cuts, [*cuts[1:], len(line) + 1], strict=True):
            is_current = current == (number, begin) or (
                current is not None and current[0] == number and begin < current[1] < end
            )
            text = line[begin - 1 : end - 1].rstrip()
            if text or is_current:
                pieces.append(f"  {'>' if is_current else ' '} {text[:_MOST_CHARACTERS]}")
    return _shortened(pieces)


def _starts(document: str) -> set[tuple[int, int]]:
    """Line and column of every verb; none when the document cannot be read."""
    try:
        verbs = parse(document.encode(), verbs=tuple(schema.VOICE), leniency=ignore)
    except DocumentError:
        return set()
    return {(verb.line, verb.column) for verb in verbs}


def _shortened(pieces: list[str]) -> list[str]:
    """At most so many lines, those around the mark."""
    if len(pieces) <= _MOST_LINES:
        return pieces
    marked = next((n for n, piece in enumerate(pieces) if piece.startswith("  >")), 0)
    begin = max(0, min(marked - _MOST_LINES // 2, len(pieces) - _MOST_LINES))
    left = len(pieces) - _MOST_LINES
    return [*pieces[begin : begin + _MOST_LINES], f"    ({left} lines more)"]


def _socket(call: Call) -> list[str]:
    lines = call.wire.lines()
    if not lines:
        return []
    return ["the media socket's last messages (-> to the application):", *lines]
