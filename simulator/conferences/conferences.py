"""Conferences: rooms in which everybody hears everybody else.

A room begins (`init`) with its first participant, starts (`in-progress`) once two are connected and
one of them was allowed to start it, and is over (`completed`) when the last one has left, one with
`endConferenceOnExit` has left, or REST says so. The same name is a new room afterwards. Rules:
Twilio, "TwiML Voice: <Conference>" and "Conference Participant resource".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from simulator.calls.legs import Endpoint, Leg
from simulator.conferences.conference_events import Reporter, identity
from simulator.conferences.conference_recording import RoomRecording
from simulator.conferences.conference_sounds import CannotPlay, RoomScene, perform
from simulator.conferences.participants import ADD_FAILED, BY_API, HUNG_UP, Participant, Terms
from simulator.documents.scene import Scene
from simulator.exchange import Exchange
from simulator.sids import new_sid
from simulator.sound.audio import SILENCE, frames
from simulator.sound.hold_music import enter_beep, exit_beep
from simulator.sound.mixing import Voice, mix
from simulator.time.waiting import first_of
from simulator.webhooks.webhook import Form, Request

USUAL_REGION = "us1"
_WITH_ITS_ROOM = {"conference-ended-via-api": "conference_ended_via_api"}


class Refused(Exception):
    """Somebody cannot join. `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Conference:
    """One room."""

    def __init__(
        self, name: str, exchange: Exchange, terms: Terms, *, over: Callable[[Conference], None]
    ) -> None:
        """over: told once the room is over."""
        self.sid = new_sid("CF")
        self.name = name
        self.account_sid = exchange.settings.account_sid
        self.status = "init"
        self.most = terms.most
        self.region = terms.region or USUAL_REGION
        self.created_at = self.updated_at = exchange.clock.date
        self.reason_ended = ""
        self.ended_by = ""
        self.participants: dict[str, Participant] = {}
        """By CallSid, in the order they came; those on their way are among them."""
        self.reporter = Reporter(self.sid, name, exchange, terms.events)
        self.recording = RoomRecording(self.sid, exchange, terms.recording)
        self._exchange = exchange
        self._over = over
        self._announcer = Leg(Endpoint(), sid=self.sid)
        self._beeps: list[tuple[Participant | None, deque[bytes]]] = []

    @property
    def connected(self) -> tuple[Participant, ...]:
        """Those who are in."""
        return tuple(one for one in self.participants.values() if one.is_connected)

    def find(self, key: str) -> Participant | None:
        """A participant by CallSid or label."""
        by_label = (one for one in self.participants.values() if one.label and one.label == key)
        return self.participants.get(key) or next(by_label, None)

    # Coming

    def check(self, terms: Terms) -> None:
        """Raises Refused when somebody with these terms cannot come in."""
        if terms.label and self.find(terms.label):
            raise Refused(16025, f"the label {terms.label!r} is taken in this conference")
        if len(self.participants) >= self.most:
            raise Refused(16020, f"the conference is full: at most {self.most} participants")
        if terms.coach:
            self.check_coach(terms.coach)

    def check_coach(self, call_sid: str) -> None:
        """Raises Refused when that call cannot be coached here."""
        coached = self.participants.get(call_sid)
        if self.status != "in-progress" or coached is None or not coached.is_connected:
            raise Refused(13240, f"call {call_sid} to coach is not in this conference")

    def connect(self, one: Participant) -> None:
        """Somebody is on the line: let them in."""
        one.status = "connected"
        one.updated_at = self._exchange.clock.date
        self.reporter.tell("participant-join", by=one.call, about=one.fields())
        if self.status == "in-progress":
            self._introduce(one)
        elif len(self.connected) > 1 and any(other.start_on_enter for other in self.connected):
            self._start(one)
        one.wait_or_listen()
        if one.beep_on_enter:
            self._beep(enter_beep(), not_to=one)

    def _start(self, last: Participant) -> None:
        self.status = "in-progress"
        self.updated_at = self._exchange.clock.date
        for one in self.connected:
            one.wait_or_listen()
            self._introduce(one)
        self.reporter.tell("conference-start", by=last.call)
        self.recording.start(last.call)

    def _introduce(self, one: Participant) -> None:
        """Tell their telephone whom it is connected to."""
        others = [other for other in self.connected if other is not one]
        if others:
            other = others[0].call
            one.call.log.add("transferred", to_call_sid=other.sid)
            one.call.notice("transferred", call_sid=other.sid, identity=other.party.from_)

    # Going

    def remove(self, one: Participant, reason: str, *, kicked: bool = False) -> None:
        """Somebody leaves; a second time does nothing. reason: a ReasonParticipantLeft."""
        was_in = one.is_connected
        if self._take_out(one, reason) is None:
            return
        how = "kicked" if kicked else "left"
        if one.end_on_exit:
            self.end(f"participant-with-end-conference-on-exit-{how}", by=one)
        elif not self.participants:
            self.end(f"last-participant-{how}", by=one)
        else:
            if one.beep_on_exit and was_in:
                self._beep(exit_beep())
            for other in self.connected:
                if other.coaches == one.call.sid:
                    self.remove(other, reason)

    def _take_out(self, one: Participant, reason: str) -> Participant | None:
        if self.participants.pop(one.call.sid, None) is None:
            return None
        was_talking = one.is_connected and self.status == "in-progress"
        one.status = "failed" if reason == ADD_FAILED else "complete"
        one.gone()
        self.updated_at = self._exchange.clock.date
        if was_talking:
            one.call.log.add("released", from_call_sid="")
            one.call.notice("released", call_sid="")
        more = (("ParticipantCallStatus", one.call.status), ("ReasonParticipantLeft", reason))
        self.reporter.tell("participant-leave", by=one.call, about=one.fields(), more=more)
        return one

    def end(self, reason: str, *, by: Participant | None = None) -> None:
        """Everybody leaves; a second time does nothing. reason: a ReasonConferenceEnded."""
        if self.status == "completed":
            return
        last = by or next(iter(self.participants.values()), None)
        self.status, self.reason_ended = "completed", reason
        self.ended_by = by.call.sid if by else ""
        self.updated_at = self._exchange.clock.date
        self._over(self)
        for one in tuple(self.participants.values()):
            self._take_out(one, _WITH_ITS_ROOM.get(reason, "moderator_ended_conference"))
        if last is not None:
            self.reporter.tell("conference-end", by=last.call, more=self._end_fields(by))
            self.recording.stop(last.call)

    def _end_fields(self, by: Participant | None) -> Form:
        who = (("CallSidEndingConference", by.call.sid),) if by else ()
        label = (("ParticipantLabelEndingConference", by.label),) if by and by.label else ()
        reason = self.reason_ended
        return (*who, *label, ("ReasonConferenceEnded", reason), ("Reason", reason))

    # Being in

    def announce(self, url: str, method: str) -> None:
        """Play a document or a file to everybody."""
        host = next(iter(self.connected), None)
        if host is not None:
            self._exchange.background.run(self._announce(host, url, method), of=host.call)

    async def _announce(self, host: Participant, url: str, method: str) -> None:
        scene = RoomScene(host.call, self._exchange, host.scene.handlers, url, room=self._announcer)
        form = (*identity(self.sid, self.name), ("AccountSid", self.account_sid))
        more: Form = (("AnnounceUrl", url),)
        try:
            await perform(scene, Request(url, form, method, purpose="announcement"))
        except CannotPlay as failed:
            self._exchange.debugger.alert(host.call, failed.code, str(failed), failed.url)
            more = (*more, ("ReasonAnnouncementFailed", str(failed)))
            self.reporter.tell("announcement-fail", by=host.call, more=more)
        else:
            self.reporter.tell("announcement-end", by=host.call, more=more)

    def _beep(self, sound: bytes, not_to: Participant | None = None) -> None:
        if self.status == "in-progress":
            self._beeps.append((not_to, deque(frames(sound))))

    def tick(self) -> None:
        """Between speaking and hearing: work out what everybody hears."""
        if self.status != "in-progress":
            return
        people = self.connected
        place = {one.call.sid: number for number, one in enumerate(people)}
        result = mix([*self._voices(people, place), *self._effects(place)], len(people))
        for one, heard in zip(people, result.ears, strict=True):
            one.hears = SILENCE if one.held else heard
        self.recording.take(result.whole)

    def _voices(self, people: tuple[Participant, ...], place: dict[str, int]) -> list[Voice]:
        voices = []
        listens = self.reporter.to.wants("participant-speech-start")
        for number, one in enumerate(people):
            frame = one.says()
            event = one.heed(frame) if listens else ""
            if event:
                self.reporter.tell(event, by=one.call, about=one.fields())
            if not one.coaches:
                voices.append(Voice(frame, not_to=number))
            elif one.coaches in place:
                voices.append(Voice(frame, not_to=number, only_to=place[one.coaches]))
        return voices

    def _effects(self, place: dict[str, int]) -> list[Voice]:
        """Beeps, announcements, and the ringing of whoever is on the way."""
        self._announcer.play()
        voices = [Voice(self._announcer.outbound)]
        ringing = (one.ring_back() for one in self.participants.values())
        voices += [Voice(frame) for frame in ringing if frame is not None]
        for not_to, sound in self._beeps:
            except_for = place.get(not_to.call.sid, -1) if not_to else -1
            voices.append(Voice(sound.popleft(), not_to=except_for))
        self._beeps = [(not_to, sound) for not_to, sound in self._beeps if sound]
        return voices


class Conferences:
    """The account's conferences."""

    def __init__(self, exchange: Exchange) -> None:
        self.by_sid: dict[str, Conference] = {}
        self._running: dict[str, Conference] = {}
        self._exchange = exchange

    def running(self, name: str) -> Conference | None:
        """The room of that name that is not over."""
        return self._running.get(name)

    def add(self, name: str, scene: Scene, terms: Terms) -> Participant:
        """Somebody is on the way into a room, which is made if there is none. Raises Refused."""
        conference = self._running.get(name)
        if conference is None and terms.coach:
            raise Refused(13240, f"call {terms.coach} to coach is not in a conference {name!r}")
        if conference is None:
            conference = Conference(name, self._exchange, terms, over=self.forget)
            self.by_sid[conference.sid] = self._running[name] = conference
        conference.check(terms)
        one = Participant(scene, conference, terms)
        conference.participants[scene.call.sid] = one
        return one

    def forget(self, conference: Conference) -> None:
        """The room is over; its name is free."""
        if self._running.get(conference.name) is conference:
            del self._running[conference.name]

    def tick(self) -> None:
        """Between speaking and hearing: mix every room."""
        for conference in tuple(self._running.values()):
            conference.tick()


async def stay(one: Participant) -> None:
    """Be in the room until out of it; leaves it when cancelled."""
    room, leg = one.conference, one.call.leg
    try:
        with leg.playing(one), leg.keys_to(one.press):
            room.connect(one)
            await first_of(one.left, one.call.gone)
    finally:
        over = one.call.is_over and one.call.ended_by == "caller"
        room.remove(one, HUNG_UP if over else BY_API)
