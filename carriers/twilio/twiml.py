"""Our verbs as TwiML. Built only with the carrier's own classes, never from text.

Facts: Twilio, "TwiML for Programmable Voice", one page per element.
"""

from __future__ import annotations

from twilio.twiml.voice_response import Connect, Dial, Gather, Start, VoiceResponse

from carriers.twilio.addresses import until_taken, while_holding, while_speaking
from carriers.verbs import (
    Converse,
    DialNumber,
    GoOn,
    HangUp,
    JoinQueue,
    LeaveQueue,
    Listen,
    ListenAlong,
    MediaSocket,
    Pause,
    Play,
    Record,
    RecordCall,
    Say,
    Speak,
    TakeFromQueue,
    Verb,
    Verbs,
)

_ANY_KEY = "1234567890*#"
_TURN_SILENCE_S = 2
_TURN_MAX_S = 30
_NOTIFIED_OF = "completed absent"


def document(verbs: Verbs) -> str:
    """The verbs as one document; sounds right before a question may be cut short by its answer."""
    response = VoiceResponse()
    prompt: list[Play] = []
    for verb in verbs:
        if isinstance(verb, Play):
            prompt.append(verb)
        elif isinstance(verb, Listen):
            _add_question(response, prompt, verb)
            prompt = []
        else:
            _add_sounds(response, prompt)
            _add(response, verb)
            prompt = []
    _add_sounds(response, prompt)
    return str(response)


def _add(response: VoiceResponse, verb: Verb) -> None:
    match verb:
        case Speak():
            response.say(verb.text, language=verb.language)
        case Pause():
            response.pause(length=verb.length_s)
        case GoOn():
            response.redirect(while_holding(verb.then), method="POST")
        case Record():
            _add_message(response, verb)
        case RecordCall():
            _add_call_recording(response, verb)
        case JoinQueue():
            response.enqueue(
                verb.name,
                action=while_holding(verb.then),
                method="POST",
                wait_url=while_holding(verb.wait),
            )
        case LeaveQueue():
            response.leave()
        case TakeFromQueue():
            dial = Dial(action=while_holding(verb.then), method="POST")
            dial.queue(verb.name)
            response.append(dial)
        case DialNumber():
            dial = Dial(action=while_holding(verb.then), method="POST", timeout=verb.timeout_s)
            dial.number(verb.number)
            response.append(dial)
        case Converse():
            connect = Connect()
            _add_stream(connect, verb.socket)
            response.append(connect)
        case ListenAlong():
            start = Start()
            _add_stream(start, verb.socket, track="both_tracks")
            response.append(start)
        case HangUp():
            response.hangup()
        case Say() | Listen() | Play():
            raise TypeError(f"expected the sounds of a {type(verb).__name__}, not its words")


def _add_question(response: VoiceResponse, prompt: list[Play], verb: Listen) -> None:
    """Keys may interrupt the prompt; after it the answer is recorded, or more keys awaited.

    `<Record>` ends at any key and reports it, so one document takes words and keys. A recording in
    which nothing was said asks no action: the redirect behind it brings the silence to us.
    """
    by_keys_only = not verb.speech
    gather = Gather(
        input="dtmf",
        action=while_holding(verb.then),
        method="POST",
        num_digits=verb.max_keys if verb.max_keys > 0 else None,
        finish_on_key="#" if verb.max_keys > 1 else "",
        timeout=round(verb.no_input_s) if by_keys_only else 1,
        action_on_empty_result=by_keys_only,
    )
    _add_sounds(gather, prompt)
    response.append(gather)
    if by_keys_only:
        return
    response.record(
        action=while_holding(verb.then),
        method="POST",
        timeout=_TURN_SILENCE_S,
        max_length=_TURN_MAX_S,
        finish_on_key=_ANY_KEY,
        play_beep=True,
        trim="do-not-trim",
    )
    response.redirect(while_holding(verb.then), method="POST")


def _add_message(response: VoiceResponse, verb: Record) -> None:
    response.record(
        action=while_holding(verb.then),
        method="POST",
        timeout=verb.silence_s,
        max_length=verb.max_s,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=until_taken(verb.notify),
        recording_status_callback_event=_NOTIFIED_OF,
    )


def _add_call_recording(response: VoiceResponse, verb: RecordCall) -> None:
    """Both sides on two channels; untrimmed, so that seconds mean the same everywhere."""
    start = Start()
    start.recording(
        recording_status_callback=until_taken(verb.notify),
        recording_status_callback_event=_NOTIFIED_OF,
        channels="dual",
        track="both",
        trim="do-not-trim",
    )
    response.append(start)


def _add_stream(parent: Connect | Start, socket: MediaSocket, *, track: str | None = None) -> None:
    element = parent.stream(url=socket.url, track=track)
    for name, value in socket.parameters.items():
        element.parameter(name=name, value=value)


def _add_sounds(parent: VoiceResponse | Gather, prompt: list[Play]) -> None:
    for sound in prompt:
        parent.play(while_speaking(sound.url))
