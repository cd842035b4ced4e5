"""Settings: what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import RENAMED, Settings, SettingsError, load_settings


def test_a_setting_under_its_old_name_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SWIFTLINE_HANG_OVER_MS", "400")
    with pytest.raises(SettingsError, match="SWIFTLINE_END_SILENCE_MS"):
        load_settings(var_dir=tmp_path)


def test_an_old_name_in_a_file_stops_the_start_too(tmp_path: Path) -> None:
    (tmp_path / "local.env").write_text("SWIFTLINE_PATIENCE_MS=900\n")
    with pytest.raises(SettingsError, match="SWIFTLINE_UNFINISHED_SILENCE_MS"):
        load_settings(var_dir=tmp_path)


def test_every_new_name_is_a_setting(tmp_path: Path) -> None:
    names = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for new in RENAMED.values():
        assert any(f"'{new}'" in name for name in names)
    assert load_settings(var_dir=tmp_path).end_silence_ms == 320
