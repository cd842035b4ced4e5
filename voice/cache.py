"""Phrases as sound, spoken once: in memory, and in `settings.voice_dir` for every process.

`<key>.ulaw` is the sound (8 kHz mu-law), `<key>.json` its text, language and voice, written
last. Whoever publishes a key first is heard by all: the same key is the same bytes in every
process. An operator's recording (`var/prompts/<language>/<prompt>.<n>.wav`, `n` counting the
prompt's phrases from 1; `<prompt>.wav` for the first) takes the place of the spoken phrase.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from config.settings import Settings
from infra.failpoints import failpoint
from infra.files import clear_left_over, write_whole
from sound.files import SoundError, read_sound
from sound.samples import LINE_RATE, samples_of
from sound.wav import mulaw_wav
from voice.deferred import SUFFIX, BackgroundSynthesiser, read_deferred, write_deferred
from voice.levels import phone_sound
from voice.prompts import PromptError, Prompts
from voice.speaker import Spoken, Voice, VoiceError, voice_for

_IN_MEMORY = 600
_KEY = re.compile(r"[0-9a-f]{32}")
_SOUND_FILES = (".wav", ".flac")


class UnknownSound(LookupError):
    """No phrase has that key."""


class VoiceCache:
    """Every phrase of the line as sound. Safe to share between threads and processes."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.voice_dir
        self._recordings = settings.var_dir / "prompts"
        self._choice = settings.voice_en
        self._city = settings.city
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Spoken] = OrderedDict()
        self._voices: dict[str, Voice] = {}
        self._busy: dict[tuple[str, str], threading.Lock] = {}
        self._background = BackgroundSynthesiser(self.spoken)

    def spoken(self, text: str, language: str) -> Spoken:
        """The phrase as sound: remembered, read, or spoken now. Raises VoiceError."""
        wanted = (language, text)
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
            turn = self._busy.setdefault(wanted, threading.Lock())
        with turn:
            found = self._remembered(wanted) or self._find_or_speak(text, language)
            self._remember(wanted, found)
        return found

    def deferred(self, text: str, language: str) -> str:
        """The phrase's key at once; its sound is spoken soon, or when `by_key` asks for it.

        Raises VoiceError when the phrase cannot be kept on the disk.
        """
        key = self._key(text, language)
        if self._described(key).exists():
            return key
        try:
            write_deferred(self._folder, key, text, language)
        except OSError as error:
            raise _unkept(self._folder, error) from error
        self._background.speak_soon(text, language)
        return key

    def has(self, text: str, language: str) -> bool:
        """Whether the phrase can be played without speaking it first."""
        if self._remembered((language, text)):
            return True
        return self._described(self._key(text, language)).exists()

    def by_key(self, key: str) -> Spoken:
        """The phrase of a key from `Spoken.key` or `deferred`. Raises UnknownSound, VoiceError."""
        if not _KEY.fullmatch(key):
            raise UnknownSound("expected a key of 32 hexadecimal digits")
        found = self._read(key)
        if found is not None:
            return found
        words = read_deferred(self._folder, key)
        if words is None:
            raise UnknownSound("no phrase of that key was ever spoken here")
        return self.spoken(*words)

    def wav(self, key: str) -> bytes:
        """The phrase as mu-law WAV (format 7), bit for bit the cached sound."""
        return mulaw_wav(self.by_key(key).mulaw)

    def warm(self, language: str) -> None:
        """Load the language's voice now, so that no caller waits for it."""
        self._voice(language).warm()

    def forget_older(self, than_s: float, *, keep: frozenset[str] = frozenset()) -> int:
        """Delete phrases on disk that were made long ago, but for the keys in `keep`.

        Read-backs name places that callers reported, so they must not stay for ever: nor may a
        sound whose description a crash has kept from being written.
        """
        oldest = time.time() - than_s
        described = {file.stem: file for file in self._folder.glob("*.json")}
        sounds = {file.stem: file for file in self._folder.glob("*.ulaw")}
        wanted = {file.stem: file for file in self._folder.glob(f"*{SUFFIX}")}
        old = [
            key
            for key, file in (wanted | sounds | described).items()
            if key not in keep and file.stat().st_mtime < oldest
        ]
        for key in old:
            failpoint("voice.forget.sound")
            self._sound_file(key).unlink(missing_ok=True)
            failpoint("voice.forget.described")
            self._described(key).unlink(missing_ok=True)
            failpoint("voice.forget.wanted")
            (self._folder / f"{key}{SUFFIX}").unlink(missing_ok=True)
        clear_left_over(self._folder, older_than_s=than_s)
        return len(old)

    def _remembered(self, wanted: tuple[str, str]) -> Spoken | None:
        with self._lock:
            return self._kept.get(wanted)

    def _remember(self, wanted: tuple[str, str], found: Spoken) -> None:
        with self._lock:
            self._kept[wanted] = found
            self._busy.pop(wanted, None)
            while len(self._kept) > _IN_MEMORY:
                self._kept.popitem(last=False)

    def _find_or_speak(self, text: str, language: str) -> Spoken:
        key = self._key(text, language)
        found = self._read(key)
        if found is not None:
            return found
        recording = self._recording(text, language)
        if recording is None:
            voice = self._voice(language)
            return self._publish(key, text, language, voice.name, voice.speak(text, language))
        return self._publish(key, text, language, recording.name, _read_recording(recording))

    def _key(self, text: str, language: str) -> str:
        recording = self._recording(text, language)
        voice = _fingerprint(recording) if recording else self._voice(language).name
        return hashlib.sha256("\0".join((voice, language, text)).encode()).hexdigest()[:32]

    def _voice(self, language: str) -> Voice:
        with self._lock:
            if language not in self._voices:
                self._voices[language] = voice_for(self._choice, language)
            return self._voices[language]

    def _recording(self, text: str, language: str) -> Path | None:
        """The operator's file for a phrase, if there is one."""
        folder = self._recordings / language
        if not folder.is_dir():
            return None
        try:
            names = Prompts(language, self._city).places_of(text)
        except PromptError:
            return None
        files = (
            folder / f"{stem}{suffix}"
            for key, number in names
            for stem in (f"{key}.{number}", *([key] if number == 1 else []))
            for suffix in _SOUND_FILES
        )
        return next((file for file in files if file.is_file()), None)

    def _sound_file(self, key: str) -> Path:
        return self._folder / f"{key}.ulaw"

    def _described(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _read(self, key: str) -> Spoken | None:
        try:
            facts = json.loads(self._described(key).read_text(encoding="utf-8"))
            mulaw = self._sound_file(key).read_bytes()
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return _made(key, facts["text"], facts["language"], mulaw)

    def _publish(self, key: str, text: str, language: str, voice: str, mulaw: bytes) -> Spoken:
        """Put a phrase where all processes see it, whole or not at all; the first one stays."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _alone(self._folder):
                before = self._read(key)
                if before is not None:
                    return before
                file = self._sound_file(key)
                if file.exists():
                    mulaw = file.read_bytes()
                else:
                    write_whole(file, (mulaw,), name="voice.sound")
                facts = {"text": text, "language": language, "voice": voice}
                described = json.dumps(facts, ensure_ascii=False).encode()
                write_whole(self._described(key), (described,), name="voice.described")
        except OSError as error:
            raise _unkept(self._folder, error) from error
        return _made(key, text, language, mulaw)


def _unkept(folder: Path, error: OSError) -> VoiceError:
    return VoiceError(
        f"cannot keep a phrase in {folder}: {error.strerror}; "
        "free space or set SWIFTLINE_VAR_DIR to a folder that can be written"
    )


def _made(key: str, text: str, language: str, mulaw: bytes) -> Spoken:
    return Spoken(key, text, language, mulaw, len(mulaw) / LINE_RATE)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process that held it."""
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fingerprint(recording: Path) -> str:
    seen = recording.stat()
    return f"file:{recording.name}:{seen.st_size}:{seen.st_mtime_ns}"


def _read_recording(file: Path) -> bytes:
    """An operator's recording of any rate, brought to the level of the spoken phrases."""
    try:
        channels, rate = read_sound(file)
    except (OSError, SoundError) as error:
        raise VoiceError(f"{file} is no sound file; expected WAV or FLAC") from error
    mono = np.stack([samples_of(channel) for channel in channels]).mean(axis=0)
    return phone_sound(mono, rate, ends_sentence=True)
