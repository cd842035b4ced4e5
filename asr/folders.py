"""Where speech models come from, and the folder that is really loaded.

Looked for in this order: the path in the settings, `var/models`, the vosk project's own
download, the Maven artifact or the Python package that the
language's `speech.toml` names. A model that is
found gets a derived folder: links to the original, and a `conf/` of ours that lets it take
8 kHz sound and makes two runs equal (speech.md). It is used only after it has decoded a
clip whose words we know.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import requests
import vosk
from maven_artifact.artifact import Artifact
from maven_artifact.downloader import Downloader
from maven_artifact.requestor import RequestException
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from asr.words import AsrError
from config.language import SpeechModelFile, languages, load_language
from config.settings import Settings
from infra.failpoints import failpoint
from infra.files import write_whole

_ROOT = Path(__file__).resolve().parents[1]
_CONNECT_S, _READ_S = 3.0, 20.0
_VERIFY_S = 120.0
_NEEDED = (("am/final.mdl",), ("conf/mfcc.conf",), ("graph/HCLr.fst", "graph/HCLG.fst"))
"""Files of a whole model; any one of each group."""
_OURS = ("--allow-upsample=true", "--allow-downsample=true", "--dither=0")


@cache
def known_models() -> dict[str, SpeechModelFile]:
    """The models that can be fetched, by language."""
    return {language: load_language(language).speech.model for language in languages()}


def find_model(settings: Settings, language: str) -> Path:
    """The folder of a model that is on this machine. AsrError says how to get one."""
    known = _known(language)
    given = getattr(settings, f"model_{language}")
    if given is not None:
        return _checked(Path(given), f"{known.setting}={given}")
    ours = settings.models_dir / known.folder
    if ours.is_dir():
        return _checked(ours, str(ours))
    packaged = _package_folder(known)
    if packaged is not None:
        return _checked(packaged, str(packaged))
    raise AsrError(_three_ways(known, settings, ["it is not on this machine"]))


def ensure_model(settings: Settings, language: str, say: Console) -> Path:
    """Find or fetch a model, derive its folder and decode a known clip; returns that folder.

    Two processes may do this at once. Raises AsrError with the three ways to fix it.
    """
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    with _locked(settings.models_dir / f".{language}.lock"):
        try:
            original = find_model(settings, language)
        except AsrError:
            if getattr(settings, f"model_{language}") is not None:
                raise
            original = _fetch(settings, language, say)
        folder = derive(settings, original, language)
        _verify_once(settings, folder, language)
        return folder


def derive(settings: Settings, original: Path, language: str) -> Path:
    """The folder to load: links to `original`, and our own conf/. Processes may race here."""
    tag = hashlib.sha256(str(original.resolve()).encode()).hexdigest()[:10]
    folder = settings.models_dir / "derived" / f"{language}-{tag}"
    conf = folder / "conf" / "mfcc.conf"
    wanted = _mfcc(original)
    if conf.exists() and conf.read_text() == wanted:
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock")):
        _link(original.resolve(), folder)
        _write(conf, wanted)
    return folder


def _link(original: Path, folder: Path) -> None:
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    for part in original.iterdir():
        link = folder / part.name
        if part.name != "conf" and not link.is_symlink():
            link.symlink_to(part)
    for part in (original / "conf").iterdir():
        if part.name != "mfcc.conf":
            _write(folder / "conf" / part.name, part.read_text())


def _write(path: Path, text: str) -> None:
    write_whole(path, (text.encode(),), name="asr.folder")


def verify(settings: Settings, folder: Path, language: str) -> None:
    """Decode a clip whose words we know, in a process of its own; AsrError if it fails.

    A damaged model can take its process with it.
    """
    reason = _what_is_wrong(folder, language)
    if reason:
        place = (folder / "am").resolve().parent
        damaged = f"the one in {place} is damaged or of another language: {reason}"
        raise AsrError(_three_ways(_known(language), settings, [damaged]))


def _what_is_wrong(folder: Path, language: str) -> str:
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "asr.verify", str(folder.absolute()), language],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=_VERIFY_S,
        )
    except subprocess.TimeoutExpired:
        return f"it did not decode a short clip within {_VERIFY_S:.0f} s"
    said = ran.stdout.strip().splitlines()[-1:]
    return (said or ["the recogniser could not load it"])[0] if ran.returncode else ""


def _fetch(settings: Settings, language: str, say: Console) -> Path:
    known = _known(language)
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
    raise AsrError(_three_ways(known, settings, tried))


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
    _checked(temporary, "the unpacked model")
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


def _checked(folder: Path, named: str) -> Path:
    for group in _NEEDED:
        if not any((folder / part).is_file() for part in group):
            raise AsrError(f"{named} has no {group[0]}; unpack a whole Vosk model there")
    return folder


def _package_folder(known: SpeechModelFile) -> Path | None:
    spec = find_spec(known.package) if known.package else None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"


def _mfcc(original: Path) -> str:
    """The model's own front end, with our three lines in place of its own."""
    names = tuple(line.split("=")[0] for line in _OURS)
    kept = [
        line
        for line in (original / "conf" / "mfcc.conf").read_text().splitlines()
        if line.strip() and not line.startswith(names)
    ]
    return "\n".join([*kept, *_OURS]) + "\n"


def _verify_once(settings: Settings, folder: Path, language: str) -> None:
    """Verify a folder unless it was verified with files of just these sizes."""
    stamp = folder / "verified.json"
    sizes = {
        str(file.relative_to(folder)): file.stat().st_size
        for top in sorted(folder.iterdir())
        for file in ([top] if top.is_file() else sorted(top.resolve().rglob("*")))
        if file.is_file() and file.name != stamp.name and file.is_relative_to(folder)
    }
    linked = {
        link.name: sum(f.stat().st_size for f in link.resolve().rglob("*") if f.is_file())
        for link in sorted(folder.iterdir())
        if link.is_symlink() and link.is_dir()
    }
    seen = json.dumps({"own": sizes, "linked": linked}, sort_keys=True)
    if stamp.exists() and stamp.read_text() == seen:
        return
    verify(settings, folder, language)
    _write(stamp, seen)


def _known(language: str) -> SpeechModelFile:
    known = known_models()
    if language not in known:
        raise AsrError(f"no speech model is known for {language}; known are {', '.join(known)}")
    return known[language]


def _three_ways(known: SpeechModelFile, settings: Settings, tried: list[str]) -> str:
    package = f"install the package {known.package}, or " if known.package else ""
    return (
        f"no speech model {known.vosk_name} ({'; '.join(tried)}). Three ways to fix it: "
        f"(1) {package}give this machine a way to the network and run `make setup` again, with"
        f" SWIFTLINE_MODEL_MIRROR set if you have a Maven mirror; "
        f"(2) unpack the model into {settings.models_dir / known.folder}; "
        f"(3) set {known.setting} to a folder that holds it."
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
