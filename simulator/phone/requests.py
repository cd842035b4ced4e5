"""A call's requests to the application, as the page of calls shows them."""

from __future__ import annotations

import shlex
from typing import Any

from simulator.calls.call import SentWebhook
from simulator.webhooks.origins import BadOrigin
from simulator.webhooks.signature import HEADER
from simulator.webhooks.webhook import Prepared, WebhookClient

_REFUSALS = (401, 403)
_ADDED_BY_CURL = {"Accept", "User-Agent"}


def shown(sent: SentWebhook, webhooks: WebhookClient) -> dict[str, Any]:
    """What was answered, what the signature is worth, and how to send it again by hand.

    signature: genuine, forged (by a fault), refused (genuine, and the application did not take
    it). curl: a command for a shell of this machine, to the local address and with the signature.
    """
    answer = {"answer": sent.body.decode(errors="replace")}
    try:
        prepared = webhooks.prepared(sent.request)
    except (BadOrigin, ValueError):
        return answer
    return {
        **answer,
        "signature": _verdict(sent),
        "headers": dict(prepared.headers),
        "signed": {"url": prepared.public_url, "value": prepared.headers.get(HEADER, "")},
        "curl": curl(prepared),
    }


def curl(prepared: Prepared) -> str:
    """The request as a command."""
    words = ["curl", "-i", "-X", prepared.method, prepared.url]
    for name, value in prepared.headers.items():
        if name not in _ADDED_BY_CURL:
            words += ["-H", f"{name}: {value}"]
    if prepared.body:
        words += ["--data-raw", prepared.body]
    return shlex.join(words)


def _verdict(sent: SentWebhook) -> str:
    if sent.request.is_forged:
        return "forged"
    return "refused" if sent.status in _REFUSALS else "genuine"
