"""A clock stands still, moves forward, and never reads a time without a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fbnb.clock import ManualClock, ShiftedClock, SystemClock

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_the_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(NINE)
    assert clock.now() == clock.now() == NINE
    assert clock.advance(hours=2, minutes=30) == datetime(2026, 11, 2, 11, 30, tzinfo=UTC)
    clock.sleep(365 * 24 * 3600)
    assert clock.now() == datetime(2027, 11, 2, 11, 30, tzinfo=UTC)
    clock.set(NINE)
    assert clock.now() == NINE


def test_a_clock_does_not_go_back() -> None:
    for clock in (ManualClock(NINE), ShiftedClock(ManualClock(NINE))):
        with pytest.raises(ValueError, match="rewind"):
            clock.advance(days=-1)
        assert clock.now() == NINE


def test_a_clock_does_not_go_where_nothing_could_run_out_any_more() -> None:
    for clock in (ManualClock(NINE), ShiftedClock(ManualClock(NINE))):
        for step in ({"days": 3_000_000}, {"days": 999_999_999}):
            with pytest.raises(ValueError, match="year 9000"):
                clock.advance(**step)
        assert clock.now() == NINE


def test_the_shifted_clock_runs_on() -> None:
    real = ManualClock(NINE)
    clock = ShiftedClock(real, timedelta(hours=1))
    real.advance(minutes=5)
    assert clock.now() == NINE + timedelta(hours=1, minutes=5)
    clock.advance(days=60)
    clock.sleep(60)
    assert clock.now() == NINE + timedelta(days=60, hours=1, minutes=6)
    clock.set(NINE)
    assert clock.now() == NINE
    real.advance(minutes=1)
    assert clock.now() == NINE + timedelta(minutes=1)


def test_times_have_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ManualClock(datetime(2026, 11, 2))
    assert ManualClock(datetime(2026, 11, 2, 18, tzinfo=timezone(timedelta(hours=9)))).now() == NINE
    assert SystemClock().now().tzinfo is UTC
    SystemClock().sleep(0)
