"""A shop's telephone: a menu, a voice mail, a text to the owner. Flask and the `twilio` package.

Environment: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, SHOP_NUMBER, OWNER_NUMBER, PUBLIC_URL, PORT.
"""

import os

from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Gather, VoiceResponse

app = Flask(__name__)
MESSAGES: list[str] = []


@app.before_request
def only_twilio() -> None:
    if request.path == "/messages":
        return
    validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
    url = os.environ["PUBLIC_URL"] + request.full_path.rstrip("?")
    if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)


@app.post("/voice")
def voice() -> str:
    answer = VoiceResponse()
    gather = Gather(num_digits=1, action="/menu", timeout=5)
    gather.say("Welcome to the corner shop. Press 1 for our hours, or 2 to leave a message.")
    answer.append(gather)
    answer.say("We did not get that.")
    answer.redirect("/voice")
    return str(answer)


@app.post("/menu")
def menu() -> str:
    answer = VoiceResponse()
    if request.form["Digits"] == "1":
        answer.say("We are open from nine to six.")
        answer.hangup()
    elif request.form["Digits"] == "2":
        answer.say("Please leave a message after the tone.")
        answer.record(
            action="/recorded",
            max_length=30,
            timeout=2,
            recording_status_callback="/ready",
        )
    else:
        answer.redirect("/voice")
    return str(answer)


@app.post("/recorded")
def recorded() -> str:
    answer = VoiceResponse()
    answer.say(f"Thank you. Your message has {request.form['RecordingDuration']} seconds.")
    return str(answer)


@app.post("/ready")
def ready() -> str:
    MESSAGES.append(request.form["RecordingSid"])
    client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    client.messages.create(
        to=os.environ["OWNER_NUMBER"],
        from_=os.environ["SHOP_NUMBER"],
        body=f"New voice mail: {request.form['RecordingUrl']}",
    )
    return ""


@app.get("/messages")
def messages() -> list[str]:
    return MESSAGES


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]), threaded=True)
