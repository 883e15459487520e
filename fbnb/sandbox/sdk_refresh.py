"""Twin of flows/sdk_refresh: what Graph gives a mobile or JS SDK that refreshes its token because the app is being used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fbnb.sandbox.callers import app_with_secret, user
from fbnb.sandbox.facts import AppUsed
from fbnb.sandbox.judge import data_access_end
from fbnb.sandbox.messages import Asked, Refusal
from fbnb.sandbox.oauth import long_lived
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import World
from fbnb.tokens import TokenKind

_FIELDS = ("access_token", "expires_at", "expires_in", "data_access_expiration_time", "graph_domain")


def refresh_sdk_token(world: World, asked: Asked) -> dict[str, Any]:
    """`/oauth/access_token?grant_type=fb_extend_sso_token`, by the token itself: 60 more days, at most once a day."""
    app = app_with_secret(world, asked, secretless=True)
    token = user(world, asked)
    if token.app != app.id or token.kind is not TokenKind.USER:
        raise Refusal(190, world.defaults.foreign_token)
    if world.now() >= data_access_end(world, token):
        raise Refusal(190, world.defaults.sdk_refresh_inactive)
    wanted = [name.strip() for name in asked.get("fields").split(",") if name.strip()] or ["access_token", "expires_in"]
    for name in wanted:
        if name not in _FIELDS:
            raise Refusal(100, f"(#100) Tried accessing nonexisting field ({name})")
    world.note((token.person, app.id), AppUsed())
    told = _told(world, _fresh(world, token))
    return {name: told[name] for name in wanted}


def _fresh(world: World, token: TokenRecord) -> TokenRecord:
    if world.now() - token.issued.at < timedelta(hours=world.defaults.sdk_refresh_hours):
        return token
    return long_lived(world, token.app, token.person, "oauth/access_token, fb_extend_sso_token", parent=token.value)


def _told(world: World, token: TokenRecord) -> dict[str, Any]:
    ends = token.expires_at if isinstance(token.expires_at, datetime) else world.now()
    return {
        "access_token": token.value,
        "expires_at": int(ends.timestamp()),
        "expires_in": int((ends - world.now()).total_seconds()),
        "data_access_expiration_time": int(data_access_end(world, token).timestamp()),
        "graph_domain": "facebook",
    }
