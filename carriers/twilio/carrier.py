"""Twilio as a carrier: its requests, its documents, its media sockets and its REST API."""

from __future__ import annotations

from carriers.base import CarrierRequest, Document, MediaFormat
from carriers.messages import CarrierMessage
from carriers.twilio import forms, media_stream, signature, twiml
from carriers.twilio.rest import TwilioRest
from carriers.verbs import Verbs

_XML = "text/xml; charset=utf-8"


class TwilioCarrier(TwilioRest):
    """A `carriers.base.Carrier` that is Twilio, or speaks as it does."""

    @property
    def media(self) -> MediaFormat:
        """Media Streams."""
        return media_stream

    def is_authentic(self, request: CarrierRequest) -> bool:
        """Whether the carrier sent this request, for our account. Fails closed."""
        return signature.is_authentic(self._settings, request)

    def read(self, request: CarrierRequest) -> CarrierMessage:
        """What an authentic request says. Raises MessageError when it cannot be read."""
        return forms.read(request)

    def reply(self, verbs: Verbs) -> Document:
        """The verbs as TwiML."""
        return Document(twiml.document(verbs), _XML)
