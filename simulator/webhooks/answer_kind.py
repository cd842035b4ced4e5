"""What kind of answer the application gave: a document, a sound, or what is neither.

Twilio, "TwiML Voice: Your response": text/xml, application/xml and text/html are TwiML; sound is
played; text/plain is said.
"""

from __future__ import annotations

from simulator.webhooks.webhook import Answer, WebhookFailed

_XML = frozenset({"text/xml", "application/xml", "text/html", "application/xhtml+xml"})


def kind_of(answer: Answer) -> str:
    """The content type without its parameters, in lower case."""
    return answer.content_type.split(";")[0].strip().lower()


def is_sound(answer: Answer) -> bool:
    """Whether it is to be played."""
    return kind_of(answer).startswith("audio/")


def is_text(answer: Answer) -> bool:
    """Whether it is to be said."""
    return kind_of(answer) == "text/plain" and bool(answer.body.strip())


def document_of(answer: Answer) -> bytes:
    """A TwiML document; an empty one is for the reader to refuse.

    Raises WebhookFailed: 11200 without a type, 12300 with one that is no document.
    """
    kind = kind_of(answer)
    if kind in _XML or not answer.body.strip():
        return answer.body
    if not kind:
        raise WebhookFailed(11200, "the answer has no Content-Type", url=answer.url)
    raise WebhookFailed(12300, f"Content-Type {kind!r}; expected text/xml", url=answer.url)
