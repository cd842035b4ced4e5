"""Ways to look at a page: its widths, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal

from playwright.sync_api import Page

WIDTHS = {"laptop": (1366, 768), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def each_way(page: Page) -> Iterator[str]:
    """Show an open page each way, one after the other; gives the name of the way."""
    for (device, (width, height)), scheme in product(WIDTHS.items(), SCHEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        yield f"{device}-{scheme}"


def sideways_px(page: Page) -> int:
    """How far the page can be scrolled sideways; 0 is right."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
