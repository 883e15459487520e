"""Test users: people whom an app makes up for itself. Meta has suspended making new ones; the old ones live on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fbnb.answers import part
from fbnb.catalogue import scope_list
from fbnb.client import GraphClient
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.system_user import succeeded
from fbnb.redact import Secret
from fbnb.tokens import AccessToken


@dataclass(frozen=True, slots=True)
class TestUser:
    """A test user. login_url: logs whoever opens it in, once. email, password: told when one is made, and never again."""

    __test__: ClassVar[bool] = False  # not a test, whatever pytest thinks of the name

    id: str
    login_url: str = field(default="", repr=False)
    email: str = ""
    password: Secret | None = None
    token: AccessToken | None = None


def create_test_user(
    client: GraphClient, scopes: Iterable[str] | str = (), *, name: str | None = None, installed: bool = True
) -> TestUser:
    """A new test user of the app. installed: whether they have granted the app these scopes, and so have a token.

    Raises RequestInvalid: the app has too many, or, on live Graph since Meta's suspension, may make none.
    Source: Meta, "/{app}/accounts/test-users" reference.
    """
    params = {"permissions": scope_list(scopes) or None, "name": name, "installed": installed}
    return _test_user(client, client.post(_edge(client), compose_app_token(client.settings), **params))


def list_test_users(client: GraphClient) -> list[TestUser]:
    """The app's test users, without e-mail and password. Source: as for making one."""
    return [_test_user(client, row) for row in client.items(_edge(client), compose_app_token(client.settings))]


def change_test_user(client: GraphClient, user_id: str, *, name: str | None = None, password: Secret | None = None) -> bool:
    """Another name or password. A new password ends the test user's tokens. Raises NotFound. Source: as for making one."""
    return succeeded(client.post(user_id, compose_app_token(client.settings), name=name, password=password).get("success"))


def delete_test_user(client: GraphClient, user_id: str) -> bool:
    """Delete a test user for good. Raises NotFound. RequestInvalid: another app has them too. Source: as for making one."""
    return succeeded(client.delete(user_id, compose_app_token(client.settings)).get("success"))


def associate_test_user(client: GraphClient, user_id: str, *, owner: AccessToken, scopes: Iterable[str] | str = ()) -> TestUser:
    """Let this client's app have another app's test user too. owner: the app token of an app that has them.

    Raises NotFound: the owner has no such test user. RequestInvalid: too many. Source: as for making one.
    """
    params = {"uid": user_id, "owner_access_token": owner, "permissions": scope_list(scopes) or None, "installed": True}
    return _test_user(client, client.post(_edge(client), compose_app_token(client.settings), **params))


def dissociate_test_user(client: GraphClient, user_id: str) -> bool:
    """The app has the test user no more. Raises RequestInvalid: it is their last app; delete them. Source: as for making one."""
    return succeeded(client.delete(_edge(client), compose_app_token(client.settings), uid=user_id).get("success"))


def _edge(client: GraphClient) -> str:
    return f"{client.settings.app_id}/accounts/test-users"


def _test_user(client: GraphClient, row: dict[str, Any]) -> TestUser:
    id, value, password = part(row, "id", str), row.get("access_token"), row.get("password")
    token = AccessToken(value, label="test user", issued_at=client.now(), subject=id) if isinstance(value, Secret) else None
    secret = password if isinstance(password, Secret) else None
    return TestUser(id, str(row.get("login_url", "")), str(row.get("email", "")), secret, token)
