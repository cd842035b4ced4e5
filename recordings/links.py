"""Links to sound: signed, short-lived, good in one browser only."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer

_SALT = "recordings.sound"
_LONGEST_S = 12 * 3600
"""However often a page renews its link; a sign-in lives no longer either."""


@dataclass(frozen=True)
class Link:
    """What a link opens: one file of one recording, to one listening."""

    recording: str
    listening_id: int
    file: str
    """Beginning of the file's checksum: a link never changes its bytes under a player."""


def sign(secret_key: str, link: Link) -> str:
    """The link as text for an address."""
    return str(_signer(secret_key).dumps([link.recording, link.listening_id, link.file]))


def read(secret_key: str, text: str) -> Link | None:
    """The link that we signed; None for any other text."""
    try:
        recording, listening_id, file = _signer(secret_key).loads(text, max_age=_LONGEST_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return Link(str(recording), int(listening_id), str(file))


def _signer(secret_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=_SALT)
