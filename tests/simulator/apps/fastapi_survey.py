"""A survey by telephone: TwiML written by hand, served by FastAPI. Environment: PORT."""

import os
from typing import Annotated
from xml.sax.saxutils import escape

import uvicorn
from fastapi import FastAPI, Form, Response

app = FastAPI()
ANSWERS: dict[str, list[str]] = {}
QUESTIONS = ["How was the bus today?", "Will you take it again?"]


def twiml(body: str) -> Response:
    xml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'
    return Response(xml, media_type="application/xml")


@app.post("/start")
async def start(CallSid: Annotated[str, Form()]) -> Response:
    ANSWERS[CallSid] = []
    return ask(0)


@app.post("/answer/{number}")
async def answer(
    number: int,
    CallSid: Annotated[str, Form()],
    SpeechResult: Annotated[str, Form()] = "",
    Digits: Annotated[str, Form()] = "",
) -> Response:
    ANSWERS[CallSid].append(SpeechResult or Digits)
    if number + 1 < len(QUESTIONS):
        return ask(number + 1)
    last = escape(ANSWERS[CallSid][0])
    return twiml(f"<Say>You said: {last}. Goodbye.</Say><Hangup/>")


@app.post("/over")
async def over(CallStatus: Annotated[str, Form()]) -> Response:
    ANSWERS["status"] = [CallStatus]
    return Response(status_code=204)


@app.get("/answers")
async def answers() -> dict[str, list[str]]:
    return ANSWERS


def ask(number: int) -> Response:
    return twiml(
        f'<Gather input="speech dtmf" speechTimeout="auto" numDigits="1" '
        f'action="/answer/{number}" method="POST">'
        f"<Say>{escape(QUESTIONS[number])}</Say></Gather><Redirect>/start</Redirect>"
    )


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
