"""An agent's phone in a page of another origin: it rings, and it keeps to the Voice SDK's rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpensPage
from tests.browser.lineapp import LineApp, start_line, token
from tests.browser.sounds import (
    ALIKE,
    UNLIKE,
    from_mulaw,
    keep_sound,
    likeness,
    played,
    voice,
    write_wav,
)
from tests.conftest import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]

CALLER_SAYS = voice(40, seed=1)
AGENT_SAYS = voice(40, seed=3)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineApp]:
    folder = tmp_path_factory.mktemp("agent")
    with start_line(write_wav(folder / "tune.wav", voice(3, seed=2)).read_bytes(), folder) as app:
        yield app


@pytest.fixture(autouse=True)
def forgotten(line: LineApp) -> None:
    line.requests.clear()


def desk(page: Page, line: LineApp, access: str, **options: Any) -> None:
    """Open the desk's page with a phone that is registered."""
    page.goto(f"http://localhost:{line.port}/desk")
    page.evaluate("([token, options]) => { phone(token, options); }", [access, options])
    page.evaluate("device.register()")


def seen(page: Page) -> list[str]:
    return list(page.evaluate("seen"))


def ring(page: Page, line: LineApp) -> None:
    """A caller dials, and presses the key that rings the agent."""
    page.goto(line.simulator)
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#state")).to_have_text("Connected")
    page.keyboard.press("8")


def rung(line: LineApp, chromium_page: OpensPage) -> tuple[Page, Page]:
    """The pages of an agent whose phone rings, and of who calls."""
    agent, caller = chromium_page(), chromium_page()
    desk(agent, line, token())
    ring(caller, line)
    eventually(lambda: "incoming" in seen(agent))
    return agent, caller


@pytest.mark.row(
    "call.accept",
    "call.parameters",
    "call.customParameters",
    "call.callerInfo",
    "device.calls",
    "device.isBusy",
    "device.event.incoming",
    "call.isMuted",
    "call.disconnect",
)
def test_a_caller_rings_an_agents_page_and_both_hear_each_other(
    line: LineApp, chromium_page: OpensPage, tmp_path: Path
) -> None:
    agent = chromium_page(write_wav(tmp_path / "agent.wav", AGENT_SAYS), endless=True)
    desk(agent, line, token())
    caller = chromium_page(write_wav(tmp_path / "caller.wav", CALLER_SAYS), endless=True)
    ring(caller, line)
    eventually(lambda: "incoming" in seen(agent))
    assert agent.evaluate("call.status()") == "pending"
    assert agent.evaluate("call.direction") == "INCOMING"
    assert agent.evaluate("[...call.customParameters]") == [["case", "42"]]
    assert agent.evaluate("call.parameters.From") == "+13125550101"
    assert agent.evaluate("call.callerInfo") == {"isVerified": True}
    assert agent.evaluate("device.calls.length") == 1
    assert not agent.evaluate("device.isBusy")

    agent.evaluate("call.accept()")
    eventually(lambda: "accept" in seen(agent))
    expect(caller.locator("#lines")).to_contain_text("You are through to somebody")
    keep_sound(caller)
    keep_sound(agent)
    eventually(lambda: likeness(played(agent), CALLER_SAYS) > ALIKE, every_s=0.5)
    eventually(lambda: likeness(played(caller), AGENT_SAYS) > ALIKE, every_s=0.5)
    assert likeness(played(agent), AGENT_SAYS) < UNLIKE
    assert likeness(played(caller), CALLER_SAYS) < UNLIKE

    assert agent.evaluate("call.customParameters instanceof Map")
    assert agent.evaluate("device.isBusy && device.calls.length === 0")
    agent.evaluate("call.mute(true)")
    assert agent.evaluate("call.isMuted()")
    agent.evaluate("call.disconnect()")
    eventually(lambda: line.asked("/after"))
    assert line.asked("/after")[0]["DialCallStatus"] == "completed"
    assert seen(agent)[-1] == "disconnect"
    assert agent.evaluate("device.state") == "registered"


@pytest.mark.row("ring.busy", "option.allowIncomingWhileBusy", "device.updateOptions")
def test_a_busy_agent_is_not_rung_unless_the_page_wants_it(
    line: LineApp, chromium_page: OpensPage
) -> None:
    agent = chromium_page()
    desk(agent, line, token())
    agent.evaluate("talk({})")
    eventually(lambda: "accept" in seen(agent))
    caller = chromium_page()
    ring(caller, line)
    eventually(lambda: line.asked("/keys"))
    caller.get_by_role("button", name="Hang up").click()
    eventually(lambda: line.asked("/status"))
    assert "incoming" not in seen(agent)

    agent.evaluate("window.first = call")
    agent.evaluate("device.updateOptions({ allowIncomingWhileBusy: true })")
    ring(caller, line)
    eventually(lambda: "incoming" in seen(agent))
    agent.evaluate("call.accept()")
    eventually(lambda: seen(agent).count("accept") == 2)
    assert agent.evaluate("[first.status(), call.status()]") == ["closed", "open"]


@pytest.mark.row("call.reject", "call.event.reject", "call.event.cancel")
def test_rejected_and_missed_calls_are_told_as_the_sdk_tells_them(
    line: LineApp, chromium_page: OpensPage
) -> None:
    agent, caller = rung(line, chromium_page)
    agent.evaluate("call.reject()")
    eventually(lambda: line.asked("/after"))
    assert line.asked("/after")[0]["DialCallStatus"] == "busy"
    assert seen(agent)[-1] == "reject"

    ring(caller, line)
    eventually(lambda: seen(agent).count("incoming") == 2)
    caller.get_by_role("button", name="Hang up").click()
    eventually(lambda: seen(agent)[-1] == "cancel")
    assert agent.evaluate("[call.status(), device.calls.length]") == ["closed", 0]


@pytest.mark.row("code.31401", "device.event.error")
def test_an_agent_whose_microphone_is_refused_leaves_the_caller_not_in_silence(
    line: LineApp, chromium_page: OpensPage
) -> None:
    agent, caller = chromium_page(microphone=False), chromium_page()
    desk(agent, line, token())
    ring(caller, line)
    eventually(lambda: "incoming" in seen(agent))
    agent.evaluate("call.accept()")
    eventually(lambda: line.asked("/after"))
    assert line.asked("/after")[0]["DialCallStatus"] == "busy"
    assert "error 31401" in seen(agent)


REFUSED = {
    "new Phone.Device(token, { colour: 'red' })": "InvalidArgumentError: There is no option colour",
    "new Phone.Device(token, { dscp: 'yes' })": "InvalidArgumentError: The option dscp cannot be",
    "new Phone.Device(token, { RTCPeerConnection: {} })": "NotSupportedError: The option RTCPeer",
    "new Phone.Device(token, { sounds: { dtmf1: 'a.mp3' } })": "NotSupportedError: A sound",
    "new Phone.Device(7)": "InvalidArgumentError: The token must be a string",
    "new Phone.Device('nonsense')": "AccessTokenInvalid: The access token is not a JWT",
    "Phone.Device.runPreflight(token)": "NotSupportedError: Device.runPreflight",
    "await device.connect({ To: '+1' })": "InvalidArgumentError: connect takes {params,",
    "await device.connect({ connectToken: 'x' })": "NotSupportedError: connect with a connectToken",
    "await device.unregister()": "InvalidStateError: Attempt to unregister",
    "device.audio.addProcessor({})": "NotSupportedError: audio.addProcessor",
    "device.audio.speakerDevices": "NotSupportedError: audio.speakerDevices",
    "device.updateToken(null)": "InvalidArgumentError: The token must be a string",
    "device.updateOptions({ edge: 1 })": "InvalidArgumentError: The option edge cannot be",
    "device.destroy(); device.updateToken(token)": 'InvalidStateError: Attempt to "updateToken"',
    "device.destroy(); device.updateOptions({})": 'InvalidStateError: Attempt to "updateOptions"',
    "device.destroy(); await device.register()": "InvalidStateError: Attempt to register",
    "device.destroy(); await device.connect()": 'InvalidStateError: Attempt to "connect"',
    "await device.connect(); await device.connect()": "InvalidStateError: A Call is already active",
    "(await device.connect()).sendDigits('1A')": "InvalidArgumentError: sendDigits takes",
    "(await device.connect()).sendMessage({})": "NotSupportedError: Call.sendMessage",
    "(await device.connect()).postFeedback(6)": "InvalidArgumentError: Feedback score",
    "(await device.connect()).postFeedback(1, 'bad')": "InvalidArgumentError: Feedback issue",
    "(await device.connect()).postFeedback(1, 'echo')": "InvalidStateError: The call has no",
}


@pytest.mark.row(
    "device.runPreflight",
    "device.connect.connectToken",
    "call.sendMessage",
    "option.unknown",
    "device.updateToken",
    "device.destroy",
    "call.sendDigits",
    "call.postFeedback",
    "device.connect",
)
def test_what_the_phone_does_not_offer_is_refused_by_name(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(f"http://localhost:{line.port}/desk")
    for wrong, refused in REFUSED.items():
        said = page.evaluate(
            f"""async (token) => {{
              const device = new Phone.Device(token);
              try {{ {wrong}; }} catch (error) {{ return `${{error.name}}: ${{error.message}}`; }}
              finally {{ device.destroy(); }}
              return "nothing";
            }}""",
            token(),
        )
        assert said.startswith(refused), wrong


@pytest.mark.row(
    "device.isSupported",
    "device.version",
    "device.packageName",
    "device.extension",
    "device.audioContext",
    "device.token",
    "device.edge",
    "device.home",
    "device.identity",
    "device.audio",
    "option.tokenRefreshMs",
)
def test_a_page_made_for_the_sdk_finds_its_names(line: LineApp, chromium_page: OpensPage) -> None:
    page = chromium_page()
    page.goto(f"http://localhost:{line.port}/desk")
    found = page.evaluate(
        """(token) => {
          const device = window.device = new Twilio.Device(token, {
            codecPreferences: ["opus", "pcmu"], edge: "ashburn", logLevel: "debug", appName: "desk",
          });
          return [
            Twilio.Device.isSupported, Twilio.Device.version, Twilio.Device.packageName,
            Twilio.Device.extension, Twilio.Device.audioContext === undefined, device.state,
            device.identity, device.edge, device.home,
            device.token === token, device.isBusy, device.calls, device.options.tokenRefreshMs,
            device.options.allowIncomingWhileBusy, device.audio.incoming(false),
            device.audio.incoming(), Twilio.Call.State.Open, Twilio.Device.State.Registered,
          ];
        }""",
        token(),
    )
    assert found == [
        True, "2.18.5-simulator", "simulator-phone",
        "wav", True, "unregistered", "agent_7", None, None,
        True, False, [], 10000,
        False, False, False, "open", "registered",
    ]  # fmt: skip


@pytest.mark.row(
    "device.register",
    "device.unregister",
    "device.state",
    "device.event.registering",
    "device.event.registered",
    "device.event.unregistered",
    "device.event.destroyed",
)
def test_a_phone_goes_from_unregistered_to_destroyed_through_its_states(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    desk(page, line, token())
    again = "device.register().then(() => '', (error) => error.name)"
    assert page.evaluate(again) == "InvalidStateError"
    page.evaluate("device.unregister()")
    page.evaluate("device.register()")
    page.evaluate("device.on('destroyed', () => seen.push('destroyed')); device.destroy()")
    assert seen(page) == [
        "registering", "registered", "unregistered", "registering", "registered", "destroyed",
    ]  # fmt: skip


@pytest.mark.row(
    "call.status",
    "call.direction",
    "call.codec",
    "call.mute",
    "call.getLocalStream",
    "call.getRemoteStream",
    "call.event.accept",
    "call.event.ringing",
    "call.event.mute",
    "call.event.volume",
    "call.event.disconnect",
    "device.disconnectAll",
)
def test_a_call_goes_through_its_states_and_tells_its_events(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    desk(page, line, token())
    page.evaluate(
        """async () => {
          window.told = [];
          const call = window.call = await device.connect({ params: { offer: "42" } });
          told.push(call.status(), call.direction, call.isMuted(), call.codec);
          for (const name of ["ringing", "accept", "mute", "disconnect"]) {
            call.on(name, (fact) => told.push(name, call.status(), fact === call || fact));
          }
          call.once("volume", (spoken, heard) => told.push(typeof spoken, typeof heard));
        }"""
    )
    eventually(lambda: page.evaluate("told.includes('number')"))
    assert page.evaluate("[...call.customParameters]") == [["offer", "42"]]
    assert page.evaluate("call.getLocalStream() instanceof MediaStream")
    assert page.evaluate("call.getRemoteStream() instanceof MediaStream")
    assert page.evaluate("device.isBusy && device.calls.length === 0")
    page.evaluate("call.mute(); call.mute(true); call.mute(false); call.sendDigits('1w#')")
    page.evaluate("call.postFeedback(4, 'echo')")
    page.evaluate("call.accept(); call.reject(); call.ignore()")
    assert page.evaluate("call.status()") == "open"
    page.evaluate("device.disconnectAll()")
    told = [fact for fact in page.evaluate("told") if fact != "number"]
    assert told == [
        "connecting", "OUTGOING", False, "pcmu",
        "ringing", "ringing", True,
        "accept", "open", True,
        "mute", "open", True, "mute", "open", False,
        "disconnect", "closed", True,
    ]  # fmt: skip


@pytest.mark.row("call.ignore", "device.connect.ignores", "call.event.error")
def test_an_ignored_call_goes_on_ringing_for_the_caller_and_tells_the_page_nothing(
    line: LineApp, chromium_page: OpensPage
) -> None:
    agent, caller = rung(line, chromium_page)
    before = seen(agent)
    agent.evaluate("window.rung = call; call.ignore()")
    assert agent.evaluate("[rung.status(), device.calls.length]") == ["closed", 0]
    assert seen(agent) == before
    assert caller.evaluate("softphone.line.state") == "open"
    assert not line.asked("/after")
    caller.get_by_role("button", name="Hang up").click()

    ring(caller, line)
    eventually(lambda: seen(agent).count("incoming") == 2)
    agent.evaluate("window.rung = call; talk({})")
    eventually(lambda: "accept" in seen(agent))
    assert agent.evaluate("rung.status()") == "closed"


@pytest.mark.row(
    "option.closeProtection", "option.codecPreferences", "option.dscp", "option.edge",
    "option.logLevel", "option.maxAverageBitrate", "option.maxCallSignalingTimeoutMs",
    "option.sounds", "option.enableImprovedSignalingErrorPrecision", "option.appName",
    "option.appVersion", "call.connectToken", "call.outboundConnectionId",
)  # fmt: skip
def test_options_have_the_sdks_defaults_and_a_call_is_protected_where_that_is_asked(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    desk(page, line, token(), maxAverageBitrate=20000, appName="desk", appVersion="1")
    options = page.evaluate("({ ...device.options })")
    defaults = {
        "closeProtection": False, "codecPreferences": ["pcmu", "opus"], "dscp": True,
        "logLevel": 5, "maxCallSignalingTimeoutMs": 0, "sounds": {},
        "enableImprovedSignalingErrorPrecision": False,
    }  # fmt: skip
    assert defaults.items() <= options.items()
    assert "edge" not in options
    assert [options["maxAverageBitrate"], options["appName"], options["appVersion"]] == [
        20000, "desk", "1",
    ]  # fmt: skip
    leaves = """() => {
      const leaving = new Event("beforeunload", { cancelable: true });
      dispatchEvent(leaving);
      return leaving.defaultPrevented;
    }"""
    page.evaluate("device.updateOptions({ closeProtection: true })")
    assert not page.evaluate(leaves)
    page.evaluate("talk({})")
    eventually(lambda: "accept" in seen(page))
    assert page.evaluate(leaves)
    assert page.evaluate("[call.connectToken === undefined, call.outboundConnectionId]") == [
        True, "out-1",
    ]  # fmt: skip
    page.evaluate("device.updateOptions({ closeProtection: false })")
    assert not page.evaluate(leaves)


@pytest.mark.row("code.31202", "code.31404", "code.31603", "token.outgoing", "code.31402")
def test_errors_are_precise_where_the_page_asks_for_it(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(f"http://localhost:{line.port}/desk")
    forged = token(secret="a-forged-secret-of-at-least-thirty-two-bytes")
    refuses = """async ([token, options]) => {
      const device = new Phone.Device(token, options);
      const told = [];
      device.on("error", (error) => told.push([error.code, error.name]));
      await device.register().catch(() => {});
      return told;
    }"""
    precise = {"enableImprovedSignalingErrorPrecision": True}
    assert page.evaluate(refuses, [forged, {}]) == [[20101, "AccessTokenInvalid"]]
    assert page.evaluate(refuses, [forged, precise]) == [
        [31202, "AccessTokenSignatureValidationFailed"]
    ]
    dials = """async ([token, options, microphone]) => {
      const taken = async () => { throw new DOMException("", "NotReadableError"); };
      if (microphone) options.getUserMedia = taken;
      const device = new Phone.Device(token, options);
      const call = await device.connect();
      return new Promise((resolve) => call.on("error", (error) => resolve(error.code)));
    }"""
    nowhere = token(app="AP" + "9" * 32)
    assert page.evaluate(dials, [nowhere, {}, False]) == 31005
    assert page.evaluate(dials, [nowhere, precise, False]) == 31404
    assert page.evaluate(dials, [token(app=None), {}, False]) == 20151
    assert page.evaluate(dials, [token(), {}, True]) == 31402
    line.agent = "<Response><Reject/></Response>"
    assert page.evaluate(dials, [token(), precise, False]) == 31603
    line.agent = '<Response><Reject reason="busy"/></Response>'
    assert page.evaluate(dials, [token(), precise, False]) == 31486
    line.agent = ""


@pytest.mark.row(
    "call.status.reconnecting", "call.event.reconnecting", "call.event.reconnected", "code.53001"
)
def test_a_call_outlives_a_connection_that_breaks(
    line: LineApp, chromium_page: OpensPage, tmp_path: Path
) -> None:
    page = chromium_page(write_wav(tmp_path / "agent.wav", AGENT_SAYS), endless=True)
    desk(page, line, token())
    page.evaluate("talk({})")
    eventually(lambda: "accept" in seen(page))
    page.evaluate(
        """() => {
          call.on("reconnecting", (error) => seen.push(`${error.code} ${call.status()}`));
          call.on("reconnected", () => seen.push(`back ${call.status()}`));
        }"""
    )
    sid = page.evaluate("call.parameters.CallSid")
    cut = requests.post(f"{line.simulator}/simulator/calls/{sid}/cut-phone", timeout=5)
    assert cut.status_code == 200
    eventually(lambda: "back open" in seen(page))
    assert "53001 reconnecting" in seen(page)
    assert "disconnect" not in seen(page)
    assert page.evaluate("device.state") == "registered"
    line.heard.clear()
    keep_sound(page)
    eventually(lambda: likeness(from_mulaw(line.heard), AGENT_SAYS) > ALIKE, every_s=0.5)
    eventually(lambda: likeness(played(page), AGENT_SAYS) > ALIKE, every_s=0.5)


@pytest.mark.row("call.event.warning", "call.event.warning-cleared", "call.event.sample")
def test_a_dead_microphone_is_warned_of_until_it_speaks(
    line: LineApp, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    page.goto(f"http://localhost:{line.port}/desk")
    page.evaluate(
        """(token) => {
          const context = new AudioContext();
          const microphone = context.createMediaStreamDestination();
          window.gain = new GainNode(context, { gain: 0 });
          const tone = new OscillatorNode(context);
          tone.connect(gain).connect(microphone);
          tone.start();
          phone(token, { getUserMedia: async () => microphone.stream });
          window.samples = [];
          return talk({}).then(() => {
            for (const name of ["warning", "warning-cleared"]) {
              call.on(name, (what) => seen.push(`${name} ${what}`));
            }
            call.on("sample", (sample) => samples.push(sample));
          });
        }""",
        token(),
    )
    eventually(lambda: "warning constant-audio-input-level" in seen(page))
    page.evaluate("call.mute(true); gain.gain.value = 0.3; call.mute(false)")
    eventually(lambda: "warning-cleared constant-audio-input-level" in seen(page))
    eventually(lambda: page.evaluate("samples.some((one) => one.audioInputLevel > 1000)"))
    first = page.evaluate("samples[0]")
    assert first["totals"]["packetsSent"] >= first["packetsSent"] > 0
    assert first["bytesSent"] == first["packetsSent"] * 160
    assert (first["packetsLost"], first["codecName"]) == (0, "pcmu")
