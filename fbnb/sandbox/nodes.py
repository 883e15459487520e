"""`/me` and `/{id}`: people and Pages as nodes."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import caller, current, unsupported
from fbnb.sandbox.fields import node, wanted
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.page_tokens import get_page
from fbnb.sandbox.world import TokenRecord, World
from fbnb.tokens import TokenKind


def me(world: World, asked: Asked) -> dict[str, Any]:
    """Whoever the token stands for: a person, or the Page of a Page token."""
    token = current(world, asked)
    return get_page(world, asked, token.page) if token.page else _person(world, asked, token)


def by_id(world: World, asked: Asked, id: str) -> dict[str, Any]:
    """The object with an id. Raises Refusal 803 for a name, 100/33 for a number that is nothing the caller may see."""
    token = caller(world, asked)
    if not id.isdecimal():
        raise Refusal(803, f"(#803) Some of the aliases you requested do not exist: {id}")
    if token.kind is TokenKind.APP:
        raise Refusal(102, "A user access token is required to request this resource.")
    if world.page_exists(id):
        return get_page(world, asked, id)
    if id == world.scoped_id(token.person, token.app) and not token.page:
        return _person(world, asked, token)
    raise unsupported(id)


def _person(world: World, asked: Asked, token: TokenRecord) -> dict[str, Any]:
    fields = wanted(asked, ("id", "name"), ("name", "id"), "User")
    person = world.people[token.person]
    return node(fields, {"id": lambda: world.scoped_id(person.id, token.app), "name": lambda: person.name})
