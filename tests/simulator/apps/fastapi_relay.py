"""A voice assistant: ConversationRelay and FastAPI, the words streamed as a language model gives
them. Environment: PORT, DOMAIN (the public host)."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect

DOMAIN = os.environ["DOMAIN"]
GREETING = "Hi! I am the library's assistant. Ask me anything!"
app = FastAPI()
SESSIONS: dict[str, list[dict[str, str]]] = {}


@app.get("/")
async def alive() -> dict[str, list[dict[str, str]]]:
    return SESSIONS


@app.post("/twiml")
async def twiml() -> Response:
    xml = f"""<?xml version="1.0" encoding="UTF-8"?>
    <Response>
      <Connect action="https://{DOMAIN}/handoff">
        <ConversationRelay url="wss://{DOMAIN}/ws" welcomeGreeting="{GREETING}"
          ttsProvider="ElevenLabs" voice="FGY2WhTYpPnrIDTdsKH5" dtmfDetection="true" />
      </Connect>
    </Response>"""
    return Response(content=xml, media_type="text/xml")


@app.post("/handoff")
async def handoff() -> Response:
    xml = "<Response><Say>Putting you through to a librarian.</Say></Response>"
    return Response(content=xml, media_type="text/xml")


@app.websocket("/ws")
async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    history: list[dict[str, str]] = []
    answering: asyncio.Task[None] | None = None
    try:
        while True:
            message = json.loads(await websocket.receive_text())
            if message["type"] == "setup":
                SESSIONS[message["callSid"]] = history
            elif message["type"] == "prompt":
                history.append({"role": "user", "content": message["voicePrompt"]})
                if "person" in message["voicePrompt"]:
                    why = json.dumps({"reason": "asked for a person"})
                    await websocket.send_json({"type": "end", "handoffData": why})
                    continue
                answering = asyncio.create_task(answer(websocket, history))
            elif message["type"] == "interrupt":
                if answering is not None:
                    answering.cancel()
                heard = message["utteranceUntilInterrupt"]
                history.append({"role": "assistant", "content": heard})
    except WebSocketDisconnect:
        pass


async def answer(websocket: WebSocket, history: list[dict[str, str]]) -> None:
    async for token in model(history[-1]["content"]):
        await websocket.send_json({"type": "text", "token": token, "last": False})
    await websocket.send_json({"type": "text", "token": "", "last": True})


async def model(question: str) -> AsyncIterator[str]:
    """What stands here for a language model: it answers word for word."""
    if "open" in question:
        words = "The library opens at nine. It closes at six."
    else:
        words = "Let me think about that. " + "There is a great deal to say about it. " * 6
    for word in words.split(" "):
        yield word + " "
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
