"""Files by key: whole or not there, and never outside of the storage."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from infra.storage.base import Storage, StorageError
from infra.storage.local import LocalStorage

SOUND = b"RIFF" + bytes(range(256)) * 300


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return LocalStorage(tmp_path)


def test_what_is_put_is_found_again_by_its_key(storage: Storage) -> None:
    stored = storage.put("calls/1.wav", [SOUND[:1000], SOUND[1000:]])
    assert (stored.size, stored.sha256) == (len(SOUND), hashlib.sha256(SOUND).hexdigest())
    assert storage.size("calls/1.wav") == stored.size
    assert storage.sha256("calls/1.wav") == stored.sha256
    with storage.open("calls/1.wav") as file:
        assert file.seek(-10, io.SEEK_END) and file.read() == SOUND[-10:]


def test_a_file_that_is_not_there_is_named_and_deleting_it_is_no_error(storage: Storage) -> None:
    storage.put("kept.wav", [SOUND])
    storage.delete("gone.wav")
    for ask in (storage.open, storage.size, storage.sha256):
        with pytest.raises(StorageError, match=r"gone\.wav"):
            ask("gone.wav")
    assert storage.size("kept.wav") == len(SOUND)


@pytest.mark.parametrize("key", ["../kept.wav", "/etc/passwd", "A.wav", "", "a b"])
def test_no_key_leads_out_of_the_storage(storage: Storage, key: str) -> None:
    with pytest.raises(StorageError, match="expected a key"):
        storage.open(key)


def test_a_download_that_breaks_leaves_the_older_file(storage: Storage) -> None:
    storage.put("kept.wav", [b"old"])

    def broken() -> object:
        yield b"new"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        storage.put("kept.wav", broken())  # type: ignore[arg-type]
    assert storage.open("kept.wav").read() == b"old"
