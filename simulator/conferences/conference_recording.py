"""The recording of a room: one channel, from when two are connected to the end of the room."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.recordings.keeping import keep_recording
from simulator.registries.recordings import Callback, Recorder
from simulator.sound.audio import SILENCE


@dataclass(frozen=True)
class RoomTerms:
    """Whether a room is recorded, and whom its recording is reported to."""

    wanted: bool = False
    trim: str = "trim-silence"
    callback: Callback = field(default_factory=Callback)


class RoomRecording:
    """Takes the whole room's sound while it is on."""

    def __init__(self, conference_sid: str, exchange: Exchange, terms: RoomTerms) -> None:
        self._conference_sid = conference_sid
        self._exchange = exchange
        self._terms = terms
        self._recorder: Recorder | None = None
        self._call: Call | None = None

    def start(self, by: Call) -> None:
        """The room has started; `by` is the call in whose log the recording stands."""
        if not self._terms.wanted:
            return
        recordings = self._exchange.recordings
        self._call = by
        self._recorder = recordings.begin(
            by,
            channels=1,
            source="Conference",
            track="inbound",
            callback=self._terms.callback,
            conference_sid=self._conference_sid,
        )
        request = recordings.callback_request(self._recorder.recording)
        if request is not None:
            self._exchange.sender.send_in_background(by, request)

    def take(self, whole: bytes) -> None:
        """The room's sound of this tick."""
        if self._recorder is not None:
            self._recorder.take(whole, SILENCE)

    def stop(self, by: Call) -> None:
        """The room is over; a second time does nothing."""
        if self._recorder is not None:
            keep_recording(self._exchange, self._call or by, self._recorder, self._terms.trim)
            self._recorder = None
