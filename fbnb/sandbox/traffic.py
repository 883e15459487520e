"""How many calls there were within a window: counted by the minute, and forgotten once they have left it."""

from __future__ import annotations

from fbnb.sandbox.world import World

Entry = tuple[int, int]
"""A minute, counted since 1970, and the calls that were made in it."""


def count(world: World, key: str, minutes: int) -> int:
    """One more call under a key. minutes: the window. Returns the calls within it, this one among them."""
    minute, kept = _minute(world), _within(world, key, minutes)
    calls = kept.pop()[1] if kept and kept[-1][0] == minute else 0
    world.traffic[key] = (*kept, (minute, calls + 1))
    return sum(calls for _, calls in kept) + calls + 1


def used(world: World, key: str, minutes: int) -> int:
    """The calls within the window."""
    return sum(calls for _, calls in _within(world, key, minutes))


def regained(world: World, key: str, minutes: int, limit: int) -> int:
    """Minutes until so many calls have left the window that one more is within the limit; 0 where it is now."""
    over = used(world, key, minutes) - limit + 1
    if over <= 0:
        return 0
    for at, calls in _within(world, key, minutes):
        over -= calls
        if over <= 0:
            return at + minutes - _minute(world)
    return minutes  # a limit of no call at all


def emptied(world: World, key: str, minutes: int) -> int:
    """Seconds until the last call has left the window."""
    last, _ = world.traffic[key][-1]
    return (last + minutes) * 60 - int(world.now().timestamp())


def _within(world: World, key: str, minutes: int) -> list[Entry]:
    since = _minute(world) - minutes
    return [entry for entry in world.traffic.get(key, ()) if entry[0] > since]


def _minute(world: World) -> int:
    return int(world.now().timestamp()) // 60
