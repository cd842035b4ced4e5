"""The default folder: the user's alone, or nothing is put there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.__main__ import main
from simulator.data_folder import NotPrivate, default_folder, make_private
from simulator.network import Network
from simulator.settings import Settings, SettingsError
from tests.simulator.app import run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_network(settings: Settings) -> None:
    """Start a network and end it."""

    async def work() -> None:
        async with Network(settings):
            pass

    run(work())


def test_it_stands_where_the_user_keeps_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert default_folder() == tmp_path / "state" / "phone-simulator"
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local" / "state" / "phone-simulator"


def test_it_is_private_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    open_network(Settings())
    assert mode(tmp_path / "phone-simulator") == 0o700


def test_one_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "phone-simulator"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert mode(folder) == 0o700


def test_one_that_somebody_else_prepared_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "phone-simulator").symlink_to(tmp_path / "theirs")
    with pytest.raises(NotPrivate, match="belongs to somebody else"):
        make_private(tmp_path / "phone-simulator")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match="--data-dir"):
        open_network(Settings())


def test_one_that_was_named_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "named"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    open_network(Settings(data_dir=folder))
    assert mode(folder) == 0o755


def test_help_says_where_it_is() -> None:
    shown = CliRunner().invoke(main, ["serve", "--help"]).output
    assert "~/.local/state/phone-simulator" in " ".join(shown.split()).replace("- ", "-")
