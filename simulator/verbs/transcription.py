"""<Start><Transcription>: what both sides say, told to the application beside whatever runs."""

from __future__ import annotations

from simulator.documents.scene import Scene
from simulator.transcription.live_transcription import LiveTranscription, Terms
from simulator.twiml.parser import Verb

_CONFIGURATION = ("profanityFilter", "speechModel", "hints", "enableAutomaticPunctuation")


def start_transcription(scene: Scene, noun: Verb) -> str:
    """Begin one and let it end with the call; its SID."""
    call = scene.call
    live = LiveTranscription(scene.exchange, call, _terms(scene, noun))
    running, name = call.transcriptions, noun["name"] or live.sid

    def stop() -> None:
        if stop in call.closing:
            call.closing.remove(stop)
            running.forget(stop)
            live.stop()

    call.closing.append(stop)
    running.stop_by_name[name] = running.stop_by_sid[live.sid] = stop
    live.start()
    if call.is_over:
        stop()
    return live.sid


def _terms(scene: Scene, noun: Verb) -> Terms:
    return Terms(
        track=noun["track"],
        url=scene.resolved(noun["statusCallbackUrl"]),
        method=noun["statusCallbackMethod"],
        language=noun["languageCode"],
        engine=noun["transcriptionEngine"],
        partial=noun["partialResults"],
        inbound_label=noun["inboundTrackLabel"],
        outbound_label=noun["outboundTrackLabel"],
        configuration={
            name: str(noun[name]).lower() if isinstance(noun[name], bool) else noun[name]
            for name in _CONFIGURATION
            if noun[name] != ""
        },
    )
