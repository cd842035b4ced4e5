"""The agent's desk: one page, and the small requests with which it keeps itself right."""

from __future__ import annotations

from flask import Response

from agents.desk import filing
from agents.desk.pages import conversations, desk, offers, phone
from agents.handovers import actions
from agents.routing.offers import OfferGone
from infra.lifecycle import NotAllowed
from web.access.guard import Role
from web.api import error
from web.ui.page import add_to_menu, page_blueprint

blueprint = page_blueprint("desk", "agents", url_prefix="/agents")
for _part in (desk, offers, conversations, phone):
    blueprint.register_blueprint(_part.blueprint)


@blueprint.errorhandler(OfferGone)
def _offer_gone(gone: OfferGone) -> Response:
    return error(409, "offer_gone", str(gone))


@blueprint.errorhandler(NotAllowed)
def _not_allowed(refused: NotAllowed) -> Response:
    return error(409, "not_allowed", str(refused))


@blueprint.errorhandler(actions.NotYours)
def _not_yours(_error: actions.NotYours) -> Response:
    return error(404, "no_such_conversation", "no such conversation is on this desk")


@blueprint.errorhandler(filing.DraftError)
def _bad_draft(wrong: filing.DraftError) -> Response:
    return error(422, "bad_draft", str(wrong))


add_to_menu(blueprint, Role.AGENT, "Desk", "desk.page.desk")
