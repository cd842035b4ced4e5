"""Whether Twilio sent a request (Twilio, "Webhooks security")."""

from __future__ import annotations

from twilio.request_validator import RequestValidator

from carriers.base import CarrierRequest
from config.settings import Settings


def is_authentic(settings: Settings, request: CarrierRequest) -> bool:
    """Whether the carrier signed this request over its public address (HMAC-SHA1) for our account.

    Fails closed without a token. The newer header that lets a request choose its key and
    algorithm is not honoured: we hold no shared key it could name. The handshake of a media
    socket is signed too, and carries no form.
    """
    signature = request.header("X-Twilio-Signature")
    tokens = (settings.twilio_auth_token, settings.twilio_previous_auth_token)
    is_signed = bool(signature) and any(
        RequestValidator(token).validate(request.url, request.form, signature)
        for token in tokens
        if token
    )
    return is_signed and _is_for_us(settings, request)


def _is_for_us(settings: Settings, request: CarrierRequest) -> bool:
    if not request.form:
        return True
    return request.form.get("AccountSid", "") == settings.twilio_account_sid
