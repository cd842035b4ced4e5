"""What happens to a live conversation besides sound, keys and words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gone:
    """The socket is over."""


@dataclass(frozen=True)
class Failed:
    """Something beside the conversation failed: the socket's messages, or our speaking."""

    error: Exception


@dataclass(frozen=True)
class Drain:
    """This process is to end."""


class Over(Exception):
    """The caller or the socket is gone."""


class HungUp(Over):
    """The caller has hung up."""


class Release(Exception):
    """The call is to go on without this socket."""
