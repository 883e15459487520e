"""`/me` and `/{id}`: people and Pages as nodes."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.fields import fields_of, node, wanted
from fbnb.sandbox.judge import data_access_end
from fbnb.sandbox.messages import GRAPH_HOST, Asked, Refusal
from fbnb.sandbox.page_reading import READ_FIELDS, read_page
from fbnb.sandbox.page_tokens import get_page
from fbnb.sandbox.records import SystemUser, TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

_PROFILE = ("name", "first_name", "last_name", "short_name", "email", "picture")
# Graph knows these too, and leaves them out: this world has nothing to say under them, or the app no permission to see it.
_UNTOLD = tuple(
    "middle_name name_format age_range birthday gender hometown link locale location timezone updated_time verified".split()
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
    if token.kind is TokenKind.APP and id == token.app:
        name = world.apps[id].name
        return node(wanted(asked, ("id", "name"), ("name", "id"), "Application"), {"id": lambda: id, "name": lambda: name})
    if not token.person:
        raise Refusal(102, "A user access token is required to request this resource.")
    if world.page_exists(id):
        return _page(world, asked, id)
    if id == world.scoped_id(token.person, token.app) and not token.page:
        return _person(world, asked, token)
    raise unsupported(id)


def _person(world: World, asked: Asked, token: TokenRecord) -> dict[str, Any]:
    if token.person in world.system_users:
        return _machine(world, asked, world.system_users[token.person])
    fields = wanted(asked, ("id", *_PROFILE, *_UNTOLD), ("name", "id"), "User")
    if world.now() >= data_access_end(world, token):
        if world.defaults.data_access_over == "refuse":
            raise Refusal(190, world.defaults.data_access_message)
        fields = ["id"]
    told = _profile(world, asked, token)
    return {name: told[name] for name in fields if told.get(name)}


def _profile(world: World, asked: Asked, token: TokenRecord) -> dict[str, Any]:
    who, id = world.people[token.person], world.scoped_id(token.person, token.app)
    first, _, last = who.name.partition(" ")
    picture = {"height": 50, "is_silhouette": True, "url": asked.address(GRAPH_HOST, f"{id}/picture"), "width": 50}
    told = {"id": id, "name": who.name, "first_name": first, "last_name": last, "short_name": first, "picture": {"data": picture}}
    return told | ({"email": who.email} if "email" in world.allowed(token).granted else {})


def _machine(world: World, asked: Asked, machine: SystemUser) -> dict[str, Any]:
    known = ("id", "name", "client_business_id") if machine.app else ("id", "name")
    told = {"id": machine.id, "name": machine.name, "client_business_id": machine.business}
    return {name: told[name] for name in wanted(asked, known, ("name", "id"), "SystemUser")}
