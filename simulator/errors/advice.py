"""What a developer does about an error: one sentence for a code, or for its family."""

from __future__ import annotations

_ADVICE = {
    11100: (
        "Give a whole address with http or https; after a document given by REST there is no "
        "page that a relative one could belong to."
    ),
    11200: (
        "Open the address in the log of your application: it answered with an error or not at "
        "all. Answer 200 with TwiML, even when something of yours fails."
    ),
    11205: (
        "See that the application runs, that --map leads to its port, and that it answers "
        "within 15 seconds."
    ),
    11206: (
        "The server does not speak HTTP at this address; look which program listens on the port."
    ),
    11210: (
        "The host of the address has no entry in the DNS; correct its name, or map it with --map."
    ),
    11215: "The address leads in a circle; answer with the document itself.",
    11220: "The server's TLS does not work; try the address with curl.",
    11235: "The certificate is for another host; get one for this name.",
    11236: "The certificate has run out; renew it.",
    11237: "The server does not send its intermediate certificate; install the full chain.",
    11750: "Answer with less than 64 KB; put long lists behind a menu.",
    12100: (
        "The answer is no well-formed XML; line and column say where. An error page of your "
        "framework looks like this too."
    ),
    12101: 'Begin the document with <?xml version="1.0" encoding="UTF-8"?> or with <Response>.',
    12102: "The outermost element must be <Response>.",
    12200: (
        "Correct the named element, attribute or value. A warning: the rest ran without it. An "
        "error: nothing of the document ran."
    ),
    12300: "Send Content-Type: text/xml.",
    12400: "The document leads to itself without doing anything; let it say, ask or hang up.",
    13201: (
        "A document for the called side cannot dial; use a conference to bring in a third person."
    ),
    13214: (
        "To a number, callerId takes the caller, the called number, or a number that the account "
        "bought or verified (OutgoingCallerIds, or describe it as a phone); to a client also "
        "client:NAME."
    ),
    13223: "Write the number in E.164: + and the country code.",
    13224: "The carrier does not call that number; write it whole, with + and its country code.",
    13240: "The call to be coached must be in the conference already.",
    20001: "Correct the named parameter.",
    31008: "The caller gave up, or another device was quicker; nothing is wrong.",
    31901: "The media server did not answer the handshake in time.",
    31902: "Nothing listens at the media address; start the server, and map ws or wss with --map.",
    31920: (
        "The media server refused the handshake: see that it takes WebSockets at this path, "
        "and look at the signature."
    ),
    31921: "The media server closed the socket; look into its log.",
    31922: (
        "A media stream's address begins with wss://, also on your desk: write "
        "wss://127.0.0.1:8080 and start the simulator with "
        "--map wss://127.0.0.1:8080=ws://127.0.0.1:8080."
    ),
    31951: (
        "The media server sent what the protocol does not know; compare the message with "
        "Media Streams' messages."
    ),
    64102: (
        "See that a server takes WebSockets at the session's address, which begins with wss://, "
        "and map wss with --map."
    ),
    64105: 'The server closed the session; look into its log, or let it send {"type": "end"}.',
    64106: "There is no voice for that language here; the words were read in another one.",
    64107: (
        "The server sent what the protocol does not know; compare the message with "
        "ConversationRelay's messages."
    ),
}
_FAMILIES = (
    (
        range(11000, 12000),
        "The request to your application failed; look at its address and its log.",
    ),
    (range(12000, 13000), "The document is not right; correct what the message names."),
    (
        range(13000, 14000),
        "A verb or attribute of the document is not right; correct what the message names.",
    ),
    (range(16000, 17000), "The conference refused; correct what the message names."),
    (
        range(15000, 16000),
        "The queue or its callback did not do as expected; look at the address and its log.",
    ),
    (
        range(21000, 22000),
        "The request by REST is not right; correct the parameter that the message names.",
    ),
    (range(14100, 14200), "The text was not sent; correct its numbers or its words."),
    (range(14000, 15000), "The queue cannot be used so; correct what the message names."),
    (
        range(30000, 31000),
        "The message was not delivered; who receives it is described at /simulator/phones.",
    ),
    (
        range(31000, 32000),
        "The connection of a browser phone or a media stream failed; look at its address.",
    ),
)


def advice(code: int) -> str:
    """What to do about an error; empty when nothing helps but its message."""
    family = next((words for codes, words in _FAMILIES if code in codes), "")
    return _ADVICE.get(code, family)
