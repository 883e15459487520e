"""Twin of flows/app_tokens: the app's own token, asked for. What stands behind its | follows from the secret."""

from __future__ import annotations

from typing import Any

from fbnb.sandbox.callers import app_with_secret, opaque
from fbnb.sandbox.messages import Asked
from fbnb.sandbox.world import World


def get_app_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token?grant_type=client_credentials`: no `expires_in`, for it ends with the secret."""
    app = app_with_secret(world, asked)
    return {"access_token": f"{app.id}|{opaque(world, app.id)}", "token_type": "bearer"}
