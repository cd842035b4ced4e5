"""What stands below a message by REST: its media, and feedback about it.

Fields: Twilio, "Media subresource" and "Message Feedback".
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.text_messages import Media, Message
from simulator.rest.answers import keeps, not_found, page, posted, shown_date
from simulator.rest.messages import found_message
from simulator.rest.parameters import one_of

_OUTCOMES = ("unconfirmed", "confirmed")


def shown_media(message: Message, one: Media) -> dict[str, Any]:
    """A file of a message as REST shows it."""
    base = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Media"
    return {
        "sid": one.sid,
        "account_sid": message.account_sid,
        "parent_sid": message.sid,
        "content_type": one.content_type,
        "date_created": shown_date(one.created_at),
        "date_updated": shown_date(one.created_at),
        "uri": f"{base}/{one.sid}.json",
    }


async def list_media(request: web.Request) -> web.Response:
    """What came with a message."""
    message, query = found_message(request), request.query
    media = [one for one in message.media if keeps(query, "DateCreated", one.created_at)]
    return page(request, "media_list", media, lambda one: shown_media(message, one))


async def fetch_media(request: web.Request) -> web.Response:
    """The facts of one file."""
    message = found_message(request)
    return web.json_response(shown_media(message, _media(request, message)))


async def fetch_content(request: web.Request) -> web.Response:
    """The file itself."""
    one = _media(request, found_message(request))
    return web.Response(body=one.content, headers={"Content-Type": one.content_type})


async def delete_media(request: web.Request) -> web.Response:
    """Forget a file."""
    message = found_message(request)
    message.media.remove(_media(request, message))
    return web.Response(status=204)


async def create_feedback(request: web.Request) -> web.Response:
    """Whether its reader did what the message was for."""
    message, form = found_message(request), await posted(request)
    outcome = one_of(form, "Outcome", _OUTCOMES)
    at = shown_date(request.app[EXCHANGE].clock.date)
    body = {
        "account_sid": message.account_sid,
        "message_sid": message.sid,
        "outcome": outcome,
        "date_created": at,
        "date_updated": at,
        "uri": request.path,
    }
    return web.json_response(body)


def _media(request: web.Request, message: Message) -> Media:
    for one in message.media:
        if one.sid == request.match_info["media_sid"]:
            return one
    raise not_found(request.path)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount what stands below a message."""
    one = f"{root}/Messages/{{sid}}"
    router.add_post(f"{one}/Feedback.json", create_feedback)
    router.add_get(f"{one}/Media.json", list_media)
    router.add_get(f"{one}/Media/{{media_sid}}.json", fetch_media)
    router.add_delete(f"{one}/Media/{{media_sid}}.json", delete_media)
    router.add_get(f"{one}/Media/{{media_sid:ME[0-9a-f]+}}", fetch_content)
