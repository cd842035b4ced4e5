"""Somebody is added to a conference by calling them: POST .../Participants.

The call runs no document of its own: it is in the room from its answer, and over when it leaves.
Parameters and defaults: Twilio, "Conference Participant resource".
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from simulator.call import Call
from simulator.conference_events import EVENTS as ROOM_EVENTS
from simulator.conference_events import Subscription
from simulator.conference_recording import RoomTerms
from simulator.conference_sounds import Music
from simulator.conferences import Conference, Refused, stay
from simulator.keys import NETWORK
from simulator.network import Network
from simulator.participants import ADD_FAILED, Participant, Terms
from simulator.rest.answers import ApiError, not_found, posted, repeated
from simulator.rest.calls import (
    called,
    caller_of,
    checked_url,
    method_of,
    progress_from,
    seconds_of,
)
from simulator.rest.conferences import shown_participant
from simulator.ring import Ring
from simulator.scene import Scene
from simulator.sids import CONFERENCE
from simulator.verbs import HANDLERS
from simulator.waiting import first_of

_TAKEN = frozenset(
    {
        "To", "From", "Label", "Muted", "Beep", "StartConferenceOnEnter", "EndConferenceOnExit",
        "WaitUrl", "WaitMethod", "MaxParticipants", "Coaching", "CallSidToCoach", "Timeout",
        "TimeLimit", "StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent",
        "ConferenceStatusCallback", "ConferenceStatusCallbackMethod",
        "ConferenceStatusCallbackEvent", "ConferenceRecord", "ConferenceTrim", "EarlyMedia",
        "JitterBufferSize", "Region",
    }
)  # fmt: skip
_BEEPS = ("true", "false", "onEnter", "onExit")


async def add_participant(request: web.Request) -> web.Response:
    """Call somebody into a room, which is made if a name was given and there is none."""
    network = request.app[NETWORK]
    form = await posted(request)
    unknown = sorted(set(form) - _TAKEN)
    if unknown:
        raise ApiError(400, 20001, f"{unknown[0]} is not emulated here")
    name = _name(request)
    terms = _terms(form, await repeated(request, "ConferenceStatusCallbackEvent"))
    running = network.conferences.running(name)
    try:
        if running is not None:
            running.check(terms)
        elif terms.coach:
            raise Refused(13240, f"call {terms.coach} to coach is not in a conference {name!r}")
    except Refused as refused:
        raise ApiError(400, refused.code, str(refused)) from refused
    ring = Ring(
        called(form),
        caller_of(network, form),
        timeout_s=seconds_of(form, "Timeout", 60, 600),
        progress=progress_from(form, await repeated(request, "StatusCallbackEvent")),
        time_limit_s=seconds_of(form, "TimeLimit", 14_400, 86_400),
    )
    one = _on_the_way(network, name, network.outgoing.place(ring), terms)
    return web.json_response(shown_participant(one), status=201)


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
        one = network.conferences.add(name, Scene(call, network, HANDLERS, ""), terms)
    except Refused as refused:
        call.end(by="line", status="canceled")
        raise ApiError(400, refused.code, str(refused)) from refused
    network.aside(_bring_in(one), of=call)
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


def _terms(form: Mapping[str, str], events: tuple[str, ...]) -> Terms:
    beep = form.get("Beep", "true")
    if beep not in _BEEPS:
        raise ApiError(400, 20001, f"Beep: expected {', '.join(_BEEPS)}, got {beep!r}")
    if set(events) - set(ROOM_EVENTS):
        expected = ", ".join(ROOM_EVENTS)
        raise ApiError(400, 20001, f"ConferenceStatusCallbackEvent: expected {expected}")
    coach = form.get("CallSidToCoach", "") if form.get("Coaching") == "true" else ""
    if form.get("Coaching") == "true" and not coach:
        raise ApiError(400, 20001, "Coaching=true needs CallSidToCoach")
    return Terms(
        label=form.get("Label", "")[:128],
        muted=form.get("Muted") == "true",
        beep=beep,
        start_on_enter=form.get("StartConferenceOnEnter", "true") == "true",
        end_on_exit=form.get("EndConferenceOnExit") == "true",
        coach=coach,
        most=int(seconds_of(form, "MaxParticipants", 250, 250)),
        wait=_music(form),
        events=Subscription(
            _url(form, "ConferenceStatusCallback"),
            method_of(form, "ConferenceStatusCallbackMethod"),
            events or ("start", "end"),
        ),
        recording=RoomTerms(form.get("ConferenceRecord") in {"true", "record-from-start"}),
    )


def _music(form: Mapping[str, str]) -> Music:
    if "WaitUrl" not in form:
        return Music()
    return Music(_url(form, "WaitUrl"), method_of(form, "WaitMethod"))


def _url(form: Mapping[str, str], name: str) -> str:
    return checked_url(name, form[name]) if form.get(name) else ""


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the address."""
    router.add_post(f"{root}/Conferences/{{sid}}/Participants.json", add_participant)
