"""The way in for the carrier: signature first, and an apology instead of a stack trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from carriers.base import Carrier, CarrierRequest, Document
from carriers.messages import CarrierMessage
from carriers.verbs import GoOn, HangUp, LeaveQueue, Pause, Record, Speak, Verbs
from infra.failpoints import failpoint
from infra.log import logger, origin
from infra.services import Services
from voice.prompts import Prompts
from web.spooling import keep_callback

MOST_BYTES = 64 * 1024
_MOST_APOLOGIES = 3

_log = logger(__name__)
View = TypeVar("View", bound=Callable[..., Response])


def sentence(prompt: str, language: str) -> str:
    """What the carrier's own voice says of our trouble, since ours may be what has failed."""
    return " ".join(Prompts(language).text(prompt))


def webhook_blueprint(name: str, import_name: str, url_prefix: str) -> Blueprint:
    """A blueprint whose every route must carry the carrier's signature."""
    blueprint = Blueprint(name, import_name, url_prefix=url_prefix)
    blueprint.before_request(_refuse_strangers)
    blueprint.after_request(_acknowledge)
    blueprint.register_error_handler(Exception, _apologise)
    blueprint.is_signed = True  # type: ignore[attr-defined]
    return blueprint


def callback(view: View) -> View:
    """Mark a view of a message that only tells something: no caller waits for its answer.

    When it fails, the message is kept on disk and taken later (reliability 3.1, SP).
    """
    view.is_callback = True  # type: ignore[attr-defined]
    return view


def in_place(view: View) -> View:
    """Mark a view for a line that is not in the dialogue: one that waits in the queue, an agent's.

    When it fails, the apology leads back to the same address, and in the end out of the queue.
    """
    view.is_in_place = True  # type: ignore[attr-defined]
    return view


def message() -> CarrierMessage:
    """The carrier's message at hand. Raises MessageError when it cannot be read."""
    return _carrier().read(_request())


def sent(document: Document) -> Response:
    """The answer to the carrier."""
    return Response(document.text, content_type=document.content_type)


def reply(verbs: Verbs) -> Response:
    """These verbs as an answer to the carrier."""
    return sent(_carrier().reply(verbs))


def public_url_of_request(services: Services) -> str:
    """The address the carrier used: our configured origin, the raw path and query.

    `Host` and `X-Forwarded-*` are not believed (reliability 4.1, forged webhook).
    """
    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not raw:
        query = environ.get("QUERY_STRING", "")
        raw = request.path + (f"?{query}" if query else "")
    if "://" in raw:
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    return services.settings.public_url + raw


def _refuse_strangers() -> Response | None:
    if (request.content_length or 0) > MOST_BYTES:
        return Response("expected at most 64 KiB", status=413, content_type="text/plain")
    if not _carrier().is_authentic(_request()):
        _log.warning("unsigned webhook refused", route=request.path)
        return Response("signature expected", status=403, content_type="text/plain")
    return None


def _request() -> CarrierRequest:
    return CarrierRequest(
        url=public_url_of_request(_services()),
        route=request.path,
        args=request.args.to_dict(),
        headers=dict(request.headers),
        form=request.form.to_dict(),
    )


def _acknowledge(response: Response) -> Response:
    """The answer leaves: from here on the carrier may have taken it."""
    failpoint(f"webhooks{request.path.replace('/', '.')}.answer")
    return response


def _apologise(error: Exception) -> Response | HTTPException:
    """Speak an apology and try again where the caller was; give up into a message."""
    if isinstance(error, HTTPException) and error.code in (404, 405):
        return error
    _log.error("webhook failed", route=request.path, error=origin(error))
    view = current_app.view_functions[str(request.endpoint)]
    if getattr(view, "is_callback", False):
        return _kept_or_refused(error)
    language = _services().settings.language_list[0]
    tries = request.args.get("trouble", 0, type=int) + 1
    is_in_place = getattr(view, "is_in_place", False)
    if tries <= _MOST_APOLOGIES:
        path = _same_again(tries) if is_in_place else _back_in_dialogue(tries)
        sorry = Speak(sentence("apology", language), language)
        return reply((sorry, Pause(2), GoOn(_root() + path)))
    return reply(_sent_away(language) if is_in_place else _last_words(language))


def _same_again(tries: int) -> str:
    """The address that was asked for, with the count of our failures there."""
    return f"{request.path}?{urlencode({**request.args, 'trouble': tries})}"


def _back_in_dialogue(tries: int) -> str:
    """Where the dialogue goes on. `at` tells this failure from others of the same call, whose
    answers are kept under their own addresses."""
    at = request.args.get("at") or hashlib.sha256(request.full_path.encode()).hexdigest()[:12]
    return f"/ivr/continue?after=trouble&trouble={tries}&at={at}"


def _sent_away(language: str) -> Verbs:
    """Out of the queue in which a line waits; a line in none is ended."""
    return (Speak(sentence("apology", language), language), LeaveQueue(), HangUp())


def _last_words(language: str) -> Verbs:
    """Nothing of ours answers any more: let the carrier keep a message."""
    message = Record(
        purpose="message",
        silence_s=5,
        then=f"{_root()}/ivr/rescued",
        notify=f"{_root()}/recordings/status",
    )
    return (Speak(sentence("last_words", language), language), message, HangUp())


def _kept_or_refused(error: Exception) -> Response:
    if isinstance(error, ValueError):
        return Response("a field of another shape", status=400, content_type="text/plain")
    return keep_callback(Response("", content_type=_carrier().reply(()).content_type))


def _root() -> str:
    return _services().settings.public_url


def _carrier() -> Carrier:
    return _services().get(Carrier)


def _services() -> Services:
    return cast(Services, current_app.extensions["swiftline"])
