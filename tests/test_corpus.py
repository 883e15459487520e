"""Answers that other people's projects recorded from Graph, read by our flows: nothing in them is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from capture import Capture

from fbnb.client import GraphClient
from fbnb.clock import ManualClock
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import DeviceLogin, poll_device_login, start_device_login
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.flows.test_users import TestUser, create_test_user, list_test_users
from fbnb.redact import Secret
from fbnb.settings import Settings
from fbnb.tokens import NEVER, AccessToken, Expiry, TokenInfo

ROWS = [json.loads(line) for line in (Path(__file__).parent / "data" / "answers.jsonl").read_text().splitlines()]
SETTINGS = Settings(app_id="1000000000001", app_secret=Secret("0" * 32), client_token=Secret("1" * 32))
NOW = datetime.fromisoformat("2026-11-02T09:00:00Z")
TOKEN = AccessToken(Secret("EAA" + "x" * 60))
Reader = Callable[[GraphClient, Any], Any]


def seconds(expiry: Expiry) -> int | None:
    return 0 if expiry is NEVER else int(expiry.timestamp()) if isinstance(expiry, datetime) else None


def shown(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


def _pages(client: GraphClient, payload: Any) -> Any:
    rows = [
        {"id": page.id, "name": page.name, "category": page.category, "tasks": page.tasks and list(page.tasks), **page.more}
        | {"access_token": shown(page.token.value) if page.token else None}
        for page in list_pages(client, TOKEN)
    ]
    told = [{name: value for name, value in row.items() if value not in (None, "")} for row in rows]
    return told if isinstance(payload, list) else told[0]


def _info(client: GraphClient, payload: Any) -> Any:
    info: TokenInfo = debug_token(client, TOKEN)
    told = {
        "is_valid": info.is_valid,
        "type": info.kind and str(info.kind),
        "app_id": info.app_id,
        "application": info.application,
        "expires_at": seconds(info.expires_at),
        "data_access_expires_at": seconds(info.data_access_expires_at),
        "issued_at": seconds(info.issued_at),
        "user_id": info.user_id,
        "profile_id": info.profile_id,
        "scopes": list(info.scopes),
        "granular_scopes": [
            {"scope": scope.scope} | ({} if scope.target_ids is None else {"target_ids": list(scope.target_ids)})
            for scope in info.granular_scopes
        ],
        "metadata": info.metadata,
        "error": info.error and {"code": info.error.code, "message": info.error.message, "subcode": info.error.subcode},
    }
    return {name: told[name] for name in payload}


def _token(client: GraphClient, payload: Any) -> Any:
    token = extend_user_token(client, TOKEN)
    lives = seconds(token.expires_at)
    return {"access_token": shown(token.value), "token_type": "bearer", "expires_in": (lives or 0) - int(NOW.timestamp())}


def _device(client: GraphClient, payload: Any) -> Any:
    login = start_device_login(client)
    told = {"code": shown(login.code), "user_code": login.user_code, "verification_uri": login.verification_uri}
    return told | {"expires_in": int((login.expires_at - NOW).total_seconds()), "interval": login.interval}


def _device_token(client: GraphClient, payload: Any) -> Any:
    token = poll_device_login(client, DeviceLogin(Secret("c"), "", "", NOW, 5))
    lives, access = seconds(token.expires_at), seconds(token.data_access_until)
    told = {"access_token": shown(token.value), "expires_in": (lives or 0) - int(NOW.timestamp())}
    return told | {"data_access_expiration_time": access}


def _user(user: TestUser) -> dict[str, Any]:
    token = shown(user.token.value) if user.token else None
    told = {"id": user.id, "login_url": user.login_url, "email": user.email, "password": shown(user.password)}
    return {name: value for name, value in (told | {"access_token": token}).items() if value}


def _permissions(client: GraphClient, payload: Any) -> Any:
    return [{"permission": told.name, "status": told.status} for told in list_permissions(client, TOKEN)]


READERS: list[tuple[str, Reader]] = [
    ("/me/accounts", _pages),
    ("debug_token", _info),
    ("oauth/access_token", _token),
    ("/me/permissions", _permissions),
    ("POST /device/login_status", _device_token),
    ("POST /device/login", _device),
    ("POST /{app}/accounts/test-users", lambda client, payload: _user(create_test_user(client))),
    ("/{app}/accounts/test-users", lambda client, payload: [_user(user) for user in list_test_users(client)]),
]


def as_graph_sends_it(endpoint: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Some were recorded without the object around them."""
    if endpoint.startswith(("debug_token", "/me/accounts")) and "data" not in payload:
        return {"data": payload if endpoint.startswith("debug_token") else [payload]}
    return payload


def as_text_ids(value: Any) -> Any:
    return (
        {k: str(v) if k in {"app_id", "user_id", "profile_id"} else v for k, v in value.items()}
        if isinstance(value, dict)
        else value
    )


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_nothing_is_lost(row: dict[str, Any]) -> None:
    reader = next(reader for endpoint, reader in READERS if row["endpoint"].startswith(endpoint))
    sent = as_graph_sends_it(row["endpoint"], row["payload"])
    client = replace(GraphClient(SETTINGS, Capture([sent, {"data": []}])), clock=ManualClock(NOW))
    expected = sent.get("data", sent)
    assert reader(client, expected) == as_text_ids(expected)


def test_instagram_threads_and_headers_are_not_among_them() -> None:
    assert len(ROWS) == 26
    assert not [row["id"] for row in ROWS if any(word in row["endpoint"] for word in ("instagram", "threads", "header"))]
