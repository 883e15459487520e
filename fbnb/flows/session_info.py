"""Session-info tokens: what another service needs to check a login, and nothing it could misuse."""

from __future__ import annotations

from fbnb.client import GraphClient
from fbnb.flows.login import token_from_answer
from fbnb.tokens import AccessToken


def get_session_info_token(client: GraphClient, token: AccessToken) -> AccessToken:
    """A weakened copy of a user or Page token: debug_token takes it as its input, every other call refuses it.

    No secret is sent. It ends when the token does.

    Raises TokenInvalid: the token is dead, or of another app. Source: Meta, "Access Token Guide", Session-info tokens.
    """
    answer = client.get(
        "oauth/access_token",
        grant_type="fb_attenuate_token",
        client_id=client.settings.app_id,
        fb_exchange_token=token,
    )
    return token_from_answer(client, answer, label="session info", kind=token.kind)
