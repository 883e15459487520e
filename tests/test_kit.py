"""connect(): the sandbox unless live is asked for, and live never without an app."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from fbnb.browser import log_in_in_browser
from fbnb.clock import SystemClock
from fbnb.errors import SandboxOnly, SettingError, WorldError
from fbnb.flows.app_tokens import get_app_token
from fbnb.flows.login import log_in, paste_redirect
from fbnb.kit import connect
from fbnb.pytest_plugin import GraphServer
from fbnb.resources import folder
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport
from fbnb.settings import Target

LIVE = {"FBNB_TARGET": "live", "FBNB_APP_ID": "1234567890123", "FBNB_APP_SECRET": "decafbadc0ffee00decafbadc0ffee09"}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def live(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)


def test_the_sandbox_is_the_default_and_uses_the_worlds_own_app(monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch)
    monkeypatch.setenv("FBNB_TARGET", "sandbox")
    monkeypatch.setenv("FBNB_REDIRECT_URI", "https://my.example/cb")
    client, sandbox = connect()
    assert isinstance(sandbox, Sandbox)
    assert client.settings.app_id == "1000000000001", "nothing real is sent anywhere"
    assert client.settings.app_secret
    assert client.settings.app_secret.reveal() != LIVE["FBNB_APP_SECRET"]
    assert log_in(client).expires_at


def test_live_has_no_sandbox_and_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    live(monkeypatch)
    client, sandbox = connect()
    assert (client.settings.target, client.settings.app_id) == (Target.LIVE, "1234567890123")
    assert isinstance(client.transport, httpx.HTTPTransport)
    assert client.consent is paste_redirect
    with pytest.raises(SandboxOnly, match=r"no sandbox\.clock") as caught:
        sandbox.clock.advance(hours=3)
    assert caught.value._render_traceback_() == [f"SandboxOnly: {caught.value}"]
    assert "live Graph" in repr(sandbox)
    assert client.nonce() != client.nonce()


def test_live_without_an_app_names_the_variable() -> None:
    with pytest.raises(SettingError, match="FBNB_APP_ID is not set"):
        connect(target="live")
    with pytest.raises(SettingError, match="FBNB_TARGET is 'production'"):
        connect(target="production")


def test_another_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = json.loads((folder("data") / "world.json").read_text())
    world["apps"][0]["name"] = "Another App"
    world["defaults"] = {"code_exchange": "long"}
    (tmp_path / "mine.json").write_text(json.dumps(world))
    _, sandbox = connect(world="mine.json")
    assert sandbox.world.seed.apps[0].name == "Another App"
    monkeypatch.setenv("FBNB_WORLD", "mine.json")
    assert connect()[1].world.defaults.code_exchange == "long"
    monkeypatch.setenv("FBNB_WORLD", "missing.json")
    with pytest.raises(WorldError, match=r"missing\.json"):
        connect()


def pasted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str) -> None:
    """Somebody opens the address that is shown, presses Continue, and pastes where that led."""

    def paste(prompt: str) -> str:
        shown = capsys.readouterr().out.split()[-1]
        assert shown.startswith(f"{url}/v26.0/dialog/oauth?")
        return httpx.post(shown, trust_env=False).headers["location"]

    monkeypatch.setattr("getpass.getpass", paste)


def test_the_variables_of_a_served_sandbox_lead_to_it(
    graph_server: GraphServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in graph_server.variables.items():
        monkeypatch.setenv(name, value)
    client, sandbox = connect()
    assert isinstance(client.transport, ServedTransport)
    with client.transport:
        assert isinstance(client.clock, SystemClock)
        assert repr(client) == f"GraphClient({graph_server.url}, app 1000000000001, v26.0)"
        pasted(monkeypatch, capsys, graph_server.url)
        assert client.get("me", log_in(client, ["email"]))["name"] == "Mara Quay"
        assert client.get("me", log_in_in_browser(client, ["email"], paste=True))["name"] == "Mara Quay"
    assert len(graph_server.sandbox.requests) == 6  # of each login: the dialog, the token, and whose it is
    with pytest.raises(SandboxOnly, match=r"no sandbox\.clock here.* Its controls are at http://127\.0\.0\.1:\d+/_sandbox/"):
        sandbox.clock.advance(hours=3)
    assert f"{graph_server.url}/_sandbox/" in repr(sandbox)
    assert "FB_CONTROL_KEY" in repr(sandbox)


def test_a_served_sandbox_is_named_in_the_call_and_needs_its_app(
    graph_server: GraphServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="FBNB_APP_ID is not set, and a served sandbox needs it"):
        connect(target=graph_server.url)
    monkeypatch.setenv("FBNB_APP_ID", graph_server.variables["FB_APP_ID"])
    monkeypatch.setenv("FBNB_APP_SECRET", graph_server.variables["FB_APP_SECRET"])
    client, _ = connect(target=graph_server.url)
    with client.transport:
        assert client.settings.served == graph_server.url
        assert get_app_token(client)
    with pytest.raises(SettingError, match="not the address of a sandbox on this machine"):
        connect(target="http://192.168.0.2:8765")


def test_a_client_of_a_served_sandbox_goes_by_its_clock(graph_server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in graph_server.variables.items():
        monkeypatch.setenv(name, value)
    graph_server.sandbox.clock.advance(days=57)
    asked = len(graph_server.sandbox.requests)
    client, _ = connect()
    assert abs(client.now() - graph_server.sandbox.clock.now()) < timedelta(seconds=3)
    assert len(graph_server.sandbox.requests) == asked
