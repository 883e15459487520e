"""Live mode without a network: every request has exactly the host, path, parameters and proof that the contract says."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from capture import Capture
from shell import run_cells

from fbnb import kit
from fbnb.client import GraphClient
from fbnb.errors import GraphError, SandboxOnly, StateMismatch
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.revoke import list_permissions
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken

APP_ID, APP_SECRET, REDIRECT = "1234567890123", "0123456789abcdef0123456789abcdef", "https://app.example/callback?tenant=7"
TOKEN = "EAA" + "x" * 60
APP = {"client_id": APP_ID, "client_secret": APP_SECRET}


def proof(token: str) -> dict[str, str]:
    return {"access_token": token, "appsecret_proof": hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()}


def live(answers: list[Any], opened: list[str] | None = None) -> tuple[GraphClient, Capture]:
    def consent(url: str) -> str:
        (opened if opened is not None else []).append(url)
        state = dict(parse_qsl(urlsplit(url).query))["state"]
        return f"{REDIRECT}&code=the-code&state={state}#_=_"

    capture = Capture(answers)
    settings = Settings(Target.LIVE, APP_ID, Secret(APP_SECRET), redirect_uri=REDIRECT)
    return GraphClient(settings, capture, consent=consent), capture


CALLS: list[tuple[str, Callable[[GraphClient, AccessToken], object], Any, str, dict[str, str]]] = [
    (
        "extend",
        extend_user_token,
        {"access_token": "EAAy", "expires_in": 5183944},
        "/v26.0/oauth/access_token",
        {"grant_type": "fb_exchange_token", "fb_exchange_token": TOKEN, **APP},
    ),
    (
        "debug",
        debug_token,
        {"data": {"is_valid": True}},
        "/v26.0/debug_token",
        {"input_token": TOKEN, **proof(f"{APP_ID}|{APP_SECRET}")},
    ),
    (
        "debug with a user token",
        lambda client, token: debug_token(client, token, using=token),
        {"data": {"is_valid": True}},
        "/v26.0/debug_token",
        {"input_token": TOKEN, **proof(TOKEN)},
    ),
    (
        "list Pages",
        lambda client, token: list_pages(client, token, limit=5),
        {"data": []},
        "/v26.0/me/accounts",
        {"fields": "id,name,category,tasks,access_token", "limit": "5", **proof(TOKEN)},
    ),
    (
        "one Page",
        lambda client, token: get_page(client, "42", token),
        {"id": "42", "name": "x"},
        "/v26.0/42",
        {"fields": "id,name,category,access_token", **proof(TOKEN)},
    ),
    ("permissions", list_permissions, {"data": []}, "/v26.0/me/permissions", proof(TOKEN)),
]


@pytest.mark.parametrize(("call", "answer", "path", "params"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_each_request_is_exactly_so(
    call: Callable[[GraphClient, AccessToken], object], answer: Any, path: str, params: dict[str, str]
) -> None:
    client, capture = live([answer])
    call(client, AccessToken(Secret(TOKEN)))
    assert capture.last == ("GET", "graph.facebook.com", path, params)
    assert len(capture.requests) == 1
    assert str(capture.requests[0].url).startswith("https://graph.facebook.com/v26.0/")
    assert "authorization" not in capture.requests[0].headers


def test_the_login_goes_through_the_dialog_of_the_same_version() -> None:
    opened: list[str] = []
    client, capture = live([{"access_token": "EAAy", "token_type": "bearer", "expires_in": 5183944}], opened)
    log_in(client, ["email", "pages_show_list"], auth_type="rerequest")
    parts = urlsplit(opened[0])
    told = dict(parse_qsl(parts.query))
    state = told.pop("state")
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v26.0/dialog/oauth")
    assert told == {"client_id": APP_ID, "redirect_uri": REDIRECT, "scope": "email,pages_show_list", "auth_type": "rerequest"}
    assert len(state) >= 32
    expected = {"redirect_uri": REDIRECT, "code": "the-code", **APP}
    assert capture.last == ("GET", "graph.facebook.com", "/v26.0/oauth/access_token", expected)


def test_no_two_logins_share_a_state() -> None:
    opened: list[str] = []
    client, _ = live([{"access_token": "EAAy"}] * 5, opened)
    for _ in range(5):
        log_in(client)
    assert len({dict(parse_qsl(urlsplit(url).query))["state"] for url in opened}) == 5


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_runs_on_live_to_its_end(path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """With `FBNB_TARGET=live`, and a Graph behind the live transport that has no clock to move and no person to command."""
    app = sandbox.world.seed.apps[0]
    for name, value in {"FBNB_TARGET": "live", "FBNB_APP_ID": app.id, "FBNB_APP_SECRET": app.secret}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(kit, "live_transport", lambda: sandbox.transport)
    monkeypatch.setattr(kit, "paste_redirect", sandbox.person())
    for cell, tagged, error in run_cells(path):
        if "sandbox." in cell:
            assert isinstance(error, SandboxOnly), cell
        elif error:
            assert tagged, cell
            assert isinstance(error, GraphError | StateMismatch), cell
