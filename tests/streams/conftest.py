"""The streams process in a thread, on a free port, before a scripted or a real dialogue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from carriers.base import Carrier
from carriers.media import StreamMessage
from carriers.messages import Heard, Keys, Silence, Speech
from carriers.twilio import media_stream
from carriers.twilio.carrier import TwilioCarrier
from carriers.verbs import HangUp, Listen, Say
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from ivr.live.conversation import Conversation
from ivr.live.gateway import Gateway
from ivr.live.link import DONE, Link, Threads
from ivr.live.playback import Voice
from ivr.live.recognition import StreamRecogniser
from ivr.live.sockets import MediaSockets
from ivr.turns import Reply
from ops.streams import Streams
from tests import cities
from tests.loops import InALoop
from tests.streams.phone import CALL, STREAM, FakeRecogniser, FakeVoice, Phone, dials
from web.live_feed import LiveFeed

TOKEN = "one-time-token"


def asks(
    turn: int, *phrases: str, max_keys: int = 1, no_input_s: float = 30, question: str = "asked"
) -> Reply:
    """A reply that speaks and asks."""
    listen = Listen(question, "en", max_keys=max_keys, no_input_s=no_input_s)
    return Reply(turn, question, (Say(phrases, "en"), listen), "hotline")


def ends(turn: int, *phrases: str) -> Reply:
    """A reply that speaks and hangs up."""
    return Reply(turn, "goodbye", (Say(phrases, "en"), HangUp()), "hotline")


@dataclass
class ScriptGateway:
    """A dialogue of fixed replies: whatever is heard leads to the next one."""

    replies: list[Reply]
    token: str | None = TOKEN
    follows: bool = True
    fails: bool = False
    heard: list[Heard] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)

    def may_enter(self, call_sid: str, token: str) -> bool:
        """Once with the token."""
        opens, self.token = call_sid == CALL and token == self.token, None
        return opens

    def language(self, call_sid: str) -> str:
        """English."""
        return "en"

    def present(self, call_sid: str) -> Reply:
        """The reply that was reached."""
        return self.replies[len(self.heard)]

    def take_turn(self, call_sid: str, turn: int, heard: Heard) -> Reply:
        """Note what was heard and go on."""
        if self.fails:
            raise RuntimeError("this dialogue has failed")
        assert turn == self.replies[len(self.heard)].turn
        self.heard.append(heard)
        return self.replies[len(self.heard)]

    def spoken(self, call_sid: str, turn: int) -> None:
        """Note it."""
        self.done.append(f"spoken {turn}")

    def was_followed(self, call_sid: str) -> bool:
        """As the test wants it."""
        return self.follows

    def redirect(self, call_sid: str) -> None:
        """Note it."""
        self.done.append("redirected")

    def leave(self, call_sid: str) -> None:
        """Note it."""
        self.done.append("left")

    def write(self, call_sid: str, speaker: str, text: str, confidence: float) -> None:
        """Note it."""
        self.written.append((speaker, text))

    @property
    def answers(self) -> list[str]:
        """What was heard, in short."""
        return [_short(heard) for heard in self.heard]


def conversation(
    settings: Settings,
    gateway: ScriptGateway,
    messages: AsyncIterator[StreamMessage],
    send: Callable[[str], Awaitable[None]],
    threads: Threads,
    *,
    recogniser: StreamRecogniser | None = None,
) -> Conversation:
    """A conversation over a socket that the test itself is; closing it does nothing."""

    async def close(code: int = DONE) -> None:
        """Nothing to close."""

    return Conversation(
        Link(STREAM, CALL, media_stream, messages, send, close),
        gateway,
        FakeVoice(),
        settings,
        threads,
        recogniser=recogniser,
        is_complete=lambda dialogue, question, language, words: True,
        note_answer=lambda took_ms: None,
    )


class Running(InALoop):
    """A running streams process and the way to its sockets."""

    def __init__(self, settings: Settings, streams: Streams) -> None:
        super().__init__()
        self.settings, self.streams = settings, streams
        self.port = 0

    def dials(self, *, plays: bool = True, signed_by: str = "") -> Phone:
        """Open a media socket."""
        return dials(self.settings, self.port, plays=plays, signed_by=signed_by)

    def drains(self) -> None:
        """What SIGTERM begins."""
        self.in_loop(self.streams.media.drain())

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The sockets, and the feed of events."""
        async with self.streams.listen_on("127.0.0.1", 0) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            feed = asyncio.create_task(self.streams.feed.run())
            yield
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)


@contextmanager
def running(
    settings: Settings,
    database: Database,
    gateway: Gateway,
    *,
    voice: Voice | None = None,
    recogniser_for: Callable[[str], StreamRecogniser | None] = lambda language: FakeRecogniser(),
    most: int = 0,
) -> Iterator[Running]:
    """The process with this dialogue behind it."""
    services = Services(settings, database)
    services.add(City, cities.chicago())
    services.add(Carrier, TwilioCarrier(settings))
    media = MediaSockets(
        services,
        gateway=gateway,
        voice=voice or FakeVoice(),
        recogniser_for=recogniser_for,
        most=most,
    )
    with Running(settings, Streams(database, media, LiveFeed(settings, database))) as line:
        yield line


Opens = Callable[..., tuple[ScriptGateway, Phone]]


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """Settings over an empty database, for dialogues that need none."""
    return Settings(
        _env_file=None,
        var_dir=tmp_path / "var",
        database_url=f"sqlite:///{tmp_path / 'empty.db'}",
        redis_url=f"unix://{tmp_path / 'no.sock'}",
        twilio_auth_token="test-token",
    )


@pytest.fixture
def talk(bare: Settings) -> Iterator[Opens]:
    """`talk(reply, ...)` opens a socket before that dialogue: the dialogue and the phone."""
    with ExitStack() as lines:

        def opens(
            *replies: Reply,
            follows: bool = True,
            fails: bool = False,
            plays: bool = True,
            purpose: str = "conversation",
            voice: Voice | None = None,
            recogniser: StreamRecogniser | None = None,
        ) -> tuple[ScriptGateway, Phone]:
            gateway = ScriptGateway(list(replies), follows=follows, fails=fails)
            database = Database(bare.database)
            lines.callback(database.close)
            line = lines.enter_context(
                running(
                    bare,
                    database,
                    gateway,
                    voice=voice,
                    recogniser_for=lambda _: recogniser or FakeRecogniser(),
                )
            )
            phone = line.dials(plays=plays)
            lines.callback(phone.leaves)
            return gateway, phone.starts(token=TOKEN, purpose=purpose)

        yield opens


def _short(heard: Heard) -> str:
    match heard:
        case Speech():
            return f"speech {heard.text}".strip()
        case Keys():
            return f"keys {heard.digits}".strip()
        case Silence():
            return "silence"
    return type(heard).__name__
