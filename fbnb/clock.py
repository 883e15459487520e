"""Time, passed in rather than looked up: `now()` in aware UTC, and `sleep()` for every wait in the package."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What the package asks of a clock."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class HeardClock(SystemClock):
    """The clock of a machine elsewhere: the real time, and by how much the other was ahead of it when it was asked.

    date: the `Date` of an answer of its. It is in whole seconds, so a difference of less than two is none.
    """

    def __init__(self, date: str) -> None:
        ahead = parsedate_to_datetime(date) - super().now()
        self._ahead = ahead if abs(ahead) >= timedelta(seconds=2) else timedelta(0)

    def now(self) -> datetime:
        return super().now() + self._ahead


class ManualClock:
    """A clock that stands still until it is moved; a sleep moves it, so a year of waiting passes at once."""

    def __init__(self, start: datetime) -> None:
        self._now, self._lock = in_utc(start), threading.Lock()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def advance(self, **amount: float) -> datetime:
        """Move forward by `days=`, `hours=`, `minutes=`, `seconds=`; returns the new instant."""
        with self._lock:
            self._now += forward(self._now, **amount)
            return self._now

    def set(self, instant: datetime) -> None:
        """Stand at `instant`. Going back in time alone would leave the world's later facts: use `sandbox.rewind`."""
        self._now = in_utc(instant)

    def __repr__(self) -> str:
        return f"ManualClock({self._now:%Y-%m-%d %H:%M:%S} UTC)"


class ShiftedClock:
    """Real time plus what it was advanced by: for a sandbox that other programs talk to."""

    def __init__(self, clock: Clock, shift: timedelta = timedelta(0)) -> None:
        self._clock, self._shift, self._lock = clock, shift, threading.Lock()

    def now(self) -> datetime:
        return self._clock.now() + self._shift

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def advance(self, **amount: float) -> datetime:
        """Move forward by `days=`, `hours=`, `minutes=`, `seconds=`; returns the new instant."""
        with self._lock:
            self._shift += forward(self.now(), **amount)
            return self.now()

    def set(self, instant: datetime) -> None:
        """Read `instant` now and run on from there."""
        self._shift = in_utc(instant) - self._clock.now()


def forward(now: datetime, **amount: float) -> timedelta:
    """A step forward in time; ValueError for one that goes back, or so far that nothing could run out after it."""
    step = timedelta(**amount)
    if step < timedelta(0):
        raise ValueError("a clock moves forward only; sandbox.rewind(checkpoint) goes back, world and all")
    if step > LATEST - now:
        raise ValueError(f"a clock moves no further than the year {LATEST.year}")
    return step


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC; ValueError for one without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone: write datetime(..., tzinfo=UTC)")
    return instant.astimezone(UTC)
