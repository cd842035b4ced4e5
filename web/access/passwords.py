"""Passwords: Argon2id hashes, and the same work for a name that nobody has."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128

_hasher = PasswordHasher()


class PasswordRefused(ValueError):
    """The password cannot be used; the text says what is expected."""


def hash_password(password: str) -> str:
    """The Argon2id hash to keep. Raises PasswordRefused outside 12 to 128 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(
            f"expected a password of {SHORTEST} to {LONGEST} characters, got {len(password)};"
            " a few words in a row are easy to remember"
        )
    return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; as slow when there is no hash at all."""
    try:
        right = _hasher.verify(password_hash or _nobodys_hash(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
