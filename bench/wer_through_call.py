"""Word error rate of human speech: stock Vosk, our recogniser, and ours at the end of a call.

The call is real: the simulator plays the clip at real pace, with line noise, as 20 ms of
8 kHz mu-law down a media socket, to a small server that hears with `asr.live.LiveRecogniser`.
The clips are a fixed list and no setting was fitted to them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import vosk
from aiohttp import WSMsgType, web

from asr.live import LiveRecogniser, Utterance
from asr.models.known import find_model
from asr.models.pool import Models, SpeechModel
from asr.noise import with_floor
from bench.clips import CLIPS, Clip, clips, machine, rate_with_interval, spread, word_errors
from carriers.media import Sound, Started, Stopped
from carriers.twilio import media_stream
from config.settings import load_settings
from simulator.callers import Caller
from simulator.server import create_app
from simulator.settings import Hook
from simulator.settings import Settings as SimulatorSettings
from simulator.webhooks.origins import OriginMap
from sound.files import read_sound
from sound.mulaw import from_mulaw, to_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE, Pcm

_WIDE = 16_000
_AT_ONCE = 4
_SILENCE_MS = 900
_TAIL_S = 1.5


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench wer")
    parser.add_argument("--data", type=Path, default=CLIPS, help="folder with refs.tsv")
    parser.add_argument("--most", type=int, default=0, help="use only so many, evenly spread")
    given = parser.parse_args(arguments)
    chosen = spread(clips(given.data), given.most)
    settings = load_settings()
    model = Models(settings).model("en")
    model.warm(_AT_ONCE)
    vosk.SetLogLevel(-1)
    stock = vosk.Model(str(find_model(settings, "en")))
    rows = {
        "stock Vosk, 16 kHz file": [_stock(stock, _wide(clip)) for clip in chosen],
        "stock Vosk, 8 kHz mu-law": [_stock(stock, _narrow_for_stock(clip)) for clip in chosen],
        "our recogniser, 8 kHz mu-law file": [_ours(model, clip) for clip in chosen],
        "our recogniser, through a call": asyncio.run(_through_calls(model, chosen)),
    }
    _show(chosen, rows)


def _show(chosen: list[Clip], rows: dict[str, list[str]]) -> None:
    print(f"{len(chosen)} clips, {sum(c.seconds for c in chosen):.0f} s; {machine()}\n")
    print("| heard by | word error rate | 95 % interval | ratio to stock 8 kHz |")
    print("| --- | --- | --- | --- |")
    anchor = _rate(chosen, rows["stock Vosk, 8 kHz mu-law"])[0]
    for name, heard in rows.items():
        rate, low, high = _rate(chosen, heard)
        print(f"| {name} | {rate:.1f} % | {low:.1f}-{high:.1f} % | {rate / anchor:.2f} |")


def _rate(chosen: list[Clip], heard: list[str]) -> tuple[float, float, float]:
    pairs = [word_errors(c.text, h) for c, h in zip(chosen, heard, strict=True)]
    return rate_with_interval(pairs)


def _wide(clip: Clip) -> Pcm:
    channels, rate = read_sound(clip.path)
    return resampled(channels[0], rate, _WIDE)


def _line_sound(clip: Clip) -> bytes:
    channels, rate = read_sound(clip.path)
    narrow = resampled(channels[0], rate, LINE_RATE)
    silence = np.zeros(LINE_RATE // 2, dtype=np.int16)
    tail = np.zeros(round(LINE_RATE * _TAIL_S), dtype=np.int16)
    return to_mulaw(with_floor(np.concatenate([silence, narrow, tail]), 0))


def _narrow_for_stock(clip: Clip) -> Pcm:
    """The stock model takes no 8 kHz sound, so it is brought back to 16 kHz."""
    return resampled(from_mulaw(_line_sound(clip)), LINE_RATE, _WIDE)


def _stock(model: vosk.Model, pcm: Pcm) -> str:
    recogniser = vosk.KaldiRecognizer(model, _WIDE)
    texts = []
    for at in range(0, len(pcm), _WIDE // 10):
        if recogniser.AcceptWaveform(pcm[at : at + _WIDE // 10].tobytes()):
            texts.append(json.loads(recogniser.Result())["text"])
    texts.append(json.loads(recogniser.FinalResult())["text"])
    return " ".join(text for text in texts if text)


def _ear(model: SpeechModel) -> LiveRecogniser:
    ear = LiveRecogniser(model)
    ear.listen(end_silence_ms=_SILENCE_MS, unfinished_silence_ms=_SILENCE_MS)
    return ear


def _ours(model: SpeechModel, clip: Clip) -> str:
    ear, sound = _ear(model), _line_sound(clip)
    events = [e for at in range(0, len(sound), 160) for e in ear.feed(sound[at : at + 160])]
    return _text([*events, *ear.flush()])


def _text(events: list[object]) -> str:
    return " ".join(e.heard.text for e in events if isinstance(e, Utterance))


async def _through_calls(model: SpeechModel, chosen: list[Clip]) -> list[str]:
    """One call for each clip, a few at a time, at real pace."""
    heard: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        app_port, app = await _serve(_application(model, heard, pool))
        network = SimulatorSettings(
            voice=Hook("https://bench.example/voice"),
            origins=OriginMap.of(
                (
                    f"https://bench.example=http://127.0.0.1:{app_port}",
                    f"wss://bench.example=ws://127.0.0.1:{app_port}",
                )
            ),
            data_dir=Path(folder),
        )
        port, simulator = await _serve(create_app(network))
        gate = asyncio.Semaphore(_AT_ONCE)
        sids = await asyncio.gather(*(_call(port, clip, gate) for clip in chosen))
        await simulator.cleanup()
        await app.cleanup()
    return [heard.get(sid, "") for sid in sids]


async def _call(port: int, clip: Clip, gate: asyncio.Semaphore) -> str:
    def place() -> str:
        call = Caller(f"http://127.0.0.1:{port}").dials()
        call.waits(0.6).says(clip=clip.path).waits(_TAIL_S).hangs_up()
        return call.sid

    async with gate:
        return await asyncio.to_thread(place)


def _application(
    model: SpeechModel, heard: dict[str, str], pool: ThreadPoolExecutor
) -> web.Application:
    async def voice(request: web.Request) -> web.Response:
        return web.Response(
            text='<Response><Connect><Stream url="wss://bench.example/media"/></Connect></Response>',
            content_type="text/xml",
        )

    async def media(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await _hear(socket, _ear(model), heard, pool)
        return socket

    app = web.Application()
    app.router.add_post("/voice", voice)
    app.router.add_get("/media", media)
    return app


async def _hear(
    socket: web.WebSocketResponse,
    ear: LiveRecogniser,
    heard: dict[str, str],
    pool: ThreadPoolExecutor,
) -> None:
    loop, sid, events = asyncio.get_running_loop(), "", list[object]()
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            continue
        message = media_stream.read(frame.data)
        if isinstance(message, Started):
            sid = message.call_sid
        if isinstance(message, Sound):
            events += await loop.run_in_executor(pool, ear.feed, message.mulaw)
        if isinstance(message, Stopped):
            break
    events += await loop.run_in_executor(pool, ear.flush)
    heard[sid] = _text(events)


async def _serve(app: web.Application) -> tuple[int, web.AppRunner]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    return int(port), runner


if __name__ == "__main__":
    main(sys.argv[1:])
