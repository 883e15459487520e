"""Inspect a token: ask Graph all it will say about one."""

from __future__ import annotations

from fbnb.answers import part, read
from fbnb.client import GraphClient
from fbnb.flows.app_tokens import compose_app_token
from fbnb.tokens import AccessToken, TokenInfo


def debug_token(client: GraphClient, input_token: AccessToken, *, using: AccessToken | None = None) -> TokenInfo:
    """What Graph knows of `input_token`, dead ones included: look at `is_valid` and `error`.

    using: who asks - an app token (the default, composed), or a user token of a developer of the app.

    Raises WrongTokenKind: `using` may not ask, or the token is another app's. TokenInvalid: `using` itself is dead.
    Source: Meta, "debug_token" reference.
    """
    asker = using or compose_app_token(client.settings)
    data = part(client.get("debug_token", asker, input_token=input_token), "data", dict)
    with read():
        return TokenInfo.from_graph(data)
