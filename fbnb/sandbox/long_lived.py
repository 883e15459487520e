"""Twin of flows/long_lived: a live user token exchanged for one of 60 days."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import app_with_secret
from fbnb.sandbox.judge import IMPERSONATING
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import bearer, exchanged, long_lived
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def extend_user_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token?grant_type=fb_exchange_token`: a new string; the old token lives on to its own end."""
    app = app_with_secret(world, asked)
    old = exchanged(world, asked, app)
    if old.kind in {TokenKind.APP, TokenKind.CLIENT}:
        raise Refusal(190, "Invalid OAuth access token signature.")
    if old.kind is TokenKind.SYSTEM_USER:
        raise Refusal(100, world.defaults.system_user_not_extended)
    if old.kind is TokenKind.PAGE:
        raise Refusal(190, IMPERSONATING)
    call = "oauth/access_token, fb_exchange_token"
    return bearer(world, long_lived(world, app.id, old.person, call, parent=old.value, auth_type=old.auth_type))
