"""A world described in values that JSON takes, for whoever looks on from outside; nothing in it is secret."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any

from fbnb.clock import ManualClock
from fbnb.sandbox.facts import Grant, Happened
from fbnb.sandbox.families import families
from fbnb.sandbox.world import World


def described(world: World) -> dict[str, Any]:
    """How the world stands by now."""
    with world.lock:
        now = world.now()
        return {
            "now": now.isoformat(),
            "clock": "frozen" if isinstance(world.clock, ManualClock) else "running",
            "calls": world.counters.get("calls", 0),
            "apps": [{"id": app.id, "name": app.name, "mode": world.mode(app.id)} for app in world.apps.values()],
            "people": [_person(world, person.id) for person in world.people.values()],
            "system_users": [_plain(asdict(machine)) for machine in world.system_users.values()],
            "pages": [{"id": id, "name": page.name, "there": world.page_exists(id)} for id, page in world.pages.items()],
            "tokens": [_plain(asdict(kin)) for kin in families(world)],
            "faults": [_plain(asdict(fault)) for fault in world.faults.values()],
            "due": [{"at": moment.at.isoformat(), "what": due.event.words} for moment, due in sorted(world.schedule.items())],
            "happened": [
                {"at": moment.at.isoformat(), "what": fact.words} for moment, fact in world.facts.all(Happened, ("", ""), now)
            ],
        }


def _person(world: World, id: str) -> dict[str, Any]:
    roles = {app.id: role for app in world.apps.values() if (role := world.app_role(id, app))}
    grants = {app: _grant(world.grant(id, app)) for app in world.apps}
    return {"id": id, "name": world.people[id].name, "app_roles": roles, "grants": grants}


def _grant(grant: Grant) -> dict[str, list[str] | None]:
    """pages: ids of those that were ticked; None for all."""
    permissions = {"granted": grant.granted, "declined": grant.declined, "expired": grant.expired}
    pages = None if grant.pages is None else sorted(grant.pages)
    return {**{name: sorted(names) for name, names in permissions.items()}, "pages": pages}


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in facts.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
