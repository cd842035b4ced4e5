"""Documents of a folder that the carrier hosts itself, filled in for each request.

What is called `EH....xml` there is a TwiML Bin: https://handler.twilio.com/twiml/EH... (Twilio,
"TwiML Bins").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from simulator.hosted.templates import filled, values_of

HOST = "handler.twilio.com"
XML = "text/xml; charset=utf-8"
_SID = re.compile("EH[0-9a-fA-F]{32}")
Parameters = Iterable[tuple[str, str]]


class NoSuchBin(Exception):
    """It is not in the folder; the text says how to put it there."""


def file_in(folder: Path | None, name: str) -> Path | None:
    """A file of the folder, never one outside it; None when it is not there."""
    if folder is None:
        return None
    wanted = (folder / name).resolve()
    return wanted if wanted.parent == folder.resolve() and wanted.is_file() else None


def document_for(file: Path, parameters: Parameters) -> bytes:
    """A document as it answers a request with these parameters. Raises BadTemplate."""
    return filled(file.read_bytes(), values_of(parameters))


def bin_of(folder: Path | None, sid: str) -> Path:
    """The file of a TwiML Bin. Raises NoSuchBin."""
    file = file_in(folder, f"{sid}.xml") if _SID.fullmatch(sid) else None
    if file is None:
        raise NoSuchBin(
            f"{HOST}: there is no TwiML Bin {sid} here; save its document as {sid}.xml in the "
            "folder of --bins"
        )
    return file


def answer_of(url: str, form: Parameters, folder: Path | None) -> tuple[str, bytes] | None:
    """Content type and body of the bin at an address; None where no bins are.

    Raises NoSuchBin, BadTemplate.
    """
    parts = urlsplit(url)
    if parts.hostname != HOST:
        return None
    file = bin_of(folder, parts.path.removeprefix("/twiml/"))
    query = parse_qsl(parts.query, keep_blank_values=True)
    return XML, document_for(file, (*query, *form))
