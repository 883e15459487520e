"""`/me` and `/{id}`: people and Pages as nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.expansion import fields_of, inner
from fbnb.sandbox.fields import node, wanted
from fbnb.sandbox.judge import data_access_end
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.page_reading import read_page
from fbnb.sandbox.page_tokens import READ_FIELDS, get_page, list_pages
from fbnb.sandbox.picture import described
from fbnb.sandbox.records import SystemUser, TokenRecord
from fbnb.sandbox.revoke import list_permissions
from fbnb.sandbox.world import World

_PROFILE = ("name", "first_name", "last_name", "short_name", "email", "picture", "accounts", "permissions")
# Graph knows these too, and leaves them out: this world has nothing to say under them, or the app no permission to see it.
_UNTOLD = tuple(
    "about age_range birthday cover currency education gender hometown ids_for_business install_type installed languages link"
    " locale location middle_name name_format profile_pic timezone token_for_business updated_time verified website".split()
)


def me(world: World, asked: Asked) -> dict[str, Any]:
    """Whoever the token stands for: a person, or the Page of a Page token."""
    token = current(world, asked)
    return _page(world, asked, token.page) if token.page else _person(world, asked, token)


def _page(world: World, asked: Asked, id: str) -> dict[str, Any]:
    more = set(READ_FIELDS).intersection(fields_of(asked))
    return read_page(world, asked, id) if more else get_page(world, asked, id)


def by_id(world: World, asked: Asked, id: str) -> dict[str, Any]:
    """The object with an id. Raises Refusal 803 for a name, 100/33 for a number that is nothing the caller may see."""
    token = caller(world, asked)
    if not id.isdecimal():
        raise Refusal(803, f"(#803) Some of the aliases you requested do not exist: {id}")
    if id == token.app:
        return _app(world, asked, id)
    if not token.person:
        raise Refusal(102, "A user access token is required to request this resource.")
    if world.page_exists(id):
        return _page(world, asked, id)
    if id == world.scoped_id(token.person, token.app) and not token.page:
        return _person(world, asked, token)
    raise unsupported(id)


def _app(world: World, asked: Asked, id: str) -> dict[str, Any]:
    known = ("id", "name", "category", "description", "link", "namespace")
    return node(wanted(asked, known, ("name", "id"), "Application"), {"id": lambda: id, "name": lambda: world.apps[id].name})


def _person(world: World, asked: Asked, token: TokenRecord) -> dict[str, Any]:
    if token.person in world.system_users:
        return _machine(world, asked, world.system_users[token.person])
    fields = wanted(asked, ("id", *_PROFILE, *_UNTOLD), ("name", "id"), "User")
    if world.now() >= data_access_end(world, token):
        if world.defaults.data_access_over == "refuse":
            raise Refusal(190, world.defaults.data_access_message)
        fields = ["id"]
    return node(fields, _profile(world, asked, token))


def _profile(world: World, asked: Asked, token: TokenRecord) -> dict[str, Callable[[], Any]]:
    who, id = world.people[token.person], world.scoped_id(token.person, token.app)
    first, _, last = who.name.partition(" ")
    return {
        "id": lambda: id,
        "name": lambda: who.name,
        "first_name": lambda: first,
        "last_name": lambda: last or None,
        "short_name": lambda: first,
        "email": lambda: who.email if who.email and "email" in world.allowed(token).granted else None,
        "picture": lambda: described(inner(asked, "picture", f"{id}/picture"), id),
        "accounts": lambda: _unless_empty(list_pages(world, inner(asked, "accounts", f"{id}/accounts"), id)),
        "permissions": lambda: _unless_empty(list_permissions(world, inner(asked, "permissions", f"{id}/permissions"), id)),
    }


def _unless_empty(told: dict[str, Any]) -> dict[str, Any] | None:
    return told if told["data"] else None


def _machine(world: World, asked: Asked, machine: SystemUser) -> dict[str, Any]:
    known = ("id", "name", "client_business_id") if machine.app else ("id", "name")
    told = {"id": machine.id, "name": machine.name, "client_business_id": machine.business}
    return {name: told[name] for name in wanted(asked, known, ("name", "id"), "SystemUser")}
