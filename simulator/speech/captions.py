"""What the line says, known exactly: every sentence's sound is found again byte for byte.

Sound travels to the person unchanged, so a sentence is recognised by its bytes. Each known clip
has an anchor: its first window of 64 lively bytes. Where an anchor is heard, the clip is followed
byte by byte to its end, or to the place where something else begins (it was cut).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.sound.audio import RATE, is_audible
from simulator.speech.person_captions import PersonCaptions

WINDOW = 64
LIVELY = 12
"""Different bytes that an anchor must have at least: no silence, no steady tone."""

_REST = 0xFF
_NEGATIVE_ZERO = bytes.maketrans(b"\x7f", b"\xff")
_MOST_STALL = RATE // 4
_KEPT = RATE * 4
_LOOK_AGAIN = RATE // 5
_SETTLED_NS = 50_000_000
"""A folder changed so lately may change again and show the same time: file systems count in ticks
of the kernel, up to 10 ms."""


@dataclass(frozen=True)
class Clip:
    """One sentence's sound; `anchor` is the place of its window."""

    text: str
    language: str
    sound: bytes
    anchor: int


@dataclass(frozen=True)
class Caption:
    """A sentence as it was heard. Places are bytes (1/8000 s) since the leg began.

    `end` is None while it is being spoken. `heard` is how much of its sound came.
    """

    number: int
    text: str
    language: str
    start: int
    end: int | None
    cut: bool
    heard: float

    @property
    def spoken(self) -> str:
        """The words that were heard; of a sentence cut short, its part by time."""
        if not self.cut:
            return self.text
        words = self.text.split()
        return " ".join(words[: round(len(words) * self.heard)])


class CaptionIndex:
    """Every sentence known so far. Looks into its folder again when unknown sound is heard."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: set[str] = set()
        self._seen_at = -1
        self.clips: dict[bytes, list[Clip]] = {}
        self.version = 0

    def add(self, text: str, language: str, sound: bytes) -> None:
        """Know one more sentence. Sound without any lively place is left out."""
        plain = sound.translate(_NEGATIVE_ZERO)
        anchor = _anchor(plain)
        if anchor is None:
            return
        same = self.clips.setdefault(plain[anchor : anchor + WINDOW], [])
        if not any(clip.text == text and clip.sound == plain for clip in same):
            same.append(Clip(text, language, plain, anchor))
            self.version += 1

    def refresh(self) -> None:
        """Read sentences that were written since the last look."""
        if self._folder is None or not self._folder.is_dir():
            return
        changed_at = self._folder.stat().st_mtime_ns
        if changed_at == self._seen_at:
            return
        is_settled = time.time_ns() - changed_at > _SETTLED_NS
        self._seen_at = changed_at if is_settled else -1
        for path in self._folder.glob("*.json"):
            if path.stem not in self._known:
                self._read(path)

    def _read(self, path: Path) -> None:
        try:
            facts = json.loads(path.read_text())
            sound = path.with_suffix(".ulaw").read_bytes()
            text, language = str(facts["text"]), str(facts.get("language", ""))
        except (OSError, ValueError, KeyError, TypeError):
            self._seen_at = -1
            return
        self._known.add(path.stem)
        self.add(text, language, sound)


def _anchor(sound: bytes) -> int | None:
    for at in range(0, len(sound) - WINDOW, WINDOW // 4):
        window = sound[at : at + WINDOW]
        if len(set(window)) >= LIVELY and is_audible(window):
            return at
    return None


@dataclass
class _Trace:
    """A clip that is being followed.

    at: how far in the clip; place: how far in what was heard; stalled: how long the clip has
    waited for its next byte.
    """

    clip: Clip
    start: int
    at: int
    place: int
    stalled: int = 0


class CaptionRecogniser:
    """Listens to one leg. Calls `tell(caption)` when a sentence begins and when it is over."""

    def __init__(self, index: CaptionIndex, tell: Callable[[Caption], None]) -> None:
        self._index = index
        self._tell = tell
        self._kept = bytearray()
        self._from = 0
        self._searched = 0
        self._traces: list[_Trace] = []
        self._whole: _Trace | None = None
        self._last: _Trace | None = None
        self._position = 0
        self._settled = 0
        self._current: Caption | None = None
        self._number = 0
        self._unknown_since_look = 0
        self._version = index.version
        self._person = PersonCaptions(self._person_began, self._person_stopped)

    @property
    def now(self) -> int:
        """Bytes heard so far."""
        return self._from + len(self._kept)

    @property
    def is_following(self) -> bool:
        """Whether a known sentence is being spoken now."""
        return bool(self._traces) or self._person.is_following

    def saying(self) -> tuple[str, float] | None:
        """The sentence that is being spoken, and how much of it was heard; None: not known."""
        if self._current is None or not self._traces:
            return self._person.saying()
        trace = self._traces[0]
        return self._current.text, trace.at / len(trace.clip.sound)

    def hear(self, frame: bytes) -> None:
        """Take the next frame."""
        self._person.take(frame, self.now)
        self._kept += frame.translate(_NEGATIVE_ZERO)
        self._look_again(frame)
        self._work()
        self._forget()

    def close(self) -> None:
        """The line is over: what is being spoken ends here."""
        self._person.close()
        if self._traces or self._whole:
            self._over(self._best())

    def _work(self) -> None:
        """Follow and search in turn until all that was heard is used."""
        while True:
            if self._traces:
                self._follow()
                if self._traces:
                    return
            if not self._search():
                return

    def _look_again(self, frame: bytes) -> None:
        """Unknown sound: new sentences may have been written meanwhile."""
        if self._traces or not is_audible(frame):
            return
        self._unknown_since_look += len(frame)
        if self._unknown_since_look < _LOOK_AGAIN:
            return
        self._unknown_since_look = 0
        self._index.refresh()
        if self._index.version != self._version:
            self._version = self._index.version
            self._searched = max(self._from, self._settled)

    def _search(self) -> bool:
        """Look for an anchor in what was not searched yet; True when one was found."""
        first, clips = self._searched, self._index.clips
        fresh = bytes(self._kept[first - self._from :])
        if not is_audible(fresh):
            self._searched = max(self._searched, self.now - WINDOW + 1)
            return False
        for offset in range(len(fresh) - WINDOW + 1):
            found = clips.get(fresh[offset : offset + WINDOW])
            if not found:
                continue
            place = first + offset
            self._traces = [
                _Trace(clip, place - clip.anchor, clip.anchor + WINDOW, place + WINDOW)
                for clip in found
                if self._began(clip, place)
            ]
            if self._traces:
                self._searched = self._position = place + WINDOW
                self._begin()
                return True
        self._searched = max(self._searched, self.now - WINDOW + 1)
        return False

    def _began(self, clip: Clip, place: int) -> bool:
        """Whether what came before the anchor is the clip's beginning."""
        begin = place - clip.anchor - self._from
        if begin < 0:
            return False
        return self._kept[begin : begin + clip.anchor] == clip.sound[: clip.anchor]

    def _begin(self) -> None:
        self._whole = None
        trace = self._traces[0]
        if len(self._traces) == 1:
            self._announce(trace)

    def _announce(self, trace: _Trace) -> Caption:
        self._current = self._new_caption(trace.clip.text, trace.clip.language, trace.start)
        return self._current

    def _new_caption(self, text: str, language: str, start: int) -> Caption:
        self._number += 1
        caption = Caption(self._number, text, language, start, None, False, 0)
        self._tell(caption)
        return caption

    def _person_began(self, text: str, start: int) -> None:
        self._of_person = self._new_caption(text, "", start)

    def _person_stopped(self, end: int, share: float) -> None:
        self._tell(replace(self._of_person, end=end, cut=share < 1.0, heard=share))

    def _follow(self) -> None:
        """Go on with every clip that may be the one; stop at the first byte that fits none."""
        fresh = bytes(self._kept[self._position - self._from :])
        for trace in tuple(self._traces):
            if not self._goes_on(trace, fresh):
                self._drop(trace)
            elif trace.at == len(trace.clip.sound):
                self._traces.remove(trace)
                self._whole = trace
        self._position = self.now
        if not self._traces:
            self._over(self._best())
        elif len(self._traces) == 1 and self._current is None and self._whole is None:
            self._announce(self._traces[0])

    def _goes_on(self, trace: _Trace, fresh: bytes) -> bool:
        """Compare; silence that is not the clip's is a gap in delivery, up to a quarter second."""
        used = 0
        sound = trace.clip.sound
        while used < len(fresh) and trace.at < len(sound):
            expected = sound[trace.at : trace.at + len(fresh) - used]
            got = fresh[used : used + len(expected)]
            same = len(got) if got == expected else _common(got, expected)
            trace.at += same
            used += same
            if same:
                trace.place = self._position + used
                trace.stalled = 0
            if same == len(got):
                continue
            if fresh[used] != _REST:
                return False
            gap = len(fresh) - used - len(fresh[used:].lstrip(b"\xff"))
            trace.stalled += gap
            used += gap
            if trace.stalled > _MOST_STALL:
                return False
        return True

    def _drop(self, trace: _Trace) -> None:
        self._traces.remove(trace)
        if not self._traces:
            self._last = trace

    def _best(self) -> _Trace:
        if self._whole is not None:
            return self._whole
        if self._traces:
            return max(self._traces, key=lambda trace: trace.at)
        if self._last is None:
            raise RuntimeError("no sentence was being followed")
        return self._last

    def _over(self, trace: _Trace) -> None:
        """Tell that the sentence is over, and search on where it ended."""
        begun = self._current
        if begun is None or begun.text != trace.clip.text:
            begun = self._announce(trace)
        whole = trace.at == len(trace.clip.sound)
        share = trace.at / len(trace.clip.sound)
        self._tell(replace(begun, end=trace.place, cut=not whole, heard=share))
        self._current = None
        self._whole = None
        self._traces = []
        after_anchor = trace.start + trace.clip.anchor + WINDOW
        self._settled = max(self._from, after_anchor, trace.place - WINDOW)
        self._searched = self._settled

    def _forget(self) -> None:
        spare = len(self._kept) - _KEPT
        if spare > RATE:
            del self._kept[:spare]
            self._from += spare
            self._searched = max(self._searched, self._from)


def _common(one: bytes, other: bytes) -> int:
    """How many bytes are the same at the start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
