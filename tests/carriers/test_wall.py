"""What a carrier calls its things is known inside `carriers/` and nowhere else."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from twilio.twiml import voice_response

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = ("agents", "asr", "calls", "infra", "ivr", "recordings", "tickets", "voice", "web")
"""`ops` starts the simulator and checks the settings; both are named after the carrier."""

FIELDS = frozenset(
    """
    AccountSid AnsweredBy ApiVersion CallDuration CallSid CallStatus CallbackSource CalledCity
    ConferenceSid DequeueingCallSid DialCallDuration DialCallSid DialCallStatus Digits Direction
    ErrorCode ErrorUrl ForwardedFrom From MachineDetectionDuration ParentCallSid QueueResult
    QueueSid QueueTime RecordingChannels RecordingDuration RecordingSid RecordingSource
    RecordingStartTime RecordingStatus RecordingUrl SequenceNumber StirVerstat To
    streamSid callSid accountSid customParameters
    """.split()
)
ELEMENTS = {
    name for name, kind in vars(voice_response).items() if isinstance(kind, type) and name.isalpha()
} | {"Response"}
IN_TEXT = re.compile(r"(?<!carriers/)(?i:twilio|twiml)|<(?:" + "|".join(sorted(ELEMENTS)) + r")\b")
"""A comment may say in which file of ours the reason stands."""


def ours(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *ELSEWHERE, "app.py", "wsgi.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if line.endswith(suffixes)]


def test_no_field_of_a_carrier_is_read_elsewhere() -> None:
    found = [
        f"{module.relative_to(ROOT)}:{node.lineno} {node.value}"
        for module in ours(".py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and node.value in FIELDS
    ]
    assert found == []


def test_no_header_element_or_name_of_a_carrier_is_written_elsewhere() -> None:
    found = [
        f"{module.relative_to(ROOT)}: {named[0]}"
        for module in ours(".py")
        if (named := IN_TEXT.search(module.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["X-Twilio-Signature", "from twilio.rest", "<Gather input=", "TwiML"]
)
def test_the_search_finds_what_it_is_for(text: str) -> None:
    assert IN_TEXT.search(text)
