"""TOML files read into pydantic models; an error names file, key and what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class ConfigModel(BaseModel):
    """A table of a configuration file: frozen, and a key that nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class ConfigError(Exception):
    """A configuration file is missing or wrong; the text names file, key and what was expected."""


Model = TypeVar("Model", bound=ConfigModel)


def read_model(file: Path, model: type[Model]) -> Model:
    """Read and check a TOML file. Raises ConfigError."""
    place = f"{file.parent.name}/{file.name}"
    try:
        return model.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{place}: expected this file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}: not readable as TOML: {error}") from None
    except ValidationError as error:
        raise ConfigError(f"{place}: {_first_of(error)}") from None


def _first_of(error: ValidationError) -> str:
    """The first key that is wrong, as it stands in the file."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    return f"{key}: {problem['msg'].removeprefix('Value error, ')}"
