"""The embedded Valkey: its wheel names the program only privately, so that a test must notice."""

from __future__ import annotations

import subprocess
from pathlib import Path

from infra.valkey import command


def test_the_wheel_holds_a_server_where_we_look_for_it(tmp_path: Path) -> None:
    program, *flags = command(tmp_path / "valkey" / "socket")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    assert said.stdout.startswith(("Valkey server", "Server")), said.stdout
    assert flags[flags.index("--appendonly") + 1] == "yes"
