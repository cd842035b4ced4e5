"""Twilio's own description of its REST API, and whether an answer keeps to it.

`twilio_api_v2010.json.gz` is the OpenAPI description of 2010-04-01 that Twilio publishes (MIT
licence, see NOTICE).
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

_FILE = Path(__file__).with_name("twilio_api_v2010.json.gz")


def check(method: str, path: str, status: int, text: str) -> None:
    """Raises AssertionError unless a successful answer is one the description knows.

    Null passes everywhere: the description calls fields such as `reason_conference_ended` never
    null that are null until the conference has ended.
    """
    if status >= 400:
        body = json.loads(text)
        assert {"code", "message", "more_info", "status"} <= set(body), body
        return
    operation = _operation(method, path)
    answers = operation["responses"]
    assert str(status) in answers or status == 200, f"{method} {path}: {status} is not described"
    described = answers.get(str(status), {}).get("content", {}).get("application/json")
    if described is None:
        return
    errors = [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in OAS30Validator(
            {**described["schema"], "components": _description()["components"]}
        ).iter_errors(json.loads(text))
        if error.instance is not None
    ]
    assert not errors, f"{method} {path}: {errors}"


@cache
def _description() -> dict[str, Any]:
    with gzip.open(_FILE) as file:
        found: dict[str, Any] = json.load(file)
    return found


def _operation(method: str, path: str) -> dict[str, Any]:
    for template, operations in _templates():
        if template.fullmatch(path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    raise AssertionError(f"{method} {path} is not in the description")


@cache
def _templates() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\."))), operations)
        for template, operations in sorted(
            _description()["paths"].items(), key=lambda path: path[0].count("{")
        )
    ]


def fields(schema: str) -> set[str]:
    """The fields of a resource, such as `api.v2010.account.call`."""
    return set(_description()["components"]["schemas"][schema]["properties"])
