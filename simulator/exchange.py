"""What every room of the phone network shares: time, settings, debugger, sending, registries.

Rooms depend on this and on each other downwards; `network.py` builds the rest on top.
"""

from __future__ import annotations

from simulator.calls.background import Background
from simulator.calls.call import Call, Party
from simulator.calls.legs import Endpoint
from simulator.debugger import Debugger
from simulator.faults.hang_ups import HangUps
from simulator.faults.outage import Outage
from simulator.faults.plan import load_plan
from simulator.faults.sending import Sender
from simulator.faults.strikes import Faults
from simulator.media.sound_files import SoundFiles
from simulator.registries.account import Account
from simulator.registries.clients import Clients
from simulator.registries.queues import Queues
from simulator.registries.reach import Reach
from simulator.registries.recordings import Recordings
from simulator.registries.text_messages import Messages
from simulator.settings import Settings
from simulator.sids import draw_from
from simulator.speech.captions import CaptionIndex
from simulator.speech.recogniser import Recogniser
from simulator.speech.synthesiser import Speaker
from simulator.speech.voice import Voice
from simulator.time.clock import SEEDED_START, SIMULATED, Clock
from simulator.webhooks.webhook import WebhookClient


class Exchange:
    """Use as an async context manager, on one event loop: nothing here is thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = _clock(settings)
        self.debugger = Debugger(self.clock)
        self.background = Background()
        self.account = Account(settings, self.clock.date)
        self.reach = Reach()
        self.calls: dict[str, Call] = {}
        """All calls by SID, oldest first."""
        self.live: dict[str, Call] = {}
        """Those whose line lives."""
        self.clients = Clients()
        self.queues = Queues(self.clock, settings.account_sid)
        self.recordings = Recordings(settings.recordings_dir, settings.public_root)
        self.messages = Messages()
        captions = CaptionIndex(settings.captions_dir)
        self.voice = Voice(self.clock, captions, Speaker(settings.speech_dir))
        self.recogniser = Recogniser(settings.speech_model)
        self.faults = Faults(load_plan(settings.faults) if settings.faults else None)
        """The plan in force; another one may take its place at any time."""
        self.outage = Outage(self.clock, self.calls, lambda: self.faults)
        self.webhooks = WebhookClient(
            auth_token=settings.auth_token,
            origins=settings.origins,
            shared_key=settings.shared_key,
            public_only=settings.public_only,
            stand_ins=settings.stand_ins,
            bins=settings.bins_dir,
            ca=settings.ca,
        )
        self._hang_ups = HangUps(self.clock, self.background, lambda: self.faults)
        self.sender = Sender(
            self.webhooks,
            clock=self.clock,
            background=self.background,
            debugger=self.debugger,
            faults=lambda: self.faults,
            outage=self.outage,
            hang_ups=self._hang_ups,
        )
        self.sound_files = SoundFiles(self.webhooks, self.clock, settings, self.outage.over)
        self.clock.is_idle = lambda: not self.live

    async def __aenter__(self) -> Exchange:
        await self.webhooks.__aenter__()
        self.voice.captions.refresh()
        self.recordings.restore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.background.stop()
        await self.webhooks.__aexit__()

    def begin(self, party: Party, endpoint: Endpoint, *, status: str = "ringing") -> Call:
        """A new call, known by its SID, whose line lives from now on."""
        call = Call(
            party,
            endpoint,
            account_sid=self.settings.account_sid,
            clock=self.clock,
            captions=self.voice.captions,
            status=status,
        )
        mine = (self.account.numbers.get(one) for one in (party.to, party.from_))
        call.number_sid = next((number.sid for number in mine if number is not None), "")
        self.voice.captions.refresh()
        self.calls[call.sid] = self.live[call.sid] = call
        self._hang_ups.watch(call)
        return call

    def remove(self, call: Call) -> None:
        """The call is over: its line is silent from now on."""
        self.live.pop(call.sid, None)


def _clock(settings: Settings) -> Clock:
    """Line time; in a seeded run identifiers, dates and the order of events come out the same."""
    if settings.seed is None:
        return Clock(settings.pace)
    draw_from(settings.seed)
    starts_at = SEEDED_START if settings.pace != 1.0 else None
    return Clock(settings.pace, starts_at=starts_at, one_at_a_time=settings.pace == SIMULATED)
