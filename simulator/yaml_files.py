"""YAML files that people write: plain values, or one error that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

_LOADER_FAILURES = (
    yaml.YAMLError, ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError,
)  # fmt: skip
"""What PyYAML's safe loader raises besides its own error, such as KeyError for `!!bool x`."""
MOST_BYTES = 4 * 1024 * 1024


class BadYaml(Exception):
    """The file cannot be read, or is not YAML; the text says why."""


def read_as(path: Path, made_from: Callable[[Any], T], error: type[Exception]) -> T:
    """What `made_from` makes of a file's values; `error`, which it may raise, names the file."""
    try:
        source = read_yaml(path)
    except BadYaml as unreadable:
        raise error(str(unreadable)) from unreadable
    try:
        return made_from(source)
    except error as wrong:
        raise error(f"{path}: {wrong}") from wrong


def read_yaml(path: Path) -> Any:
    """The values of a file. Raises BadYaml."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise BadYaml(f"{path}: cannot be read (more than {MOST_BYTES} bytes)")
        text = raw.decode()
    except (OSError, ValueError) as error:
        raise BadYaml(f"{path}: cannot be read ({error})") from error
    try:
        return yaml.safe_load(text)
    except _LOADER_FAILURES as error:
        raise BadYaml(f"{path}: not YAML: {error or type(error).__name__}") from error
