"""What a phone network knows of a caller besides the number: name, place, attestation, diversion.

Fields: Twilio, "TwiML Voice: Twilio's request" and "SHAKEN/STIR". A withheld number comes as a word
such as `anonymous`, or as that word spelled on a keypad (`+266696687`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Form = tuple[tuple[str, str], ...]

ATTESTED = (
    *(f"TN-Validation-{how}-{level}" for how in ("Passed", "Failed") for level in "ABC"),
    *(f"TN-Validation-{how}-{n}-Diverted" for how in ("Passed", "Failed") for n in "ABC"),
    "TN-Validation-Failed",
    "No-TN-Validation",
)
"""What StirVerstat may say."""

WITHHELD = {
    "+266696687": "anonymous",
    "+86282452253": "unavailable",
    "+7378742833": "restricted",
    "+2562533": "blocked",
    "+8656696": "unknown",
}
"""Numbers that stand for no number, and the words that they spell."""

_COUNTRIES = {
    "+1": "US", "+31": "NL", "+32": "BE", "+33": "FR", "+34": "ES", "+351": "PT", "+353": "IE",
    "+39": "IT", "+41": "CH", "+43": "AT", "+44": "GB", "+45": "DK", "+46": "SE", "+47": "NO",
    "+48": "PL", "+49": "DE", "+52": "MX", "+55": "BR", "+61": "AU", "+64": "NZ", "+65": "SG",
    "+81": "JP", "+852": "HK", "+86": "CN", "+91": "IN",
}  # fmt: skip


class BadFacts(Exception):
    """A caller is described wrongly; the text says what was expected."""


@dataclass(frozen=True)
class Place:
    """Where a number belongs; what is unknown is empty."""

    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""

    def fields(self, role: str) -> Form:
        """The fields of a role (From, To, Caller, Called)."""
        return (
            (f"{role}City", self.city),
            (f"{role}State", self.state),
            (f"{role}Zip", self.zip),
            (f"{role}Country", self.country),
        )


@dataclass(frozen=True)
class CallerFacts:
    """What is known of a caller.

    name: told where the number called looks names up. attestation: StirVerstat; None: as a caller
    with a number of their own has it, empty: not signed. place: None: only the country, by the
    number. sip_headers: of a call that comes by SIP, such as X-Case.
    """

    forwarded_from: str = ""
    name: str = ""
    attestation: str | None = None
    place: Place | None = None
    sip_headers: Mapping[str, str] = field(default_factory=dict)

    def place_of(self, number: str) -> Place:
        """Where the caller is, as far as anybody knows."""
        by_number = place_by_number(number)
        if self.place is None:
            return by_number
        return replace(self.place, country=self.place.country or by_number.country)

    def first_fields(self, number: str, call_sid: str) -> Form:
        """What only the first request of a call says."""
        attestation = self.attestation
        if attestation is None:
            attestation = "" if is_withheld(number) else "TN-Validation-Passed-A"
        token = base64.b64encode(f"{number} {call_sid}".encode()).decode()
        stir = (("StirVerstat", attestation),) if attestation else ()
        return (*stir, ("CallToken", token), *self._sip_fields(number, call_sid))

    def _sip_fields(self, number: str, call_sid: str) -> Form:
        if not number.startswith("sip:"):
            return ()
        headers = tuple((f"SipHeader_{name}", text) for name, text in self.sip_headers.items())
        call_id = ("SipCallId", sip_call_id(call_sid, number))
        return (("SipDomain", sip_domain(number)), call_id, *headers)


def sip_domain(address: str) -> str:
    """The domain of a SIP address."""
    return address.partition("@")[2].partition(";")[0].partition("?")[0]


def sip_call_id(call_sid: str, address: str) -> str:
    """The Call-ID of a call from or to a SIP address."""
    return f"{call_sid.lower()}@{sip_domain(address)}"


def is_withheld(number: str) -> bool:
    """Whether a caller's number says nothing."""
    return number in WITHHELD or number.lower() in WITHHELD.values()


def place_by_number(number: str) -> Place:
    """The country of a number in E.164, for the countries known here."""
    if is_withheld(number):
        return Place()
    found = (_COUNTRIES.get(number[:length], "") for length in (4, 3, 2))
    return Place(country=next(filter(None, found), ""))


def facts_from(source: Any) -> CallerFacts:
    """Read a description: forwarded_from, name, attestation, place, sip_headers. Raises BadFacts.

    place: a mapping with some of city, state, zip, country.
    """
    known = {"forwarded_from", "name", "attestation", "place", "sip_headers"}
    given = _texts("caller", source, known, mappings={"place", "sip_headers"})
    attestation = given.get("attestation")
    if attestation and attestation not in ATTESTED:
        raise BadFacts(f"attestation: expected one of {', '.join(ATTESTED)}, got {attestation!r}")
    place = given.get("place")
    return CallerFacts(
        given.get("forwarded_from", ""),
        given.get("name", ""),
        attestation,
        None if place is None else place_from(place),
        _texts("sip_headers", given.get("sip_headers", {}), None),
    )


def place_from(source: Any) -> Place:
    """Read a place: a mapping with some of city, state, zip, country. Raises BadFacts."""
    return Place(**_texts("place", source, {"city", "state", "zip", "country"}))


def place_in(text: str) -> Place:
    """Read `CITY,STATE,ZIP,COUNTRY`; parts may be empty. Raises BadFacts."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4:
        raise BadFacts(f"expected CITY,STATE,ZIP,COUNTRY, got {text!r}")
    return Place(*parts)


def _texts(
    where: str,
    source: Any,
    known: set[str] | None,
    *,
    mappings: set[str] | frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """A mapping of texts (and of mappings); `known`: the names that there are. Raises BadFacts."""
    if not isinstance(source, Mapping):
        raise BadFacts(f"{where}: expected a mapping, got {type(source).__name__}")
    for name, value in source.items():
        if known is not None and name not in known:
            raise BadFacts(f"{where}: unknown key {name!r}; allowed: {', '.join(sorted(known))}")
        if name not in mappings and not isinstance(value, str):
            raise BadFacts(f"{where}, {name}: expected text in quotes, got {value!r}")
    return dict(source)
