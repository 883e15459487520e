"""Inspect a token: ask Graph all it will say about one."""

from __future__ import annotations

from fbnb.answers import part, read
from fbnb.client import GraphClient
from fbnb.errors import SettingError
from fbnb.redact import Secret
from fbnb.settings import Settings
from fbnb.tokens import NEVER, AccessToken, TokenInfo, TokenKind


def compose_app_token(settings: Settings) -> AccessToken:
    """The app's own token, `app-id|app-secret`, made without asking Graph; good until the secret is reset.

    Raises SettingError: app id or secret is not set. Source: Meta, "Access Token Guide".
    """
    if not settings.app_id or settings.app_secret is None:
        raise SettingError("An app token needs FBNB_APP_ID and FBNB_APP_SECRET.", remedy="Set both.")
    # No expiry is told for an app token, and none is meant: it ends with its secret.
    return AccessToken(Secret(f"{settings.app_id}|{settings.app_secret.reveal()}"), TokenKind.APP, "app token", expires_at=NEVER)


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
