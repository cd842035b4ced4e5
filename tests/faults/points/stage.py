"""Installations prepared once for each drive, and copied for each trial."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Protocol
from unittest import mock

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from infra import failpoints
from infra.db import Database
from migrations.tables import metadata
from tests import cities
from tests.faults.points.desk import Desk, Records, open_desk
from tests.faults.points.world import Drive, World


class QuickVoice:
    """A voice without a library, whose threads no fork could take along."""

    name = "quick:en/1"

    def warm(self) -> None:
        """Nothing to load."""

    def speak(self, text: str, language: str) -> bytes:
        """Half a second and more of a sound that is the text's own."""
        return hashlib.sha256(f"{language}:{text}".encode()).digest() * 160


class Stores(Protocol):
    """Databases to be copied for a trial."""

    def empty(self, folder: Path) -> str:
        """A database with every table and no row, for an installation; its address."""

    def copied(self, url: str, folder: Path) -> str:
        """A copy for an installation whose folder was copied; its address."""

    def drop(self, url: str) -> None:
        """Throw a copy away."""


class SqliteStores:
    """The database is a file in the installation's folder, and copied with it."""

    def __init__(self, template: Path) -> None:
        self._template = template

    def empty(self, folder: Path) -> str:
        """The file, of every table."""
        shutil.copyfile(self._template, folder / "swiftline.db")
        return ""

    def copied(self, url: str, folder: Path) -> str:
        """The file is there already."""
        return url

    def drop(self, url: str) -> None:
        """The file goes with its folder."""


class PostgresStores:
    """Databases of one server, copied by it."""

    def __init__(self, server: str) -> None:
        self._server = make_url(server)
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT")
        self._kept = 0
        self._bare = self._made("points_bare", "template1")
        bare = Database(self._bare)
        metadata.create_all(bare.engine)
        bare.close()

    def empty(self, folder: Path) -> str:
        """A copy of the database of every table."""
        self._kept += 1
        return self._made(f"points_{self._kept}", str(make_url(self._bare).database))

    def copied(self, url: str, folder: Path) -> str:
        """A copy made by the server; only one is there at a time."""
        return self._made("points_trial", str(make_url(url).database))

    def drop(self, url: str) -> None:
        """Throw a copy away, whoever still holds it."""
        self._does(f'drop database "{make_url(url).database}" with (force)')

    def _made(self, name: str, template: str) -> str:
        self._does(f'create database "{name}" template "{template}"')
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _does(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


class Stage:
    """Installations prepared once for each drive, and copied for each trial."""

    def __init__(
        self, folder: Path, found: Path, desk: Desk, stores: Stores, drives: Sequence[Drive]
    ) -> None:
        self._folder, self._found = folder, found
        self._desk, self._stores, self._drives = desk, stores, drives
        self._city = cities.chicago()
        self._records: dict[str, tuple[str, Records]] = {}
        self._reached: dict[str, frozenset[str]] = {}
        self._app: Flask | None = None
        self._trial: Database | None = None
        (folder / "voice").mkdir()

    @contextmanager
    def open(self, drive: Drive) -> Iterator[World]:
        """An installation of its own at the beginning of the drive.

        Each has the last one's address: statements that were compiled there once are known.
        """
        kept = self._prepared(drive)
        folder = self._folder / "trial"
        shutil.copytree(kept, folder, symlinks=True)
        url, records = self._records[drive.name]
        self._desk.records = deepcopy(records)
        world = self._world(folder, self._stores.copied(url, folder), self._trial)
        self._trial = world.database
        try:
            with mock.patch.dict(os.environ, world.env):
                world.awakes()
                drive.before(world)
                yield world
        finally:
            failpoints.disarm()
            world.close()
            self._stores.drop(world.settings.database_url)
            shutil.rmtree(folder)

    def drive_through(self, place: str) -> Drive:
        """The first drive that passes that place."""
        for drive in self._drives:
            if place in self.reached_by(drive):
                return drive
        raise AssertionError(f"no drive passes {place}: add one to tests/faults/points/")

    def reached_by(self, drive: Drive) -> frozenset[str]:
        """The places that a drive passes, from an undisturbed trial.

        Whichever process comes first tries it, and the others read what it found.
        """
        if drive.name not in self._reached:
            file = self._found / hashlib.sha256(drive.name.encode()).hexdigest()
            with file.open("a+") as found:
                fcntl.flock(found, fcntl.LOCK_EX)
                found.seek(0)
                text = found.read() or self._undisturbed(drive)
                found.seek(0)
                found.truncate()
                found.write(text)
            self._reached[drive.name] = frozenset(json.loads(text)) - drive.takes
        return self._reached[drive.name]

    def _undisturbed(self, drive: Drive) -> str:
        seen: set[str] = set()
        with self.open(drive) as world:
            failpoints.watch(seen.add)
            drive.act(world)
            failpoints.watch(None)
            drive.repeats(world)
            ends_well(drive, world)
        return json.dumps(sorted(seen))

    def _prepared(self, drive: Drive) -> Path:
        folder = self._folder / drive.name.replace(" ", "-").replace("'", "")
        if drive.name in self._records:
            return folder
        folder.mkdir()
        if not drive.own_voice:
            (folder / "voice").symlink_to(self._folder / "voice")
        self._desk.records = Records()
        world = self._world(folder, self._stores.empty(folder))
        drive.prepare(world)
        world.close()
        self._records[drive.name] = world.settings.database_url, self._desk.records
        return folder

    def _world(self, folder: Path, url: str, database: Database | None = None) -> World:
        world = World(
            folder, self._desk, self._city, database_url=url, database=database, app=self._app
        )
        self._app = world.app
        return world


@contextmanager
def set_up(stores: Stores, drives: Sequence[Drive], found: Path) -> Iterator[Stage]:
    """A stage in memory, where that can be had: processes die here, machines do not.

    found: a folder for which drive passes which place, shared by the processes of a test run.
    """
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    voice = mock.patch("voice.cache.voice_for", lambda *_wanted: QuickVoice())
    with voice, open_desk() as desk, tempfile.TemporaryDirectory(dir=place) as folder:
        yield Stage(Path(folder), found, desk, stores, drives)


def ends_well(drive: Drive, world: World) -> None:
    """Time passes, and everything is as if nothing had gone wrong."""
    world.settles()
    drive.check(world)
    world.settles()
    world.checks_records(dead=drive.dead)
