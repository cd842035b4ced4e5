"""Every error code of a call: what causes it, its name, and that the debugger shows it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.calls.call import Inline
from simulator.calls.known_words import KnownWords
from simulator.errors.error_names import NAMES
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.network import Network
from simulator.recordings.keeping import keep_recording
from simulator.recordings.transcripts import Transcription, transcribe
from simulator.registries.recordings import Callback
from simulator.settings import Hook
from simulator.twiml.parser import DocumentError, parse
from tests.simulator.app import NUMBER, PUBLIC, response
from tests.simulator.conformance.line import (
    GONE,
    SHOP,
    Told,
    answered,
    answered_by,
    coming,
    dialled,
    story,
)

HANG_UP = response("<Hangup/>")
OK = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(HANG_UP)}\r\n\r\n{HANG_UP}"
row = pytest.mark.row


def code_of(document: str) -> int:
    """The code with which a document is refused."""
    with pytest.raises(DocumentError) as refused:
        parse(document.encode())
    return refused.value.code


# Reaching the application


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", 11206, marks=pytest.mark.row("code.11206")),
        pytest.param(b"", 11200, marks=pytest.mark.row("code.11200")),
        pytest.param(OK[:-5].encode(), 11200, marks=pytest.mark.row("code.11200")),
    ],
)
def test_an_answer_that_is_not_http_or_not_whole(tmp_path: Path, answer: bytes, code: int) -> None:
    assert answered_by(tmp_path, answer).codes[0] == code


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("http://nobody.invalid/voice", 11210, marks=pytest.mark.row("code.11210")),
        pytest.param("gopher://a.test/voice", 11100, marks=pytest.mark.row("code.11100")),
        pytest.param("http://127.0.0.1:1/voice", 11205, marks=pytest.mark.row("code.11205")),
        pytest.param(f"{PUBLIC}/voice#rc=9", 11243),
        pytest.param(f"{PUBLIC}/voice#e=atlantis", 11240),
    ],
)
def test_an_address_that_leads_nowhere(tmp_path: Path, url: str, code: int) -> None:
    fallback = f"{PUBLIC}/fallback"
    told = dialled(tmp_path, {"/fallback": HANG_UP}, voice=Hook(url, fallback_url=fallback))
    assert told.codes == [code] and told.at("/fallback")["ErrorCode"] == str(code)
    assert told.at("/fallback")["ErrorUrl"] == url


@pytest.mark.row("code.11220")
def test_a_server_that_speaks_no_tls(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        public = net.exchange.settings.origins.local(f"{PUBLIC}/voice").url
        number = net.exchange.account.numbers[NUMBER]
        number.answering = type(number.answering)(Hook(public.replace("http:", "https:")))
        await coming(net).settling()

    assert story(tmp_path, {}, act).codes == [11220]


def made(folder: Path, *, host: str = "127.0.0.1", days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A certificate that is its own authority, and a server's context with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    is_address = host[0].isdigit()
    subject = x509.IPAddress(ip_address(host)) if is_address else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def over_tls(folder: Path, *, trusted: bool = True, **certificate: Any) -> Told:
    path, context = made(folder, **certificate)
    return answered_by(folder, OK.encode(), tls=context, ca=path if trusted else None)


def test_a_good_certificate_of_a_known_authority(tmp_path: Path) -> None:
    assert not over_tls(tmp_path).codes


@pytest.mark.row("code.11235")
def test_a_certificate_of_another_name(tmp_path: Path) -> None:
    assert over_tls(tmp_path, host="elsewhere.test").codes == [11235]


@pytest.mark.row("code.11236")
def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    assert over_tls(tmp_path, days=-1).codes == [11236]


@pytest.mark.row("code.11237")
def test_a_certificate_of_nobody_known(tmp_path: Path) -> None:
    assert over_tls(tmp_path, trusted=False).codes == [11237]


# Documents


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param("<Response>", 12100, marks=pytest.mark.row("code.12100")),
        pytest.param("not XML at all", 12100, marks=pytest.mark.row("code.12100")),
        pytest.param(
            '<?xml version="1.1"?><Response/>', 12101, marks=pytest.mark.row("code.12101")
        ),
        pytest.param("<Answer/>", 12102, marks=pytest.mark.row("code.12102")),
        pytest.param("<Response><Shout/></Response>", 12200, marks=pytest.mark.row("code.12200")),
        pytest.param(
            '<Response><Say loud="1">a</Say></Response>', 12200, marks=pytest.mark.row("code.12200")
        ),
    ],
)
def test_a_document_that_cannot_be_read(tmp_path: Path, document: str, code: int) -> None:
    told = dialled(tmp_path, {"/voice": document})
    assert told.codes == [code] and "line 1, column" in told.alerts[0].message
    assert told.alerts[0].response == document and told.alerts[0].status == 200


@pytest.mark.row("code.12400")
def test_a_document_that_leads_to_itself_for_ever(tmp_path: Path) -> None:
    assert answered(tmp_path, "<Redirect/>").codes == [12400]


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        pytest.param('<Dial method="PUT">1</Dial>', 13210, marks=row("code.13210")),
        pytest.param('<Dial timeout="soon">1</Dial>', 13212, marks=row("code.13212")),
        pytest.param('<Dial timeLimit="0">1</Dial>', 13216, marks=row("code.13216")),
        pytest.param(
            '<Dial><Number method="PUT">1</Number></Dial>', 13221, marks=row("code.13221")
        ),
        pytest.param(
            '<Dial><Conference muted="maybe">a</Conference></Dial>', 13230, marks=row("code.13230")
        ),
        pytest.param(
            '<Dial><Conference endConferenceOnExit="x">a</Conference></Dial>',
            13231,
            marks=row("code.13231"),
        ),
        pytest.param(
            '<Dial><Conference startConferenceOnEnter="x">a</Conference></Dial>',
            13232,
            marks=row("code.13232"),
        ),
        pytest.param(
            '<Dial><Conference waitUrl="ftp://a">a</Conference></Dial>',
            13233,
            marks=row("code.13233"),
        ),
        pytest.param(
            '<Dial><Conference waitMethod="PUT">a</Conference></Dial>',
            13234,
            marks=row("code.13234"),
        ),
        pytest.param(
            '<Dial><Conference beep="loud">a</Conference></Dial>', 13235, marks=row("code.13235")
        ),
        pytest.param('<Gather finishOnKey="a"/>', 13310, marks=row("code.13310")),
        pytest.param('<Gather finishOnKey="12"/>', 13311, marks=row("code.13311")),
        pytest.param('<Gather method="PUT"/>', 13312, marks=row("code.13312")),
        pytest.param('<Gather timeout="soon"/>', 13313, marks=row("code.13313")),
        pytest.param('<Gather numDigits="0"/>', 13314, marks=row("code.13314")),
        pytest.param("<Gather><Record/></Gather>", 13320, marks=row("code.13320")),
        pytest.param('<Gather actionOnEmptyResult="x"/>', 13338, marks=row("code.13338")),
        pytest.param('<Play loop="-1">a</Play>', 13410, marks=row("code.13410")),
        pytest.param(
            '<Dial><Number sendDigits="x!">1</Number></Dial>', 13222, marks=row("code.13222")
        ),
        pytest.param('<Say voice="!">a</Say>', 13511, marks=row("code.13511")),
        pytest.param('<Record transcribe="x"/>', 13614, marks=row("code.13614")),
        pytest.param('<Say loop="often">a</Say>', 13510, marks=row("code.13510")),
        pytest.param('<Say language="!">a</Say>', 13512, marks=row("code.13512")),
        pytest.param('<Record method="PUT"/>', 13610, marks=row("code.13610")),
        pytest.param('<Record timeout="soon"/>', 13611, marks=row("code.13611")),
        pytest.param('<Record maxLength="0"/>', 13612, marks=row("code.13612")),
        pytest.param('<Record finishOnKey="x"/>', 13613, marks=row("code.13613")),
        pytest.param('<Record playBeep="x"/>', 13616, marks=row("code.13616")),
        pytest.param('<Redirect method="PUT">/a</Redirect>', 13710, marks=row("code.13710")),
        pytest.param('<Pause length="long"/>', 13910, marks=row("code.13910")),
    ],
)
def test_a_value_that_an_attribute_does_not_take(inside: str, code: int) -> None:
    assert code_of(response(inside)) == code and code in NAMES


# Verbs


@pytest.mark.row("code.13201")
def test_a_whisper_does_not_dial(tmp_path: Path) -> None:
    replies = {
        "/voice": response(f'<Dial><Number url="/whisper">{SHOP}</Number></Dial>'),
        "/whisper": response("<Dial>+13125550179</Dial>"),
    }
    assert dialled(tmp_path, replies).codes == [13201]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(f'<Dial callerId="the mayor">{SHOP}</Dial>', 13214, marks=row("code.13214")),
        pytest.param("<Dial>+0123456</Dial>", 13226, marks=row("code.13226")),
        pytest.param(
            f"<Dial><Conference>CF{'0' * 32}</Conference></Dial>", 13236, marks=row("code.13236")
        ),
        pytest.param("<Dial>the mayor</Dial>", 13223, marks=row("code.13223")),
        pytest.param("<Say></Say>", 13520, marks=row("code.13520")),
        pytest.param("<Play>/notes.txt</Play>", 13420, marks=row("code.13420")),
        pytest.param(
            f'<Dial><Conference coach="CA{"0" * 32}">lobby</Conference></Dial>',
            13240,
            marks=row("code.13240"),
        ),
    ],
)
def test_a_verb_that_cannot_be_done(tmp_path: Path, document: str, code: int) -> None:
    notes = web.Response(text="not a sound")
    told = answered(tmp_path, document, GONE, **{"/notes.txt": notes})
    assert told.codes == [code] and told.alerts[0].name == NAMES[code]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        pytest.param(21214, 13224, marks=pytest.mark.row("code.13224")),
        pytest.param(21216, 13225, marks=pytest.mark.row("code.13225")),
        pytest.param(21215, 13227, marks=pytest.mark.row("code.13227")),
    ],
)
def test_a_number_that_is_not_called_fails_the_dial(tmp_path: Path, reason: int, code: int) -> None:
    replies = {"/voice": response(f'<Dial action="/after">{SHOP}</Dial>'), "/after": HANG_UP}

    async def act(net: Network) -> None:
        net.exchange.reach.describe(SHOP, {"calls": reason})
        await coming(net).settling()

    told = story(tmp_path, replies, act)
    assert told.codes == [code] and len(told.calls) == 1
    assert told.at("/after")["DialCallStatus"] == "failed"
    assert "DialCallSid" not in told.at("/after")


def test_a_conference_may_be_named_by_its_id(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        first = coming(net)
        await net.exchange.clock.sleep(1)
        (room,) = net.conferences.by_sid.values()
        second = coming(net, "+13125550102")
        await net.exchange.clock.sleep(1)
        second.interrupt(Inline(response(f"<Dial><Conference>{room.sid}</Conference></Dial>")))
        await net.exchange.clock.sleep(1)
        assert len(room.connected) == 2
        for call in (first, second):
            call.leg.hang_up()

    def voice(form: dict[str, str]) -> str:
        is_first = form["From"].endswith("101")
        return response(
            "<Dial><Conference>lobby</Conference></Dial>" if is_first else "<Gather timeout='9'/>"
        )

    assert not story(tmp_path, {"/voice": voice}, act).codes


@pytest.mark.row("code.13615")
@pytest.mark.parametrize(("most_s", "codes"), [(120, []), (121, [13615])])
def test_a_long_message_may_go_without_its_text(
    tmp_path: Path, most_s: int, codes: list[int]
) -> None:
    document = f'<Record maxLength="{most_s}" timeout="4" action="/done" transcribe="true"/>'
    told = answered(tmp_path, document, {"says": "hello there"}, GONE, **{"/done": HANG_UP})
    assert [code for code in told.codes if code] == codes


@pytest.mark.row("code.13618", "request.recording-callback.ErrorCode")
def test_what_was_never_recorded_is_absent_and_has_no_text(tmp_path: Path) -> None:
    callback = Callback(f"{PUBLIC}/recording", "POST", ("absent", "completed"))

    async def act(net: Network) -> None:
        call = coming(net)
        recorder = net.exchange.recordings.begin(
            call, channels=1, source="RecordVerb", track="inbound", callback=callback
        )
        words = KnownWords(call)
        keep_recording(net.exchange, call, recorder, "do-not-trim")
        await transcribe(net.exchange, call, Transcription(recorder, words, f"{PUBLIC}/text", ()))
        await call.settling()

    told = story(tmp_path, {"/voice": HANG_UP, "/text": ""}, act)
    form = told.at("/recording")
    assert (form["RecordingStatus"], form["ErrorCode"]) == ("absent", "16101")
    assert form["RecordingDuration"] == "0" and "/text" not in told.paths
    assert sorted(told.codes) == [13618, 16101]


@pytest.mark.row("code.15002")
def test_a_progress_callback_that_was_never_sent_is_noted(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        net.exchange.faults = Faults(plan_from({"webhooks": [{"fault": "lost", "of": ["status"]}]}))
        await coming(net).settling()

    told = story(tmp_path, {"/voice": HANG_UP}, act)
    assert told.paths == ["/voice"] and told.codes == [15002]


@pytest.mark.row("code.13617")
def test_a_short_message_is_not_transcribed(tmp_path: Path) -> None:
    document = '<Record timeout="1" action="/done" transcribeCallback="/text"/>'
    told = answered(tmp_path, document, **{"/done": HANG_UP, "/text": ""})
    assert told.codes == [13617] and "/text" not in told.paths


@pytest.mark.row("code.16025")
def test_a_label_is_taken_once(tmp_path: Path) -> None:
    conference = '<Conference participantLabel="one">lobby</Conference>'

    async def act(net: Network) -> None:
        first = coming(net)
        await net.exchange.clock.sleep(1)
        await coming(net, "+13125550102").settling()
        first.end(by="caller")

    told = story(tmp_path, {"/voice": response(f"<Dial>{conference}</Dial>")}, act)
    assert told.codes == [16025]


@pytest.mark.row("code.11100")
def test_a_document_by_rest_needs_absolute_addresses(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        call = coming(net)
        await net.exchange.clock.sleep(1)
        call.interrupt(Inline(response('<Record action="/done"/>')))
        await call.settling()

    assert story(tmp_path, {"/voice": response("<Gather timeout='9'/>")}, act).codes == [11100]


@pytest.mark.row("code.15003")
@pytest.mark.parametrize(("status", "codes"), [(500, [15003]), (404, [15003]), (204, [])])
def test_a_callback_answered_with_an_error_is_a_warning(
    tmp_path: Path, status: int, codes: list[int]
) -> None:
    told = dialled(tmp_path, {"/voice": HANG_UP, "/status": web.Response(status=status)})
    assert told.codes == codes
    assert all((one.level, one.status) == ("warning", status) for one in told.alerts)


# The debugger


def test_an_entry_says_what_happened_and_where_to_read_more(tmp_path: Path) -> None:
    told = answered(tmp_path, "<Shout/>")
    (entry,) = [one.as_json() for one in told.alerts]
    assert entry["code"] == 12200 and entry["name"] == "Schema validation warning"
    assert entry["more_info"] == "https://www.twilio.com/docs/errors/12200"
    assert entry["call_sid"] == told.calls[0].sid and entry["url"] == f"{PUBLIC}/voice"
    assert entry["sid"].startswith("NO") and "<Shout/>" in entry["response"]


def test_entries_are_found_by_call_and_code(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        first, second = coming(net), coming(net, "+13125550102")
        await first.settling()
        await second.settling()
        debugger = net.exchange.debugger
        assert [one.call_sid for one in debugger.about(call_sid=second.sid)] == [second.sid]
        assert len(debugger.about(code=12200)) == 2 and not debugger.about(code=12100)

    story(tmp_path, {"/voice": response("<Shout/>")}, act)
