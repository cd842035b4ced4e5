"""Conferences and their participants by REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.conferences.conference_sounds import Music
from simulator.conferences.conferences import Conference, Refused
from simulator.conferences.participants import BY_API, Participant
from simulator.keys import EXCHANGE, NETWORK
from simulator.rest.answers import ApiError, found_at, keeps, page, posted, shown_date
from simulator.rest.parameters import checked_url, method_of, url_of


def shown(room: Conference) -> dict[str, Any]:
    """A conference as REST shows it."""
    uri = f"/2010-04-01/Accounts/{room.account_sid}/Conferences/{room.sid}"
    return {
        "sid": room.sid,
        "account_sid": room.account_sid,
        "api_version": "2010-04-01",
        "friendly_name": room.name,
        "status": room.status,
        "region": room.region,
        "date_created": shown_date(room.created_at),
        "date_updated": shown_date(room.updated_at),
        "reason_conference_ended": room.reason_ended or None,
        "call_sid_ending_conference": room.ended_by or None,
        "uri": f"{uri}.json",
        "subresource_uris": {
            "participants": f"{uri}/Participants.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


def shown_participant(one: Participant) -> dict[str, Any]:
    """A participant as REST shows it."""
    room = one.conference
    base = f"/2010-04-01/Accounts/{room.account_sid}/Conferences/{room.sid}/Participants"
    return {
        "account_sid": room.account_sid,
        "call_sid": one.call.sid,
        "label": one.label or None,
        "conference_sid": room.sid,
        "call_sid_to_coach": one.coaches or None,
        "coaching": bool(one.coaches),
        "muted": one.muted,
        "hold": one.held,
        "start_conference_on_enter": one.start_on_enter,
        "end_conference_on_exit": one.end_on_exit,
        "status": _state(one),
        "queue_time": "0",
        "date_created": shown_date(one.created_at),
        "date_updated": shown_date(one.updated_at),
        "uri": f"{base}/{one.call.sid}.json",
    }


def _state(one: Participant) -> str:
    """How far somebody on the way has come, by their call's state."""
    is_coming = one.status == "queued" and one.call.party.direction != "inbound"
    if is_coming and one.call.status in {"ringing", "in-progress"}:
        return "ringing" if one.call.status == "ringing" else "connecting"
    return one.status


def _room(request: web.Request) -> Conference:
    conferences = request.app[NETWORK].conferences
    key = request.match_info["sid"]
    return found_at(request.path, conferences.by_sid.get(key) or conferences.running(key))


def _participant(request: web.Request) -> Participant:
    return found_at(request.path, _room(request).find(request.match_info["who"]))


async def list_conferences(request: web.Request) -> web.Response:
    """Newest first, filtered by FriendlyName, Status, DateCreated and DateUpdated."""
    query = request.query

    def wanted(room: Conference) -> bool:
        return (
            query.get("FriendlyName") in (None, room.name)
            and query.get("Status") in (None, room.status)
            and keeps(query, "DateCreated", room.created_at)
            and keeps(query, "DateUpdated", room.updated_at)
        )

    rooms = reversed(tuple(request.app[NETWORK].conferences.by_sid.values()))
    return page(request, "conferences", filter(wanted, rooms), shown)


async def fetch_conference(request: web.Request) -> web.Response:
    """One conference."""
    return web.json_response(shown(_room(request)))


async def update_conference(request: web.Request) -> web.Response:
    """End it for all by Status, or play an announcement by AnnounceUrl."""
    room, form = _room(request), await posted(request)
    if form.get("Status", "completed") != "completed":
        raise ApiError(400, 20001, f"Status: expected completed, got {form['Status']!r}")
    if form.get("AnnounceUrl"):
        room.announce(
            checked_url("AnnounceUrl", form["AnnounceUrl"]), method_of(form, "AnnounceMethod")
        )
    if "Status" in form:
        room.end("conference-ended-via-api")
    return web.json_response(shown(room))


async def list_participants(request: web.Request) -> web.Response:
    """Who is in, filtered by Muted, Hold and Coaching."""
    query = request.query

    def wanted(one: Participant) -> bool:
        flags = {"Muted": one.muted, "Hold": one.held, "Coaching": bool(one.coaches)}
        return all(query.get(name) in (None, _word(flag)) for name, flag in flags.items())

    people = tuple(_room(request).participants.values())
    return page(request, "participants", filter(wanted, people), shown_participant)


async def fetch_participant(request: web.Request) -> web.Response:
    """One participant, by CallSid or label."""
    return web.json_response(shown_participant(_participant(request)))


async def update_participant(request: web.Request) -> web.Response:
    """Mute, hold, coach, announce, or change what happens at the exit."""
    one, form = _participant(request), await posted(request)
    room = one.conference
    _wait(one, form)
    before = (one.end_on_exit, one.beep_on_exit, one.coaches)
    _coach(one, form)
    if "Muted" in form and one.muted != (form["Muted"] == "true"):
        one.muted = not one.muted
        room.reporter.tell(
            f"participant-{'' if one.muted else 'un'}mute", by=one.call, about=one.fields()
        )
    _hold(one, form)
    one.end_on_exit = form.get("EndConferenceOnExit", _word(one.end_on_exit)) == "true"
    one.beep_on_exit = form.get("BeepOnExit", _word(one.beep_on_exit)) == "true"
    if (one.end_on_exit, one.beep_on_exit, one.coaches) != before:
        room.reporter.tell("participant-modify", by=one.call, about=one.fields())
    if form.get("AnnounceUrl"):
        url = checked_url("AnnounceUrl", form["AnnounceUrl"])
        one.beside(one.announce(url, method_of(form, "AnnounceMethod")))
    one.updated_at = request.app[EXCHANGE].clock.date
    return web.json_response(shown_participant(one))


def _coach(one: Participant, form: Mapping[str, str]) -> None:
    if "Coaching" not in form and "CallSidToCoach" not in form:
        return
    wanted = form.get("CallSidToCoach", "") if form.get("Coaching", "true") == "true" else ""
    if form.get("Coaching") == "true" and not wanted:
        raise ApiError(400, 20001, "Coaching=true needs CallSidToCoach")
    try:
        if wanted:
            one.conference.check_coach(wanted)
    except Refused as refused:
        raise ApiError(400, refused.code, str(refused)) from refused
    one.coaches = wanted


def _hold(one: Participant, form: Mapping[str, str]) -> None:
    if "Hold" not in form:
        return
    wanted = form["Hold"] == "true"
    if wanted:
        url = form.get("HoldUrl")
        one.hold(
            Music(checked_url("HoldUrl", url), method_of(form, "HoldMethod", "GET"))
            if url
            else Music()
        )
        one.conference.reporter.tell("participant-hold", by=one.call, about=one.fields())
    elif one.held:
        one.unhold()
        one.conference.reporter.tell("participant-unhold", by=one.call, about=one.fields())


def _wait(one: Participant, form: Mapping[str, str]) -> None:
    """Other music until the room starts; whoever waits hears it from now on."""
    if "WaitUrl" not in form:
        return
    one.wait = Music(url_of(form, "WaitUrl"), method_of(form, "WaitMethod"))
    one.wait_or_listen()


async def remove_participant(request: web.Request) -> web.Response:
    """Send somebody out; their own document goes on."""
    one = _participant(request)
    one.conference.remove(one, BY_API, kicked=True)
    return web.Response(status=204)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount both resources."""
    room = f"{root}/Conferences/{{sid}}"
    router.add_get(f"{root}/Conferences.json", list_conferences)
    router.add_get(f"{room}.json", fetch_conference)
    router.add_post(f"{room}.json", update_conference)
    router.add_get(f"{room}/Participants.json", list_participants)
    router.add_get(f"{room}/Participants/{{who}}.json", fetch_participant)
    router.add_post(f"{room}/Participants/{{who}}.json", update_participant)
    router.add_delete(f"{room}/Participants/{{who}}.json", remove_participant)
