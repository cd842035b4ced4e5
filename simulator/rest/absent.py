"""What is asked for and is not there: answered so that it is clear why."""

from __future__ import annotations

from simulator.rest.answers import ApiError, not_found

_ELSEWHERE = frozenset(
    {
        "Addresses", "AddOnResults", "AssignedAddOns", "AuthorizedConnectApps",
        "ConnectApps", "DependentPhoneNumbers", "Keys", "Payments",
        "SIP", "ShortCodes",
        "SigningKeys", "Siprec", "Tokens", "Usage", "UserDefinedMessages",
        "UserDefinedMessageSubscriptions",
    }
)  # fmt: skip
"""Resources of 2010-04-01 that are not emulated."""


def absent(path: str) -> ApiError:
    """404 that names what is not emulated, or says that the resource is not there."""
    parts = path.removesuffix(".json").removesuffix(".xml").split("/")
    beyond = next((part for part in parts if part in _ELSEWHERE), None)
    if beyond is not None:
        return ApiError(404, 20404, f"{beyond} is not emulated here")
    if path.endswith(".csv"):
        message = f"{path}: CSV is not emulated here; ask for {parts[-1].removesuffix('.csv')}.json"
        return ApiError(404, 20404, message)
    return not_found(path)
