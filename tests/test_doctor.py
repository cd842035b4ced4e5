"""What the doctor says of an installation that people call."""

from __future__ import annotations

import pytest

from config.settings import Settings
from ops.doctor import emergency_number_is_real
from web.checks import Level


@pytest.mark.parametrize(("people_call", "level"), [(True, "wrong"), (False, "ok")])
def test_a_number_for_examples_is_no_emergency_number_where_people_call(
    settings: Settings, people_call: bool, level: Level
) -> None:
    found = emergency_number_is_real(
        settings.model_copy(update={"secure_cookies": people_call, "city": "chicago"})
    )
    assert found.level == level
