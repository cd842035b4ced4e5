"""Our verbs as TwiML documents. Built only with the carrier's own classes, never from text.

Addresses given here are public ones. Facts: docs of the carrier, "TwiML for voice".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twilio.twiml.voice_response import Connect, Dial, Gather, Start, VoiceResponse

from carriers.verbs import HangUp, JoinQueue, Listen, Record, Say, Verb

_ANY_KEY = "1234567890*#"
_TURN_SILENCE_S = 2
_TURN_MAX_S = 30

SoundOf = Callable[[str, str], str]
"""`sound_of(phrase, language)` gives the public address of that phrase's sound."""


@dataclass(frozen=True)
class Addresses:
    """Public addresses that a turn's document points to."""

    turn: str
    """Where keys and recorded answers of this turn go."""
    message: str
    """Where a message left after the tone goes."""
    recording_status: str
    wait: str
    queue_over: str


@dataclass(frozen=True)
class Stream:
    """A media socket to open: its address and what to tell the other end."""

    url: str
    call_sid: str
    token: str
    purpose: str


def answer_with_stream(*, stream: Stream, then: str, recording_status: str) -> str:
    """Record the call on two channels, open the media socket, and go on to `then` after it."""
    response = VoiceResponse()
    _add_call_recording(response, recording_status)
    connect = Connect()
    _add_stream(connect, stream)
    response.append(connect)
    response.redirect(then, method="POST")
    return str(response)


def answer_in_turns(verbs: tuple[Verb, ...], at: Addresses, sound_of: SoundOf) -> str:
    """The same start without a media socket: record the call, then the first turn."""
    response = VoiceResponse()
    _add_call_recording(response, at.recording_status)
    _add_turn(response, verbs, at, sound_of)
    return str(response)


def turn(
    verbs: tuple[Verb, ...], at: Addresses, sound_of: SoundOf, *, listen: Stream | None = None
) -> str:
    """One reply as a document. `listen` lets a process transcribe the talk with a person."""
    response = VoiceResponse()
    _add_turn(response, verbs, at, sound_of, listen=listen)
    return str(response)


def hold_on(phrase_url: str | None, then: str, *, pause_s: int = 0) -> str:
    """Say one short phrase or wait, then ask again at `then`."""
    response = VoiceResponse()
    if phrase_url:
        response.play(phrase_url)
    if pause_s:
        response.pause(length=pause_s)
    response.redirect(then, method="POST")
    return str(response)


def wait(sounds: tuple[str, ...], *, then: str | None = None) -> str:
    """What a caller hears in the queue: these sounds, then `then` or this address is asked."""
    response = VoiceResponse()
    for sound in sounds:
        response.play(sound)
    if then:
        response.redirect(then, method="POST")
    return str(response)


def leave_queue() -> str:
    """Take the caller out of the queue; the queue's action goes on with them."""
    response = VoiceResponse()
    response.leave()
    return str(response)


def bridge(queue_name: str, over_url: str) -> str:
    """Connect this leg with the caller who waits in a queue of that name."""
    response = VoiceResponse()
    dial = Dial(action=over_url, method="POST")
    dial.queue(queue_name)
    response.append(dial)
    return str(response)


def join_queue(name: str, *, wait_url: str, over_url: str, listen: Stream | None = None) -> str:
    """Let the caller wait in a queue of that name."""
    response = VoiceResponse()
    _add_queue(response, name, wait_url=wait_url, over_url=over_url, listen=listen)
    return str(response)


def redirect(url: str) -> str:
    """Go on at another of our addresses."""
    response = VoiceResponse()
    response.redirect(url, method="POST")
    return str(response)


def say_and_hang_up(sounds: tuple[str, ...]) -> str:
    """Play these sounds and end the call."""
    response = VoiceResponse()
    for sound in sounds:
        response.play(sound)
    response.hangup()
    return str(response)


def hang_up() -> str:
    """End this leg."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def empty() -> str:
    """Nothing to do; also what a callback is answered with."""
    return str(VoiceResponse())


def apology(text: str, *, language: str, then: str) -> str:
    """An apology in the carrier's own voice, which needs nothing of ours, then `then`."""
    response = VoiceResponse()
    response.say(text, language=language)
    response.pause(length=2)
    response.redirect(then, method="POST")
    return str(response)


def send_away(text: str, *, language: str) -> str:
    """Apologise to a line that waits in a queue and take it out; a line in none is ended."""
    response = VoiceResponse()
    response.say(text, language=language)
    response.leave()
    response.hangup()
    return str(response)


def last_resort(text: str, *, language: str, recording_status: str, action: str) -> str:
    """When nothing of ours answers any more: apologise and let the carrier keep a message."""
    response = VoiceResponse()
    response.say(text, language=language)
    response.record(
        action=action,
        max_length=180,
        timeout=5,
        finish_on_key="#",
        recording_status_callback=recording_status,
        recording_status_callback_event="completed absent",
    )
    response.hangup()
    return str(response)


def _add_call_recording(response: VoiceResponse, status_url: str) -> None:
    """Both sides on two channels; untrimmed, so that seconds mean the same everywhere."""
    start = Start()
    start.recording(
        recording_status_callback=status_url,
        recording_status_callback_event="completed absent",
        channels="dual",
        track="both",
        trim="do-not-trim",
    )
    response.append(start)


def _add_turn(
    response: VoiceResponse,
    verbs: tuple[Verb, ...],
    at: Addresses,
    sound_of: SoundOf,
    *,
    listen: Stream | None = None,
) -> None:
    sounds: list[str] = []
    for verb in verbs:
        match verb:
            case Say():
                sounds.extend(sound_of(phrase, verb.language) for phrase in verb.phrases)
            case Listen():
                _add_question(response, sounds, verb, at)
                return
            case Record():
                _play(response, sounds)
                _add_message(response, verb, at)
                return
            case JoinQueue():
                _play(response, sounds)
                _add_queue(
                    response, verb.name, wait_url=at.wait, over_url=at.queue_over, listen=listen
                )
                return
            case HangUp():
                _play(response, sounds)
                response.hangup()
                return
    _play(response, sounds)


def _add_question(response: VoiceResponse, sounds: list[str], verb: Listen, at: Addresses) -> None:
    """Keys may interrupt the prompt; after it the answer is recorded, or more keys awaited.

    `<Record>` ends at any key and reports it, so one document takes words and keys. A recording in
    which nothing was said asks no action: the redirect behind it brings the silence to us.
    """
    by_keys_only = not verb.speech
    gather = Gather(
        input="dtmf",
        action=at.turn,
        method="POST",
        num_digits=verb.max_keys if verb.max_keys > 0 else None,
        finish_on_key="#" if verb.max_keys > 1 else "",
        timeout=round(verb.no_input_s) if by_keys_only else 1,
        action_on_empty_result=by_keys_only,
    )
    for sound in sounds:
        gather.play(sound)
    response.append(gather)
    if by_keys_only:
        return
    response.record(
        action=at.turn,
        method="POST",
        timeout=_TURN_SILENCE_S,
        max_length=_TURN_MAX_S,
        finish_on_key=_ANY_KEY,
        play_beep=True,
        trim="do-not-trim",
    )
    response.redirect(at.turn, method="POST")


def _add_message(response: VoiceResponse, verb: Record, at: Addresses) -> None:
    """An empty message asks no action: the redirect behind it brings the silence to us."""
    response.record(
        action=at.message,
        method="POST",
        timeout=verb.silence_s,
        max_length=verb.max_s,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=at.recording_status,
        recording_status_callback_event="completed absent",
    )
    response.redirect(at.message, method="POST")


def _add_queue(
    response: VoiceResponse, name: str, *, wait_url: str, over_url: str, listen: Stream | None
) -> None:
    if listen is not None:
        start = Start()
        _add_stream(start, listen, track="both_tracks")
        response.append(start)
    response.enqueue(name, action=over_url, method="POST", wait_url=wait_url)


def _add_stream(parent: Connect | Start, stream: Stream, *, track: str | None = None) -> None:
    element = parent.stream(url=stream.url, track=track)
    element.parameter(name="call", value=stream.call_sid)
    element.parameter(name="token", value=stream.token)
    element.parameter(name="purpose", value=stream.purpose)


def _play(response: VoiceResponse, sounds: list[str]) -> None:
    for sound in sounds:
        response.play(sound)
