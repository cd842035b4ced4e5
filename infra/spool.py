"""Messages kept on the local disk while the database cannot take them (reliability 3.1, SP).

One line each: length, CRC-32 and JSON. A line that a crash cut short is noticed and skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.failpoints import failpoint
from infra.files import sync_folder
from infra.log import logger, origin

_OPEN, _DEAD, _SET_ASIDE = "open.spool", "dead-letters.spool", "set-aside-*.spool"

_log = logger(__name__)


class TryLater(Exception):
    """The message cannot be taken now; it and those after it stay where they are."""


class Spool:
    """A folder of kept messages, shared by every process of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, message: Mapping[str, Any]) -> None:
        """Write a message and wait for the disk. Raises OSError when it cannot be kept."""
        with self._lock("keep"):
            self._append(_OPEN, message, "spool.keep")

    def waiting(self) -> bool:
        """Whether something is kept that has not been replayed."""
        return (self.folder / _OPEN).exists() or any(self.folder.glob(_SET_ASIDE))

    def dead_letters(self) -> int:
        """How many messages wait for a person, because they failed by themselves."""
        file = self.folder / _DEAD
        return sum(1 for _ in _messages(file)) if file.exists() else 0

    def retry(self) -> int:
        """Let the dead letters be replayed once more; returns how many."""
        with self._lock("replay"), self._lock("keep"):
            count = self.dead_letters()
            if count:
                aside = _SET_ASIDE.replace("*", f"{time.time_ns():020d}")
                failpoint("spool.retry.set_aside")
                (self.folder / _DEAD).replace(self.folder / aside)
        return count

    def replay(self, take: Callable[[dict[str, Any]], None]) -> int:
        """Hand the kept messages to `take`, oldest first; returns how many it took.

        `take` may see a message again after a crash. When it raises TryLater, the rest stays;
        a message that makes it fail otherwise is a dead letter in a file of its own. One process
        replays at a time; another that tries meanwhile takes none.
        """
        if not self.waiting():
            return 0
        with self._lock("replay", wait=False) as mine:
            return self._replay(take) if mine else 0

    def _replay(self, take: Callable[[dict[str, Any]], None]) -> int:
        with self._lock("keep"):
            if (self.folder / _OPEN).exists():
                aside = _SET_ASIDE.replace("*", f"{time.time_ns():020d}")
                failpoint("spool.replay.set_aside")
                (self.folder / _OPEN).replace(self.folder / aside)
        taken = 0
        for file in sorted(self.folder.glob(_SET_ASIDE)):
            for message in _messages(file):
                try:
                    take(message)
                except TryLater:
                    return taken
                except Exception as error:
                    self._give_up(message, error)
                failpoint("spool.replay.taken")
                taken += 1
            failpoint("spool.replay.unlink")
            file.unlink()
        return taken

    def _give_up(self, message: Mapping[str, Any], error: Exception) -> None:
        _log.error("a kept message failed; it is a dead letter", error=origin(error), file=_DEAD)
        self._append(_DEAD, message, "spool.give_up")

    def _append(self, name: str, message: Mapping[str, Any], place: str) -> None:
        text = json.dumps(message).encode()
        # The newline in front closes a line that a crash has cut short.
        line = b"\n%d %08x %s\n" % (len(text), zlib.crc32(text), text)
        with self._opened(name, os.O_WRONLY | os.O_APPEND) as handle:
            failpoint(f"{place}.write")
            written = os.write(handle, line)
            if written < len(line):
                raise OSError("the disk took only a part of the message")
            failpoint(f"{place}.fsync")
            os.fsync(handle)
        failpoint(f"{place}.fsync_folder")
        sync_folder(self.folder)
        failpoint(f"{place}.kept")

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / name, flags | (os.O_CREAT if name else 0), 0o600)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _lock(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold a lock between processes; False when another has it and we do not wait."""
        with self._opened(f"{name}.lock", os.O_RDWR) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True


def _messages(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_bytes().splitlines():
        if not line:
            continue
        message = _message(line)
        if message is None:
            _log.warning("a kept message was cut short; skipped", bytes=len(line))
        else:
            yield message


def _message(line: bytes) -> dict[str, Any] | None:
    length, _, rest = line.partition(b" ")
    check, _, text = rest.partition(b" ")
    if length != b"%d" % len(text) or check != b"%08x" % zlib.crc32(text):
        return None
    message: dict[str, Any] = json.loads(text)
    return message
