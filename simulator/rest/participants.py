"""Somebody is added to a conference by calling them: POST .../Participants.

The call runs no document of its own: it is in the room from its answer, and over when it leaves.
Parameters and defaults: Twilio, "Conference Participant resource".
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from simulator.calls.call import Call
from simulator.conferences.conference_events import EVENTS as ROOM_EVENTS
from simulator.conferences.conference_events import Subscription
from simulator.conferences.conference_recording import RoomTerms
from simulator.conferences.conference_sounds import Music
from simulator.conferences.conferences import Conference, Refused, stay
from simulator.conferences.participants import ADD_FAILED, Participant, Terms
from simulator.documents.ring import Ring
from simulator.documents.scene import Scene
from simulator.exchange import Exchange
from simulator.keys import NETWORK
from simulator.network import Network
from simulator.rest.answers import ApiError, not_found, posted, repeated
from simulator.rest.calls import called, caller_of, shown_caller
from simulator.rest.conferences import shown_participant
from simulator.rest.parameters import (
    callback_from,
    detection_from,
    flag,
    method_of,
    one_of,
    progress_from,
    recording_from,
    seconds_of,
    url_of,
    whole,
    words,
)
from simulator.sids import CONFERENCE
from simulator.time.waiting import first_of

_NOT_EMULATED = frozenset({"Byoc", "SipAuthUsername", "SipAuthPassword", "ClientNotificationUrl"})
_JITTER = ("large", "off", "small", "medium")
_ROOM_RECORD = ("false", "true", "record-from-start", "do-not-record")
_RECORDING_EVENTS = (
    "started", "in-progress", "paused", "resumed", "stopped", "completed", "failed", "absent",
)  # fmt: skip
_ROOM_RECORDING_EVENTS = ("in-progress", "completed", "failed", "absent")
_LATER_S = 5.0
"""Added to every Timeout."""
_BEEPS = ("true", "false", "onEnter", "onExit")
_LONGEST_LABEL = 128


async def add_participant(request: web.Request) -> web.Response:
    """Call somebody into a room, which is made if a name was given and there is none."""
    network = request.app[NETWORK]
    form = await posted(request)
    beyond = sorted(name for name in _NOT_EMULATED if form.get(name))
    if beyond:
        raise ApiError(400, 20001, f"{beyond[0]} is not emulated here")
    name = _name(request)
    terms = _terms(
        form,
        await repeated(request, "ConferenceStatusCallbackEvent"),
        await repeated(request, "ConferenceRecordingStatusCallbackEvent"),
    )
    running = network.conferences.running(name)
    try:
        if running is not None:
            running.check(terms)
        elif terms.coach:
            raise Refused(13240, f"call {terms.coach} to coach is not in a conference {name!r}")
    except Refused as refused:
        raise ApiError(400, refused.code, str(refused)) from refused
    ring = _ring(
        network.exchange,
        form,
        await repeated(request, "StatusCallbackEvent"),
        await repeated(request, "RecordingStatusCallbackEvent"),
    )
    one = _on_the_way(network, name, network.outgoing.place(ring), terms)
    return web.json_response(shown_participant(one), status=201)


def _ring(
    exchange: Exchange,
    form: Mapping[str, str],
    events: tuple[str, ...],
    recording_events: tuple[str, ...],
) -> Ring:
    detection = detection_from(form, "AmdStatusCallback", always_aside=True)
    record = recording_from(
        form, recording_events, trims=("trim-silence", "do-not-trim"), known=_RECORDING_EVENTS
    )
    to, from_ = called(exchange, form), caller_of(exchange, form)
    return Ring(
        to,
        shown_caller(form) or from_,
        timeout_s=whole(form, "Timeout", 60, 5, 600) + _LATER_S,
        progress=progress_from(exchange, form, events),
        time_limit_s=seconds_of(form, "TimeLimit", 14_400, 86_400),
        detection=detection if form.get("MachineDetection") else None,
        record=record if flag(form, "Record") else None,
    )


def _beep(form: Mapping[str, str]) -> str:
    """When the room hears a beep; true and false in any case, as `flag` takes them."""
    word = form.get("Beep", "true")
    given = word.lower() if word.lower() in {"true", "false"} else word
    return one_of({"Beep": given}, "Beep", _BEEPS)


def _name(request: web.Request) -> str:
    """The room's name, by name or SID."""
    key = request.match_info["sid"]
    if not key.startswith(CONFERENCE) or len(key) != 34:
        return key
    room: Conference | None = request.app[NETWORK].conferences.by_sid.get(key)
    if room is None or room.status == "completed":
        raise not_found(request.path)
    return room.name


def _on_the_way(network: Network, name: str, call: Call, terms: Terms) -> Participant:
    try:
        one = network.conferences.add(
            name, Scene(call, network.exchange, network.handlers, ""), terms
        )
    except Refused as refused:
        call.end(by="line", status="canceled")
        raise ApiError(400, refused.code, str(refused)) from refused
    network.exchange.background.run(_bring_in(one), of=call)
    return one


async def _bring_in(one: Participant) -> None:
    """Into the room once answered; the call ends when they leave."""
    call = one.call
    await first_of(call.answered, call.gone)
    if not call.answered.is_set():
        one.conference.remove(one, ADD_FAILED)
        return
    if not one.left.is_set():
        await stay(one)
    call.end(by="line")


def _terms(
    form: Mapping[str, str], events: tuple[str, ...], recording_events: tuple[str, ...]
) -> Terms:
    told = words("ConferenceStatusCallbackEvent", events, ROOM_EVENTS)
    one_of(form, "JitterBufferSize", _JITTER)
    if len(form.get("Label", "")) > _LONGEST_LABEL:
        raise ApiError(400, 20001, f"Label: at most {_LONGEST_LABEL} characters")
    coached = form.get("CallSidToCoach", "")
    coaching = flag(form, "Coaching") if "Coaching" in form else bool(coached)
    if coaching and not coached:
        raise ApiError(400, 20001, "Coaching=true needs CallSidToCoach")
    return Terms(
        label=form.get("Label", ""),
        muted=flag(form, "Muted"),
        beep=_beep(form),
        start_on_enter=flag(form, "StartConferenceOnEnter", "true"),
        end_on_exit=flag(form, "EndConferenceOnExit"),
        early_media=flag(form, "EarlyMedia", "true"),
        coach=coached if coaching else "",
        most=whole(form, "MaxParticipants", 250, 2, 250),
        wait=_music(form),
        events=Subscription(
            url_of(form, "ConferenceStatusCallback"),
            method_of(form, "ConferenceStatusCallbackMethod"),
            told or ("start", "end"),
        ),
        recording=_room_terms(form, recording_events),
    )


def _room_terms(form: Mapping[str, str], events: tuple[str, ...]) -> RoomTerms:
    return RoomTerms(
        one_of(form, "ConferenceRecord", _ROOM_RECORD) in {"true", "record-from-start"},
        one_of(form, "ConferenceTrim", ("trim-silence", "do-not-trim")),
        callback_from(form, "ConferenceRecordingStatusCallback", events, _ROOM_RECORDING_EVENTS),
    )


def _music(form: Mapping[str, str]) -> Music:
    if "WaitUrl" not in form:
        return Music()
    return Music(url_of(form, "WaitUrl"), method_of(form, "WaitMethod"))


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the address."""
    router.add_post(f"{root}/Conferences/{{sid}}/Participants.json", add_participant)
