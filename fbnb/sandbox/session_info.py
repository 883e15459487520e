"""Twin of flows/session_info: a token about a token, good for being asked about and nothing else."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import app_with_secret
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import bearer, exchanged
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind


def get_session_info_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token?grant_type=fb_attenuate_token`, without the secret: it ends when the token it is about does."""
    app = app_with_secret(world, asked, secretless=True)
    about = exchanged(world, asked, app)
    if about.kind not in {TokenKind.USER, TokenKind.PAGE}:
        raise Refusal(190, "Invalid OAuth access token signature.")
    made = world.issue(
        about.kind,
        app.id,
        prefix="XAA",
        person=about.person,
        page=about.page,
        parent=about.value,
        expires_at=about.expires_at,
        long_lived=about.long_lived,
        auth_type=about.auth_type,
        scopes=about.scopes,
        debug_only=True,
        call="oauth/access_token, fb_attenuate_token",
    )
    return bearer(world, made)
