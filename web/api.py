"""How we answer programs: one shape for errors."""

from __future__ import annotations

from flask import Response, jsonify, request


def error(status: int, code: str, message: str) -> Response:
    """`{"error": {"code", "message"}}` with that status; the message says what to do."""
    answer = jsonify(error={"code": code, "message": message})
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def expects_json() -> bool:
    """Whether a script, not a person's navigation, is asking.

    Browsers say so by Sec-Fetch-Mode (Fetch Metadata Request Headers, W3C), htmx by HX-Request.
    """
    headers = request.headers
    return (
        request.path.startswith("/api/")
        or "HX-Request" in headers
        or request.is_json
        or headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
        or headers.get("Accept", "").startswith("application/json")
    )
