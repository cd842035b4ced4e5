"""The folder that is really loaded: links to a model, and a `conf/` of ours, verified once.

Our `conf/` lets the model take 8 kHz sound and makes two runs equal (speech.md). A folder is
used only after it has decoded a clip whose words we know.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from asr.models.fetching import fetch
from asr.models.known import find_model, known_model, three_ways
from asr.words import AsrError
from config.settings import Settings
from infra.files import write_whole

_ROOT = Path(__file__).resolve().parents[2]
_VERIFY_S = 120.0
_OURS = ("--allow-upsample=true", "--allow-downsample=true", "--dither=0")


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
            original = fetch(settings, language, say)
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


def verify(settings: Settings, folder: Path, language: str) -> None:
    """Decode a clip whose words we know, in a process of its own; AsrError if it fails.

    A damaged model can take its process with it.
    """
    reason = _what_is_wrong(folder, language)
    if reason:
        place = (folder / "am").resolve().parent
        damaged = f"the one in {place} is damaged or of another language: {reason}"
        raise AsrError(three_ways(known_model(language), settings, [damaged]))


def _link(original: Path, folder: Path) -> None:
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    for part in original.iterdir():
        link = folder / part.name
        if part.name != "conf" and not link.is_symlink():
            link.symlink_to(part)
    for part in (original / "conf").iterdir():
        if part.name != "mfcc.conf":
            _write(folder / "conf" / part.name, part.read_text())


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


def _write(path: Path, text: str) -> None:
    write_whole(path, (text.encode(),), name="asr.folder")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
