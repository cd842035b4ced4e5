"""TOML files read into pydantic models; an error names file, key and what was expected."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Strict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

Text = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, pattern=r"\S")]
"""A text that says something."""

Number = Annotated[float, Strict()]
"""A number, written without quotes."""


class ConfigModel(BaseModel):
    """A table of a configuration file: frozen, and a key that nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class ConfigError(Exception):
    """A configuration file is missing or wrong; the text names file, key and what was expected."""


Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "string_too_short": "a text",
    "string_pattern_mismatch": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "mapping_type": "a table",
    "dict_type": "a table",
    "list_type": "a list",
    "tuple_type": "a list",
    "frozen_set_type": "a list",
    "too_short": "at least one",
    "extra_forbidden": "no such key",
}


def read_model(file: Path, model: type[Model]) -> Model:
    """Read and check a TOML file. Raises ConfigError."""
    place = f"{file.parent.name}/{file.name}"
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{place}: expected this file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}: not readable as TOML: {error}") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{place}: {_first_of(error, model, values)}") from None


def _first_of(error: ValidationError, model: type[BaseModel], values: dict[str, Any]) -> str:
    """The first key that is wrong, as it stands in the file, and what it should hold."""
    problem = error.errors()[0]
    got = repr(problem["input"])
    if problem["type"] == "missing":
        problem, got = _as_if_empty(model, values, problem), "nothing"
    return f"{_key(problem['loc'], values)}: {_expected(problem)}, got {_shortened(got)}"


def _as_if_empty(
    model: type[BaseModel], values: dict[str, Any], missing: ErrorDetails
) -> ErrorDetails:
    """The error that the missing key would give with an empty value: it knows what was expected."""
    table: Any = values
    for part in missing["loc"][:-1]:
        table = table[part]
    table[missing["loc"][-1]] = None
    try:
        model.model_validate(values)
    except ValidationError as error:
        return next((one for one in error.errors() if one["loc"] == missing["loc"]), missing)
    finally:
        del table[missing["loc"][-1]]
    return missing


def _expected(problem: ErrorDetails) -> str:
    if problem["type"] == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "literal_error":
        return "expected " + str(problem["ctx"]["expected"]).replace("'", "")
    if problem["type"] == "greater_than":
        return f"expected more than {problem['ctx']['gt']:g}"
    return "expected " + _EXPECTED.get(problem["type"], problem["msg"])


def _key(parts: Sequence[int | str], values: Any) -> str:
    """The way to a key: `hours.opens`; an entry of a list by its code, or counted from 1."""
    names = []
    for part in parts:
        inside = _entry(values, part)
        code = inside.get("code") if isinstance(part, int) and isinstance(inside, Mapping) else None
        names.append(str(code or (part + 1 if isinstance(part, int) else part)))
        values = inside
    return ".".join(names)


def _entry(values: Any, part: int | str) -> Any:
    try:
        return values[part]
    except (KeyError, IndexError, TypeError):
        return None


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
