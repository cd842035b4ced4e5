"""From the end of a sentence to its words: our endpoint beside Vosk's own, on the same sound.

Both are fed 20 ms at a time. The end of speech is the last voiced frame; what is counted is
sound that must pass before the words are there, plus the time of the last computation.
"""

from __future__ import annotations

import json
import time

import numpy as np
import vosk

from asr.audio import LINE_RATE, from_mulaw, read, resampled, to_mulaw, with_floor
from asr.endpoint import Endpoint
from asr.live import LiveEar, Utterance
from asr.model import Models, SpeechModel
from asr.recogniser import open_model
from bench.clips import Clip, clips, machine
from config.settings import load_settings

_TAIL_S = 4.0


def main() -> None:
    """Print the table."""
    settings = load_settings()
    model = Models(settings).model("en")
    model.warm(2)
    stock = open_model(model.path)
    chosen = clips()
    ours = [_ours(model, clip, settings.hang_over_ms) for clip in chosen]
    anchor = [_stock(stock, clip) for clip in chosen]
    print(f"{len(chosen)} clips; {machine()}; hang-over {settings.hang_over_ms} ms\n")
    print("| endpoint | median | 95th percentile | never ended |")
    print("| --- | --- | --- | --- |")
    for name, waits in (("ours", ours), ("stock Vosk", anchor)):
        known = [wait for wait in waits if wait is not None]
        p50, p95 = np.percentile(known, [50, 95])
        print(f"| {name} | {p50:.0f} ms | {p95:.0f} ms | {len(waits) - len(known)} |")
    both = [(a, b) for a, b in zip(ours, anchor, strict=True) if a is not None and b is not None]
    print(f"\nmedian ratio ours / stock: {np.median([a / b for a, b in both]):.2f}")


def _sound(clip: Clip) -> tuple[bytes, float]:
    """The clip on a line with a silent tail, and when its last voice is heard."""
    channels, rate = read(clip.path)
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


def _ours(model: SpeechModel, clip: Clip, hang_over_ms: int) -> float | None:
    mulaw, end_s = _sound(clip)
    ear = LiveEar(model)
    ear.listen(hang_over_ms=hang_over_ms, patience_ms=hang_over_ms)
    wait: float | None = None
    for at in range(0, len(mulaw), 160):
        began = time.perf_counter()
        events = ear.feed(mulaw[at : at + 160])
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
    main()
