"""The softphone page, the script other pages embed, and the files both need.

`/phone.js` and everything under `/static/phone/` may be loaded by pages of other origins: an
AudioWorklet module is fetched with CORS.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).resolve().parent.parent / "static"
PHONE_PARTS = tuple(
    f"phone/{name}.js" for name in ("sound", "events", "options", "quality", "call", "device")
)
FOR_ANY_PAGE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FRESH = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html",
}
PAGE_HEADER = "X-Simulator-Page"
PAGE_TOKEN: web.AppKey[str] = web.AppKey("page_token")
"""What a page sends along with whatever it changes: no page of another program knows it."""
_HEAD, _TOKEN = "{{head}}", "{{page}}"
"""Where `head.html`, which every page has, and the token go."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(request: web.Request, name: str) -> web.Response:
    """A page of ours with this run's token, allowed to load nothing from elsewhere."""
    headers = {**FRESH, "Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "no-referrer"}
    text = (STATIC / name).read_text().replace(_HEAD, (STATIC / "head.html").read_text())
    text = text.replace(_TOKEN, request.app[PAGE_TOKEN])
    return web.Response(text=text, content_type="text/html", headers=headers)


async def softphone(request: web.Request) -> web.StreamResponse:
    """The caller's phone."""
    return page(request, "softphone.html")


async def phone_script(request: web.Request) -> web.Response:
    """One script with `Phone.Device` for any page."""
    script = "\n".join((STATIC / part).read_text() for part in PHONE_PARTS)
    headers = {**FRESH, **FOR_ANY_PAGE}
    return web.Response(text=script, content_type="text/javascript", headers=headers)


async def asset(request: web.Request) -> web.StreamResponse:
    """A file of `static/`; 404 for anything outside of it."""
    wanted = (STATIC / request.match_info["path"]).resolve()
    if not wanted.is_relative_to(STATIC) or not wanted.is_file():
        raise web.HTTPNotFound(text="no such file")
    headers = {**FRESH, "Content-Type": TYPES.get(wanted.suffix, "application/octet-stream")}
    if wanted.parent.name == "phone":
        headers |= FOR_ANY_PAGE
    return web.FileResponse(wanted, headers=headers)


def add_pages(app: web.Application) -> None:
    """Mount the pages and files."""
    app.router.add_get("/", softphone)
    app.router.add_get("/phone.js", phone_script)
    app.router.add_get("/static/{path:.+}", asset)
