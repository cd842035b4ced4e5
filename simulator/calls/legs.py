"""The interface between the network and whoever is on the phone.

Whoever is on the phone is an `Endpoint`: a scripted caller, a browser, one of a crowd. Subclass it
and give it to the network, on the network's event loop (nothing here is thread-safe):

    leg = network.dial(endpoint, from_number="+13125550101", to="+13125550100")
    leg = network.call_app(app_sid, identity="agent_7", params={"offer": "42"}, endpoint=endpoint)

Both return at once; the call goes on by itself. They raise `NotReachable` (Twilio code, text) when
there is no such number or application. From then on, every 20 ms:

    endpoint.speak() -> bytes | None   160 bytes of mu-law that the person says now; None = nothing
    endpoint.hear(frame)               160 bytes of mu-law that the person hears now

and whenever something happens `endpoint.notice(Notice(kind, at_s, facts))`:

    kind          facts
    ringing       call_sid
    answered      call_sid
    caption       id, text, done, cut, spoken,  the line speaks this sentence; first with done=False
                  start_s                  when it is recognised, again with done=True at its end.
                                           `spoken` is how much of the text was heard
    transferred   call_sid, identity       bridged to another leg (its call and its From/To)
    released      call_sid                 that bridge is over
    ended         status, by               last notice; status as in Twilio (completed, busy, ...),
                                           by = caller | line

The endpoint acts by `leg.press("1#")` and `leg.hang_up()`; `leg.sid` is the CallSid. All of the
endpoint's methods must return at once.

Texts: `network.exchange.messages.sent_to(number)` lists the messages so far (oldest first), and
`stop = network.exchange.messages.listen(callback)` calls `callback(message)` for each new one until
`stop()`; `await network.text(from_number=..., to=..., body=...)` sends one to the application.
Tokens, numbers: `network.exchange.settings` (account_sid, api_key, api_secret, app_sid, number,
auth_token).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.sound.audio import FRAME_BYTES, KEYS, SILENCE, mixed, tone_frames

Tap = Callable[[bytes, bytes], None]
"""`tap(inbound, outbound)`: both frames of a tick, from the person and to the person."""

_TONE_TICKS = 5


class NotReachable(Exception):
    """Nobody can be called there. `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Notice:
    """Something that happened on a leg; kinds and facts are listed in the module's docstring."""

    kind: str
    at_s: float
    facts: Mapping[str, Any] = field(default_factory=dict)


class Endpoint:
    """Whoever is on the phone. Override what you need; the default is a silent listener."""

    leg: Leg
    """Set by the network before anything else happens."""

    def speak(self) -> bytes | None:
        """The next 20 ms that this person says: 160 bytes of mu-law; None when nothing comes."""
        return None

    def hear(self, frame: bytes) -> None:
        """The next 20 ms that this person hears: 160 bytes of mu-law."""

    def notice(self, notice: Notice) -> None:
        """Something happened; see the module's docstring."""

    def saying(self) -> tuple[str, float] | None:
        """The sentence that this person is saying, word for word, and how much of it is said.

        None when they say nothing, or nobody can know.
        """
        return None


class Source(Protocol):
    """What a leg is being played."""

    def next_frame(self) -> bytes:
        """The next 160 bytes of mu-law."""


class Leg:
    """One person's line: sound in both directions, keys, and the end of it."""

    def __init__(self, endpoint: Endpoint, *, sid: str) -> None:
        self.sid = sid
        self.endpoint = endpoint
        self.over = False
        self.is_fed = False
        """Whether the person's telephone sends anything at all, be it silence."""
        self.inbound = SILENCE
        self.outbound = SILENCE
        self.on_key: list[Callable[[str], None]] = []
        self.on_hang_up: Callable[[], None] | None = None
        self.on_refer: Callable[[str], None] | None = None
        self._taps: list[Tap] = []
        self._sources: list[Source] = []
        self._tones: list[bytes] = []
        endpoint.leg = self

    # What an endpoint may do

    def press(self, digits: str) -> None:
        """Press keys, one after the other: 0-9, *, #. Others raise ValueError."""
        unknown = sorted(set(digits) - set(KEYS))
        if unknown:
            raise ValueError(f"a telephone has the keys {KEYS}, got {unknown[0]!r}")
        for digit in digits:
            if self.over:
                return
            for listener in tuple(self.on_key):
                listener(digit)

    def hang_up(self) -> None:
        """Put the receiver down. Once over, nothing happens."""
        if not self.over and self.on_hang_up is not None:
            self.on_hang_up()

    def refer(self, target: str) -> None:
        """Ask, as a SIP telephone can, to connect the other side to `target` instead."""
        if not self.over and self.on_refer is not None:
            self.on_refer(target)

    # What the network does with it

    @contextmanager
    def playing(self, source: Source) -> Iterator[None]:
        """Let the person hear `source`; the innermost one is heard."""
        self._sources.append(source)
        try:
            yield
        finally:
            self._sources.remove(source)

    @contextmanager
    def tapped(self, tap: Tap) -> Iterator[None]:
        """Give both frames of every tick to `tap`."""
        self.add_tap(tap)
        try:
            yield
        finally:
            self.remove_tap(tap)

    @contextmanager
    def keys_to(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Give every key to `listener`."""
        self.on_key.append(listener)
        try:
            yield
        finally:
            self.on_key.remove(listener)

    def add_tap(self, tap: Tap) -> None:
        """Give both frames of every tick to `tap` until it is removed."""
        self._taps.append(tap)

    def remove_tap(self, tap: Tap) -> None:
        """Stop what `add_tap` began; a second time does nothing."""
        if tap in self._taps:
            self._taps.remove(tap)

    def sound_tone(self, digit: str) -> None:
        """Let the person hear a key tone over whatever else there is."""
        self._tones.extend(tone_frames(digit, _TONE_TICKS))

    def listen(self) -> None:
        """First half of a tick: take what the person says."""
        said = self.endpoint.speak()
        if said is not None and len(said) != FRAME_BYTES:
            raise ValueError(f"speak() must give {FRAME_BYTES} bytes or None, got {len(said)}")
        self.is_fed = said is not None
        self.inbound = said or SILENCE

    def play(self) -> None:
        """Second half of a tick: give the person what the line plays, and both to the taps."""
        frame = self._sources[-1].next_frame() if self._sources else SILENCE
        if self._tones:
            frame = mixed(frame, self._tones.pop(0))
        self.outbound = frame
        self.endpoint.hear(frame)
        for tap in tuple(self._taps):
            tap(self.inbound, frame)
