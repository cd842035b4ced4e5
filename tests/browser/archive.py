"""A recording with its words, as the archive has it after a call."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from config.settings import Settings
from infra.db import Database
from infra.storage.local import LocalStorage
from recordings import actions
from recordings.models import Recording
from recordings.sound import compress, inspect
from recordings.transcript import Said
from tests.recordings.conftest import new_sid
from tests.recordings.sounds import speechlike, wav

SECONDS = 40.0
WORD_S = 0.5


def a_recording(settings: Settings, database: Database, folder: Path) -> Recording:
    """Forty seconds, a word each half second; caller and line take turns of five."""
    path = folder / "call.wav"
    path.write_bytes(wav(speechlike(SECONDS, seed=1), speechlike(SECONDS, seed=2)))
    shape = inspect(path, announced_s=SECONDS)
    small = compress(path, folder)
    with database.transaction() as session:
        made = actions.register(
            session,
            carrier_sid=new_sid(),
            call_sid="",
            purpose="call",
            status="completed",
            channels=2,
            duration_s=SECONDS,
            started_at=datetime(2026, 11, 20, 18, 0, tzinfo=UTC),
        )
        stored = LocalStorage(settings.storage).put("call.ogg", [small.path.read_bytes()])
        actions.keep(session, made, stored=stored, shape=shape)
        actions.exchange_file(made, stored=stored, media_type=small.media_type)
        actions.replace_words(session, made, words())
    return made


def words() -> list[Said]:
    """A word each half second; each seventh is not believed."""
    starts = np.arange(0, SECONDS, WORD_S)
    return [
        Said(
            channel=int(start // 5) % 2,
            speaker=("caller", "line")[int(start // 5) % 2],
            word=f"word{number}",
            start_s=float(start),
            end_s=float(start) + WORD_S - 0.06,
            confidence=0.3 if number % 7 == 0 else 0.95,
        )
        for number, start in enumerate(starts)
    ]
