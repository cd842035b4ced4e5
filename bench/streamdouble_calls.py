"""Media sockets opened by streamdouble, all at once in one process.

`PYTHON streamdouble_calls.py URL COUNT SECONDS`, by a Python where streamdouble is installed.
Prints JSON: frames sent and come back, and how late they were by its own account: the largest mean
of a session and the most, ms.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import random
import sys
from typing import Any

_FRAME_BYTES, _FRAMES_A_SECOND = 160, 50


async def main(url: str, count: int, seconds: float) -> None:
    """Open them 20 ms apart, as the other side of the comparison does."""
    streamdouble: Any = importlib.import_module("streamdouble.api")
    config: Any = importlib.import_module("streamdouble.session").SessionConfig(quiet_period_s=0.5)
    noise = random.Random(1)
    frames = [noise.randbytes(_FRAME_BYTES) for _ in range(round(seconds * _FRAMES_A_SECOND))]

    async def one(number: int) -> Any:
        await asyncio.sleep(0.02 * number)
        return await streamdouble.call(url, frames=frames, config=config)

    reports = await asyncio.gather(*(one(number) for number in range(count)))
    pacing = [report.result.pacing for report in reports]
    facts = {
        "frames": sum(report.result.frames_sent for report in reports),
        "came_back": sum(report.result.media_frames_received for report in reports),
        "mean_ms": max(one.mean_lateness_ms for one in pacing),
        "most_ms": max(one.max_lateness_ms for one in pacing),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
