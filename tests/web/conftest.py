"""An application with the real shell, people to sign in, and a browser without a window."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from carriers.base import Carrier
from carriers.twilio.carrier import TwilioCarrier
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from tests.cities import chicago
from web.access.guard import Role
from web.access.models import SignIn, Staff
from web.access.passwords import hash_password
from web.access.staff import COOKIE, sign_in
from web.shell import create_shell

PASSWORD = "correct horse battery staple"


class Browser:
    """A person's browser: keeps cookies, sends forms and JSON with the CSRF token of the page."""

    def __init__(self, client: FlaskClient, csrf: str = "") -> None:
        self.client = client
        self._csrf = csrf

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open an address."""
        return self.client.get(path, **options)

    def token(self, path: str = "/signin") -> str:
        """The CSRF token that a page carries."""
        page = self.client.get(path, follow_redirects=True).get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, "the page has no CSRF token"
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form as a page of ours would."""
        fields = {"csrf_token": self.token("/"), **(data or {})}
        return self.client.post(path, data=fields, **options)

    def send(
        self, path: str, body: dict[str, Any] | None = None, *, csrf: str = ""
    ) -> TestResponse:
        """Send JSON as a script of ours would, or with another token."""
        headers = {"X-CSRF-Token": csrf or self._csrf}
        return self.client.post(path, json=body or {}, headers=headers)

    def sign_in(self, username: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        """Fill in the sign-in page."""
        fields = {"csrf_token": self.token(), "username": username, "password": password, **more}
        return self.client.post("/signin", data=fields)


def make_app(settings: Settings, database: Database, *modules: ModuleType) -> Flask:
    """An application with the shell and the pages of these modules (`tickets.pages`, ...)."""
    services = Services(settings, database)
    services.add(City, chicago())
    services.add(Storage, LocalStorage(settings.storage))
    services.add(Carrier, TwilioCarrier(settings))
    app = Flask("swiftline", static_folder=None)
    app.testing = True
    create_shell(app, services)
    for module in modules:
        app.register_blueprint(module.blueprint)
    return app


def person(database: Database, username: str, *roles: Role, department: str | None = None) -> Staff:
    """Add somebody who can sign in with PASSWORD."""
    with database.transaction() as session:
        made = Staff(
            username=username,
            name=username.title(),
            password_hash=_hash_of(PASSWORD),
            roles=[role.value for role in roles],
            department=department,
        )
        session.add(made)
        session.flush()
        return made


def browser_with(app: Flask, database: Database, staff: Staff) -> Browser:
    """A browser in which this person is signed in, without the work of a password."""
    client = app.test_client()
    with database.transaction() as session:
        client.set_cookie(COOKIE, sign_in(session, staff.id))
        latest = select(SignIn.csrf_token).where(SignIn.staff_id == staff.id)
        csrf = session.scalars(latest.order_by(SignIn.id.desc())).first()
    return Browser(client, csrf or "")


@lru_cache(maxsize=4)
def _hash_of(password: str) -> str:
    return hash_password(password)


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The shell alone."""
    return make_app(settings, database)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(app.test_client())


@pytest.fixture
def browser_of(app: Flask, database: Database) -> Callable[..., Browser]:
    """A function that gives the browser of a new person with these roles."""

    def opens(*roles: Role, department: str | None = None) -> Browser:
        name = "-".join(roles) or "nobody"
        return browser_with(app, database, person(database, name, *roles, department=department))

    return opens
