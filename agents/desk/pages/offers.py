"""The caller who rings at an agent: taken, or not."""

from __future__ import annotations

from flask import Blueprint, Response

from agents.desk.pages.answers import desk_answer
from agents.routing import offers
from web.access.guard import Role, current_staff, requires
from web.services import services

blueprint = Blueprint("offers", __name__, url_prefix="/offers")


@blueprint.post("/<int(max=2147483647):offer_id>/accept")
@requires(Role.AGENT)
def accept(offer_id: int) -> Response:
    """Take the caller who rings."""
    with services().database.transaction("agents.desk.accept") as session:
        offers.accept(session, staff_id=current_staff().id, offer_id=offer_id)
        return desk_answer(session)


@blueprint.post("/<int(max=2147483647):offer_id>/decline")
@requires(Role.AGENT)
def decline(offer_id: int) -> Response:
    """Say no to the caller who rings."""
    with services().database.transaction("agents.desk.decline") as session:
        offers.decline(session, staff_id=current_staff().id, offer_id=offer_id)
        return desk_answer(session)
