"""Whom a noun of <Dial> calls, and what is run on the callee's line before they are connected."""

from __future__ import annotations

import re
from dataclasses import replace

from simulator.documents.detection import Detection
from simulator.documents.scene import End, Scene, VerbError
from simulator.numbers.e164 import to_e164
from simulator.twiml.parser import DocumentError, Misplaced, Verb
from simulator.webhooks.answer_kind import document_of
from simulator.webhooks.webhook import Form, Request, WebhookFailed

WHISPER_VERBS = ("Say", "Play", "Pause", "Gather", "Redirect", "Hangup")
_IS_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_IS_SIP = re.compile(r"sips?:[^\s@]+@\S+")


async def run_whisper(scene: Scene, first: Request) -> bool:
    """Whether the callee may be connected: False when the document hangs up."""
    todo: Request | None = first
    while todo is not None:
        try:
            answer = await scene.exchange.sender.send(scene.call, todo)
            outcome = await replace(scene, url=answer.url).run(document_of(answer))
        except WebhookFailed as failed:
            scene.exchange.debugger.alert(scene.call, failed.code, str(failed), failed.url)
            return False
        except (DocumentError, VerbError) as error:
            dials = isinstance(error, Misplaced) and error.element == "Dial"
            code = 13201 if dials else error.code
            scene.exchange.debugger.alert(scene.call, code, str(error), todo.url)
            return False
        if isinstance(outcome, End):
            return False
        todo = outcome if isinstance(outcome, Request) else None
    return True


def address_of(noun: Verb) -> tuple[str, Form]:
    """Whom a noun calls, and the parameters that go along."""
    if noun.name == "Sip":
        return _sip_address(noun.text), ()
    if noun.name != "Client":
        number = to_e164(noun.text)
        if not _IS_NUMBER.fullmatch(number):
            raise VerbError(13223, f"<{noun.name}>: expected a number in E.164, got {noun.text!r}")
        return number, ()
    named = [child for child in noun.children if child.name == "Identity"]
    identity = named[0].text if named else noun.text
    if not identity:
        raise VerbError(13223, "<Client> needs an identity")
    params = tuple(
        (child["name"], child["value"]) for child in noun.children if child.name == "Parameter"
    )
    return f"client:{identity}", params


def _sip_address(text: str) -> str:
    """The address of a <Sip>, whose scheme may be left out."""
    address = text if text.startswith(("sip:", "sips:")) else f"sip:{text}"
    if not _IS_SIP.fullmatch(address):
        raise VerbError(13243, f"<Sip>: expected sip:name@host, got {text!r}")
    return address


def detection_of(scene: Scene, noun: Verb) -> Detection | None:
    """How to judge who answers, beside the talk; None when nobody asked or keys are sent."""
    asked = noun.name in {"Number", "Sip"} and noun["machineDetection"]
    if not asked or (noun.name == "Number" and noun["sendDigits"]):
        return None
    return Detection(
        mode=noun["machineDetection"],
        timeout_s=noun["machineDetectionTimeout"],
        speech_ms=noun["machineDetectionSpeechThreshold"],
        speech_end_ms=noun["machineDetectionSpeechEndThreshold"],
        silence_ms=noun["machineDetectionSilenceTimeout"],
        background=True,
        url=scene.resolved(noun["amdStatusCallback"]),
        method=noun["amdStatusCallbackMethod"],
    )
