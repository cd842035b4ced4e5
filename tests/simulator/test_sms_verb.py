"""<Sms>: a text beside the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.app import CALLER, NUMBER, response
from tests.simulator.line import SHOP, Played, one, play


def texts(played: Played) -> list[tuple[str, str, str]]:
    """Sender, addressee and words of what was sent."""
    return [(sent.from_, sent.to, sent.body) for sent in played.net.exchange.messages.all]


@pytest.mark.row("verb.Sms", "verb.Sms.to", "verb.Sms.from")
def test_the_caller_is_sent_a_text_and_the_next_verb_runs(tmp_path: Path) -> None:
    played = one(tmp_path, "<Sms>Ticket 12 is open</Sms>", "<Say>Goodbye</Say>")
    assert texts(played) == [(NUMBER, CALLER, "Ticket 12 is open")]
    assert played.net.exchange.messages.all[0].direction == "outbound-call"
    assert played.heard() == ["Goodbye"]


@pytest.mark.row("verb.Sms.to")
def test_somebody_else_may_be_the_addressee(tmp_path: Path) -> None:
    played = one(tmp_path, f'<Sms to="{SHOP}">A customer calls</Sms>')
    assert texts(played) == [(NUMBER, SHOP, "A customer calls")]


@pytest.mark.row("verb.Sms.action", "verb.Sms.method", "verb.Sms.statusCallback")
def test_the_action_is_told_the_text_and_its_states_are_called_back(tmp_path: Path) -> None:
    verb = '<Sms action="/sent" statusCallback="/state">Hello</Sms>'
    replies = {
        "/voice": response(verb, "<Say>Never</Say>"),
        "/sent": response("<Say>It is sent</Say>"),
        "/state": "",
    }
    played = play(tmp_path, replies)
    (text,), (told,) = played.net.exchange.messages.all, played.app.forms("/sent")
    assert (told["SmsSid"], told["SmsStatus"]) == (text.sid, "sending")
    assert played.heard() == ["It is sent"]
    assert {form["MessageSid"] for form in played.app.forms("/state")} <= {text.sid}


@pytest.mark.row("verb.Sms.invalid")
@pytest.mark.parametrize(
    ("verb", "code"),
    [
        ('<Sms to="the office" action="/sent">Hello</Sms>', 14101),
        ('<Sms from="+13125550999" action="/sent">Hello</Sms>', 14102),
        ('<Sms action="/sent"></Sms>', 14103),
    ],
)
def test_what_cannot_be_sent_is_warned_of_and_told(tmp_path: Path, verb: str, code: int) -> None:
    replies = {"/voice": response(verb), "/sent": response("<Say>Go on</Say>")}
    played = play(tmp_path, replies)
    (told,) = played.app.forms("/sent")
    assert told["SmsStatus"] == "invalid" and "SmsSid" not in told
    assert (played.codes(), texts(played), played.heard()) == ([code], [], ["Go on"])
