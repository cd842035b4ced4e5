"""Answering-machine detection: who or what answered, judged by the sound that comes from there.

A short greeting followed by quiet is a human; speech that goes on is a machine; the steady tone of
a fax is a fax; nothing at all is unknown. With `DetectMessageEnd` a machine is reported once its
greeting is over: by its tone, by the quiet after it, or otherwise. Modes, thresholds and defaults:
Twilio, "Answering Machine Detection".
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.sound.audio import FRAME_S, is_audible
from simulator.sound.silence import SilenceMeter
from simulator.sound.tones import ToneMeter
from simulator.time.waiting import first_of
from simulator.webhooks.webhook import Form, Request

ENABLE, MESSAGE_END = "Enable", "DetectMessageEnd"
MODES = (ENABLE, MESSAGE_END)
_TONE_MS, _FAX_TONE_MS = 160, 400
_FAX_HZ = (1100, 2100)
_NO_CALLBACK = 21262


@dataclass(frozen=True)
class Detection:
    """How a call is judged.

    background: the document runs meanwhile, and the verdict goes to `url`; else the document's
    request waits for it and carries it.
    """

    mode: str = ENABLE
    timeout_s: float = 30.0
    speech_ms: int = 2400
    speech_end_ms: int = 1200
    silence_ms: int = 5000
    background: bool = False
    url: str = ""
    method: str = "POST"


class Judge:
    """Takes what comes from the called side, frame by frame, until there is a verdict."""

    def __init__(self, how: Detection) -> None:
        self.verdict = ""
        self.taken_ms = 0
        """How long it has listened."""
        self._how = how
        self._voice = SilenceMeter()
        self._tone = ToneMeter()
        self._speech_ms = 0
        self._quiet_ms = 0
        self._is_machine = False

    def take(self, frame: bytes) -> str:
        """The next frame; the verdict, or nothing yet."""
        if not self.verdict:
            self.taken_ms += round(FRAME_S * 1000)
            self.verdict = self._judged(frame)
        return self.verdict

    def give_up(self) -> str:
        """Time is up or the call is over: the verdict that is left."""
        if not self.verdict:
            self.verdict = "machine_end_other" if self._is_machine else "unknown"
        return self.verdict

    def _judged(self, frame: bytes) -> str:
        self._voice.take(frame)
        self._tone.take(frame)
        if self._tone.lasted_ms:
            return self._judge_tone()
        if self._voice.silent_s == 0.0 and is_audible(frame):
            # A pause between two words is part of the speech.
            self._speech_ms += self._quiet_ms if self._speech_ms else 0
            self._speech_ms += round(FRAME_S * 1000)
            self._quiet_ms = 0
            return self._machine() if self._speech_ms > self._how.speech_ms else ""
        self._quiet_ms += round(FRAME_S * 1000)
        return self._judge_quiet()

    def _judge_tone(self) -> str:
        if self._tone.lasted_ms >= _FAX_TONE_MS and self._tone.is_near(_FAX_HZ):
            return "fax"
        is_beep = self._tone.lasted_ms >= _TONE_MS and not self._tone.is_near(_FAX_HZ)
        if is_beep and self._how.mode == MESSAGE_END:
            return "machine_end_beep"
        return self._machine() if is_beep else ""

    def _judge_quiet(self) -> str:
        if not self._speech_ms:
            return "unknown" if self._quiet_ms >= self._how.silence_ms else ""
        if self._quiet_ms < self._how.speech_end_ms:
            return ""
        return "machine_end_silence" if self._is_machine else "human"

    def _machine(self) -> str:
        self._is_machine = True
        return "machine_start" if self._how.mode == ENABLE else ""


async def detect(call: Call, how: Detection) -> Form:
    """Listen to whoever answered; the fields that tell the verdict, which the call keeps."""
    judge, decided = Judge(how), asyncio.Event()

    def listen(inbound: bytes, _outbound: bytes) -> None:
        if judge.take(inbound):
            decided.set()

    with call.leg.tapped(listen):
        late = asyncio.ensure_future(call.clock.sleep(how.timeout_s))
        late.add_done_callback(lambda _: decided.set())
        try:
            await first_of(decided, call.gone)
        finally:
            late.cancel()
    call.answered_by = judge.give_up()
    call.log.add("detection", answered_by=call.answered_by, took_ms=judge.taken_ms)
    return (
        ("AnsweredBy", call.answered_by),
        ("MachineDetectionDuration", str(judge.taken_ms)),
    )


async def detect_in_background(exchange: Exchange, call: Call, how: Detection) -> None:
    """Listen while the call goes on, then say what answered."""
    if not how.url:
        message = "No AMD status callback URL provided"
        exchange.debugger.alert(call, _NO_CALLBACK, message, "", level="warning")
    fields = await detect(call, how)
    if how.url:
        form = (("AccountSid", call.account_sid), ("CallSid", call.sid), *fields)
        exchange.sender.send_in_background(
            call, Request(how.url, form, how.method, purpose="detection")
        )
