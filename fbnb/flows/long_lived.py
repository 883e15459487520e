"""Extend: an hour or two become 60 days."""

from __future__ import annotations

from fbnb.client import GraphClient
from fbnb.flows.login import token_from_answer
from fbnb.tokens import AccessToken


def extend_user_token(client: GraphClient, token: AccessToken) -> AccessToken:
    """A user token of about 60 days for a live one. It is a new string; the old one lives on to its own end.

    Needs the app secret, so it belongs on a server.

    Raises TokenExpired: too late, the person logs in again. TokenInvalid: not a user token of this app.
    Source: Meta, "Get a Long-Lived Token".
    """
    answer = client.get(
        "oauth/access_token",
        grant_type="fb_exchange_token",
        client_id=client.settings.app_id,
        client_secret=client.settings.app_secret,
        fb_exchange_token=token,
    )
    return token_from_answer(client, answer, label="long-lived")
