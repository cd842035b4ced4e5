"""Drives of the disk: the spool, phrases, set-up and models."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from rich.console import Console

from asr.models.derived import derive
from asr.models.fetching import fetch
from asr.models.known import known_models
from calls.models import Call
from infra import failpoints
from infra.spool import Spool
from ops import setup
from tests.faults.points.line import in_turns
from tests.faults.points.world import Drive, World
from voice.cache import VoiceCache
from web.access.models import Staff
from web.access.passwords import is_right
from web.spooling import replay_kept

_QUIET = Console(file=io.StringIO())
_OLD, _NEW = "A phrase of last month.", "A phrase that was never spoken."
_WHOLE = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst")
_ENDED = {"CallStatus": "completed", "CallDuration": "31", "SequenceNumber": "3"}
_AWAY = "webhooks.ivr.status.commit"
_AGES_S = 8 * 86_400


def _posts_while_away(world: World) -> object:
    """The call ends while the database takes nothing; the carrier repeats what is not taken."""
    failpoints.arm(_AWAY, failpoints.disk_full)
    return world.posts("/ivr/status", **_ENDED)


def _ended_once(world: World) -> None:
    call = world.one(Call)
    assert (call.status, call.duration_s) == ("completed", 31)
    assert call.settled_at is not None
    assert not Spool(world.settings.spool).waiting()


def _kept(world: World) -> None:
    in_turns(world)
    _posts_while_away(world)
    failpoints.disarm()


def _kept_in_vain(world: World) -> None:
    Spool(world.settings.spool).keep({"path": "/nowhere", "form": {"n": "1"}})


def _dead(world: World) -> None:
    spool = Spool(world.settings.spool)
    assert not spool.waiting()
    assert b'"/nowhere"' in (spool.folder / "dead-letters.spool").read_bytes()


def _kept_and_dead(world: World) -> None:
    """A callback of a call that has ended was given up for a reason that is repaired by now."""
    _kept(world)
    spool = Spool(world.settings.spool)
    (spool.folder / "open.spool").rename(spool.folder / "dead-letters.spool")


def _retries(world: World) -> int:
    return Spool(world.settings.spool).retry()


def _speaks(world: World) -> object:
    return world.services.get(VoiceCache).spoken(_NEW, "en")


def _spoken_whole(world: World) -> None:
    spoken = VoiceCache(world.settings).spoken(_NEW, "en")
    sound = world.settings.voice_dir / f"{spoken.key}.ulaw"
    assert sound.read_bytes() == spoken.mulaw
    assert len(spoken.mulaw) > 1000
    assert json.loads(sound.with_suffix(".json").read_text())["text"] == _NEW


def _defers(world: World) -> str:
    return world.services.get(VoiceCache).deferred(_NEW, "en")


def _deferred_is_spoken(world: World) -> None:
    key = _defers(world)
    assert len(VoiceCache(world.settings).by_key(key).mulaw) > 1000


def _spoke_long_ago(world: World) -> None:
    VoiceCache(world.settings).spoken(_OLD, "en")


def _ages(world: World) -> None:
    for file in world.settings.voice_dir.iterdir():
        os.utime(file, (0, 0))


def _forgets(world: World) -> object:
    return VoiceCache(world.settings).forget_older(_AGES_S)


def _forgotten(world: World) -> None:
    left = {file.suffix for file in world.settings.voice_dir.iterdir() if file.stem != ".lock"}
    assert not left & {".ulaw", ".json"}


def _half_written(world: World) -> None:
    world.settings.storage.mkdir(parents=True)
    left = world.settings.storage / ".part-left"
    left.write_bytes(b"half of somebody's voice")
    os.utime(left, (0, 0))
    world.asks("carrier", "recordings.jobs.reconcile_day")


def _cleared(world: World) -> None:
    assert not list(world.settings.storage.rglob(".part-*"))


def _no_secret_is_set(_world: World) -> None:
    """The stage gives the environment back after the trial."""
    for name in [one for one in os.environ if one.startswith(("SECRET_KEY", "TWILIO_"))]:
        del os.environ[name]


def _secrets(world: World) -> None:
    setup._write_secrets(world.folder)


def _secrets_whole(world: World) -> None:
    text = (world.folder / "local.env").read_text()
    assert text.startswith("SECRET_KEY=")
    assert text.count("\n") == 6


def _demo_staff(world: World) -> None:
    setup._add_demo_staff(world.settings, _QUIET)


def _staff_known(world: World) -> None:
    with world.database.read() as session:
        people = {person.username: person for person in session.query(Staff)}
    accounts = setup.demo_accounts(world.settings)
    assert set(people) == set(accounts) != set()
    assert setup.accounts_file(world.settings).stat().st_mode & 0o077 == 0
    name, password = next(iter(accounts.items()))
    assert is_right(people[name].password_hash, password)


def _speaks_ahead(world: World) -> None:
    setup._speak_prompts(world.settings)


def _stamp(world: World) -> Path:
    return world.settings.voice_dir / "spoken-ahead.txt"


def _spoken_ahead(world: World) -> None:
    assert len(_stamp(world).read_text()) == 64


def _derives(world: World) -> object:
    return derive(world.settings, world.folder / "model", "en")


def _a_model(world: World) -> None:
    for part in _WHOLE:
        (world.folder / "model" / part).parent.mkdir(parents=True, exist_ok=True)
        (world.folder / "model" / part).write_text("--sample-frequency=16000\n")


def _derived(world: World) -> None:
    folder = derive(world.settings, world.folder / "model", "en")
    assert all((folder / part).is_file() for part in _WHOLE)
    assert "--dither=0" in (folder / "conf" / "mfcc.conf").read_text()


def _packed() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in _WHOLE:
            archive.writestr(zipfile.ZipInfo(f"assets/model-en-us/{name}"), "x")
    return file.getvalue()


def _fetches(world: World) -> object:
    """From a mirror of our own: the carrier's desk hands out any file it is given."""
    settings = world.settings.model_copy(update={"model_mirror": world.desk.url})
    settings.models_dir.mkdir(exist_ok=True)
    return fetch(settings, "en", _QUIET)


@contextmanager
def models_at_the_desk() -> Iterator[None]:
    """For all drives at once: two that run side by side cannot both give back what was there."""
    known = known_models()["en"]
    right = known.model_copy(update={"maven_sha256": hashlib.sha256(_packed()).hexdigest()})
    away = mock.patch("vosk.MODEL_PRE_URL", "http://127.0.0.1:9/")
    with away, mock.patch.dict(known_models(), {"en": right}):
        yield


def _damaged(world: World) -> None:
    world.desk.records.archive = _packed()
    place = world.settings.models_dir / known_models()["en"].folder
    place.mkdir(parents=True)
    (place / "half").write_text("half")


def _fetched(world: World) -> None:
    place = world.settings.models_dir / known_models()["en"].folder
    assert all((place / part).is_file() for part in _WHOLE)


PHRASES = (
    Drive("a phrase is spoken", _speaks, _spoken_whole, own_voice=True),
    Drive("a phrase is deferred", _defers, _deferred_is_spoken, own_voice=True),
    Drive(
        "a phrase is forgotten",
        _forgets,
        _forgotten,
        prepare=_spoke_long_ago,
        before=_ages,
        own_voice=True,
    ),
)
"""They come first: whoever speaks a new phrase passes their places too, but only once."""

DRIVES = (
    Drive(
        "a callback is kept",
        _posts_while_away,
        _ended_once,
        prepare=in_turns,
        again=lambda w: w.posts("/ivr/status", **_ENDED),
        takes=frozenset({_AWAY}),
    ),
    Drive("a kept callback is taken", lambda w: replay_kept(w.app), _ended_once, prepare=_kept),
    Drive("a dead message is retried", _retries, _ended_once, prepare=_kept_and_dead),
    Drive(
        "a kept message becomes a dead letter",
        lambda w: replay_kept(w.app),
        _dead,
        prepare=_kept_in_vain,
    ),
    Drive(
        "phrases are forgotten by the clock",
        lambda w: w.works("tickets"),
        lambda w: None,
        prepare=lambda w: w.asks("tickets", "ivr.jobs.forget_phrases"),
    ),
    Drive(
        "half a file is cleared away",
        lambda w: w.works("carrier"),
        _cleared,
        prepare=_half_written,
    ),
    Drive("secrets are made", _secrets, _secrets_whole, before=_no_secret_is_set),
    Drive("demo staff is made", _demo_staff, _staff_known),
    Drive(
        "prompts are spoken ahead",
        _speaks_ahead,
        _spoken_ahead,
        prepare=_speaks_ahead,
        before=lambda w: _stamp(w).unlink(),
        own_voice=True,
    ),
    Drive("a model's folder is derived", _derives, _derived, prepare=_a_model),
    Drive("a model is fetched", _fetches, _fetched, prepare=_damaged),
)
