"""What a simulator is told when it starts: account, number, addresses, folders."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from simulator.data_folder import NotPrivate, default_folder, make_private
from simulator.numbers.caller_id import Place
from simulator.sids import ACCOUNT, new_sid
from simulator.webhooks.origins import OriginMap
from simulator.webhooks.signature import SharedKey

CARRIER = "api.twilio.com"
"""The host of the carrier's REST API."""


class SettingsError(Exception):
    """A setting cannot be used; the text says which, what was expected and what came."""


@dataclass(frozen=True)
class Hook:
    """An address of the application and how to ask it."""

    url: str
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"


@dataclass(frozen=True)
class Settings:
    """One account with one number and one application."""

    account_sid: str = field(default_factory=lambda: new_sid(ACCOUNT))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    api_key: str = field(default_factory=lambda: new_sid("SK"))
    api_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    number: str = "+13125550100"
    place: Place = field(default_factory=Place)
    """Where that number belongs; only the country, by the number, when not given."""
    looks_up_names: bool = False
    """Whether calls to it say the caller's name."""
    voice: Hook | None = None
    status_callback: str = ""
    sms_url: str = ""
    messaging_service: str = ""
    """Id of the messaging service to which the number belongs, if it does."""
    app_sid: str = field(default_factory=lambda: new_sid("AP"))
    app_voice: Hook | None = None
    app_status_callback: str = ""
    shared_key: SharedKey | None = None
    """Signs webhooks in the auth token's place."""
    ca: Path | None = None
    """File of a further authority whose certificates the application may have."""
    public_only: bool = False
    """Refuse addresses that a carrier elsewhere could not reach, unless they are mapped."""
    open_media: bool = False
    """Recordings and media are fetched without a password, as from accounts before August 2023."""
    strict: bool = False
    """A document that violates the schema does not run, where the carrier only warns."""
    stand_ins: bool = True
    """Answer for Twilio's public samples here; False: ask the internet for them."""
    host: str = "127.0.0.1"
    port: int = 8100
    origins: OriginMap = field(default_factory=OriginMap)
    captions_dir: Path | None = None
    data_dir: Path = field(default_factory=default_folder)
    allowed_origins: tuple[str, ...] = ()
    """Further web origins whose pages may use a browser phone."""
    allowed_hosts: tuple[str, ...] = ()
    """Further host names under which browsers may ask for the simulator."""
    pace: float = 1.0
    """Seconds of line time that pass in one real second; 0: simulated time, nothing waits."""
    faults: Path | None = None
    """File of a plan of faults."""
    speech_model: Path | None = None
    """Folder of a Vosk model, to understand callers whose words are not known."""
    bins_dir: Path | None = None
    """Folder of documents that the carrier itself hosts, at /bins/NAME and as TwiML Bins."""
    door: int | None = None
    """Port of the proxy that is api.twilio.com; None: no such proxy, 0: any free port."""
    door_tls: int | None = None
    """Port at 127.0.0.1 that is api.twilio.com itself, by TLS; None: no such port, 0: any."""
    rest_limit: float | None = None
    """REST requests a second before they are refused with 429; None: as many as come."""
    call_rate: float | None = None
    """Calls that REST may begin in a second, the others wait; None: as many as come."""
    seed: int | None = None
    """Draw identifiers from it, so that a run in simulated time can be repeated exactly."""

    def __post_init__(self) -> None:
        for name, prefix in (("account_sid", "AC"), ("api_key", "SK"), ("app_sid", "AP")):
            _check_sid(name, getattr(self, name), prefix)
        if not re.fullmatch(r"\+[1-9]\d{3,14}", self.number):
            raise SettingsError(f"number: expected E.164 such as +13125550100, got {self.number!r}")

    def make_data_dir(self) -> None:
        """Make the folder of recordings and keys; the default one private. Raises SettingsError."""
        if self.data_dir != default_folder():
            return
        try:
            make_private(self.data_dir)
        except NotPrivate as error:
            raise SettingsError(f"data_dir: {error}") from error

    @property
    def root(self) -> str:
        """Where this simulator answers."""
        return f"http://{self.host}:{self.port}"

    @property
    def public_root(self) -> str:
        """Where applications find it: at the carrier's own host where there is a door to it."""
        return f"https://{CARRIER}" if self.has_door else self.root

    @property
    def has_door(self) -> bool:
        """Whether applications that know only the carrier's host get in."""
        return self.door is not None or self.door_tls is not None

    @property
    def recordings_dir(self) -> Path:
        """Folder of the recorded sound."""
        return self.data_dir / "recordings"

    @property
    def door_dir(self) -> Path:
        """Folder of the door's certificates."""
        return self.data_dir / "door"

    @property
    def speech_dir(self) -> Path:
        """Folder of what callers say, spoken once and kept."""
        return self.data_dir / "speech"


def _check_sid(name: str, sid: str, prefix: str) -> None:
    if not re.fullmatch(prefix + "[0-9a-fA-F]{32}", sid):
        raise SettingsError(f"{name}: expected {prefix} and 32 hex digits, got {sid!r}")
