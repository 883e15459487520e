"""Live mode without a network: every request has exactly the host, path, parameters and proof that the contract says."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from capture import Capture
from shell import run_cells

from fbnb import kit
from fbnb.client import GraphClient
from fbnb.clock import SystemClock
from fbnb.errors import (
    GraphError,
    InputError,
    LoginNeeded,
    NotRenewed,
    SandboxOnly,
    SignatureMismatch,
    StateMismatch,
    TokenRefused,
)
from fbnb.flows.app_tokens import get_app_token
from fbnb.flows.business_login import exchange_business_code, fetch_business_token
from fbnb.flows.client_code import generate_client_code, redeem_client_code
from fbnb.flows.debug_token import debug_token
from fbnb.flows.device_login import DeviceLogin, poll_device_login, start_device_login
from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.flows.marketing import list_campaigns, read_insights
from fbnb.flows.page_reading import list_posts
from fbnb.flows.page_tokens import get_page, list_pages
from fbnb.flows.revoke import list_permissions, revoke_login, revoke_permission
from fbnb.flows.sdk_refresh import refresh_sdk_token
from fbnb.flows.session_info import get_session_info_token
from fbnb.flows.system_user import (
    SystemUser,
    create_system_user,
    drop_system_user_tokens,
    generate_system_user_token,
    install_app,
    refresh_system_user_token,
    revoke_system_user_token,
)
from fbnb.flows.test_users import create_test_user
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken

APP_ID, APP_SECRET, REDIRECT = "1234567890123", "0123456789abcdef0123456789abcdef", "https://app.example/callback?tenant=7"
TOKEN, CLIENT_TOKEN = "EAA" + "x" * 60, "fedcba9876543210fedcba9876543210"
APP = {"client_id": APP_ID, "client_secret": APP_SECRET}


def proof(token: str) -> dict[str, str]:
    return {"access_token": token, "appsecret_proof": hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()}


def live(answers: list[Any], opened: list[str] | None = None) -> tuple[GraphClient, Capture]:
    def consent(url: str) -> str:
        (opened if opened is not None else []).append(url)
        state = dict(parse_qsl(urlsplit(url).query))["state"]
        return f"{REDIRECT}&code=the-code&state={state}#_=_"

    capture = Capture(answers)
    settings = Settings(Target.LIVE, APP_ID, Secret(APP_SECRET), redirect_uri=REDIRECT, client_token=Secret(CLIENT_TOKEN))
    return GraphClient(settings, capture, consent=consent), capture


CLIENT = {"access_token": f"{APP_ID}|{CLIENT_TOKEN}"}
SU = SystemUser("77", "robot", "EMPLOYEE")
CALLS: list[tuple[str, Callable[[GraphClient, AccessToken], object], Any, str, dict[str, str]]] = [
    (
        "extend",
        extend_user_token,
        {"access_token": "EAAy", "expires_in": 5183944},
        "GET /v26.0/oauth/access_token",
        {"grant_type": "fb_exchange_token", "fb_exchange_token": TOKEN, **APP},
    ),
    (
        "debug",
        debug_token,
        {"data": {"is_valid": True}},
        "GET /v26.0/debug_token",
        {"input_token": TOKEN, **proof(f"{APP_ID}|{APP_SECRET}")},
    ),
    (
        "debug with a user token",
        lambda client, token: debug_token(client, token, using=token),
        {"data": {"is_valid": True}},
        "GET /v26.0/debug_token",
        {"input_token": TOKEN, **proof(TOKEN)},
    ),
    (
        "list Pages",
        lambda client, token: list_pages(client, token, limit=5),
        {"data": []},
        "GET /v26.0/me/accounts",
        {"fields": "id,name,category,tasks,access_token", "limit": "5", **proof(TOKEN)},
    ),
    (
        "one Page",
        lambda client, token: get_page(client, "42", token),
        {"id": "42", "name": "x"},
        "GET /v26.0/42",
        {"fields": "id,name,category,access_token", **proof(TOKEN)},
    ),
    ("permissions", list_permissions, {"data": []}, "GET /v26.0/me/permissions", proof(TOKEN)),
    (
        "a code for a client",
        generate_client_code,
        {"code": "c"},
        "GET /v26.0/oauth/client_code",
        {**APP, "redirect_uri": REDIRECT, **proof(TOKEN)},
    ),
    (
        "redeem it",
        lambda client, token: redeem_client_code(client.without_secret(), Secret("the-code"), machine_id=Secret("m")),
        {"access_token": "EAAy"},
        "GET /v26.0/oauth/access_token",
        {"client_id": APP_ID, "redirect_uri": REDIRECT, "code": "the-code", "machine_id": "m"},
    ),
    (
        "an app token",
        lambda client, token: get_app_token(client),
        {"access_token": f"{APP_ID}|x"},
        "GET /v26.0/oauth/access_token",
        {"grant_type": "client_credentials", **APP},
    ),
    (
        "a system user",
        lambda client, token: create_system_user(client, "5", "robot", token),
        {"id": "77"},
        "POST /v26.0/5/system_users",
        {"name": "robot", "role": "EMPLOYEE", **proof(TOKEN)},
    ),
    (
        "install the app",
        lambda client, token: install_app(client, "77", token),
        {"success": True},
        "POST /v26.0/77/applications",
        {"business_app": APP_ID, **proof(TOKEN)},
    ),
    (
        "a system user's token",
        lambda client, token: generate_system_user_token(client, SU, ["ads_read", "pages_show_list"], token, days=60),
        {"access_token": "EAAy"},
        "POST /v26.0/77/access_tokens",
        {
            "business_app": APP_ID,
            "scope": "ads_read,pages_show_list",
            "set_token_expires_in_60_days": "true",
            **proof(TOKEN),
        },
    ),
    (
        "refresh it",
        refresh_system_user_token,
        {"access_token": "EAAy", "expires_in": 5183944},
        "GET /v26.0/oauth/access_token",
        {"grant_type": "fb_exchange_token", "set_token_expires_in_60_days": "true", "fb_exchange_token": TOKEN, **APP},
    ),
    (
        "revoke it",
        lambda client, token: revoke_system_user_token(client, AccessToken(Secret("EAAz")), using=token),
        {"success": "true"},
        "GET /v26.0/oauth/revoke",
        {**APP, "revoke_token": "EAAz", **proof(TOKEN)},
    ),
    (
        "drop them all",
        lambda client, token: drop_system_user_tokens(client, "77", using=token),
        True,
        "DELETE /v26.0/77/access_tokens",
        proof(TOKEN),
    ),
    (
        "take a permission back",
        lambda client, token: revoke_permission(client, token, "email"),
        True,
        "DELETE /v26.0/me/permissions/email",
        proof(TOKEN),
    ),
    ("de-authorise", revoke_login, {"success": True}, "DELETE /v26.0/me/permissions", proof(TOKEN)),
    (
        "start a device login",
        lambda client, token: start_device_login(client, ["email"]),
        {"code": "c", "user_code": "U", "verification_uri": "https://www.facebook.com/device", "expires_in": 420, "interval": 5},
        "POST /v26.0/device/login",
        {"scope": "email", **CLIENT},
    ),
    (
        "poll it",
        lambda client, token: poll_device_login(client, DeviceLogin(Secret("c0de"), "U", "", client.now(), 5)),
        {"access_token": "EAAy", "expires_in": 5183999, "data_access_expiration_time": 1},
        "POST /v26.0/device/login_status",
        {"code": "c0de", **CLIENT},
    ),
    (
        "a session-info token",
        get_session_info_token,
        {"access_token": "XAAy"},
        "GET /v26.0/oauth/access_token",
        {"grant_type": "fb_attenuate_token", "client_id": APP_ID, "fb_exchange_token": TOKEN},
    ),
    (
        "an SDK's refresh",
        refresh_sdk_token,
        {"access_token": "EAAy", "expires_at": 1},
        "GET /v26.0/oauth/access_token",
        {
            "grant_type": "fb_extend_sso_token",
            "client_id": APP_ID,
            "fields": "access_token,expires_at,expires_in,data_access_expiration_time,graph_domain",
            "access_token": TOKEN,
        },
    ),
    (
        "a business's code",
        lambda client, token: exchange_business_code(client, Secret("the-code")),
        {"access_token": "EAAy"},
        "GET /v26.0/oauth/access_token",
        {"code": "the-code", **APP},
    ),
    (
        "a business's token again",
        lambda client, token: fetch_business_token(client, "5", token, fetch_only=True),
        {"access_token": "EAAy"},
        "POST /v26.0/5/system_user_access_tokens",
        {"fetch_only": "true", **proof(TOKEN)},
    ),
    (
        "a Page's posts",
        lambda client, token: list_posts(client, "42", token, edge="feed", most=7),
        {"data": []},
        "GET /v26.0/42/feed",
        {"fields": "id,message,story,created_time,permalink_url", "limit": "7", **proof(TOKEN)},
    ),
    (
        "campaigns",
        lambda client, token: list_campaigns(client, "act_9", token),
        {"data": []},
        "GET /v26.0/act_9/campaigns",
        {"fields": "id,name,objective,status,effective_status,daily_budget", **proof(TOKEN)},
    ),
    (
        "insights",
        lambda client, token: read_insights(client, "act_9", token, days=(date(2026, 10, 1), date(2026, 10, 30)), every=7),
        {"data": []},
        "GET /v26.0/act_9/insights",
        {
            "fields": "campaign_id,campaign_name,impressions,spend",
            "level": "campaign",
            "time_range": '{"since": "2026-10-01", "until": "2026-10-30"}',
            "time_increment": "7",
            **proof(TOKEN),
        },
    ),
    (
        "a test user",
        lambda client, token: create_test_user(client, ["email"], name="A B"),
        {"id": "1"},
        f"POST /v26.0/{APP_ID}/accounts/test-users",
        {"permissions": "email", "name": "A B", "installed": "true", **proof(f"{APP_ID}|{APP_SECRET}")},
    ),
]


@pytest.mark.parametrize(("call", "answer", "request_line", "params"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_each_request_is_exactly_so(
    call: Callable[[GraphClient, AccessToken], object], answer: Any, request_line: str, params: dict[str, str]
) -> None:
    client, capture = live([answer])
    call(client, AccessToken(Secret(TOKEN)))
    method, _, path = request_line.partition(" ")
    assert capture.last == (method, "graph.facebook.com", path, params)
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


EXPECTED = (GraphError, StateMismatch, SignatureMismatch, SandboxOnly, InputError, TokenRefused, NotRenewed, LoginNeeded)


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_runs_on_live_to_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    """With `FBNB_TARGET=live`, and a Graph behind the live transport that has no clock to move and no person to command."""
    app = sandbox.world.seed.apps[0]
    of_the_app = {"FBNB_APP_ID": app.id, "FBNB_APP_SECRET": app.secret, "FBNB_CLIENT_TOKEN": app.client_token}
    of_the_app["FBNB_STORE"] = str(tmp_path / "tokens.db")
    for name, value in {"FBNB_TARGET": "live", **of_the_app}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(kit, "live_transport", lambda: sandbox.transport)
    monkeypatch.setattr(kit, "paste_redirect", sandbox.person())
    # That Graph's day is the second of November; whoever waits there need not wait here.
    monkeypatch.setattr(SystemClock, "now", lambda self: sandbox.clock.now())
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: sandbox.clock.sleep(seconds))
    for cell, tagged, error in run_cells(path):
        if "sandbox." in cell:
            assert isinstance(error, SandboxOnly), cell
        elif error:
            assert tagged, cell
            assert isinstance(error, EXPECTED), cell
