"""Phrases whose key is given before they are spoken.

An answer to the carrier is written inside a database transaction, and speaking a phrase takes
tenths of a second, the first one of a process seconds. So the answer names the key, the words
wait in `<key>.wanted`, a thread begins to speak, and whoever is asked for the sound first, in
whatever process, speaks it if that is not done yet.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from infra.files import write_whole
from infra.log import logger, origin

SUFFIX = ".wanted"
_log = logger(__name__)


def write_deferred(folder: Path, key: str, text: str, language: str) -> None:
    """Keep what is to be spoken under `key`. Raises OSError when the disk does not take it."""
    folder.mkdir(parents=True, exist_ok=True)
    words = json.dumps({"text": text, "language": language}, ensure_ascii=False)
    write_whole(folder / f"{key}{SUFFIX}", (words.encode(),), name="voice.wanted")


def read_deferred(folder: Path, key: str) -> tuple[str, str] | None:
    """Text and language of a deferred phrase; None when nothing was deferred under `key`."""
    try:
        facts = json.loads((folder / f"{key}{SUFFIX}").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return facts["text"], facts["language"]


class BackgroundSynthesiser:
    """Speaks what was deferred, one phrase after the other, in a thread that ends when idle."""

    def __init__(self, speak: Callable[[str, str], object]) -> None:
        self._speak = speak
        self._waiting: deque[tuple[str, str]] = deque()
        self._lock = threading.Lock()
        self._is_speaking = False

    def speak_soon(self, text: str, language: str) -> None:
        """Speak after what was asked for before; a failure is met by whoever fetches the sound."""
        with self._lock:
            self._waiting.append((text, language))
            if self._is_speaking:
                return
            self._is_speaking = True
        threading.Thread(target=self._run, name="synthesiser", daemon=True).start()

    def _run(self) -> None:
        while (phrase := self._next()) is not None:
            try:
                self._speak(*phrase)
            except Exception as error:
                _log.warning("a deferred phrase was not spoken", error=origin(error))

    def _next(self) -> tuple[str, str] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._is_speaking = False
            return None
