"""Queues by REST, and the callers who wait in them: look, take the first or a certain one out.

Parameters, limits and fields: Twilio, "Queue resource" and "Member resource".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.queues import LONGEST_NAME, MOST_WAITING, Member, Queue, Queues
from simulator.rest.answers import ApiError, found_at, not_found, page, posted, shown_date
from simulator.rest.parameters import checked_url, method_of
from simulator.webhooks.webhook import Request

_LARGEST = 5000
_FRONT = "Front"
# Twilio's pages name the refusals of these two but not their codes; the general one is a guess.
_REFUSED = 20001


def shown(queue: Queue) -> dict[str, Any]:
    """A queue as REST shows it."""
    return {
        "sid": queue.sid,
        "account_sid": queue.account_sid,
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait_s,
        "date_created": shown_date(queue.created_at),
        "date_updated": shown_date(queue.updated_at),
        "uri": f"{_uri(queue)}.json",
    }


def shown_member(queue: Queue, member: Member) -> dict[str, Any]:
    """A waiting caller as REST shows them."""
    return {
        "queue_sid": queue.sid,
        "call_sid": member.call.sid,
        "date_enqueued": shown_date(member.joined_at),
        "position": queue.position(member),
        "wait_time": round(queue.clock.now_s - member.joined_s),
        "uri": f"{_uri(queue)}/Members/{member.call.sid}.json",
    }


def _uri(queue: Queue) -> str:
    return f"/2010-04-01/Accounts/{queue.account_sid}/Queues/{queue.sid}"


async def list_queues(request: web.Request) -> web.Response:
    """Newest first."""
    return page(request, "queues", reversed([*_queues(request).by_name.values()]), shown)


async def create_queue(request: web.Request) -> web.Response:
    """An empty queue; <Enqueue> and <Queue> find it by its name."""
    queues, form = _queues(request), await posted(request)
    name = _free_name(queues, form)
    most = _size(form)
    queue = queues.named(name)
    queue.max_size = most
    return web.json_response(shown(queue), status=201)


async def fetch_queue(request: web.Request) -> web.Response:
    """One queue."""
    return web.json_response(shown(_found(request)))


async def update_queue(request: web.Request) -> web.Response:
    """Another name or another size; who waits already stays."""
    queues, queue, form = _queues(request), _found(request), await posted(request)
    if form.get("FriendlyName", queue.name) != queue.name:
        queues.rename(queue, _free_name(queues, form))
    if "MaxSize" in form:
        queue.max_size = _size(form)
    queue.updated_at = queue.clock.date
    return web.json_response(shown(queue))


async def delete_queue(request: web.Request) -> web.Response:
    """Forget a queue in which nobody waits."""
    queue = _found(request)
    if queue.members:
        raise ApiError(400, _REFUSED, "The queue is not empty; only an empty one can be deleted")
    _queues(request).remove(queue)
    return web.Response(status=204)


async def list_members(request: web.Request) -> web.Response:
    """Whoever waits, first come first."""
    queue = _found(request)
    return page(request, "queue_members", queue.members, lambda one: shown_member(queue, one))


async def fetch_member(request: web.Request) -> web.Response:
    """One waiting caller, by the call's id or `Front`; nobody is taken out."""
    queue = _found(request)
    return web.json_response(shown_member(queue, _member(request, queue)))


async def dequeue_member(request: web.Request) -> web.Response:
    """Take a caller out; their call goes on with the document of Url."""
    queue, form = _found(request), await posted(request)
    if not form.get("Url"):
        raise ApiError(400, 21205, "Url: expected the address of a document")
    url, method = checked_url("Url", form["Url"]), method_of(form, "Method")
    member = _member(request, queue)
    answer = shown_member(queue, member)
    queue.remove(member)
    queue.waits_s.append(queue.clock.now_s - member.joined_s)
    member.call.interrupt(Request(url, member.call.fields(), method))
    return web.json_response(answer | {"position": 0})


def _queues(request: web.Request) -> Queues:
    return request.app[EXCHANGE].queues


def _found(request: web.Request) -> Queue:
    return found_at(request.path, _queues(request).by_sid(request.match_info["sid"]))


def _member(request: web.Request, queue: Queue) -> Member:
    who = request.match_info["who"]
    for member in queue.members:
        if who in (_FRONT, member.call.sid):
            return member
    raise not_found(request.path)


def _free_name(queues: Queues, form: Mapping[str, str]) -> str:
    name = form.get("FriendlyName", "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise ApiError(400, _REFUSED, f"FriendlyName: expected 1 to {LONGEST_NAME} characters")
    if name in queues.by_name:
        raise ApiError(400, _REFUSED, "FriendlyName: there is a queue of that name")
    return name


def _size(form: Mapping[str, str]) -> int:
    text = form.get("MaxSize", str(MOST_WAITING))
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST:
        raise ApiError(400, _REFUSED, f"MaxSize: expected 1 to {_LARGEST}, got {text!r}")
    return int(text)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount both resources."""
    router.add_get(f"{root}/Queues.json", list_queues)
    router.add_post(f"{root}/Queues.json", create_queue)
    router.add_get(f"{root}/Queues/{{sid}}.json", fetch_queue)
    router.add_post(f"{root}/Queues/{{sid}}.json", update_queue)
    router.add_delete(f"{root}/Queues/{{sid}}.json", delete_queue)
    router.add_get(f"{root}/Queues/{{sid}}/Members.json", list_members)
    router.add_get(f"{root}/Queues/{{sid}}/Members/{{who}}.json", fetch_member)
    router.add_post(f"{root}/Queues/{{sid}}/Members/{{who}}.json", dequeue_member)
