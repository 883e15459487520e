"""Tokens of the app itself: asked for or composed, and the client token that may be given away."""

from __future__ import annotations

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import SettingError
from fbnb.redact import Secret
from fbnb.settings import Settings
from fbnb.tokens import NEVER, AccessToken, TokenKind


def get_app_token(client: GraphClient) -> AccessToken:
    """The app token that Graph makes: `app-id|` and an opaque rest, good until the secret is reset.

    Raises AppCredentialsWrong. Source: Meta, "Access Token Guide", App access tokens.
    """
    answer = client.get(
        "oauth/access_token",
        grant_type="client_credentials",
        client_id=client.settings.app_id,
        client_secret=client.settings.app_secret,
    )
    return AccessToken(part(answer, "access_token", Secret), TokenKind.APP, "app token", client.now(), NEVER)


def compose_app_token(settings: Settings) -> AccessToken:
    """The app's own token, `app-id|app-secret`, made without asking Graph; good until the secret is reset.

    Raises SettingError: app id or secret is not set. Source: Meta, "Access Token Guide".
    """
    if not settings.app_id or settings.app_secret is None:
        raise SettingError("An app token needs FBNB_APP_ID and FBNB_APP_SECRET.", remedy="Set both.")
    # No expiry is told for an app token, and none is meant: it ends with its secret.
    return AccessToken(Secret(f"{settings.app_id}|{settings.app_secret.reveal()}"), TokenKind.APP, "app token", expires_at=NEVER)


def compose_client_token(settings: Settings) -> AccessToken:
    """The token of an installed client, `app-id|client-token`: no secret, and good for little but a device login.

    Raises SettingError: app id or client token is not set. Source: Meta, "Access Token Guide", Client access tokens.
    """
    if not settings.app_id or settings.client_token is None:
        raise SettingError(
            "A client token needs FBNB_APP_ID and FBNB_CLIENT_TOKEN.",
            remedy="Set both; the client token is on the app's dashboard (Settings, Advanced, Security).",
        )
    text = f"{settings.app_id}|{settings.client_token.reveal()}"
    return AccessToken(Secret(text), TokenKind.CLIENT, "client token", expires_at=NEVER)
