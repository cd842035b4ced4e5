"""The archive for those who judge calls: a list to search, and a page to listen and read."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from config.city import City
from infra.clock import now
from infra.lifecycle import NotAllowed
from infra.storage.base import Storage
from recordings import actions, links, queries, spoken, view
from recordings.life import AUDIBLE, Action, allows
from recordings.models import Listening, Recording
from recordings.ranges import OutOfRange, asked_range
from tickets.cards import category_name, department_name
from tickets.life import STATE_NAMES
from tickets.reports.numbers import written
from web.access.guard import Role, current_sign_in, current_staff, requires
from web.access.staff import names_of
from web.api import error
from web.services import services
from web.ui.page import add_to_menu, page_blueprint

blueprint = page_blueprint("recordings", __name__, url_prefix="/recordings")
add_to_menu(blueprint, Role.QA, Role.SUPERVISOR, "Recordings", "recordings.index", order=40)

_may_listen = requires(Role.QA, Role.SUPERVISOR)
_FILE_MARK = 16


@blueprint.get("/")
@_may_listen
def index() -> str:
    """The list, filtered by the address."""
    asked = view.read_filter(request.args, zone=services().get(City).zone)
    with services().database.read() as session:
        found = queries.count(session, asked.wanted)
        rows = queries.one_page(session, asked.wanted)
    pages = max(1, -(-found // queries.PAGE_SIZE))
    return render_template(
        "recordings/index.html",
        asked=asked,
        rows=rows,
        found=found,
        pages=pages,
        page_address=lambda page: _address_of_page(asked, page),
        view=view,
        written=written,
    )


@blueprint.get("/<public_id>")
@_may_listen
def replay(public_id: str) -> str:
    """One recording: its sound, its words, and what became of the call."""
    city = services().get(City)
    with services().database.read() as session:
        recording = _recording(session, public_id)
        return render_template(
            "recordings/replay.html",
            recording=recording,
            is_audible=recording.state in AUDIBLE and bool(recording.storage_key),
            may_fetch_again=allows(recording.state, Action.FETCH_AGAIN),
            understood=queries.understood(session, recording),
            category_name=partial(category_name, city),
            department_name=partial(department_name, city),
            ticket_states=STATE_NAMES,
            written=written,
            looked_for=request.args.get("q", "")[:100],
            **_words(session, recording),
            **_listeners(session, recording),
        )


@blueprint.get("/<public_id>/listeners")
@_may_listen
def listeners(public_id: str) -> str:
    """Who listened, for a page that is open while others listen."""
    with services().database.read() as session:
        recording = _recording(session, public_id)
        return render_template(
            "recordings/_listeners.html", recording=recording, **_listeners(session, recording)
        )


@blueprint.post("/<public_id>/listen")
@_may_listen
def listen(public_id: str) -> Response:
    """Somebody begins to listen: write it down, and give their browser a link to the sound."""
    sign_in = current_sign_in()
    with services().database.transaction("recordings.pages.listen") as session:
        recording = _recording(session, public_id)
        try:
            listening = actions.start_listening(
                session,
                recording,
                staff_id=current_staff().id,
                sign_in_id=sign_in.id if sign_in else 0,
            )
        except NotAllowed as refusal:
            return error(409, "no_sound", str(refusal))
        return _links(recording, listening)


@blueprint.post("/<public_id>/listen/<int:listening_id>")
@_may_listen
def go_on(public_id: str, listening_id: int) -> Response:
    """The page still listens: its link works for a while longer."""
    with services().database.transaction("recordings.pages.go_on") as session:
        recording = _recording(session, public_id)
        listening = _own_listening(session, recording, listening_id)
        if listening is None or not recording.storage_key:
            return error(403, "not_yours", "reload the page to listen")
        actions.go_on_listening(listening)
        return _links(recording, listening)


@blueprint.get("/<public_id>/sound")
@_may_listen
def sound(public_id: str) -> AnyResponse:
    """The sound itself, for a link of this browser that has not run out."""
    link = links.read(services().settings.secret_key, request.args.get("link", ""))
    if link is None or link.recording != public_id:
        return error(403, "bad_link", "reload the page to listen")
    with services().database.read() as session:
        recording = _recording(session, public_id)
        listening = _own_listening(session, recording, link.listening_id)
    if listening is None:
        return error(403, "not_yours", "this link belongs to another browser")
    if listening.open_until < now():
        return error(403, "run_out", "this link has run out; the page can renew it")
    if not recording.storage_key or _file_mark(recording) != link.file:
        return error(410, "replaced", "the file was replaced; the page can renew its link")
    return _send(recording)


@blueprint.post("/<public_id>/fetch-again")
@_may_listen
def fetch_again(public_id: str) -> AnyResponse:
    """Ask the carrier once more for a recording that it did not give."""
    with services().database.transaction("recordings.pages.fetch_again") as session:
        recording = _recording(session, public_id)
        try:
            actions.fetch_again(session, recording)
        except NotAllowed as refusal:
            abort(409, description=str(refusal))
    return redirect(url_for("recordings.replay", public_id=public_id), 303)


def _address_of_page(asked: view.Asked, page: int) -> str:
    return url_for("recordings.index", **dict[str, Any](asked.with_page(page)))


def _recording(session: Session, public_id: str) -> Recording:
    recording = queries.by_public_id(session, public_id)
    if recording is None:
        abort(404)
    return recording


def _words(session: Session, recording: Recording) -> dict[str, Any]:
    said = spoken.words_of(session, recording)
    pressed = spoken.keys_pressed(session, recording)
    return {
        "entries": view.entries(said, pressed),
        "names": names_of(session, (each.staff_id for each in said if each.staff_id is not None)),
        "word_count": len(said),
        "speech_on": services().settings.speech_on,
        "view": view,
    }


def _listeners(session: Session, recording: Recording) -> dict[str, Any]:
    return {"listeners": queries.listeners(session, recording)}


def _own_listening(session: Session, recording: Recording, listening_id: int) -> Listening | None:
    """The listening of that number, if it was begun by this very browser."""
    listening = session.get(Listening, listening_id)
    sign_in = current_sign_in()
    if listening is None or sign_in is None or listening.recording_id != recording.id:
        return None
    return listening if listening.sign_in_id == sign_in.id else None


def _links(recording: Recording, listening: Listening) -> Response:
    link = links.Link(recording.public_id, listening.id, _file_mark(recording))
    text = links.sign(services().settings.secret_key, link)
    return jsonify(
        sound_url=url_for("recordings.sound", public_id=recording.public_id, link=text),
        renew_url=url_for(
            "recordings.go_on", public_id=recording.public_id, listening_id=listening.id
        ),
        link_s=actions.LINK_S,
    )


def _file_mark(recording: Recording) -> str:
    return (recording.sha256 or "")[:_FILE_MARK]


def _send(recording: Recording) -> AnyResponse:
    """The file, or exactly the bytes asked for; never kept by a cache."""
    assert recording.storage_key is not None
    storage = services().get(Storage)
    size = storage.size(recording.storage_key)
    try:
        part = asked_range(request.headers.get("Range", ""), size)
    except OutOfRange:
        refused = error(416, "out_of_range", f"expected a range within {size} bytes")
        refused.headers["Content-Range"] = f"bytes */{size}"
        return refused
    environ = {name: text for name, text in request.environ.items() if name != "HTTP_RANGE"}
    if part is not None:
        environ["HTTP_RANGE"] = f"bytes={part[0]}-{part[1] - 1}"
    response = send_file(
        storage.open(recording.storage_key),
        mimetype=recording.media_type,
        etag=_file_mark(recording),
    )
    response.make_conditional(environ, accept_ranges=True, complete_length=size)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
