"""System users: machine accounts of a business, whose tokens need no person and may have no end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fbnb.answers import part
from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.flows.login import token_from_answer
from fbnb.redact import Secret
from fbnb.tokens import AccessToken, TokenKind


@dataclass(frozen=True, slots=True)
class Business:
    """A business portfolio."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A machine account. role: ADMIN, EMPLOYEE or another of Meta's."""

    id: str
    name: str
    role: str


def list_businesses(client: GraphClient, token: AccessToken) -> list[Business]:
    """The businesses that the person administers. Raises PermissionMissing: business_management was not granted."""
    return [Business(part(row, "id", str), str(row.get("name", ""))) for row in client.items("me/businesses", token)]


def list_system_users(client: GraphClient, business_id: str, token: AccessToken) -> list[SystemUser]:
    """The system users of a business. Raises PermissionMissing: not an admin there. Source: Meta, Business SDK specification."""
    rows = client.items(f"{business_id}/system_users", token, fields=["id", "name", "role"])
    return [SystemUser(part(row, "id", str), str(row.get("name", "")), str(row.get("role", ""))) for row in rows]


def create_system_user(
    client: GraphClient, business_id: str, name: str, token: AccessToken, *, role: str = "EMPLOYEE"
) -> SystemUser:
    """One more system user, `EMPLOYEE` or `ADMIN`. token: of an admin of the business, with business_management.

    Raises PermissionMissing. RequestInvalid: the app's tier allows no more of that role.
    Source: Meta, "System Users", and Marketing API authorization for the limits.
    """
    answer = client.post(f"{business_id}/system_users", token, name=name, role=role)
    return SystemUser(part(answer, "id", str), name, role)


def install_app(client: GraphClient, system_user_id: str, token: AccessToken) -> bool:
    """Let the client's app have tokens of the system user. token: of an admin, or of a system user, of the same business.

    Raises PermissionMissing. RequestInvalid: the app is not one of the business's.
    Source: Meta, "Install Apps and Generate Tokens".
    """
    answer = client.post(f"{system_user_id}/applications", token, business_app=client.settings.app_id)
    return succeeded(answer.get("success"))


def succeeded(told: object) -> bool:
    """Graph's word for it, which is true, or "true" in quotes."""
    return told is True or told == "true"


def generate_system_user_token(
    client: GraphClient,
    system_user: SystemUser,
    scopes: Iterable[str] | str,
    token: AccessToken,
    *,
    days: Literal[60] | None = None,
) -> AccessToken:
    """A system user's token with these scopes, which stay as they are from now on. Needs the app secret, for the proof.

    days: 60, or None for one without an end. Graph does not tell which it made, so the expiry is None: ask debug_token.

    Raises RequestInvalid: the app is not installed, a scope is for people only, or the business allows expiring tokens
    only. ProofRejected. PermissionMissing. Source: Meta, "Install Apps and Generate Tokens".
    """
    answer = client.post(
        f"{system_user.id}/access_tokens",
        token,
        business_app=client.settings.app_id,
        scope=scope_list(scopes),
        set_token_expires_in_60_days=True if days else None,
    )
    value = part(answer, "access_token", Secret)
    return AccessToken(value, TokenKind.SYSTEM_USER, system_user.name, client.now(), subject=system_user.id)


def refresh_system_user_token(client: GraphClient, token: AccessToken) -> AccessToken:
    """Another token of 60 days from now; the old one lives to its own end. A token without an end would get one: do not.

    Raises TokenExpired: too late, generate a new one. RequestInvalid: not a system user's.
    Source: Meta, "Install Apps and Generate Tokens".
    """
    answer = client.get(
        "oauth/access_token",
        grant_type="fb_exchange_token",
        client_id=client.settings.app_id,
        client_secret=client.settings.app_secret,
        set_token_expires_in_60_days=True,
        fb_exchange_token=token,
    )
    return token_from_answer(client, answer, label=token.label, kind=TokenKind.SYSTEM_USER)


def revoke_system_user_token(client: GraphClient, token: AccessToken, *, using: AccessToken) -> bool:
    """End one token, at once. using: who asks, with a token of the same app.

    Raises RequestInvalid: the tokens are of different apps. Source: Meta, "Install Apps and Generate Tokens".
    """
    answer = client.get(
        "oauth/revoke",
        using,
        client_id=client.settings.app_id,
        client_secret=client.settings.app_secret,
        revoke_token=token,
    )
    return succeeded(answer.get("success"))


def drop_system_user_tokens(client: GraphClient, system_user_id: str, *, using: AccessToken) -> bool:
    """End every token of a system user, in every app. Raises PermissionMissing. Source: Meta, Business SDK specification."""
    return succeeded(client.delete(f"{system_user_id}/access_tokens", using).get("success"))
