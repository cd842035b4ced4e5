"""The telephone in an agent's browser: whose it is, and where it loads scripts and sound from."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Settings

_TWILIO_FILES = "https://media.twiliocdn.com https://sdk.twilio.com"
_TWILIO_CALLS = "https://eventgw.twilio.com wss://voice-js.roaming.twilio.com"


@dataclass(frozen=True)
class BrowserPhone:
    """One kind of browser phone.

    script: its address, or the name of a file of the desk. The others are sources for the
    directive of that name in a Content-Security-Policy, between spaces.
    """

    script: str
    script_src: str
    connect_src: str
    media_src: str
    worker_src: str

    @property
    def is_own_file(self) -> bool:
        """Whether `script` is a file that we serve ourselves."""
        return "://" not in self.script


def browser_phone(settings: Settings) -> BrowserPhone:
    """The phone that this installation's agents use (`SWIFTLINE_AGENT_PHONE`)."""
    if settings.agent_phone == "twilio":
        return _VOICE_SDK
    host = f"localhost:{settings.simulator_port}"
    return BrowserPhone(
        script=f"http://{host}/phone.js",
        script_src=f"http://{host}",
        connect_src=f"http://{host} ws://{host}",
        media_src=f"http://{host}",
        worker_src=f"http://{host}",
    )


# Twilio, "Voice JavaScript SDK: content security policy".
_VOICE_SDK = BrowserPhone(
    script="vendor/twilio-voice-sdk-2.18.5.min.js",
    script_src=_TWILIO_FILES,
    connect_src=f"{_TWILIO_CALLS} {_TWILIO_FILES}",
    media_src=f"mediastream: {_TWILIO_FILES}",
    worker_src="",
)
