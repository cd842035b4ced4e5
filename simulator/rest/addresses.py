"""The addresses that numbers and applications ask, as forms set them and REST shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.registries.account import Answering
from simulator.rest.answers import ApiError
from simulator.rest.parameters import checked_url, method_of
from simulator.settings import Hook

ADDRESSES = frozenset(
    {
        "VoiceUrl", "VoiceMethod", "VoiceFallbackUrl", "VoiceFallbackMethod", "SmsUrl",
        "SmsMethod", "SmsFallbackUrl", "SmsFallbackMethod", "StatusCallback",
        "StatusCallbackMethod", "FriendlyName", "ApiVersion",
    }
)  # fmt: skip
"""Parameters that both take."""
_WITHOUT_EFFECT = {
    "VoiceReceiveMode": "voice",
    "EmergencyStatus": "Inactive",
    "PublicApplicationConnectEnabled": "false",
}
"""Values that ask for what is so anyway."""
_LONGEST_NAME = 64


def shown_addresses(answering: Answering, *, looks_up_names: bool = False) -> dict[str, Any]:
    """The fields that both show."""
    voice, sms = answering.voice or Hook(""), answering.sms or Hook("")
    return {
        "api_version": "2010-04-01",
        "voice_url": voice.url,
        "voice_method": voice.method,
        "voice_fallback_url": voice.fallback_url,
        "voice_fallback_method": voice.fallback_method,
        "voice_caller_id_lookup": looks_up_names,
        "sms_url": sms.url,
        "sms_method": sms.method,
        "sms_fallback_url": sms.fallback_url,
        "sms_fallback_method": sms.fallback_method,
        "status_callback": answering.status_callback,
        "status_callback_method": answering.status_method,
    }


def changed(answering: Answering, form: Mapping[str, str]) -> Answering:
    """The addresses with what a form says of them. Raises ApiError."""
    told = form.get("StatusCallback", answering.status_callback)
    return Answering(
        _hook(answering.voice, form, "Voice"),
        _hook(answering.sms, form, "Sms"),
        checked_url("StatusCallback", told) if told else "",
        method_of(form, "StatusCallbackMethod", answering.status_method),
    )


def _hook(hook: Hook | None, form: Mapping[str, str], kind: str) -> Hook | None:
    before = hook or Hook("")
    url = form.get(f"{kind}Url", before.url)
    fallback = form.get(f"{kind}FallbackUrl", before.fallback_url)
    for name, address in ((f"{kind}Url", url), (f"{kind}FallbackUrl", fallback)):
        if address:
            checked_url(name, address)
    method = method_of(form, f"{kind}Method", before.method)
    fallback_method = method_of(form, f"{kind}FallbackMethod", before.fallback_method)
    return Hook(url, method, fallback, fallback_method) if url else None


def name_of(form: Mapping[str, str], before: str) -> str:
    """What it is called from now on. Raises ApiError."""
    name = form.get("FriendlyName", before)
    if len(name) > _LONGEST_NAME:
        raise ApiError(400, 20001, f"FriendlyName: at most {_LONGEST_NAME} characters")
    return name


def check_names(form: Mapping[str, str], known: frozenset[str]) -> None:
    """Raises ApiError where a form asks for more than is emulated."""
    unknown = sorted(
        name for name in set(form) - known if form[name] not in ("", _WITHOUT_EFFECT.get(name, ""))
    )
    if unknown:
        raise ApiError(400, 20001, f"{unknown[0]} is not emulated here")
