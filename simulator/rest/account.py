"""The account itself by REST, and its balance.

Fields: Twilio, "Account resource" and "Balance resource".
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.rest.answers import page, shown_date

BALANCE = "100.00"


async def fetch_account(request: web.Request) -> web.Response:
    """The account: its credentials can be tried on it."""
    return web.json_response(_shown_account(request))


async def list_accounts(request: web.Request) -> web.Response:
    """There is one."""
    query, found = request.query, [_shown_account(request)]
    for name in ("FriendlyName", "Status"):
        key = "friendly_name" if name == "FriendlyName" else "status"
        found = [one for one in found if query.get(name) in (None, one[key])]
    return page(request, "accounts", found, lambda one: one)


async def fetch_balance(request: web.Request) -> web.Response:
    """What is left on the account: nothing costs anything here."""
    sid = request.app[EXCHANGE].settings.account_sid
    return web.json_response({"account_sid": sid, "balance": BALANCE, "currency": "USD"})


def _shown_account(request: web.Request) -> dict[str, Any]:
    settings, at = request.app[EXCHANGE].settings, request.app[EXCHANGE].account.created_at
    uri = f"/2010-04-01/Accounts/{settings.account_sid}"
    below = {
        name: f"{uri}/{''.join(part.title() for part in name.split('_'))}.json"
        for name in (
            "applications", "calls", "conferences", "incoming_phone_numbers", "messages",
            "queues", "recordings",
        )
    }  # fmt: skip
    return {
        "sid": settings.account_sid,
        "owner_account_sid": settings.account_sid,
        "auth_token": settings.auth_token,
        "friendly_name": "The account of this simulator",
        "status": "active",
        "type": "Full",
        "date_created": shown_date(at),
        "date_updated": shown_date(at),
        "uri": f"{uri}.json",
        "subresource_uris": below,
    }


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the account, and the list of one."""
    router.add_get(f"{root}.json", fetch_account)
    router.add_get(f"{root.rpartition('/')[0]}.json", list_accounts)
    router.add_get(f"{root}/Balance.json", fetch_balance)
