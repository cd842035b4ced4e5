"""Every boundary of ours has a failpoint: one that is added without one fails here."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.points.boundaries import places, sources, unguarded

WITHOUT = {
    "asr.models.derived._link: symlink_to": "set-up: a link made anew by the next run",
    "asr.models.fetching._from_maven: unlink": "a file with a wrong checksum is thrown away",
    "asr.models.fetching._download: get": "set-up: the file's checksum or archive is checked",
    "asr.models.fetching._download: open": "the same: a half file is never taken for a whole one",
    "asr.models.fetching._unpack: rmtree": "what an earlier set-up left half unpacked",
    "asr.models.fetching._unpack: open": "into a folder that is renamed when whole",
    "asr.models.fetching._unpack: replace": "guarded, as the archive's unlink beside it is",
    "asr.models.fetching._unpack: unlink": "guarded, as the rename beside it is",
    "asr.models.fetching._set_aside: rmtree": "an older damaged model",
    "asr.models.fetching._set_aside: replace": "guarded; its folder was found damaged",
    "asr.models.derived._locked: open": "an empty file to lock",
    "infra.files.sync_folder: fsync": "its callers have the place",
    "ops.supervisor._launch: open": "the log of a program",
    "ops.supervisor._lock: open": "an empty file to lock",
    "ivr.live.leaving.apologise: send": "through the link, whose send has the place",
    "ivr.live.leaving.release: close": "through the link, whose close has the place",
    "ivr.live.playback._send: send": "through the link, whose send has the place",
    "ivr.live.playback.speak: send": "through the link, whose send has the place",
    "ivr.live.playback.stop: send": "through the link, whose send has the place",
    "ivr.live.sockets._serve_call: close": "a stranger is sent away; nothing is owed",
    "ivr.live.sockets.serve: close": "a socket that has failed already",
    "ops.docs.main: write_text": "pages of this repository, drawn by a developer",
    "ops.programs.answers: urlopen": "looks whether a program answers",
    "ops.programs.programs: unlink": "a sign of an earlier run",
    "recordings.jobs._clear_workshop: rmtree": "folders of killed attempts, a day old",
    "voice.cache._alone: open": "an empty file to lock",
    "web.live_feed._let_go: close": "a socket that has failed already",
    "web.checks.storage_takes_files: fsync": "a probe of the disk; nothing is kept",
    "web.checks.streams_answer: urlopen": "looks whether a process answers",
    "ops.worker.run: write_text": "a sign that the worker is up; its words are not read",
}
"""Boundaries that need no failpoint, and why."""

PLANTED = {
    "a commit without a name": ("def f(db):\n    with db.transaction() as s:\n        pass", 1),
    "a second commit under one place": (
        "def f(session):\n    failpoint('a')\n    session.commit()\n    session.commit()",
        2,
    ),
    "an fsync": ("def f(handle):\n    os.fsync(handle)", 1),
    "a rename": ("def f(path, to):\n    path.replace(to)", 1),
    "a rename by the system": ("def f(a, b):\n    os.rename(a, b)", 1),
    "a file written in place": ("def f(path):\n    path.write_text('x')", 1),
    "a file opened for writing": (
        "def f(path):\n    with open(path, 'wb') as file:\n        x()",
        1,
    ),
    "a file opened by its path": ("def f(path):\n    path.open('a')", 1),
    "a request": ("def f(url):\n    requests.post(url)", 1),
    "a request by the standard library": ("def f(url):\n    urllib.request.urlopen(url)", 1),
    "a message on a socket": ("async def f(socket):\n    await socket.send('x')", 1),
    "a guard in another function": (
        "def f(handle):\n    def g():\n        failpoint('a')\n    os.fsync(handle)",
        1,
    ),
    "at the top of a module": ("os.rename('a', 'b')", 1),
    "in a method": ("class A:\n    def f(self):\n        os.fsync(self.handle)", 1),
}
HARMLESS = (
    "def f(text):\n    return text.replace('a', 'b')",
    "def f(path):\n    return path.open('rb').read() + open(path).read()",
    "def f(db):\n    with db.transaction('tickets.open') as s:\n        pass",
    "def f(handle):\n    failpoint('a')\n    os.fsync(handle)",
    "def f(recogniser):\n    recogniser.begin()",
)


def test_every_boundary_has_a_failpoint_or_a_reason() -> None:
    open_ones = {
        boundary.key: f"{boundary.module}:{boundary.line}"
        for module, source in sources().items()
        for boundary in unguarded(module, source)
    }
    missing = {key: at for key, at in open_ones.items() if key not in WITHOUT}
    assert not missing, f"call failpoint() before each of these: {missing}"
    assert not set(WITHOUT) - set(open_ones), "these reasons are for boundaries that are gone"


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_boundary_is_found(name: str) -> None:
    source, count = PLANTED[name]
    assert len(unguarded("planted", source)) == count


def test_a_request_to_the_carrier_past_its_place_is_found() -> None:
    source = "def f(self):\n    self._client.calls('x').update(status='completed')"
    assert len(unguarded("carriers.twilio.rest", source)) == 1
    asked = "def f(self):\n    _asked('end', lambda: self._client.calls('x').update(status='y'))"
    assert not unguarded("carriers.twilio.rest", asked)


@pytest.mark.parametrize("source", HARMLESS)
def test_what_is_guarded_or_no_boundary_is_left_alone(source: str) -> None:
    assert not unguarded("planted", source)


def test_no_two_places_share_a_name() -> None:
    twice = [name for name, count in Counter(places(sources())).items() if count > 1]
    assert not twice
