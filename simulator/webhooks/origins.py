"""Public addresses and where they really are: `https://hotline.example=http://127.0.0.1:5000`.

The application signs, shows and answers with its public address; the simulator connects to the
local one and sends the public Host.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit, urlunsplit

_LEGAL = "!#$%&'()*+,/:;=?@[]~"
"""What may stand in an address beside letters, digits and _.-"""
_SECURED = {"wss": "https", "ws": "http"}
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def legal(url: str) -> str:
    """The address with whatever may not stand in a path or query percent-encoded (RFC 3986)."""
    parts = urlsplit(url)
    path, query = quote(parts.path, safe=_LEGAL), quote(parts.query, safe=_LEGAL)
    return urlunsplit(parts._replace(path=path, query=query))


class BadOrigin(Exception):
    """A mapping is not of the form PUBLIC=LOCAL with two origins."""


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and, unless it is the scheme's own, port."""
        if _DEFAULT_PORTS[self.scheme] == self.port:
            return self.host
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Place:
    """Where to connect: the address, and the Host header to send.

    is_public: the address is one that a carrier elsewhere could reach as well.
    is_mapped: a mapping leads there. forwarded: headers of the proxy that it stands
    for, which say what was asked for.
    """

    url: str
    host: str
    is_public: bool = True
    is_mapped: bool = False
    forwarded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OriginMap:
    """Which public origin is served at which local one. Empty: everything is where it says."""

    pairs: tuple[tuple[Origin, Origin], ...] = ()

    @classmethod
    def of(cls, mappings: tuple[str, ...]) -> OriginMap:
        """Read `PUBLIC=LOCAL` mappings. Raises BadOrigin."""
        return cls(tuple(_pair(mapping) for mapping in mappings))

    def local(self, url: str) -> Place:
        """Where `url` really is; without a mapping, there."""
        origin = _origin(url)
        parts = urlsplit(url)
        for public, local in self.pairs:
            if public == origin:
                there = parts._replace(scheme=local.scheme, netloc=local.netloc, fragment="")
                forwarded = (
                    ("X-Forwarded-Proto", _SECURED.get(origin.scheme, origin.scheme)),
                    ("X-Forwarded-Host", origin.netloc),
                )
                return Place(urlunsplit(there), origin.netloc, is_mapped=True, forwarded=forwarded)
        bare = parts.netloc.rpartition("@")[2]
        there = parts._replace(netloc=bare, fragment="")
        return Place(urlunsplit(there), origin.netloc, _is_public(origin.host))


def _pair(mapping: str) -> tuple[Origin, Origin]:
    public, equals, local = mapping.partition("=")
    if not equals:
        raise BadOrigin(f"expected PUBLIC=LOCAL, got {mapping!r}")
    pair = _origin(public), _origin(local)
    if urlsplit(public).path.strip("/") or urlsplit(local).path.strip("/"):
        raise BadOrigin(f"expected origins without a path, got {mapping!r}")
    return pair


def _is_public(host: str) -> bool:
    """Whether a host could be on the internet: no private address, no name of this machine."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and "_" not in host and not host.endswith((".local", ".localhost"))


def _origin(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadOrigin(f"not an address: {url!r} ({error})") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise BadOrigin(f"expected an address with http, https, ws or wss, got {url!r}")
    return Origin(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])
