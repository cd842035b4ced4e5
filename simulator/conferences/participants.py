"""One call in a conference: what it joins with, says, hears and is played."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from simulator.calls.playing import Endless
from simulator.conferences.conference_events import Reporter, Subscription, identity
from simulator.conferences.conference_recording import RoomTerms
from simulator.conferences.conference_sounds import (
    CannotPlay,
    Music,
    RoomScene,
    perform,
    play_music,
)
from simulator.documents.scene import Scene
from simulator.sound.audio import AUDIBLE, FRAME_S, SILENCE, loudness, mixed, tone_frames
from simulator.sound.tone_files import sound_file
from simulator.webhooks.webhook import Form

MOST_PARTICIPANTS = 250
_KEY_TICKS = 5
_SPEECH_BEGINS_S, _SPEECH_ENDS_S = 0.06, 0.6

HUNG_UP = "participant_hung_up"
BY_API = "participant_updated_via_api"
ADD_FAILED = "participant_add_failed"


@dataclass(frozen=True)
class Terms:
    """What somebody joins with. The room's own values are the first participant's."""

    label: str = ""
    muted: bool = False
    beep: str = "true"
    start_on_enter: bool = True
    end_on_exit: bool = False
    early_media: bool = False
    """Whether the room hears it ring."""
    coach: str = ""
    most: int = MOST_PARTICIPANTS
    region: str = ""
    wait: Music = field(default_factory=Music)
    events: Subscription = field(default_factory=Subscription)
    recording: RoomTerms = field(default_factory=RoomTerms)


class Room(Protocol):
    """The conference, seen by somebody in it."""

    sid: str
    name: str
    account_sid: str
    status: str
    reporter: Reporter

    def check_coach(self, call_sid: str) -> None:
        """Raises Refused when that call cannot be coached here."""

    def connect(self, one: Participant) -> None:
        """Somebody is on the line: let them in."""

    def remove(self, one: Participant, reason: str, *, kicked: bool = False) -> None:
        """Somebody leaves; a second time does nothing. reason: a ReasonParticipantLeft."""


class Participant:
    """One call in a room, or on its way into it."""

    def __init__(self, scene: Scene, conference: Room, terms: Terms) -> None:
        self.scene = scene
        self.call = scene.call
        self.conference = conference
        self.label = terms.label
        self.muted = terms.muted
        self.held = False
        self.coaches = terms.coach
        self.start_on_enter = terms.start_on_enter
        self.end_on_exit = terms.end_on_exit
        self.beep_on_exit = terms.beep in {"true", "onExit"}
        self.beep_on_enter = terms.beep in {"true", "onEnter"}
        self.wait = terms.wait
        self.status = "queued"
        self.created_at = self.updated_at = scene.exchange.clock.date
        self.left = asyncio.Event()
        """Set when they are out of the room."""
        self.hears = SILENCE
        self._tones: deque[bytes] = deque()
        self._ring_back = Endless(sound_file("ringback_us.wav")) if terms.early_media else None
        self._sound: asyncio.Task[None] | None = None
        self._others: set[asyncio.Task[None]] = set()
        self._speech = _SpeechMeter()

    @property
    def is_connected(self) -> bool:
        """Whether they are in the room."""
        return self.status == "connected"

    def fields(self) -> Form:
        """What the application is told of them."""
        fields = [
            ("CallSid", self.call.sid),
            ("Muted", _word(self.muted)),
            ("Hold", _word(self.held)),
            ("Coaching", _word(bool(self.coaches))),
            ("EndConferenceOnExit", _word(self.end_on_exit)),
            ("StartConferenceOnEnter", _word(self.start_on_enter)),
        ]
        if self.coaches:
            fields.append(("CallSidToCoach", self.coaches))
        if self.label:
            fields.append(("ParticipantLabel", self.label))
        return tuple(fields)

    def next_frame(self) -> bytes:
        """What the room plays to them in this tick."""
        return self.hears

    def press(self, digit: str) -> None:
        """A key of theirs is heard by the others."""
        self._tones.extend(tone_frames(digit, _KEY_TICKS))

    def says(self) -> bytes:
        """What they give to the room in this tick."""
        tone = self._tones.popleft() if self._tones else None
        if self.muted or self.held or self.call.leg.over:
            return SILENCE
        frame = self.call.leg.inbound
        return mixed(frame, tone) if tone else frame

    def ring_back(self) -> bytes | None:
        """What the room hears of the ringing in this tick, if anything."""
        ringing = self.call.status == "ringing" and not self.is_connected
        return self._ring_back.next_frame() if ringing and self._ring_back else None

    def heed(self, frame: bytes) -> str:
        """The speaker event that this frame makes, or nothing."""
        return self._speech.take(frame)

    # What is played to them alone

    def wait_or_listen(self) -> None:
        """Hear the wait music until the room has started, then the room."""
        self._silence()
        if self.is_connected and not self.held and self.conference.status == "init":
            self._sound = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        try:
            await play_music(self._sounding(), self.wait)
        except CannotPlay as failed:
            self._alert(failed)
            self.conference.remove(self, HUNG_UP)

    def hold(self, music: Music) -> None:
        """Hear the hold music instead of the room, and be heard by nobody."""
        self._silence()
        self.held = True
        self._sound = asyncio.ensure_future(self._hold(music))

    async def _hold(self, music: Music) -> None:
        try:
            await play_music(self._sounding(), music)
        except CannotPlay as failed:
            self._alert(failed)

    def unhold(self) -> None:
        """Back into the room."""
        self.held = False
        self.wait_or_listen()

    def beside(self, work: Coroutine[None, None, None]) -> None:
        """Do something about them until they leave."""
        task = asyncio.ensure_future(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def announce(self, url: str, method: str) -> None:
        """Play an announcement to this one alone, then say how it went."""
        about, room = (("AnnounceUrl", url),), self.conference
        scene = self._sounding()
        try:
            await perform(scene, scene.request(url, method))
        except CannotPlay as failed:
            self._alert(failed)
            more = (*about, ("ReasonAnnouncementFailed", str(failed)))
            room.reporter.tell("announcement-fail", by=self.call, about=self.fields(), more=more)
        else:
            room.reporter.tell("announcement-end", by=self.call, about=self.fields(), more=about)

    def gone(self) -> None:
        """Stop whatever is done about them."""
        self._silence()
        for task in tuple(self._others):
            task.cancel()
        self.left.set()

    def _silence(self) -> None:
        if self._sound is not None and self._sound is not asyncio.current_task():
            self._sound.cancel()
        self._sound = None

    def _sounding(self) -> Scene:
        return RoomScene(
            self.call,
            self.scene.exchange,
            self.scene.handlers,
            self.scene.url,
            extra=lambda: identity(self.conference.sid, self.conference.name),
        )

    def _alert(self, failed: CannotPlay) -> None:
        self.scene.exchange.debugger.alert(self.call, failed.code, str(failed), failed.url)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


class _SpeechMeter:
    """When somebody begins and stops to speak."""

    def __init__(self) -> None:
        self.speaking = False
        self._for_s = 0.0

    def take(self, frame: bytes) -> str:
        """The next frame; the event it makes, or nothing."""
        loud = frame != SILENCE and loudness(frame) >= AUDIBLE
        self._for_s = 0.0 if loud == self.speaking else self._for_s + FRAME_S
        if self._for_s < (_SPEECH_ENDS_S if self.speaking else _SPEECH_BEGINS_S):
            return ""
        self.speaking, self._for_s = loud, 0.0
        return "participant-speech-start" if loud else "participant-speech-stop"
