"""Telephone numbers as programs write them, brought to E.164.

"Unformatted US numbers, e.g., (415) 555-1212 or 415-555-1212" are accepted beside E.164 (Twilio,
"TwiML Voice: <Number>"); in a reply, one without + is of the country that it is sent from (Twilio,
"TwiML: <Sms>").
"""

from __future__ import annotations

import re

import phonenumbers

_PUNCTUATION = re.compile(r"[\s().-]")
_IS_WHOLE = phonenumbers.ValidationResult.IS_POSSIBLE
_SHORTEST = 7
"""What is shorter is a short code, which is dialled as it stands."""


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


def _country(like: str) -> str:
    try:
        code = phonenumbers.parse(like).country_code or 1
    except phonenumbers.NumberParseException:
        return "US"
    return phonenumbers.region_code_for_country_code(code)
