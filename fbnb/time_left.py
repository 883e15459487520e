"""How long a token has left, in words: by its expiry alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from fbnb.tokens import NEVER, Expiry, expired


def time_left(expiry: Expiry, now: datetime) -> str:
    """In words: `2 hours`, `60 days`, `never ends`, `not told`, `over since 3 days`."""
    if expiry is None:
        return "not told"
    if expiry is NEVER:
        return "never ends"
    return f"over since {_span(now - expiry)}" if expiry <= now else _span(expiry - now)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for size, noun in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size * (2 if noun == "day" else 1):
            count = minutes // size
            return f"{count} {noun}{'s' if count != 1 else ''}"
    return "under a minute"


def state(expiry: Expiry, now: datetime) -> str:
    """`live`, `expired` or `not told`: by expiry alone, for only Graph knows what else has happened to a token."""
    over = expired(expiry, now)
    return "not told" if over is None else "expired" if over else "live"


def clock_in_words(expiry: Expiry, now: datetime) -> str:
    """`2026-11-02 11:00 UTC, 2 hours left`, `never` or `not told`."""
    if isinstance(expiry, datetime):
        return f"{expiry:%Y-%m-%d %H:%M} UTC, {time_left(expiry, now)}{'' if expiry <= now else ' left'}"
    return "never" if expiry is NEVER else "not told"
