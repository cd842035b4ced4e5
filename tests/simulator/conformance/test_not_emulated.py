"""What is real and missing here is refused by name."""

from __future__ import annotations

import pytest
from pytest import param

from simulator.twiml.parser import DocumentError, parse
from tests.simulator.conformance.documents import read

row = pytest.mark.row


@pytest.mark.parametrize(
    ("element", "name"),
    [
        param(
            "Record", "recordingConfigurationId", marks=row("verb.Record.recordingConfigurationId")
        ),
        param("Dial", "events", marks=row("verb.Dial.events")),
        param("Dial", "passports", marks=row("verb.Dial.passports")),
        param("Enqueue", "workflowSid", marks=row("verb.Enqueue.workflowSid")),
        param("Number", "byoc", marks=row("noun.Number.byoc")),
        param(
            "Conference",
            "recordingConfigurationId",
            marks=row("noun.Conference.recordingConfigurationId"),
        ),
        param("Queue", "reservationSid", marks=row("noun.Queue.reservationSid")),
        param("Queue", "postWorkActivitySid", marks=row("noun.Queue.postWorkActivitySid")),
        param("Stream", "connectorName", marks=row("noun.Stream.connectorName")),
        param("Stream", "audioFormat", marks=row("noun.Stream.audioFormat")),
        param("Stream", "sampleRate", marks=row("noun.Stream.sampleRate")),
        param(
            "Transcription",
            "intelligenceService",
            marks=row("noun.Transcription.intelligenceService"),
        ),
        param(
            "ConversationRelay",
            "intelligenceService",
            marks=row("noun.ConversationRelay.intelligenceService"),
        ),
        param(
            "ConversationRelay",
            "conversationConfiguration",
            marks=row("noun.ConversationRelay.conversationConfiguration"),
        ),
        param(
            "ConversationRelay",
            "includeInPrompt",
            marks=row("noun.ConversationRelay.includeInPrompt"),
        ),
        param(
            "ConversationRelay",
            "applicationReconnect",
            marks=row("noun.ConversationRelay.applicationReconnect"),
        ),
        param(
            "Recording",
            "recordingConfigurationId",
            marks=row("noun.Recording.recordingConfigurationId"),
        ),
    ],
)
def test_an_attribute_that_is_missing_here_is_refused_by_name(element: str, name: str) -> None:
    with pytest.raises(DocumentError, match=f"{name} of <{element}> is not emulated"):
        read(element, f' {name}="x"')


@pytest.mark.parametrize(
    ("parent", "name"),
    [
        param("Response", "Pay", marks=row("verb.Pay")),
        param("Response", "Prompt", marks=row("verb.Prompt")),
        param("Start", "Siprec", marks=row("noun.Siprec")),
        param("Dial", "Sim", marks=row("noun.Sim")),
        param("Dial", "WhatsApp", marks=row("noun.WhatsApp")),
        param("Sip", "Uri", marks=row("noun.Sip.Uri")),
        param("Sip", "Headers", marks=row("noun.Sip.Headers")),
        param("Connect", "Room", marks=row("verb.Connect.nouns")),
        param("Connect", "Conversation", marks=row("verb.Connect.nouns")),
        param("Connect", "VirtualAgent", marks=row("verb.Connect.nouns")),
        param("Connect", "AiSession", marks=row("verb.Connect.nouns")),
        param("Connect", "ConversationRelaySession", marks=row("verb.Connect.nouns")),
        param("Connect", "Autopilot", marks=row("verb.Connect.nouns")),
        param("Start", "Siprec", marks=row("verb.Start.nouns")),
    ],
)
def test_an_element_that_is_missing_here_is_refused_by_name(parent: str, name: str) -> None:
    with pytest.raises(DocumentError, match=f"<{name}> in <{parent}> is not emulated"):
        if parent == "Response":
            parse(f"<Response><{name}/></Response>".encode())
        read(parent, inside=f"<{name}/>")
