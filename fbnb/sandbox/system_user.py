"""Twin of flows/system_user: machine accounts of a business, their tokens made, refreshed and revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fbnb.catalogue import permissions
from fbnb.sandbox.callers import app_with_secret, caller, read, themselves, unsupported, user
from fbnb.sandbox.facts import Deleted, Ending, SessionEnded, TokenRevoked
from fbnb.sandbox.fields import node, paged, wanted
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import bearer, exchanged, long_expiry, scopes_of
from fbnb.sandbox.records import SystemUser, TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import NEVER, TokenKind

_ROLES = frozenset("ADMIN EMPLOYEE DEFAULT DEVELOPER FINANCE_EDITOR FINANCE_ANALYST ADS_RIGHTS_REVIEWER MANAGE".split())
_NODE = ("id", "name", "role", "created_time")


@dataclass(frozen=True, slots=True)
class AppInstalled:
    """An app may have tokens of a system user. Key: (system user, app)."""


def administered(world: World, asked: Asked, business: str) -> TokenRecord:
    """The caller, who administers the business. Raises Refusal 200: the permission or the role is missing."""
    return _of_the_business(world, asked, business, {"ADMIN"})


def _of_the_business(world: World, asked: Asked, business: str, roles: frozenset[str] | set[str]) -> TokenRecord:
    token = user(world, asked)
    if business not in world.businesses:
        raise unsupported(business, asked.method.lower())
    if "business_management" not in world.allowed(token).granted:
        raise Refusal(200, "(#200) The user hasn't authorized the application to perform this action")
    machine = world.system_users.get(token.person)
    if machine:
        belongs = machine.business == business and (machine.role in roles or bool(machine.app))
    else:
        belongs = world.people[token.person].name in world.businesses[business].admins
    if not belongs:
        raise Refusal(200, world.defaults.not_in_this_business)
    return token


def _system_user(world: World, asked: Asked, id: str) -> tuple[SystemUser, TokenRecord]:
    """A system user, and the caller: an admin of its business, or any system user there."""
    token = user(world, asked)
    if id not in world.system_users or world.latest(Deleted, (id, "")) is not None:
        raise unsupported(id, asked.method.lower())
    machine = world.system_users[id]
    _of_the_business(world, asked, machine.business, _ROLES)
    return machine, token


def list_businesses(world: World, asked: Asked, person: str) -> dict[str, Any]:
    """`GET /{user}/businesses`: those that the person administers."""
    token = themselves(world, asked, person, "businesses")
    if "business_management" not in world.allowed(token).granted:
        raise Refusal(200, "(#200) Requires business_management permission to manage the object")
    fields = wanted(asked, ("id", "name"), ("id", "name"), "Business")
    name = world.people[token.person].name if token.person in world.people else ""
    ids = [business.id for business in world.seed.businesses if name in business.admins]
    return paged(world, asked, ids, lambda id: node(fields, {"id": lambda: id, "name": lambda: world.businesses[id].name}))


def list_system_users(world: World, asked: Asked, business: str) -> dict[str, Any]:
    """`GET /{business}/system_users`."""
    administered(world, asked, business)
    fields = wanted(asked, _NODE, ("id", "name", "role"), "SystemUser")
    ids = [machine.id for machine in _machines(world, business)]
    return paged(world, asked, ids, lambda id: _told(world.system_users[id], fields))


def _machines(world: World, business: str) -> list[SystemUser]:
    """The business's own; those that came with an app apart, and those that were deleted."""
    its = [machine for machine in world.system_users.values() if machine.business == business and not machine.app]
    return [machine for machine in its if world.latest(Deleted, (machine.id, "")) is None]


def _told(machine: SystemUser, fields: list[str]) -> dict[str, Any]:
    created = f"{machine.created:%Y-%m-%dT%H:%M:%S}+0000"
    told = {"id": machine.id, "name": machine.name, "role": machine.role, "created_time": created}
    return {name: told[name] for name in fields}


def create_system_user(world: World, asked: Asked, business: str) -> dict[str, Any]:
    """`POST /{business}/system_users`: one more, as many as the app's tier allows."""
    administered(world, asked, business)
    name, role = asked.required("name"), asked.get("role") or "EMPLOYEE"
    if role not in _ROLES:
        raise Refusal(100, f"(#100) Param role must be one of {{{', '.join(sorted(_ROLES))}}}")
    admin = role == "ADMIN"
    most = 1 if admin or world.defaults.system_user_tier == "limited" else 10
    same = [machine for machine in _machines(world, business) if (machine.role == "ADMIN") is admin]
    if len(same) >= most:
        raise Refusal(100, world.defaults.too_many_system_users)
    return {"id": new_system_user(world, name, role, business).id}


def new_system_user(world: World, name: str, role: str, business: str, app: str = "") -> SystemUser:
    """A system user on the books."""
    id = str(6_000_000_000_000 + world.serial("system user"))
    world.system_users[id] = SystemUser(id, name, role, business, world.now(), app)
    return world.system_users[id]


def install_app(world: World, asked: Asked, system_user: str) -> dict[str, Any]:
    """`POST /{system_user}/applications`: the app, which must be one of the business's, may have its tokens."""
    machine, _ = _system_user(world, asked, system_user)
    app = asked.required("business_app")
    if app not in world.businesses[machine.business].apps:
        raise Refusal(100, world.defaults.app_of_another_business)
    world.note((machine.id, app), AppInstalled())
    return {"success": True}


def generate_system_user_token(world: World, asked: Asked, system_user: str) -> dict[str, Any]:
    """`POST /{system_user}/access_tokens`: a token with these scopes, without an end or of 60 days."""
    proven(world, asked)
    machine, caller_token = _system_user(world, asked, system_user)
    app, scopes = asked.required("business_app"), scopes_of(asked)
    expiring = asked.get("set_token_expires_in_60_days") == "true"
    if app != caller_token.app or world.latest(AppInstalled, (machine.id, app)) is None:
        raise Refusal(100, world.defaults.app_not_installed)
    if unfit := sorted(scope for scope in scopes if not (known := permissions().get(scope)) or not known.for_system_users):
        raise Refusal(100, world.defaults.scope_not_for_system_users.format(scope=", ".join(unfit)))
    if world.businesses[machine.business].expiring_tokens_only and not expiring:
        raise Refusal(100, world.defaults.expiring_tokens_only)
    return {"access_token": issue(world, machine.id, app, scopes, "POST /{system_user}/access_tokens", expiring=expiring).value}


def proven(world: World, asked: Asked) -> None:
    """A call that needs the proof whatever the app's settings, and before any role. Raises Refusal 100."""
    user(world, asked)
    if not asked.get("appsecret_proof"):
        message = "API calls from the server require an appsecret_proof argument"
        raise Refusal(100, message, type="GraphMethodException")


def issue(
    world: World, machine: str, app: str, scopes: frozenset[str], call: str, *, expiring: bool, parent: str = ""
) -> TokenRecord:
    """A system user's token. Its scopes are fixed here and now."""
    return world.issue(
        TokenKind.SYSTEM_USER,
        app,
        person=machine,
        parent=parent,
        scopes=scopes,
        expires_at=long_expiry(world) if expiring else NEVER,
        long_lived=True,
        call=call,
    )


def refresh_system_user_token(world: World, asked: Asked) -> dict[str, Any]:
    """`fb_exchange_token` with `set_token_expires_in_60_days`: 60 days from now; the old token lives to its own end."""
    app = app_with_secret(world, asked)
    old = exchanged(world, asked, app)
    if old.kind is not TokenKind.SYSTEM_USER or old.scopes is None:
        raise Refusal(100, "(#100) set_token_expires_in_60_days is for system user access tokens")
    call = "oauth/access_token, fb_exchange_token, 60 days"
    return bearer(world, issue(world, old.person, app.id, old.scopes, call, expiring=True, parent=old.value))


def revoke_system_user_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/revoke`: one token ends at once. All four of app, secret, caller and token must belong together."""
    app, token = app_with_secret(world, asked), caller(world, asked)
    ending = read(world, asked.required("revoke_token"))
    if {token.app, ending.app} != {app.id}:
        raise Refusal(100, world.defaults.revoke_mismatch)
    if ending.kind not in {TokenKind.APP, TokenKind.CLIENT}:
        world.note((ending.value, ""), TokenRevoked())
    # Meta's own example has the word in quotes.
    return {"success": "true"}


def drop_system_user_tokens(world: World, asked: Asked, system_user: str) -> dict[str, Any]:
    """`DELETE /{system_user}/access_tokens`: all that it has, in every app."""
    machine, _ = _system_user(world, asked, system_user)
    world.note((machine.id, ""), SessionEnded(Ending.INVALIDATED))
    return {"success": True}
