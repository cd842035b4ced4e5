"""The account's applications by REST: what numbers, calls and browser phones may name.

Parameters and fields: Twilio, "Application resource".
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.account import Account, Answering, Application
from simulator.rest.addresses import ADDRESSES, changed, check_names, name_of, shown_addresses
from simulator.rest.answers import found_at, page, posted, shown_date
from simulator.rest.parameters import url_of

_OF_APPLICATION = ADDRESSES | {"MessageStatusCallback"}


def shown_application(app: Application, account_sid: str) -> dict[str, Any]:
    """An application as REST shows it."""
    return {
        "sid": app.sid,
        "account_sid": account_sid,
        "friendly_name": app.friendly_name,
        **shown_addresses(app.answering),
        "sms_status_callback": None,
        "message_status_callback": app.message_status_callback or None,
        "public_application_connect_enabled": False,
        "date_created": shown_date(app.created_at),
        "date_updated": shown_date(app.updated_at),
        "uri": f"/2010-04-01/Accounts/{account_sid}/Applications/{app.sid}.json",
    }


async def list_applications(request: web.Request) -> web.Response:
    """Newest first, filtered by FriendlyName."""
    name, sid = request.query.get("FriendlyName"), _account_sid(request)
    apps = reversed(tuple(_account(request).applications.values()))
    found = (app for app in apps if name in (None, app.friendly_name))
    return page(request, "applications", found, lambda one: shown_application(one, sid))


async def create_application(request: web.Request) -> web.Response:
    """A new application, for numbers, calls by REST and browser phones."""
    form = await posted(request)
    check_names(form, _OF_APPLICATION)
    at = request.app[EXCHANGE].clock.date
    app = Application(changed(Answering(), form), name_of(form, ""), at, at)
    app.message_status_callback = url_of(form, "MessageStatusCallback")
    _account(request).applications[app.sid] = app
    return web.json_response(shown_application(app, _account_sid(request)), status=201)


async def fetch_application(request: web.Request) -> web.Response:
    """One application."""
    return web.json_response(shown_application(_application(request), _account_sid(request)))


async def update_application(request: web.Request) -> web.Response:
    """Other addresses or another name."""
    app, form = _application(request), await posted(request)
    check_names(form, _OF_APPLICATION)
    told = url_of(form, "MessageStatusCallback")
    app.answering = changed(app.answering, form)
    if "MessageStatusCallback" in form:
        app.message_status_callback = told
    app.friendly_name = name_of(form, app.friendly_name)
    app.updated_at = request.app[EXCHANGE].clock.date
    return web.json_response(shown_application(app, _account_sid(request)))


async def delete_application(request: web.Request) -> web.Response:
    """Forget an application; its numbers answer by their own addresses again."""
    del _account(request).applications[_application(request).sid]
    return web.Response(status=204)


def _account(request: web.Request) -> Account:
    return request.app[EXCHANGE].account


def _account_sid(request: web.Request) -> str:
    return request.app[EXCHANGE].settings.account_sid


def _application(request: web.Request) -> Application:
    applications = _account(request).applications
    return found_at(request.path, applications.get(request.match_info["sid"]))


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    applications = f"{root}/Applications"
    router.add_get(f"{applications}.json", list_applications)
    router.add_post(f"{applications}.json", create_application)
    router.add_get(f"{applications}/{{sid}}.json", fetch_application)
    router.add_post(f"{applications}/{{sid}}.json", update_application)
    router.add_delete(f"{applications}/{{sid}}.json", delete_application)
