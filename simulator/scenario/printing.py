"""A call's events as lines for people."""

from __future__ import annotations

from simulator.calls.events import Event


def told(event: Event) -> str | None:
    """One line for an event; None for those only programs care about."""
    text = _text(event)
    return None if text is None else f"{float(event['at_s']):7.2f}  {text}"


def _text(event: Event) -> str | None:
    match event["event"]:
        case "call":
            return f"{event['from_']} calls {event['to'] or 'the application'}"
        case "heard":
            answer = event.get("answer_s")
            after = f"   [answered in {answer:.2f} s]" if answer is not None else ""
            cut = " ..." if event.get("cut") else ""
            sure = f"   (recognised, {event['confidence']:.2f})" if "confidence" in event else ""
            return f"line:    {event['text']}{cut}{after}{sure}"
        case "said":
            return f"caller:  {event['text']}"
        case "keys":
            return f"keys:    {event['digits']}"
        case "sms":
            return f"sms:     {event['text']}"
        case "fault":
            return f"fault:   {event['fault']} ({event['purpose']})"
        case "transferred":
            return "         (connected to another person)"
        case "error":
            code = f"{event['code']} " if event.get("code") else ""
            return f"error:   {code}{event['message']}" + _below(event.get("around", ""))
        case "ended":
            who = "the caller" if event["by"] == "caller" else "the line"
            return f"         ({who} hung up: {event['status']}, {event['duration_s']} s)"
    return None


def _below(text: str) -> str:
    return "".join(f"\n         {line}" for line in text.splitlines())
