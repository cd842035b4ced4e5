"""From the end of a sentence to its words: our endpoint beside Vosk's own, on the same sound.

Both are fed 20 ms at a time. The end of speech is the last voiced frame; what is counted is
sound that must pass before the words are there, plus the time of the last computation.
A second table shows the work: a new recogniser for each clip beside one that is used again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import vosk

from asr.endpoint import Endpoint
from asr.live import LiveRecogniser, Utterance
from asr.models.pool import Models, SpeechModel
from asr.noise import with_floor
from asr.recogniser import CHUNK_MS, Recogniser, open_model
from bench.clips import CLIPS, Clip, clips, machine, spread
from config.settings import Settings, load_settings
from sound.files import read_sound
from sound.mulaw import from_mulaw, to_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE, Pcm

_TAIL_S = 4.0


@dataclass(frozen=True)
class _Work:
    """What one clip cost, in seconds of this thread's CPU time."""

    sound_s: float
    all_s: float
    final_s: float
    slowest_s: float


def main(arguments: Sequence[str] = ()) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="bench latency")
    parser.add_argument("--most", type=int, default=0, help="use only so many, evenly spread")
    given = parser.parse_args(arguments)
    settings = load_settings()
    model = _warm_model(settings)
    stock = open_model(model.path)
    chosen = spread(clips(CLIPS), given.most)
    print(f"{len(chosen)} clips; {machine()}; end silence {settings.end_silence_ms} ms\n")
    ours = [_ours(model, clip, settings.end_silence_ms) for clip in chosen]
    _show_waits(ours, [_stock(stock, clip) for clip in chosen])
    fresh = [_work(Recogniser(stock, LINE_RATE), clip) for clip in chosen]
    unused = _warm_model(settings)
    _show_work(fresh, [_used_again(unused, clip) for clip in chosen])


def _warm_model(settings: Settings) -> SpeechModel:
    """A model whose recognisers have heard none of the clips: a second hearing is cheaper."""
    model = Models(settings).model("en")
    model.warm(2)
    return model


def _show_waits(ours: list[float | None], anchor: list[float | None]) -> None:
    print("| endpoint | median | 95th percentile | never ended |")
    print("| --- | --- | --- | --- |")
    for name, waits in (("ours", ours), ("stock Vosk", anchor)):
        known = [wait for wait in waits if wait is not None]
        p50, p95 = np.percentile(known, [50, 95])
        print(f"| {name} | {p50:.0f} ms | {p95:.0f} ms | {len(waits) - len(known)} |")
    both = [(a, b) for a, b in zip(ours, anchor, strict=True) if a is not None and b is not None]
    print(f"\nmedian ratio ours / stock: {np.median([a / b for a, b in both]):.2f}\n")


def _show_work(fresh: list[_Work], again: list[_Work]) -> None:
    print("| recogniser | real-time factor | last step p50 / p95 | slowest call p50 / worst |")
    print("| --- | --- | --- | --- |")
    for name, works in (("ours, used again", again), ("new for each clip", fresh)):
        final = np.percentile([w.final_s * 1000 for w in works], [50, 95])
        slow = np.percentile([w.slowest_s * 1000 for w in works], [50, 100])
        print(
            f"| {name} | {_factor(works):.3f} | {final[0]:.0f} / {final[1]:.0f} ms"
            f" | {slow[0]:.0f} / {slow[1]:.0f} ms |"
        )
    print(f"\nratio of work ours / new: {_factor(again) / _factor(fresh):.2f} (CPU time)")


def _factor(works: list[_Work]) -> float:
    return sum(w.all_s for w in works) / sum(w.sound_s for w in works)


def _used_again(model: SpeechModel, clip: Clip) -> _Work:
    recogniser = model.take(LINE_RATE)
    work = _work(recogniser, clip)
    model.release(recogniser)
    return work


def _work(recogniser: Recogniser, clip: Clip) -> _Work:
    pcm, step = _narrow(clip), LINE_RATE * CHUNK_MS // 1000
    recogniser.begin()
    calls = [
        _timed(lambda at=at: recogniser.feed(pcm[at : at + step]))  # type: ignore[misc]
        for at in range(0, len(pcm), step)
    ]
    final = _timed(recogniser.end)
    return _Work(len(pcm) / LINE_RATE, sum(calls) + final, final, max(calls))


def _timed(call: Callable[[], object]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


def _narrow(clip: Clip) -> Pcm:
    channels, rate = read_sound(clip.path)
    return from_mulaw(to_mulaw(resampled(channels[0], rate, LINE_RATE)))


def _sound(clip: Clip) -> tuple[bytes, float]:
    """The clip on a line with a silent tail, and when its last voice is heard."""
    channels, rate = read_sound(clip.path)
    silence = np.zeros(LINE_RATE // 2, dtype=np.int16)
    tail = np.zeros(round(LINE_RATE * _TAIL_S), dtype=np.int16)
    pcm = np.concatenate([silence, resampled(channels[0], rate, LINE_RATE), tail])
    mulaw = to_mulaw(with_floor(pcm, 0))
    endpoint, last = Endpoint(), 0
    heard = from_mulaw(mulaw)
    for at in range(0, len(heard) - endpoint.frame, endpoint.frame):
        endpoint.feed(heard[at : at + endpoint.frame])
        if endpoint.quiet_ms == 0:
            last = at + endpoint.frame
    return mulaw, last / LINE_RATE


def _ours(model: SpeechModel, clip: Clip, end_silence_ms: int) -> float | None:
    mulaw, end_s = _sound(clip)
    recogniser = LiveRecogniser(model)
    recogniser.listen(end_silence_ms=end_silence_ms, unfinished_silence_ms=end_silence_ms)
    wait: float | None = None
    for at in range(0, len(mulaw), 160):
        began = time.perf_counter()
        events = recogniser.feed(mulaw[at : at + 160])
        took = time.perf_counter() - began
        if any(isinstance(event, Utterance) for event in events):
            wait = ((at + 160) / LINE_RATE - end_s + took) * 1000
    return wait


def _stock(model: vosk.Model, clip: Clip) -> float | None:
    mulaw, end_s = _sound(clip)
    recogniser = vosk.KaldiRecognizer(model, LINE_RATE)
    pcm, wait = with_floor(from_mulaw(mulaw), 0), None
    for at in range(0, len(pcm), 160):
        began = time.perf_counter()
        if recogniser.AcceptWaveform(pcm[at : at + 160].tobytes()):
            text = json.loads(recogniser.Result())["text"]
            took = time.perf_counter() - began
            if text:
                wait = ((at + 160) / LINE_RATE - end_s + took) * 1000
    return wait


if __name__ == "__main__":
    main(sys.argv[1:])
