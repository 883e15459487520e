"""`/me` and `/{id}`: people and Pages as nodes."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.fields import node, wanted
from fbnb.sandbox.judge import data_access_end
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.page_reading import READ_FIELDS, read_page
from fbnb.sandbox.page_tokens import get_page
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def me(world: World, asked: Asked) -> dict[str, Any]:
    """Whoever the token stands for: a person, or the Page of a Page token."""
    token = current(world, asked)
    return _page(world, asked, token.page) if token.page else _person(world, asked, token)


def _page(world: World, asked: Asked, id: str) -> dict[str, Any]:
    more = set(READ_FIELDS).intersection(name.strip() for name in asked.get("fields").split(","))
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
    machine = world.system_users.get(token.person)
    integration = machine is not None and bool(machine.app)
    known = ("id", "name", "client_business_id") if integration else ("id", "name")
    fields = wanted(asked, known, ("name", "id"), "SystemUser" if machine else "User")
    if not machine and world.now() >= data_access_end(world, token):
        if world.defaults.data_access_over == "refuse":
            raise Refusal(190, world.defaults.data_access_message)
        fields = ["id"]
    return node(
        fields,
        {
            "id": lambda: world.scoped_id(token.person, token.app),
            "name": lambda: machine.name if machine else world.people[token.person].name,
            "client_business_id": lambda: machine and machine.business,
        },
    )
