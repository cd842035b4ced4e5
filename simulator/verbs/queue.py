"""<Enqueue>, <Leave> and <Dial><Queue>: waiting for a person, and being one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from simulator.calls.call import Call
from simulator.calls.playing import Endless
from simulator.documents.scene import End, Leave, Outcome, Scene, VerbError
from simulator.registries.queues import LONGEST_NAME, Bridge, Member, OtherSide, Queue
from simulator.sound.tone_files import sound_file
from simulator.twiml import schema
from simulator.twiml.parser import DocumentError, Verb
from simulator.webhooks.answer_kind import document_of, is_sound
from simulator.webhooks.webhook import Form, Request, WebhookFailed

_SHORTEST_ROUND_S = 1.0


async def leave(scene: Scene, verb: Verb) -> Outcome | None:
    """Out of the queue; elsewhere it has no effect."""
    return Leave() if scene.verbs is schema.WAIT_VERBS else None


async def enqueue(scene: Scene, verb: Verb) -> Outcome | None:
    """Wait in a queue until taken, sent away or gone; then ask the action."""
    queue = _queue(scene, verb, too_short=14204, too_long=14205)
    if len(queue.members) >= min(verb["maxQueueSize"], queue.max_size):
        return _after(scene, verb, ("QueueResult", "queue-full"))
    member = queue.join(scene.call)
    scene.call.log.add("queue", queue=queue.name, state="joined", position=len(queue.members))
    result = "redirected"
    try:
        result = await _wait_or_talk(scene, verb, queue, member)
    except asyncio.CancelledError:
        result = _broken_off(member)
        _note_last(scene, verb, queue, member, result)
        raise
    finally:
        queue.remove(member)
        member.bridge.cancel()
        scene.call.log.add("queue", queue=queue.name, state="left", result=result)
    if result == "hangup":
        _note_last(scene, verb, queue, member, result)
        return End()
    return _after(scene, verb, *_result(queue, member, result))


def _broken_off(member: Member) -> str:
    """The QueueResult of a caller who is given another document, or gone."""
    is_over = member.call.is_over
    if member.bridge.done():
        return "bridged" if is_over else "redirected-from-bridged"
    if member.taken.done():
        return "bridging-in-process"
    return "hangup" if is_over else "redirected"


def _queue(scene: Scene, verb: Verb, *, too_short: int, too_long: int) -> Queue:
    """The queue that a verb names; the errors are Twilio's codes for a name of no good length."""
    if not verb.text:
        raise VerbError(too_short, f"<{verb.name}> needs the name of a queue")
    if len(verb.text) > LONGEST_NAME:
        raise VerbError(too_long, f"<{verb.name}>: at most {LONGEST_NAME} characters name a queue")
    return scene.exchange.queues.named(verb.text)


def _note_last(scene: Scene, verb: Verb, queue: Queue, member: Member, result: str) -> None:
    """The action is asked although its answer no longer matters."""
    if verb["action"] is not None:
        fields = _result(queue, member, result)
        if scene.call.is_over or result == "hangup":
            scene.call.last_words.append(scene.action(verb, *fields))
        else:
            scene.exchange.sender.send_in_background(scene.call, scene.action(verb, *fields))


def _result(queue: Queue, member: Member, result: str) -> Form:
    waited = round(member.call.clock.now_s - member.joined_s)
    return (("QueueResult", result), ("QueueSid", queue.sid), ("QueueTime", str(waited)))


def _after(scene: Scene, verb: Verb, *fields: tuple[str, str]) -> Outcome | None:
    return scene.action(verb, *fields) if verb["action"] is not None else None


async def _wait_or_talk(scene: Scene, verb: Verb, queue: Queue, member: Member) -> str:
    """The QueueResult."""
    waiting = asyncio.ensure_future(_wait(scene, verb, queue, member))
    taken = asyncio.ensure_future(asyncio.wait({member.taken}))
    try:
        await asyncio.wait({waiting, taken}, return_when=asyncio.FIRST_COMPLETED)
        if not member.taken.done():
            return waiting.result()
    finally:
        await _cancelled(waiting, taken)
    try:
        bridge = await asyncio.shield(member.bridge)
    except asyncio.CancelledError:
        if member.bridge.cancelled():
            return "error"
        raise
    await talk(bridge, scene.call, bridge.dialling)
    return "bridged"


async def _wait(scene: Scene, verb: Verb, queue: Queue, member: Member) -> str:
    """Run the wait document again and again; a QueueResult when it ends the waiting."""
    url = scene.resolved(verb["waitUrl"])
    if not url:
        with scene.leg.playing(Endless(sound_file("ringback_us.wav"))):
            await asyncio.Event().wait()
    method = verb["waitUrlMethod"]
    there = replace(
        scene, verbs=schema.WAIT_VERBS, inline=False, extra=lambda: _queue_fields(queue, member)
    )
    todo = there.request(url, method)
    while True:
        began_s = scene.exchange.clock.now_s
        outcome = await _one_round(there, todo)
        if isinstance(outcome, str):
            return outcome
        rest_s = _SHORTEST_ROUND_S - (scene.exchange.clock.now_s - began_s)
        if rest_s > 0:
            await scene.exchange.clock.sleep(rest_s)
        todo = outcome or there.request(url, method)


async def _one_round(scene: Scene, request: Request) -> Request | str | None:
    """Run one wait document: a QueueResult, a redirect, or None to begin again."""
    try:
        answer = await scene.exchange.sender.send(scene.call, request)
        if is_sound(answer):
            await scene.play_answer(answer)
            return None
        outcome = await replace(scene, url=answer.url).run(document_of(answer))
    except WebhookFailed as failed:
        scene.exchange.debugger.alert(scene.call, failed.code, str(failed), failed.url)
        return "system-error"
    except (DocumentError, VerbError) as error:
        scene.exchange.debugger.alert(scene.call, error.code, str(error), request.url)
        return "system-error"
    match outcome:
        case Leave():
            return "leave"
        case End():
            return "hangup"
        case Request():
            return outcome
    return None


def _queue_fields(queue: Queue, member: Member) -> Form:
    waited = round(member.call.clock.now_s - member.joined_s)
    return (
        ("QueueSid", queue.sid),
        ("QueuePosition", str(queue.position(member))),
        ("QueueTime", str(waited)),
        ("AvgQueueTime", str(queue.average_wait_s)),
        ("CurrentQueueSize", str(len(queue.members))),
        ("MaxQueueSize", str(queue.max_size)),
    )


async def dial_queue(scene: Scene, verb: Verb) -> Outcome | None:
    """Talk with the first caller of a queue; then ask the action."""
    noun = verb.children[0]
    queue = _queue(scene, noun, too_short=14212, too_long=14213)
    taking = asyncio.ensure_future(queue.take(scene.call))
    try:
        with scene.leg.playing(Endless(sound_file("ringback_us.wav"))):
            member = await scene.exchange.clock.within(verb["timeout"], taking)
    except TimeoutError:
        return _after(scene, verb, ("DialCallStatus", "no-answer"), ("DialBridged", "false"))
    except asyncio.CancelledError:
        _let_go(taking)
        raise
    status = "completed"
    bridge: Bridge | None = None
    try:
        await _until_gone(member.call, _whisper(scene, noun, queue, member))
        scene.call.answer()
        bridge = Bridge(member.call, scene.call)
        if not member.bridge.done():
            member.bridge.set_result(bridge)
            await _talk_for(scene, verb, bridge)
        else:
            status = "no-answer"
    except asyncio.CancelledError:
        if scene.call.is_over and verb["action"] is not None:
            fields = _dial_result(queue, member, bridge, status)
            scene.call.last_words.append(scene.action(verb, *fields))
        raise
    finally:
        member.bridge.cancel()
        if bridge is not None:
            bridge.end()
    return _after(scene, verb, *_dial_result(queue, member, bridge, status))


def _let_go(taking: asyncio.Future[Member]) -> None:
    """Nobody talks with a caller who was taken just as the dialler left."""
    if taking.done() and not taking.cancelled():
        taking.result().bridge.cancel()


def _dial_result(queue: Queue, member: Member, bridge: Bridge | None, status: str) -> Form:
    return (
        ("DialCallStatus", status),
        ("DialCallSid", member.call.sid),
        ("DialCallDuration", str(bridge.duration_s if bridge else 0)),
        ("DialBridged", "true" if bridge and status == "completed" else "false"),
        ("DialQueueResult", "bridged" if status == "completed" else "error"),
        ("QueueSid", queue.sid),
    )


async def _whisper(scene: Scene, noun: Verb, queue: Queue, member: Member) -> None:
    """Run the noun's document on the waiting caller's line before they are connected."""
    url = scene.resolved(noun["url"])
    if not url or member.call.is_over:
        return
    extra = (
        *_queue_fields(queue, member),
        ("DequeingCallSid", scene.call.sid),
        ("DequeueingCallSid", scene.call.sid),
    )
    theirs = replace(scene, call=member.call, url=url, inline=False, extra=lambda: extra)
    try:
        answer = await scene.exchange.sender.send(member.call, theirs.request(url, noun["method"]))
        there = replace(theirs, url=answer.url, verbs=("Say", "Play", "Pause"))
        await there.run(document_of(answer))
    except WebhookFailed as failed:
        scene.exchange.debugger.alert(member.call, failed.code, str(failed), failed.url)
    except (DocumentError, VerbError) as error:
        scene.exchange.debugger.alert(member.call, error.code, str(error), url)


async def _until_gone(call: Call, doing: Coroutine[Any, Any, None]) -> None:
    """Do something on another call's line, as long as that call lasts."""
    task = asyncio.ensure_future(doing)
    gone = asyncio.ensure_future(call.gone.wait())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _cancelled(task, gone)


async def _talk_for(scene: Scene, verb: Verb, bridge: Bridge) -> None:
    """Talk for at most the time limit, or until the dialler presses a star."""

    def star(digit: str) -> None:
        if digit == "*" and verb["hangupOnStar"]:
            bridge.end()

    with scene.leg.keys_to(star), suppress(TimeoutError):
        await scene.exchange.clock.within(
            verb["timeLimit"], talk(bridge, scene.call, bridge.waiting)
        )


async def talk(bridge: Bridge, call: Call, other: Call) -> None:
    """One side's share of a bridge: hears the other, and the other's keys as tones."""
    call.log.add("transferred", to_call_sid=other.sid)
    call.notice("transferred", call_sid=other.sid, identity=other.party.from_)
    try:
        with call.leg.playing(OtherSide(other.leg)), call.leg.keys_to(other.leg.sound_tone):
            await bridge.over.wait()
    finally:
        bridge.end()
        call.log.add("released", from_call_sid=other.sid)
        call.notice("released", call_sid=other.sid)


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
