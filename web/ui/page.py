"""What a package hangs its pages into: blueprint, menu, and addresses of static files.

A package's `pages.py` makes a `page_blueprint`, puts its entry into the menu, and extends
`base.html`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, request

from infra.services import Services
from web.access import csrf
from web.access.guard import ROLE_NAMES, Role, has_role, roles_of, rule_of, staff_or_none
from web.access.models import Staff
from web.headers import csp_nonce

ui = Blueprint(
    "ui", __name__, template_folder="templates", static_folder="static", static_url_path="/ui"
)


@dataclass(frozen=True)
class MenuEntry:
    """A page in the menu of those who hold one of the roles; the lowest order comes first."""

    roles: frozenset[Role]
    label: str
    endpoint: str
    order: int


def page_blueprint(name: str, import_name: str, url_prefix: str | None = None) -> Blueprint:
    """A blueprint for pages, with the package's own `templates` and `static` folders."""
    return Blueprint(
        name,
        import_name,
        url_prefix=url_prefix,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static" if url_prefix else f"/{name}/static",
    )


def add_to_menu(blueprint: Blueprint, *entry: Role | str, order: int = 50) -> None:
    """Into the menu of each application that gets `blueprint`: roles, label, endpoint.

    `add_to_menu(blueprint, Role.QA, Role.SUPERVISOR, "Recordings", "recordings.index")`.
    """
    *roles, label, endpoint = entry
    made = MenuEntry(frozenset(Role(role) for role in roles), label, endpoint, order)
    blueprint.record(lambda state: _menu_in(state.app.extensions).append(made))


def add_alarms(blueprint: Blueprint, endpoint: str) -> None:
    """At the head of every page of those who may open `endpoint`: a part that comes live."""
    blueprint.record(lambda state: _alarms_in(state.app.extensions).append(endpoint))


def menu_for(staff: Staff | None) -> tuple[MenuEntry, ...]:
    """The menu of a person, of what this application has."""
    held = roles_of(staff) if staff is not None else frozenset()
    shown = (entry for entry in _menu_in(current_app.extensions) if entry.roles & held)
    return tuple(sorted(shown, key=lambda entry: entry.order))


def install(app: Flask, services: Services) -> None:
    """Give the templates of `app` the menu, the person who is signed in, and what may be shown."""
    app.register_blueprint(ui)
    app.url_defaults(_add_version)
    app.context_processor(_for_templates)
    app.jinja_env.globals.update(
        has_role=has_role,
        may_open=may_open,
        is_within=is_within,
        Role=Role,
        role_names=ROLE_NAMES,
        csrf_token=csrf.token,
        csp_nonce=csp_nonce,
        live_url=services.settings.live_events_url,
    )


def may_open(endpoint: str) -> bool:
    """Whether the person who is signed in may open that page; for links in templates."""
    if endpoint not in current_app.view_functions:
        return False
    lets_in = rule_of(current_app, endpoint)
    return lets_in is not None and (not lets_in or has_role(*lets_in))


def is_within(entry: MenuEntry) -> bool:
    """Whether the page at hand belongs to that entry of the menu."""
    return entry.endpoint.rpartition(".")[0] == (request.blueprint or "") != "web"


def _menu_in(extensions: dict[str, Any]) -> list[MenuEntry]:
    menu: list[MenuEntry] = extensions.setdefault("menu", [])
    return menu


def _alarms_in(extensions: dict[str, Any]) -> list[str]:
    alarms: list[str] = extensions.setdefault("alarms", [])
    return alarms


def _for_templates() -> dict[str, Any]:
    staff = staff_or_none()
    alarms = _alarms_in(current_app.extensions) if staff else []
    return {
        "staff": staff,
        "menu": menu_for(staff),
        "alarms": [each for each in alarms if may_open(each)],
    }


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put a hash of the file into the address of a static file, so browsers may keep it."""
    if not endpoint.endswith(".static") or "filename" not in values:
        return
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    if blueprint is None or blueprint.static_folder is None:
        return
    path = Path(blueprint.static_folder) / values["filename"]
    if path.is_file():
        values.setdefault("v", _hash_of(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=256)
def _hash_of(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
