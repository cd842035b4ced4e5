"""Telephone numbers as programs write them, brought to E.164.

"Unformatted US numbers, e.g., (415) 555-1212 or 415-555-1212" are accepted beside E.164 (Twilio,
"TwiML Voice: <Number>"); in a reply, one without + is of the country that it is sent from (Twilio,
"TwiML: <Sms>").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

_PUNCTUATION = re.compile(r"[\s().-]")
_IS_WHOLE = phonenumbers.ValidationResult.IS_POSSIBLE
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHORTEST = 7
"""What is shorter is a short code, which is dialled as it stands."""
_FAILED = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "TOO_SHORT",
    phonenumbers.NumberParseException.TOO_LONG: "TOO_LONG",
}
_IMPOSSIBLE = {
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
    phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
    phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}
_LINES = {
    phonenumbers.PhoneNumberType.FIXED_LINE: "landline",
    phonenumbers.PhoneNumberType.MOBILE: "mobile",
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    phonenumbers.PhoneNumberType.TOLL_FREE: "tollFree",
    phonenumbers.PhoneNumberType.PREMIUM_RATE: "premium",
    phonenumbers.PhoneNumberType.SHARED_COST: "sharedCost",
    phonenumbers.PhoneNumberType.VOIP: "nonFixedVoip",
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "personal",
    phonenumbers.PhoneNumberType.PAGER: "pager",
    phonenumbers.PhoneNumberType.UAN: "uan",
    phonenumbers.PhoneNumberType.VOICEMAIL: "voicemail",
}


@dataclass(frozen=True)
class Reading:
    """What a number says of itself.

    error: Lookup's word for why it is none ("Formatting and Validation"), and then nothing but
    what was given. line: Lookup's word for its kind ("Line Type Intelligence").
    """

    e164: str
    error: str = ""
    calling_code: str = ""
    country: str = ""
    national: str = ""
    line: str = ""


def is_e164(text: str) -> bool:
    """Whether it is a whole number in E.164: + and 7 to 15 digits."""
    return _E164.fullmatch(text) is not None


def to_e164(text: str, *, like: str = "") -> str:
    """The number in E.164, read as one of the country of `like`, of the US without it.

    What is no possible number is given back as it came, but for its punctuation.
    """
    bare = _PUNCTUATION.sub("", text)
    if not bare.isascii() or not bare.isdigit() or len(bare) < _SHORTEST:
        return bare if bare.removeprefix("+").isdigit() else text
    try:
        number = phonenumbers.parse(bare, _country(like))
    except phonenumbers.NumberParseException:
        return bare
    if phonenumbers.is_possible_number_with_reason(number) != _IS_WHOLE:
        return bare
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def reading_of(text: str, country: str = "US") -> Reading:
    """What it says; without + it is one of the country (ISO 3166)."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as failed:
        return Reading(text, _FAILED[failed.error_type])
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != _IS_WHOLE:
        return Reading(text, _IMPOSSIBLE[possible])
    if not phonenumbers.is_valid_number(number):
        return Reading(text, "INVALID_BUT_POSSIBLE")
    return Reading(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        calling_code=str(number.country_code),
        country=_iso(phonenumbers.region_code_for_number(number)),
        national=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
        line=_LINES.get(phonenumbers.number_type(number), "unknown"),
    )


def _iso(region: str | None) -> str:
    """A region's code where it is a country; 001 is the whole world."""
    return region if region and region.isalpha() else ""


def _country(like: str) -> str:
    try:
        code = phonenumbers.parse(like).country_code or 1
    except phonenumbers.NumberParseException:
        return "US"
    return phonenumbers.region_code_for_country_code(code)
