"""Twin of flows/client_code: a code made from a long-lived token, redeemed by a client that has no secret."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import app_with_secret, user
from fbnb.sandbox.judge import death
from fbnb.sandbox.login import allowed
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import bearer, long_lived, new_code, spend
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def generate_client_code(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/client_code`, called by the server: a code for one of the person's clients."""
    token, app = user(world, asked), app_with_secret(world, asked)
    if token.app != app.id:
        raise Refusal(190, world.defaults.foreign_token)
    if token.kind is not TokenKind.USER or not token.long_lived:
        raise Refusal(100, world.defaults.client_code_needs_long)
    if not asked.get("redirect_uri"):
        raise Refusal(191, "Missing redirect_uri parameter.")
    if not allowed(world, app, asked.get("redirect_uri")):
        raise Refusal(191, "Invalid redirect_uri: Given URL is not allowed by the Application configuration.")
    return {"code": new_code(world, asked, app, token.person, made_by="client_code", parent=token.value)}


def redeem_client_code(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token` with such a code: a token of the client's own, and the machine_id it is to send next time."""
    app = app_with_secret(world, asked, secretless=True)
    code = spend(world, asked, app, asked.get("redirect_uri"))
    parent = world.tokens[code.parent]
    if end := death(world, parent):
        raise end.refusal
    token = long_lived(world, app.id, code.person, "oauth/access_token, client code", parent=parent.value)
    return bearer(world, token) | {"machine_id": asked.get("machine_id") or world.next_digest("machine", 24)}
