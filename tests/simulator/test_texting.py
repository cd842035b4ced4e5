"""Texts from a handset: what the application is told, its replies, and words that opt out."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from simulator.calls.call import Call
from simulator.documents.ring import Ring
from simulator.messages.delivery import send
from simulator.network import Network
from simulator.registries.text_messages import Message
from tests.simulator.app import (
    ACCOUNT,
    CALLER,
    NUMBER,
    PUBLIC,
    FakeApp,
    Reply,
    network,
    response,
    run,
)


def texted(
    folder: Path, reply: Reply, *bodies: str, more: dict[str, Reply] | None = None
) -> tuple[FakeApp, Network]:
    """Texts to the account's number, one after the other."""
    app = FakeApp({"/sms": reply, **(more or {})})

    async def work() -> Network:
        async with network(app, folder, pace=0.0, sms_url=f"{PUBLIC}/sms") as net:
            for body in bodies:
                await net.text(from_number=CALLER, to=NUMBER, body=body)
            await net.exchange.clock.sleep(30)
            return net

    return app, run(work())


async def text_after_a_call(folder: Path) -> tuple[Network, Call, Message]:
    """Somebody is called, the call is forgotten, and then they get a text."""
    async with network(FakeApp({}), folder, pace=0.0) as net:
        call = net.outgoing.place(Ring(CALLER, NUMBER, inline=response()))
        await call.settling()
        del net.exchange.calls[call.sid]
        at = net.exchange.clock.date
        sent = send(net.exchange, Message(ACCOUNT, NUMBER, CALLER, "Hello", "outbound-api", at))
        await net.exchange.clock.sleep(30)
        return net, call, sent


def test_a_text_arrives_whatever_became_of_the_last_call_to_its_number(tmp_path: Path) -> None:
    net, call, sent = run(text_after_a_call(tmp_path))
    assert sent.status == "delivered"
    assert net.exchange.messages.sent_to(CALLER) == [sent]
    assert "sms" not in [event["event"] for event in call.log.events]


def replies(net: Network) -> list[Message]:
    return [one for one in net.exchange.messages.all if one.direction == "outbound-reply"]


def test_the_application_is_told_and_its_reply_is_sent(tmp_path: Path) -> None:
    document = response(
        "<Message>We got &amp; kept it</Message>", "<Message to='+13125550999'>x</Message>"
    )
    app, net = texted(tmp_path, document, "a lamp is broken")
    (form,) = app.forms("/sms")
    assert (form["Body"], form["From"], form["To"]) == ("a lamp is broken", CALLER, NUMBER)
    assert form["SmsStatus"] == "received" and form["MessageSid"].startswith("SM")
    assert "OptOutType" not in form
    assert [(one.to, one.body) for one in replies(net)] == [
        (CALLER, "We got & kept it"),
        ("+13125550999", "x"),
    ]


def test_a_body_element_and_a_redirect_are_obeyed(tmp_path: Path) -> None:
    first = response("<Redirect>/more</Redirect>")
    more: dict[str, Reply] = {"/more": response("<Message><Body>Hello</Body></Message>")}
    app, net = texted(tmp_path, first, "hi", more=more)
    assert len(app.forms("/more")) == 1
    assert [one.body for one in replies(net)] == ["Hello"]


def test_a_redirect_and_an_action_are_asked_by_their_method(tmp_path: Path) -> None:
    first = response('<Redirect method="GET">/more?n=2</Redirect>')
    second = response('<Message action="/told" method="GET">Hello</Message>')
    app, _ = texted(tmp_path, first, "hi", more={"/more": second, "/told": ""})
    asked = {one.path: one for one in app.received}
    assert asked["/more"].form == {} and "n=2&" in asked["/more"].url
    assert asked["/told"].form == {} and "MessageStatus=" in asked["/told"].url


def test_the_older_name_of_a_message_is_one(tmp_path: Path) -> None:
    document = response("<Sms>We got it</Sms>", "<Sms to='+13125550999'>x</Sms>")
    _, net = texted(tmp_path, document, "hi")
    assert [(one.to, one.body) for one in replies(net)] == [
        (CALLER, "We got it"),
        ("+13125550999", "x"),
    ]
    assert net.exchange.debugger.alerts == []


def test_a_reply_comes_from_the_number_it_names_or_not_at_all(tmp_path: Path) -> None:
    ours = f'<Message from="{NUMBER}">ours</Message>'
    _, net = texted(tmp_path, response('<Message from="+13125550999">x</Message>', ours), "hi")
    assert [(one.from_, one.body) for one in replies(net)] == [(NUMBER, "ours")]
    assert [(one.code, one.level) for one in net.exchange.debugger.alerts] == [(14102, "warning")]


def test_a_reply_may_come_from_another_number_of_the_account(tmp_path: Path) -> None:
    second = "+13125550123"
    app = FakeApp({"/sms": response(f'<Message to="{second}" from="{NUMBER}">x</Message>')})

    async def work() -> list[tuple[str, str]]:
        async with network(app, tmp_path, pace=0.0, sms_url=f"{PUBLIC}/sms") as net:
            net.exchange.account.numbers[second] = net.exchange.account.numbers[NUMBER]
            await net.text(from_number=CALLER, to=second, body="hi")
            return [(one.from_, one.to) for one in replies(net)]

    assert run(work()) == [(NUMBER, second)]


def test_what_an_address_answered_is_beside_its_error(tmp_path: Path) -> None:
    broken = web.Response(status=500, text="out of paper")
    _, net = texted(tmp_path, broken, "hi")
    (alert,) = net.exchange.debugger.alerts
    assert (alert.code, alert.status, alert.response) == (11200, 500, "out of paper")


def test_an_empty_answer_sends_nothing(tmp_path: Path) -> None:
    _, net = texted(tmp_path, response(), "hi")
    assert replies(net) == [] and net.exchange.debugger.alerts == []


def test_a_document_for_calls_is_an_error_that_a_developer_can_read(tmp_path: Path) -> None:
    _, net = texted(tmp_path, response("<Say>Hello</Say>"), "hi")
    assert [one.code for one in net.exchange.debugger.alerts] == [12200]


@pytest.mark.parametrize("word", ["STOP", "stop ", "Unsubscribe", "QUIT"])
def test_words_that_opt_out_are_told_confirmed_and_kept(tmp_path: Path, word: str) -> None:
    app, net = texted(tmp_path, response(), word)
    assert app.forms("/sms")[0]["OptOutType"] == "STOP"
    assert "unsubscribed" in replies(net)[0].body
    assert CALLER in net.exchange.messages.opted_out


def test_start_opts_in_again_and_help_changes_nothing(tmp_path: Path) -> None:
    app, net = texted(tmp_path, response(), "STOP", "HELP", "START")
    assert [form["OptOutType"] for form in app.forms("/sms")] == ["STOP", "HELP", "START"]
    assert CALLER not in net.exchange.messages.opted_out


def test_a_sentence_with_stop_in_it_opts_nobody_out(tmp_path: Path) -> None:
    _, net = texted(tmp_path, response(), "please stop the noise in my street")
    assert net.exchange.messages.opted_out == set()
