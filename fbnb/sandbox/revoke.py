"""Twin of flows/revoke: what a person granted, taken back one by one or all at once, and what the app is told of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from fbnb.redact import Secret
from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.facts import NOTHING_GRANTED, Ending, Grant, Moment, SecretReset, SessionEnded
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


@dataclass(frozen=True, slots=True)
class DeletionAsked:
    """The person wants what the app has about them deleted. Key: (person, app)."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What Graph posts to an app: the address, and the form's one field."""

    url: str
    signed_request: Secret


def list_permissions(world: World, asked: Asked, person: str, permission: str = "") -> dict[str, Any]:
    """`GET /{user}/permissions`: each permission asked for so far, granted, declined or expired."""
    owner, app = _owner(world, asked, person)
    grant = world.grant(owner, app)
    groups = (("granted", grant.granted), ("declined", grant.declined), ("expired", grant.expired))
    wanted, status_wanted = permission or asked.get("permission"), asked.get("status")
    return {
        "data": [
            {"permission": name, "status": status}
            for status, names in groups
            for name in sorted(names)
            if wanted in {"", name} and status_wanted in {"", status}
        ]
    }


def revoke(world: World, asked: Asked, person: str, permission: str = "") -> dict[str, Any]:
    """`DELETE /{user}/permissions[/{permission}]`: one taken back and the token lives; all, and every token of theirs dies."""
    owner, app = _owner(world, asked, person)
    grant, name = world.grant(owner, app), permission or asked.get("permission")
    if not name:
        remove_app(world, owner, app)
    elif name == "public_profile":  # never declined, so nothing that the dialog could ask again
        raise Refusal(100, "Invalid parameter")
    elif name not in grant.granted | grant.declined | grant.expired:
        raise Refusal(100, world.defaults.permission_not_granted.format(permission=name))
    else:
        world.note((owner, app), Grant(grant.granted - {name}, grant.declined | {name}, grant.pages, "", grant.expired - {name}))
    return {"success": True}


def remove_app(world: World, person: str, app: str) -> None:
    """Everything the person granted the app is gone, and its tokens of them; nothing where they granted nothing."""
    if world.grant(person, app) == NOTHING_GRANTED:
        return
    world.note((person, app), SessionEnded(Ending.APP_REMOVED))
    world.note((person, app), NOTHING_GRANTED)


def _owner(world: World, asked: Asked, person: str) -> tuple[str, str]:
    """Whose permissions are meant, and those of which app: the caller's own, or with an app token anyone's who uses the app."""
    token = current(world, asked) if person == "me" else caller(world, asked)
    if token.kind is TokenKind.CLIENT:
        raise Refusal(102, "A user access token is required to request this resource.")
    if token.page or token.person in world.system_users:
        kind = "Page" if token.page else "SystemUser"
        raise Refusal(100, f"(#100) Tried accessing nonexisting field (permissions) on node type ({kind})")
    owner = token.person or world.person_of(person, token.app)
    if not owner:
        raise unsupported(person, asked.method.lower())
    if person not in {"me", world.scoped_id(owner, token.app)}:
        raise Refusal(210, "User not visible")
    return owner, token.app


def ask_for_deletion(world: World, person: str, app: str) -> None:
    """As from the person's own settings on Facebook."""
    world.note((person, app), DeletionAsked())


def callbacks(world: World, app: str) -> list[Callback]:
    """What the app was told so far, oldest first; nothing where it has set no address."""
    told = []
    for person in world.people:
        ended = world.facts.all(SessionEnded, (person, app), world.now())
        told += [
            (moment, person, world.apps[app].deauthorize_callback_url) for moment, end in ended if end.why is Ending.APP_REMOVED
        ]
        asked = world.facts.all(DeletionAsked, (person, app), world.now())
        told += [(moment, person, world.apps[app].data_deletion_url) for moment, _ in asked]
    return [Callback(url, Secret(signed_request(world, person, app, moment))) for moment, person, url in sorted(told) if url]


def signed_request(world: World, person: str, app: str, at: Moment) -> str:
    """What Graph posts to the app's callbacks: a payload about the person, signed with the secret the app had then."""
    secret = [fact.secret for since, fact in world.facts.all(SecretReset, (app, ""), at.at) if since < at][-1]
    payload = {"user_id": world.scoped_id(person, app), "algorithm": "HMAC-SHA256", "issued_at": int(at.at.timestamp())}
    encoded = _encoded(json.dumps(payload, separators=(",", ":")).encode())
    signature = hmac.new(secret.encode(), encoded.encode(), hashlib.sha256).digest()
    return f"{_encoded(signature)}.{encoded}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
