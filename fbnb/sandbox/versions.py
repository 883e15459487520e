"""Which Graph version serves a call: the table is `data/versions.csv`, the rule is Meta's.

An expired version is served by the oldest usable one; one never released, or not yet at the clock's time, is unknown.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from fbnb.resources import rows
from fbnb.sandbox.messages import Refusal
from fbnb.sandbox.world import World


def usable(now: datetime) -> list[str]:
    """The versions that serve calls on that day, oldest first."""
    return list(_usable(now.date().isoformat()))


@cache  # every call asks, and all day the answer is the same
def _usable(today: str) -> tuple[str, ...]:
    ends = {row["version"]: row["until"] for row in rows("versions.csv")}
    return tuple(version for version in _released(today) if not _over(ends[version], today))


@cache
def _released(today: str) -> tuple[str, ...]:
    return tuple(row["version"] for row in reversed(rows("versions.csv")) if row["introduced"] <= today)


def ads_usable(now: datetime) -> list[str]:
    """The versions that serve the Marketing API on that day, oldest first: its schedule is shorter."""
    ends, today = {row["version"]: row["ads_until"] for row in rows("versions.csv")}, now.date().isoformat()
    return [version for version in usable(now) if not _over(ends[version], today)]


def _over(until: str, today: str) -> bool:
    # "" has no end yet; "expired" is long past, on a day that nobody wrote down.
    return until == "expired" or "" < until <= today


def served(world: World, asked: str, path: str) -> str:
    """The version that runs a call to `path` which asked for one ("" for none).

    Raises Refusal 2500: no such version.
    """
    now = world.now()
    can = usable(now)
    if not asked:
        return can[0] if world.defaults.unversioned == "oldest" else can[-1]
    if asked not in _released(now.date().isoformat()):
        raise Refusal(2500, f"Unknown path components: /{asked}/{path}".rstrip("/"))
    return asked if asked in can else can[0]
