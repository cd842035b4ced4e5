"""The form of an answer: JSON where the address ends in .json, else XML.

Twilio, "Twilio API responses": 2010-04-01 answers in XML, below <TwilioResponse>, unless another
form is asked for; what JSON calls `call_sid` is <CallSid>.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from aiohttp import web

ROOT = "/2010-04-01/"
JSON, XML, CSV = ".json", ".xml", ".csv"
_PAGING = ("page", "page_size", "start", "end", "uri", "first_page_uri", "next_page_uri",
           "previous_page_uri")  # fmt: skip
_NAMES = {"Members": "QueueMember", "Countries": "Country", "MediaList": "Media", "Media": "Media"}
"""Elements whose name is not the collection's without its last letter."""
_OLD = "SMSMessages"
"""SMS/Messages is one collection, `sms_messages` in JSON."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class JsonRoutes(web.UrlDispatcher):
    """Collects routes whose addresses end in .json."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: dict[int, str] = {}

    def add_resource(self, path: str, *, name: str | None = None) -> web.Resource:
        """Remember the address as it is written."""
        resource = super().add_resource(path, name=name)
        self._paths[id(resource)] = path
        return resource

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add them as they are, then those for XML: what has an ending of its own comes first."""
        known = [(one.method, self._paths[id(one.resource)], one.handler) for one in self.routes()]
        for method, path, handler in known:
            router.add_route(method, path, handler)
        for ending in (XML, ""):
            for method, path, handler in known:
                if path.endswith(JSON):
                    router.add_route(method, path.removesuffix(JSON) + ending, handler)


@web.middleware
async def in_its_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn an answer into XML where the address does not ask for another form."""
    response = await handler(request)
    if not request.path.startswith(ROOT) or request.path.endswith((JSON, CSV)):
        return response
    if not isinstance(response, web.Response) or response.content_type != "application/json":
        return response
    document = as_xml(json.loads(response.text or "{}"), request.path)
    kept = {
        name: value
        for name, value in response.headers.items()
        if name.lower() not in {"content-type", "content-length"}
    }
    return web.Response(
        body=document, status=response.status, headers=kept, content_type="application/xml"
    )


def as_xml(answer: Mapping[str, Any], path: str) -> bytes:
    """An answer's document: a resource, a page of them, or a refusal."""
    root = ElementTree.Element("TwilioResponse")
    listed = next((name for name, value in answer.items() if isinstance(value, list)), "")
    if "more_info" in answer:
        _fill(ElementTree.SubElement(root, "RestException"), answer)
    elif "page_size" in answer and listed:
        paging = {name.replace("_", ""): _text(answer.get(name)) for name in _PAGING}
        several = ElementTree.SubElement(root, _camel(listed), paging)
        for one in answer[listed]:
            _fill(ElementTree.SubElement(several, _one_of(_camel(listed))), one)
    else:
        _fill(ElementTree.SubElement(root, _resource(path)), answer)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _fill(element: ElementTree.Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        child = ElementTree.SubElement(element, _camel(name))
        if isinstance(value, Mapping):
            _fill(child, value)
        elif isinstance(value, list):
            for one in value:
                ElementTree.SubElement(child, _one_of(_camel(name))).text = _text(one)
        else:
            child.text = _text(value)


def _text(value: Any) -> str:
    """A value as text; addresses of resources have no ending."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else _NOT_IN_XML.sub("\ufffd", str(value))
    return text.replace(JSON, "") if text.startswith(ROOT) else text


def _camel(name: str) -> str:
    if name == "sms_messages":
        return _OLD
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _one_of(collection: str) -> str:
    return _NAMES.get(collection) or collection.removesuffix("s")


def _resource(path: str) -> str:
    """What is at an address, by the last collection in it."""
    plain = path.removesuffix(XML).replace("/SMS/Messages", f"/{_OLD}")
    below = plain.removeprefix(f"{ROOT}Accounts").strip("/").split("/")[1:]
    return _one_of(below[(len(below) - 1) // 2 * 2]) if below else "Account"
