"""How long a token has left, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fbnb.time_left import clock_in_words, state, time_left
from fbnb.tokens import NEVER, Expiry

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiry", "left", "told", "clock"),
    [
        (None, "not told", "not told", "not told"),
        (NEVER, "never ends", "live", "never"),
        (NOW + timedelta(seconds=59), "under a minute", "live", "2026-11-02 09:00 UTC, under a minute left"),
        (NOW + timedelta(minutes=1), "1 minute", "live", "2026-11-02 09:01 UTC, 1 minute left"),
        (NOW + timedelta(hours=1, minutes=59), "1 hour", "live", "2026-11-02 10:59 UTC, 1 hour left"),
        (NOW + timedelta(hours=47), "47 hours", "live", "2026-11-04 08:00 UTC, 47 hours left"),
        (NOW + timedelta(days=60), "60 days", "live", "2027-01-01 09:00 UTC, 60 days left"),
        (NOW - timedelta(days=3), "over since 3 days", "expired", "2026-10-30 09:00 UTC, over since 3 days"),
        (NOW, "over since under a minute", "expired", "2026-11-02 09:00 UTC, over since under a minute"),
    ],
)
def test_a_clock_in_words(expiry: Expiry, left: str, told: str, clock: str) -> None:
    assert (time_left(expiry, NOW), state(expiry, NOW), clock_in_words(expiry, NOW)) == (left, told, clock)
