"""What this process was built with, for views."""

from __future__ import annotations

from typing import cast

from flask import current_app

from infra.services import Services


def services() -> Services:
    """The services of the application at hand."""
    return cast(Services, current_app.extensions["swiftline"])
