"""Pages of this machine may use a phone; pages from elsewhere only when named."""

from __future__ import annotations

import pytest

from simulator.phone.visitors import may_connect


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (None, True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:9999", True),
        ("http://[::1]:8000", True),
        ("https://phone.example:8100", True),
        ("https://desk.example", True),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("https://desk.example.evil.example", False),
        ("null", False),
        ("file://", False),
    ],
)
def test_who_may_open_a_phone_socket(origin: str | None, may: bool) -> None:
    allowed = {"https://desk.example"}
    assert may_connect(origin, host="phone.example:8100", allowed=allowed) is may
