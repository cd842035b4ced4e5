"""Callbacks of the carrier outlive a database that is away: kept on disk, replayed in order."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

from infra.log import logger, origin
from infra.services import Services
from infra.spool import Spool, TryLater
from infra.timeouts import TimedOut

_AWAY = (OperationalError, InterfaceError, InternalError, PoolIsEmpty, TimedOut)
_PAUSE_S = 2.0

_log = logger(__name__)


def keep_callback(taken: Response) -> Response:
    """Keep the callback at hand and answer `taken`; when the disk refuses too, the carrier is
    asked to send it again."""
    message = {"path": request.full_path.rstrip("?"), "form": request.form.to_dict()}
    try:
        _spool(current_app).keep(message)
    except OSError as error:
        _log.error("a callback could not be kept", error=origin(error))
        return Response("not taken; send it again", status=503, content_type="text/plain")
    _log.warning("a callback is kept until it can be stored", route=request.path)
    return taken


def replay_kept(app: Flask) -> int:
    """Take the kept callbacks as if they came now; returns how many were taken."""
    return _spool(app).replay(lambda message: _take(app, message))


def start_replaying(app: Flask) -> None:
    """Replay kept callbacks in a thread of this process, for as long as it lives."""
    threading.Thread(target=_replay_forever, args=(app,), name="spool", daemon=True).start()


def _replay_forever(app: Flask) -> None:
    while True:
        try:
            if count := replay_kept(app):
                _log.info("kept callbacks were stored", count=count)
        except Exception as error:
            _log.error("replay failed", error=origin(error))
        time.sleep(_PAUSE_S)


def _take(app: Flask, message: dict[str, Any]) -> None:
    with app.test_request_context(message["path"], method="POST", data=message["form"]):
        if request.endpoint is None:
            raise LookupError("expected the address of a callback")
        try:
            app.view_functions[request.endpoint](**request.view_args or {})
        except _AWAY:
            raise TryLater from None


def _spool(app: Flask) -> Spool:
    return Spool(cast(Services, app.extensions["swiftline"]).settings.spool)
