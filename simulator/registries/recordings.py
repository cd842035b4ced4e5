"""Recordings: sound taken from a leg, kept as WAV files, listed by REST.

Channel 1 is the caller (inbound), channel 2 what the caller hears, as in Twilio's dual recordings.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from simulator.calls.call import Call
from simulator.sids import RECORDING, new_sid
from simulator.sound.audio import FRAME_BYTES, RATE, SILENCE, is_audible, mixed, wav_file
from simulator.webhooks.webhook import Form, Request

SKIP, KEEP_SILENCE = "skip", "silence"
"""What a pause leaves in a recording: nothing, or as much silence."""
TOO_SHORT = 16101


@dataclass(frozen=True)
class Callback:
    """Where to report a recording's states, and which."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)
    room: str = ""
    """A conference's name: its recording is told as the older event `conference-record-end`."""


@dataclass(frozen=True)
class RecordTerms:
    """How a call is recorded."""

    channels: int = 1
    track: str = "both"
    trim: str = "do-not-trim"
    callback: Callback = field(default_factory=Callback)


@dataclass
class Recording:
    """One recording as REST shows it."""

    sid: str
    account_sid: str
    call_sid: str
    created_at: datetime
    channels: int
    source: str
    track: str = "both"
    status: str = "in-progress"
    duration_s: int = -1
    updated_at: datetime | None = None
    path: Path | None = None
    callback: Callback = field(default_factory=Callback)
    conference_sid: str = ""
    """Set for a room's recording, which belongs to no single call."""

    @property
    def error_code(self) -> int | None:
        """Twilio's code of why there is no sound; None when there is, or may yet be."""
        return TOO_SHORT if self.status == "absent" else None


@dataclass(frozen=True)
class Transcript:
    """The text of a recording, as REST shows it; None when its words are not known."""

    sid: str
    account_sid: str
    recording_sid: str
    created_at: datetime
    duration_s: int
    text: str | None

    @property
    def status(self) -> str:
        """How it ended."""
        return "failed" if self.text is None else "completed"


class Recorder:
    """Takes both frames of every tick of a leg, or what a room gives it, until it is stopped."""

    def __init__(self, recording: Recording, call: Call) -> None:
        self.recording = recording
        self._call = call
        self._inbound = bytearray()
        self._outbound = bytearray()
        self.ended_at: datetime | None = None
        self.trim = "do-not-trim"
        self.is_kept = False
        """Whether the file is written or being written."""
        self._paused = ""
        if not recording.conference_sid:
            call.leg.add_tap(self.take)

    @property
    def duration_s(self) -> float:
        """How much has been taken so far."""
        return len(self._inbound) / RATE

    def pause(self, behavior: str) -> None:
        """Take nothing for now: `skip` leaves the time out, `silence` keeps it as silence."""
        self._paused = behavior
        self.recording.status = "paused"

    def resume(self) -> None:
        """Go on."""
        self._paused = ""
        self.recording.status = "in-progress"

    def stop(self) -> None:
        """Take no more; a second time does nothing."""
        self.ended_at = self.ended_at or self._call.clock.date
        self._call.leg.remove_tap(self.take)

    def sound(self, trim: str) -> tuple[bytes, ...]:
        """The channels; `trim-silence` cuts silence off both ends of all of them."""
        channels: tuple[bytes, ...] = (bytes(self._inbound), bytes(self._outbound))
        if self.recording.channels == 1:
            one = {"inbound": channels[0], "outbound": channels[1]}
            channels = (one.get(self.recording.track) or mixed(*channels),)
        return _trimmed(channels) if trim == "trim-silence" else channels

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """Both frames of a tick."""
        if self.ended_at or self._paused == SKIP:
            return
        self._inbound += SILENCE if self._paused else inbound
        self._outbound += SILENCE if self._paused else outbound


class Recordings:
    """All recordings of the account."""

    def __init__(self, folder: Path, root: str) -> None:
        self.by_sid: dict[str, Recording] = {}
        self.running: dict[str, Recorder] = {}
        """What records at this moment, by the recording's id."""
        self.being_kept: dict[str, asyncio.Event] = {}
        """Recordings whose files are there in a moment: whoever asks for one waits."""
        self.transcripts: dict[str, Transcript] = {}
        """What recordings say, by the transcription's id."""
        self._folder = folder
        self._root = root

    def begin(
        self,
        call: Call,
        *,
        channels: int,
        source: str,
        track: str,
        callback: Callback,
        conference_sid: str = "",
    ) -> Recorder:
        """Start to record a call."""
        recording = Recording(
            new_sid(RECORDING),
            call.account_sid,
            call.sid,
            call.clock.date,
            channels,
            source,
            track,
            callback=callback,
            conference_sid=conference_sid,
        )
        self.by_sid[recording.sid] = recording
        call.log.add("recording", recording_sid=recording.sid, status="in-progress", source=source)
        recorder = self.running[recording.sid] = Recorder(recording, call)
        return recorder

    def keep(self, recorder: Recorder, trim: str) -> Recording:
        """Stop, write the file, and set the final state: absent when nothing was recorded.

        Blocks while it writes.
        """
        recorder.stop()
        recording = recorder.recording
        self.running.pop(recording.sid, None)
        channels = recorder.sound(trim)
        recording.updated_at = recorder.ended_at
        if not any(channels):
            recording.status, recording.duration_s = "absent", 0
            return recording
        recording.duration_s = duration_s(channels)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{recording.sid}.wav"
        part = path.with_suffix(".part")
        part.write_bytes(wav_file(*channels))
        part.replace(path)
        recording.path = path
        recording.status = "completed"
        _write_facts(recording, path.with_suffix(".json"))
        return recording

    def wait_no_more(self, sid: str) -> None:
        """Let go on who waits for a recording's file: it is there, or comes late."""
        written = self.being_kept.pop(sid, None)
        if written is not None:
            written.set()

    def restore(self) -> None:
        """Know the recordings of earlier runs again, oldest first; broken files are left alone."""
        found = []
        for path in self._folder.glob("RE*.json"):
            recording = _read_facts(path)
            if recording is not None:
                found.append(recording)
        for recording in sorted(found, key=lambda one: one.created_at):
            self.by_sid.setdefault(recording.sid, recording)

    def delete(self, recording: Recording) -> None:
        """Forget the sound; the entry stays as `deleted` for as long as the simulator runs."""
        if recording.path is not None:
            recording.path.unlink(missing_ok=True)
            recording.path.with_suffix(".json").unlink(missing_ok=True)
        recording.status, recording.path = "deleted", None

    def url(self, recording: Recording) -> str:
        """Where the sound is, without a suffix."""
        account = recording.account_sid
        return f"{self._root}/2010-04-01/Accounts/{account}/Recordings/{recording.sid}"

    def callback_request(self, recording: Recording, event: str = "") -> Request | None:
        """The status callback for an event, or the state it is in; None when nobody asked."""
        callback, told = recording.callback, event or recording.status
        if told == "in-progress" and "started" in callback.events:
            told = "started"
        if not callback.url or told not in callback.events:
            return None
        form = self._old_event(recording) if callback.room else self._fields(recording, told)
        return Request(callback.url, form, callback.method, purpose="recording")

    def _old_event(self, recording: Recording) -> Form:
        """Fields of `conference-record-end` (Twilio, "TwiML Voice: <Conference>")."""
        ended = recording.updated_at or recording.created_at
        return (
            ("ConferenceSid", recording.conference_sid),
            ("FriendlyName", recording.callback.room),
            ("AccountSid", recording.account_sid),
            ("Timestamp", format_datetime(ended.astimezone(UTC))),
            ("EventName", "conference-record-end"),
            ("RecordingUrl", self.url(recording)),
            ("Duration", str(recording.duration_s)),
            ("RecordingFileSize", str(recording.path.stat().st_size if recording.path else 0)),
        )

    def _fields(self, recording: Recording, told: str) -> Form:
        fields = [
            ("AccountSid", recording.account_sid),
            *_owner(recording),
            ("RecordingSid", recording.sid),
            ("RecordingUrl", self.url(recording)),
            ("RecordingStatus", told),
            ("RecordingDuration", str(max(recording.duration_s, 0))),
            ("RecordingChannels", str(recording.channels)),
            ("RecordingSource", recording.source),
            ("RecordingTrack", recording.track),
        ]
        if recording.source != "RecordVerb":
            started = recording.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000")
            fields.append(("RecordingStartTime", started))
        if recording.error_code is not None:
            fields.append(("ErrorCode", str(recording.error_code)))
        return tuple(fields)


def duration_s(channels: tuple[bytes, ...]) -> int:
    """Whole seconds of sound."""
    return round(max((len(one) for one in channels), default=0) / RATE)


def _owner(recording: Recording) -> Form:
    if recording.conference_sid:
        return (("ConferenceSid", recording.conference_sid),)
    return (("CallSid", recording.call_sid),)


_FACTS = (
    "sid",
    "account_sid",
    "call_sid",
    "conference_sid",
    "channels",
    "source",
    "track",
    "status",
    "duration_s",
)


def _write_facts(recording: Recording, path: Path) -> None:
    facts: dict[str, Any] = {name: getattr(recording, name) for name in _FACTS}
    facts["created_at"] = recording.created_at.isoformat()
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts))
    part.replace(path)


def _read_facts(path: Path) -> Recording | None:
    sound = path.with_suffix(".wav")
    try:
        facts = json.loads(path.read_text())
        created_at = datetime.fromisoformat(facts.pop("created_at"))
        recording = Recording(**facts, created_at=created_at, path=sound)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return recording if sound.exists() else None


def _trimmed(channels: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Without frames at either end in which no channel is audible."""
    length = max((len(one) for one in channels), default=0)
    loud = [
        at
        for at in range(0, length, FRAME_BYTES)
        if any(is_audible(one[at : at + FRAME_BYTES]) for one in channels)
    ]
    if not loud:
        return channels
    return tuple(one[loud[0] : loud[-1] + FRAME_BYTES] for one in channels)
