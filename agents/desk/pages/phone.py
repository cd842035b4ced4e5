"""What the browser's phone and waiting callers' phones fetch: a token, and music."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from agents.routing import music
from carriers.base import Carrier, CarrierError
from carriers.phones import browser_phone
from web.access.guard import Role, current_staff, public, requires
from web.api import error
from web.services import services

blueprint = Blueprint("phone", __name__)

_TOKEN_S = 3600
_LONGEST_PART_S = 20


@blueprint.get("/token")
@requires(Role.AGENT)
def token() -> Response:
    """A fresh access token for this agent's browser phone."""
    identity = f"agent_{current_staff().id}"
    try:
        made = services().get(Carrier).browser_token(identity, ttl_s=_TOKEN_S)
    except CarrierError:
        return error(503, "no_token", "the phone network gives no token; run `swiftline doctor`")
    answer = jsonify(token=made, identity=identity, ttl_s=_TOKEN_S)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/hold-music.wav")
@public
def hold_music() -> Response:
    """A part of the tune that waiting callers hear: `from` and `for`, in seconds."""
    from_s = request.args.get("from", 0, type=int)
    length_s = request.args.get("for", music.length_s(), type=int)
    if from_s < 0 or not 1 <= length_s <= max(_LONGEST_PART_S, music.length_s()):
        return error(400, "bad_part", "expected from >= 0 and for between 1 and 40 seconds")
    return Response(
        music.part(from_s % music.length_s(), length_s),
        content_type="audio/wav",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def phone_script() -> str:
    """Where the browser loads the telephone from: the local phone network, or a file of ours."""
    phone = browser_phone(services().settings)
    return url_for("desk.static", filename=phone.script) if phone.is_own_file else phone.script
