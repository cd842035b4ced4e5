"""Work on recordings after the commit: fetch, transcribe, compress, compare the records."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from asr.batch import transcribe
from asr.models.pool import Models
from carriers.base import Carrier, CarrierError
from carriers.messages import CarrierRecording
from infra.clock import now
from infra.failpoints import failpoint
from infra.log import logger
from infra.outbox.jobs import Later, Permanent, Run, job
from infra.outbox.reconcile import DAY, RECENT, WEEK, since_last
from infra.storage.base import Storage, StorageError, Stored
from recordings import actions, messages, queries, spoken
from recordings.life import AUDIBLE, State
from recordings.models import WAV, Recording
from recordings.sound import MOST_BYTES, NoSound, Shape, compress, inspect
from recordings.transcript import Said, conversation
from sound.wav import NotWhole

_PAUSES_S = (1, 3, 10, 30, 60, 120, 300, 600, 1800)
"""Pauses between attempts; the last one goes on for as long as we try (reliability, row 14)."""
_TRY_FOR = timedelta(hours=24)
_LONGEST_DOWNLOAD_S = 900
_CHUNK = 64 * 1024
_AT_A_TIME = 20

_log = logger(__name__)


@job
def fetch_recording(run: Run, recording_id: int) -> None:
    """Get the whole recording from the carrier, check it, and keep it.

    Whatever keeps a whole file from us is "not yet": we ask again with growing pauses for a
    day, then leave it to a person. Nothing unchecked is ever put into the archive.
    """
    with run.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    if recording.state != State.ANNOUNCED:
        return
    try:
        stored, shape = _fetch(run, recording)
    except NoSound:
        with run.finish() as session:
            actions.nothing_recorded(session, queries.locked(session, recording_id))
        return
    except (CarrierError, NotWhole, StorageError, OSError) as error:
        _try_later(run, recording, error)
        return
    with run.finish() as session:
        recording = queries.locked(session, recording_id)
        if recording.state == State.ANNOUNCED:
            actions.keep(session, recording, stored=stored, shape=shape)


@job
def transcribe_recording(run: Run, recording_id: int) -> None:
    """Recognise both channels, then exchange the file for a small one that sounds the same."""
    with run.database.read() as session:
        recording = session.get_one(Recording, recording_id)
        language = queries.language_of(session, recording) or run.settings.language_list[0]
    if recording.state not in AUDIBLE or not recording.storage_key:
        return
    if not run.settings.speech_on:
        raise Permanent("speech recognition is switched off: set SWIFTLINE_SPEECH=true")
    if recording.media_type != WAV:
        return
    with tempfile.TemporaryDirectory(dir=_workshop(run)) as folder:
        source = _checked_out(run, recording.storage_key, Path(folder))
        said = _recognise(run, recording, source, language)
        small = _compressed(run, recording, source)
    with run.finish() as session:
        recording = queries.locked(session, recording_id)
        if _settle(session, recording, said, small):
            actions.ask_to_drop_original(session, recording)


@job
def drop_original(run: Run, recording_id: int) -> None:
    """Delete the carrier's own file of a recording that has been exchanged for a small one."""
    with run.database.read() as session:
        recording = session.get_one(Recording, recording_id)
    if recording.media_type != WAV:
        run.get(Storage).delete(_key(recording, "wav"))


@job
def reconcile(run: Run) -> None:
    """Compare recordings since the last comparison with the carrier's records; repair ours (SW)."""
    _compare(run, since=since_last(run))


@job
def reconcile_day(run: Run) -> None:
    """The same for the last day; and clear what a killed attempt left half done."""
    _clear_workshop(run)
    _compare(run, since=now() - DAY)


@job
def reconcile_week(run: Run) -> None:
    """The same for the last week."""
    _compare(run, since=now() - WEEK)


def _fetch(run: Run, recording: Recording) -> tuple[Stored, Shape]:
    with tempfile.TemporaryDirectory(dir=_workshop(run)) as folder:
        path = Path(folder) / "fetched.wav"
        _download(run.get(Carrier).download_recording(recording.carrier_sid), path)
        shape = inspect(path, announced_s=recording.announced_s)
        return run.get(Storage).put(_key(recording, "wav"), _chunks(path)), shape


def _download(chunks: Iterable[bytes], path: Path) -> None:
    """Write what comes, within bounds of size and time. Raises NotWhole beyond them."""
    deadline, size = time.monotonic() + _LONGEST_DOWNLOAD_S, 0
    failpoint("recordings.download.write")
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise NotWhole(f"expected at most {MOST_BYTES} bytes, more came")
            if time.monotonic() > deadline:
                raise NotWhole(f"the download did not end within {_LONGEST_DOWNLOAD_S} s")
            file.write(chunk)


def _try_later(run: Run, recording: Recording, error: Exception) -> None:
    reason = str(error) if isinstance(error, (CarrierError, NotWhole)) else type(error).__name__
    _log.info("recording not fetched yet", recording_id=recording.id, reason=reason)
    if now() - recording.asked_at < _TRY_FOR:
        pause_s = _PAUSES_S[min(run.attempt, len(_PAUSES_S)) - 1]
        raise Later(pause_s, f"not fetched: {reason}") from None
    with run.database.transaction("recordings.jobs.give_up") as session:
        actions.give_up(session, recording.id)
    raise Permanent(f"recording {recording.id} was not to be had for a day: {reason}") from None


def _checked_out(run: Run, key: str, folder: Path) -> Path:
    """A copy of an archived file, since the decoder and the recogniser want a path."""
    copy = folder / "original.wav"
    failpoint("recordings.check_out.write")
    with run.get(Storage).open(key) as kept, copy.open("wb") as file:
        shutil.copyfileobj(kept, file)
    return copy


def _recognise(run: Run, recording: Recording, source: Path, language: str) -> tuple[Said, ...]:
    heard = transcribe(run.get(Models).model(language), source)
    with run.database.read() as session:
        spoke = spoken.voices(session, recording)
    return conversation(heard.channels, voices=spoke)


def _compressed(run: Run, recording: Recording, source: Path) -> tuple[Stored, str] | None:
    """A small copy in the archive and its type; None when the original must stay."""
    try:
        small = compress(source, source.parent)
    except NotWhole as error:
        _log.warning("not compressed", recording_id=recording.id, reason=str(error))
        return None
    key = _key(recording, small.path.suffix.lstrip("."))
    return run.get(Storage).put(key, _chunks(small.path)), small.media_type


def _settle(
    session: Session,
    recording: Recording,
    said: tuple[Said, ...],
    small: tuple[Stored, str] | None,
) -> bool:
    """Commit words and file together; True when the original is no longer needed."""
    actions.replace_words(session, recording, said)
    messages.give_text(session, recording)
    if small is None:
        return False
    return actions.exchange_file(recording, stored=small[0], media_type=small[1])


def _compare(run: Run, *, since: datetime) -> None:
    """Register what the carrier has and we do not, and tie up what came out of order."""
    carrier = run.get(Carrier)
    _register_changed(run, carrier.recordings(since=since))
    with run.database.read() as session:
        calls = queries.calls_with_unfinished(
            session, began_before=since, ended_after=min(since, now() - RECENT)
        )
    for call_sid in calls:
        try:
            _register_changed(run, carrier.recordings_of(call_sid))
        except CarrierError as error:
            _log.info("asked for again later", call_sid=call_sid, reason=str(error))
    with run.finish() as session:
        for recording in queries.without_call(session):
            actions.link(session, recording)
        messages.give_texts(session)


def _register_changed(run: Run, theirs: list[CarrierRecording]) -> None:
    """A few at a time: whatever else is written waits for each transaction."""
    with run.database.read() as session:
        ours = queries.known_by_sid(session, [one.sid for one in theirs])
    changed = [one for one in theirs if actions.changes_ours(ours.get(one.sid), one.status)]
    for begin in range(0, len(changed), _AT_A_TIME):
        with run.database.transaction("recordings.jobs.reconcile.register") as session:
            for known in changed[begin : begin + _AT_A_TIME]:
                actions.register_told(session, known)


def _workshop(run: Run) -> Path:
    """A folder beside the archive for files that are not checked yet."""
    folder = run.settings.var_dir / "tmp" / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _clear_workshop(run: Run) -> None:
    run.get(Storage).clear_left_over(older_than_s=DAY.total_seconds())
    oldest = (now() - DAY).timestamp()
    for left in _workshop(run).iterdir():
        if left.stat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True)


def _key(recording: Recording, kind: str) -> str:
    """One place per recording and kind, so that a repeated attempt writes the same file."""
    day = recording.announced_at
    return f"{day:%Y/%m/%d}/{recording.public_id}.{kind}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
