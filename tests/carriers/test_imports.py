"""What a job's own process must not pay for."""

from __future__ import annotations

import subprocess
import sys

LATE = """
import sys
from carriers.twilio.carrier import TwilioCarrier
from config.settings import Settings
from infra.clock import now
loaded = set(sys.modules)
carrier = TwilioCarrier(Settings(_env_file=None, carrier_api_url="http://127.0.0.1:9"))
try:
    carrier.calls(since=now())
except Exception:
    pass
print(sorted(name for name in set(sys.modules) - loaded if name.startswith("twilio.")))
"""


def test_a_question_to_the_carrier_imports_nothing_of_its_library() -> None:
    ran = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
