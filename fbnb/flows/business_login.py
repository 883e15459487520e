"""Facebook Login for Business: a configuration asks, the business agrees to all of it or nothing, the token is a machine's."""

from __future__ import annotations

from typing import Literal

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.flows.login import code_from_redirect, login_url, spend_code, token_from_answer
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, TokenKind


def log_in_for_business(client: GraphClient, config_id: str) -> AccessToken:
    """The whole login of one configuration: dialog, redirect, code, the token of a business-integration system user.

    Raises LoginCancelled: the person said no, or unticked anything. DialogRefused: no such configuration.
    Source: Meta, "Facebook Login for Business".
    """
    state = client.nonce()
    redirect = client.open_dialog(login_url(client, state=state, config_id=config_id, response_type="code"))
    return exchange_business_code(client, code_from_redirect(redirect, state=state, redirect_uri=client.settings.redirect_uri))


def exchange_business_code(client: GraphClient, code: Secret) -> AccessToken:
    """The business's token for a code. No redirect_uri goes along. Its expiry is None where Graph tells none: it has no end.

    Raises CodeRejected: used or late. AppCredentialsWrong. Source: Meta, "Facebook Login for Business".
    """
    answer = spend_code(client, client_secret=client.settings.app_secret, code=code)
    return token_from_answer(client, answer, label="from a business", kind=TokenKind.SYSTEM_USER)


def get_client_business(client: GraphClient, token: AccessToken) -> str:
    """The id of the business that a business token belongs to. Raises RequestInvalid: it is a token of another kind."""
    return part(client.get("me", token, fields=["client_business_id"]), "client_business_id", str)


def fetch_business_token(
    client: GraphClient, business_id: str, token: AccessToken, *, days: Literal[60] | None = None, fetch_only: bool = False
) -> AccessToken:
    """Another token of a business that is connected already. fetch_only: the last one again, none is made.

    token: a business token of it, or of one of its admins, with business_management. Needs the app secret, for the proof.

    Raises NotFound: the business never connected the app. PermissionMissing, ProofRejected.
    Source: Meta, "Facebook Login for Business".
    """
    answer = client.post(
        f"{business_id}/system_user_access_tokens",
        token,
        fetch_only=fetch_only or None,
        set_token_expires_in_60_days=True if days else None,
    )
    value = part(answer, "access_token", Secret)
    return AccessToken(value, TokenKind.SYSTEM_USER, "from a business", client.now())
