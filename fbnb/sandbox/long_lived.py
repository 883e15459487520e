"""Twin of flows/long_lived: a live user token exchanged for one of 60 days."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import app_with_secret, read
from fbnb.sandbox.judge import IMPERSONATING, death
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import bearer, long_expiry
from fbnb.sandbox.world import TokenRecord, World
from fbnb.tokens import TokenKind


def extend_user_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token?grant_type=fb_exchange_token`: a new string; the old token lives on to its own end."""
    app = app_with_secret(world, asked)
    if not asked.get("fb_exchange_token"):
        raise Refusal(100, "(#100) The parameter fb_exchange_token is required")
    old = read(world, asked.get("fb_exchange_token"))
    _check(world, old, app.id)
    return bearer(
        world,
        world.issue(
            TokenKind.USER,
            app.id,
            person=old.person,
            parent=old.value,
            expires_at=long_expiry(world),
            long_lived=True,
            auth_type=old.auth_type,
            call="oauth/access_token, fb_exchange_token",
        ),
    )


def _check(world: World, old: TokenRecord, app: str) -> None:
    if not old.person:
        raise Refusal(190, "Invalid OAuth access token signature.")
    if old.app != app:
        raise Refusal(190, world.defaults.foreign_token)
    if end := death(world, old):
        raise end.refusal
    if old.kind is TokenKind.SYSTEM_USER:
        raise Refusal(100, world.defaults.system_user_not_extended)
    if old.debug_only:
        raise Refusal(190, "Invalid OAuth access token - Debug only access token")
    if old.kind is not TokenKind.USER:
        raise Refusal(190, IMPERSONATING)
