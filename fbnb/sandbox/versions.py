"""Which Graph version serves a call: the table is `data/versions.csv`, the rule is Meta's.

An expired version is served by the oldest usable one; one never released, or not yet at the clock's time, is unknown.
"""

from __future__ import annotations

from datetime import datetime

from fbnb.resources import rows
from fbnb.sandbox.messages import Refusal
from fbnb.sandbox.world import World


def usable(now: datetime) -> list[str]:
    """The versions that serve calls on that day, oldest first."""
    today = now.date().isoformat()
    return [
        row["version"] for row in reversed(rows("versions.csv")) if row["introduced"] <= today and not _over(row["until"], today)
    ]


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
    released = {row["version"] for row in rows("versions.csv") if row["introduced"] <= now.date().isoformat()}
    if asked not in released:
        raise Refusal(2500, f"Unknown path components: /{asked}/{path}".rstrip("/"))
    return asked if asked in can else can[0]
