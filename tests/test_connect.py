"""Connect, clicked without a browser: what it takes, what it refuses and where it says so, and that it keeps no secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import ipywidgets as w
import pytest
from hands import click, everything

from fbnb.client import GraphClient
from fbnb.errors import AppCredentialsWrong, DialogRefused, SandboxOnly
from fbnb.flows.app_tokens import get_app_token
from fbnb.flows.login import log_in
from fbnb.kit import sandbox_client
from fbnb.pytest_plugin import GraphServer
from fbnb.redact import Secret
from fbnb.resources import folder
from fbnb.sandbox import Sandbox
from fbnb.settings import Settings, Target
from fbnb.tokens import AccessToken
from fbnb.widgets.connect import Connect

SECRET = "decafbadc0ffee00decafbadc0ffee02"
WRONG = "decafbadc0ffee00decafbadc0ffeeff"
LIVE_ID = "1234567890123"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FBNB_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def form(client: GraphClient) -> Connect:
    return Connect(client)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What would have been sent to the internet, which answers as Graph does."""
    sent = list[httpx.Request]()

    def handle(self: object, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        token = request.url.path.endswith("oauth/access_token")
        return httpx.Response(
            200, json={"access_token": f"{LIVE_ID}|made-by-graph"} if token else {"id": LIVE_ID, "name": "A & B"}
        )

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    return sent


def kept(form: Connect) -> str:
    """All that a notebook could save of it, and all that it shows of itself."""
    states = [widget.get_state() for widget in everything(form.view)]
    return f"{states} {form._repr_mimebundle_()} {form!r} {form.client!r} {form.client.settings!r} {form.sandbox!r}"


def wrong(form: Connect) -> dict[str, str]:
    """What is said beside the fields."""
    for note in form.notes.values():
        assert (note.layout.display == "none") is (note.value == "")
    return {name: note.value for name, note in form.notes.items() if note.value}


def settings(form: Connect) -> Settings:
    return form.client.settings


# The form


def test_it_keeps_what_is_right_and_says_beside_a_field_what_is_not(form: Connect) -> None:
    form.app_id.value, form.app_secret.value, form.version.value = " 1000000000002 ", SECRET, "v25.0"
    form.apply_button.click()
    assert (settings(form).app_id, settings(form).app_secret, settings(form).version) == (
        "1000000000002",
        Secret(SECRET),
        "v25.0",
    )
    assert "In use: the sandbox in this notebook, app 1000000000002, Graph v25.0." in form.message.value
    assert (form.app_id.value, wrong(form)) == ("1000000000002", {})
    before = form.client, form.sandbox
    form.version.value = "26"
    form.apply_button.click()
    assert (form.client, form.sandbox) == before
    assert form.client is before[0]
    assert settings(form).version == "v25.0"
    assert list(wrong(form)) == ["version"]
    assert "Did you mean v26.0?" in wrong(form)["version"]
    assert "Nothing was changed" in form.message.value
    assert form.version.value == "26", "it stays as typed"
    form.version.value = "v26.0"
    form.apply_button.click()
    assert (settings(form).version, wrong(form)) == ("v26.0", {})
    assert settings(form).app_secret == Secret(SECRET), "an empty field keeps the secret"


def test_all_that_is_wrong_is_said_at_once(form: Connect) -> None:
    before = form.client
    form.target.value, form.served.value, form.app_id.value = Target.SERVED, "http://10.0.0.7:80", "my app"
    form.app_secret.value, form.version.value, form.redirect_uri.value = "hunter2", "x", "nowhere"
    form.apply_button.click()
    assert form.client is before
    assert list(wrong(form)) == ["served", "app_id", "app_secret", "version", "redirect_uri"]
    assert "not the address of a sandbox on this machine" in wrong(form)["served"]
    assert "FBNB_APP_ID is not a number" in wrong(form)["app_id"]
    assert "FBNB_APP_SECRET does not look like an app secret" in wrong(form)["app_secret"]
    assert "FBNB_VERSION is &#x27;x&#x27;" in wrong(form)["version"]
    assert "FBNB_REDIRECT_URI is &#x27;nowhere&#x27;" in wrong(form)["redirect_uri"]
    assert "hunter2" not in kept(form)
    form.target.value = Target.SANDBOX
    form.app_id.value, form.version.value, form.redirect_uri.value = "", "", ""
    form.apply_button.click()
    assert wrong(form) == {}
    assert settings(form) == before.settings, "what is left empty is the world's own"


def test_the_secret_is_emptied_even_when_it_is_wrong(form: Connect) -> None:
    before = form.client
    form.app_secret.value = "hunter2-hunter2"
    assert "hunter2" not in form.snapshot()
    form.apply_button.click()
    assert form.app_secret.value == ""
    assert "FBNB_APP_SECRET does not look like" in wrong(form)["app_secret"]
    assert "hunter2" not in kept(form)
    assert form.client is before


def test_a_secret_in_the_wrong_field_is_refused_and_does_not_stay(form: Connect) -> None:
    before = form.client
    form.app_id.value = form.version.value = form.redirect_uri.value = form.served.value = SECRET
    form.target.value = Target.SERVED
    form.apply_button.click()
    assert form.client is before
    assert "looks like an app secret" in wrong(form)["app_id"]
    assert {"served", "app_id", "version", "redirect_uri"} <= set(wrong(form))
    assert SECRET not in kept(form)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b"])
def test_what_was_typed_is_escaped(name: str, form: Connect) -> None:
    form.redirect_uri.value = form.version.value = form.app_id.value = name
    assert name not in form.snapshot()
    form.apply_button.click()
    assert {"redirect_uri", "version", "app_id"} == set(wrong(form))
    assert name not in form.snapshot() + form.message.value + "".join(wrong(form).values())


def test_every_input_has_a_label_and_every_result_is_spoken(form: Connect) -> None:
    inputs = [widget for widget in everything(form.view) if isinstance(widget, w.Text | w.Password | w.Dropdown | w.Button)]
    assert len(inputs) == 8
    assert all(widget.description for widget in inputs)
    form.version.value = "x"
    form.apply_button.click()
    for spoken in (form.message.value, wrong(form)["version"]):
        assert 'role="alert" aria-live="polite"' in spoken


def test_the_address_is_asked_for_where_a_sandbox_is_served_and_an_app_of_another_target_does_not_stay(form: Connect) -> None:
    assert "Served at" not in form.snapshot()
    form.target.value = Target.SERVED
    assert "Served at" in form.snapshot()
    assert form.app_id.value == ""
    form.app_id.value, form.target.value = LIVE_ID, Target.LIVE
    assert "Served at" not in form.snapshot()
    assert form.app_id.value == LIVE_ID, "what was typed stays"


# On the sandbox


def test_the_test_shows_the_apps_name_and_nothing_is_asked_before_it(form: Connect, sandbox: Sandbox) -> None:
    form.apply_button.click()
    assert sandbox.requests == []
    form.test_button.click()
    assert "Connected: Harbour Notes, app 1000000000001, Graph v26.0." in form.message.value
    assert [record.asked.path for record in sandbox.requests] == ["oauth/access_token", "1000000000001"]


def test_by_itself_it_begins_with_what_connect_makes() -> None:
    form = Connect()
    assert settings(form) == sandbox_client(form.sandbox).settings
    form.test_button.click()
    assert "Connected: Harbour Notes" in form.message.value


def test_a_wrong_secret_is_kept_without_asking_and_refused(form: Connect, short: AccessToken) -> None:
    form.app_secret.value = WRONG
    form.apply_button.click()
    assert "In use: the sandbox in this notebook" in form.message.value
    assert settings(form).app_secret == Secret(WRONG)
    with pytest.raises(AppCredentialsWrong):
        get_app_token(form.client)
    form.test_button.click()
    assert "Error validating client secret" in wrong(form)["app_secret"], "it was not forgotten"
    form.app_id.value = ""
    form.test_button.click()
    assert "Connected: Harbour Notes" in form.message.value, "left empty, the app is the world's own, secret and all"
    assert form.client.get("me", short)["name"] == "Mara Quay"
    assert WRONG not in kept(form)


def test_a_wrong_secret_that_is_tested_is_told_beside_its_field_and_leaves_the_client_at_work(form: Connect) -> None:
    form.test_button.click()
    before = form.client, form.sandbox
    form.app_secret.value, form.version.value = WRONG, "v25.0"
    form.test_button.click()
    told = "Graph refused (1): Error validating client secret. Compare FBNB_APP_ID and FBNB_APP_SECRET"
    assert list(wrong(form)) == ["app_secret"]
    assert told in wrong(form)["app_secret"]
    assert "Nothing was changed; what is wrong is said beside its field." in form.message.value
    assert 'role="alert"' in form.message.value
    assert form.client is before[0]
    assert form.sandbox is before[1]
    assert form.version.value == "v25.0", "it stays as typed"
    form.test_button.click()
    assert "Connected: Harbour Notes, app 1000000000001, Graph v25.0." in form.message.value, "with the secret in use"
    assert wrong(form) == {}
    assert WRONG not in kept(form)


def test_a_secret_is_out_of_its_field_as_soon_as_that_is_left(form: Connect) -> None:
    form.app_secret.set_state({"value": f" {WRONG} "})  # as the browser does
    assert (form.app_secret.value, form.app_secret.placeholder) == ("", "taken, and not shown")
    assert "App secret: <code>••••" in form.snapshot()
    assert WRONG not in kept(form)
    form.apply_button.click()
    assert settings(form).app_secret == Secret(WRONG)
    assert form.app_secret.placeholder == ""


def test_another_app_of_the_world_and_one_that_is_none(form: Connect) -> None:
    form.app_id.value = "1000000000002"
    form.test_button.click()
    assert "Connected: Pier Planner, app 1000000000002, Graph v26.0." in form.message.value
    form.app_id.value = LIVE_ID
    form.test_button.click()
    assert "Graph refused (101): Error validating application. Invalid application ID." in wrong(form)["app_id"]
    assert settings(form).app_id == "1000000000002", "nothing was changed"


def test_a_redirect_uri_is_kept_right_or_wrong(form: Connect) -> None:
    form.redirect_uri.value = "http://localhost:9999/back"
    form.apply_button.click()
    assert settings(form).redirect_uri == "http://localhost:9999/back"
    assert log_in(form.client).expires_at
    form.redirect_uri.value = "https://elsewhere.example/"
    form.apply_button.click()
    with pytest.raises(DialogRefused, match="URL Blocked"):
        log_in(form.client)


def test_the_world_goes_on_and_so_do_its_tokens(form: Connect, sandbox: Sandbox, short: AccessToken) -> None:
    form.version.value = "v25.0"
    form.apply_button.click()
    assert form.sandbox is sandbox
    assert form.client.get("me", short)["name"] == "Mara Quay"
    assert log_in(form.client).expires_at


def test_a_double_click_tests_once(form: Connect, sandbox: Sandbox) -> None:
    for _ in range(2):
        click(form.test_button)
    assert len(sandbox.requests) == 2, "the token, and the name"


def test_the_apps_name_is_escaped(tmp_path: Path) -> None:
    world = json.loads((folder("data") / "world.json").read_text())
    world["apps"][0]["name"] = "<b>Notes</b>"
    (tmp_path / "mine.json").write_text(json.dumps(world))
    form = Connect(sandbox_client(Sandbox(tmp_path / "mine.json")))
    form.test_button.click()
    assert "Connected: &lt;b&gt;Notes&lt;/b&gt;, app 1000000000001" in form.message.value


@pytest.mark.parametrize("press", ["apply_button", "test_button"])
def test_no_secret_is_ever_saved(press: str, form: Connect) -> None:
    own = settings(form).app_secret
    assert own
    form.app_secret.value = own.reveal()
    getattr(form, press).click()
    assert own.reveal() not in kept(form)
    assert settings(form).app_secret == own
    assert not any(state.get("value") == own.reveal() for state in w.Widget.get_manager_state()["state"].values())


# Elsewhere


def test_live_needs_an_app_and_its_secret_and_says_so_beside_them(form: Connect, internet: list[httpx.Request]) -> None:
    before = form.client, form.sandbox
    form.target.value = Target.LIVE
    form.test_button.click()
    assert list(wrong(form)) == ["app_id", "app_secret"]
    assert "FBNB_APP_ID is not set, and live Graph needs it." in wrong(form)["app_id"]
    assert "FBNB_APP_SECRET is not set, and live Graph needs it." in wrong(form)["app_secret"], "the sandbox's is none for live"
    assert (form.client, form.sandbox) == before
    assert internet == []


def test_live_asks_nothing_before_it_is_tested(form: Connect, internet: list[httpx.Request]) -> None:
    form.target.value, form.app_id.value, form.app_secret.value = Target.LIVE, LIVE_ID, SECRET
    form.apply_button.click()
    assert (wrong(form), internet) == ({}, [])
    assert settings(form) == Settings(Target.LIVE, LIVE_ID, Secret(SECRET))
    assert f"In use: live Graph, app {LIVE_ID}, Graph v26.0." in form.message.value
    with pytest.raises(SandboxOnly, match=r"Live Graph has no sandbox\.clock"):
        form.sandbox.clock.advance(hours=3)
    form.test_button.click()
    assert {request.url.host for request in internet} == {"graph.facebook.com"}
    assert f"Connected: A &amp; B, app {LIVE_ID}, Graph v26.0." in form.message.value
    assert SECRET not in kept(form)
    before = form.client
    form.apply_button.click()
    assert form.client is before, "nothing new was typed"
    form.app_id.value = "1234567890124"
    form.apply_button.click()
    assert list(wrong(form)) == ["app_secret"], "one app's secret is none of another's"
    assert "FBNB_APP_SECRET is not set, and live Graph needs it." in wrong(form)["app_secret"]
    form.target.value, form.app_id.value = Target.SANDBOX, ""
    form.test_button.click()
    assert "Connected: Harbour Notes, app 1000000000001" in form.message.value


def test_what_is_left_empty_is_what_the_variables_say(
    form: Connect, internet: list[httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FBNB_APP_ID", LIVE_ID)
    monkeypatch.setenv("FBNB_APP_SECRET", SECRET)
    form.apply_button.click()
    assert settings(form).app_id == "1000000000001", "nothing real is used on the sandbox"
    form.target.value = Target.LIVE
    form.test_button.click()
    assert (settings(form).app_id, settings(form).app_secret) == (LIVE_ID, Secret(SECRET))
    assert "Connected: A &amp; B" in form.message.value
    assert form.app_id.value == LIVE_ID


@pytest.mark.parametrize("place", ["environment", "file"])
@pytest.mark.parametrize("press", ["apply_button", "test_button"])
def test_the_secret_of_the_variables_goes_with_no_other_app(
    form: Connect, internet: list[httpx.Request], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str, press: str
) -> None:
    told = {"FBNB_APP_ID": LIVE_ID, "FBNB_APP_SECRET": SECRET, "FBNB_CLIENT_TOKEN": WRONG}
    if place == "file":
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    else:
        for name, value in told.items():
            monkeypatch.setenv(name, value)
    before = form.client
    form.target.value, form.app_id.value = Target.LIVE, "1234567890124"
    getattr(form, press).click()
    assert list(wrong(form)) == ["app_secret"]
    assert "that of FBNB_APP_SECRET is for the app of FBNB_APP_ID" in wrong(form)["app_secret"]
    assert (form.client, internet) == (before, [])
    form.app_secret.value = WRONG[::-1]
    form.apply_button.click()
    assert settings(form) == Settings(Target.LIVE, "1234567890124", Secret(WRONG[::-1])), "and no client token of another's"
    form.app_id.value = LIVE_ID
    getattr(form, press).click()
    assert settings(form) == Settings(Target.LIVE, LIVE_ID, Secret(SECRET), client_token=Secret(WRONG))
    assert SECRET not in kept(form)


def test_a_variable_with_a_secret_alone_is_for_no_app_that_is_typed(
    form: Connect, graph_server: GraphServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FBNB_APP_SECRET", SECRET)
    form.target.value, form.served.value, form.app_id.value = Target.SERVED, graph_server.url, LIVE_ID
    form.test_button.click()
    assert list(wrong(form)) == ["app_secret"]
    assert graph_server.sandbox.requests == []
    form.app_secret.value = "hunter2"
    form.test_button.click()
    assert "does not look like an app secret" in wrong(form)["app_secret"]


def test_a_wrong_environment_is_said_and_put_right_here(monkeypatch: pytest.MonkeyPatch, internet: list[httpx.Request]) -> None:
    monkeypatch.setenv("FBNB_TARGET", "live")
    form = Connect()
    assert "FBNB_APP_ID is not set, and live Graph needs it." in form.message.value
    assert "Until then it is the sandbox." in form.message.value
    assert settings(form).target is Target.SANDBOX
    form.target.value, form.app_id.value, form.app_secret.value = Target.LIVE, LIVE_ID, SECRET
    form.apply_button.click()
    assert settings(form).target is Target.LIVE


def test_a_wrong_variable_that_has_no_field_is_said_below(form: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    before = form.client
    monkeypatch.setenv("FBNB_CLIENT_TOKEN", "short")
    form.version.value = "v25.0"
    form.apply_button.click()
    assert "FBNB_CLIENT_TOKEN does not look like a client token" in form.message.value
    assert (wrong(form), form.client) == ({}, before)
    monkeypatch.delenv("FBNB_CLIENT_TOKEN")
    monkeypatch.setenv("FBNB_APP_IDD", "1")
    form.apply_button.click()
    assert "There is no variable FBNB_APP_IDD. Did you mean FBNB_APP_ID?" in form.message.value
    assert (wrong(form), form.client) == ({}, before)


@pytest.mark.parametrize("bare", [False, True])
def test_a_served_sandbox(form: Connect, graph_server: GraphServer, bare: bool) -> None:
    form.target.value = Target.SERVED
    form.served.value = graph_server.url.removeprefix("http://") if bare else f"{graph_server.url}/"
    form.app_id.value, form.app_secret.value = graph_server.variables["FB_APP_ID"], graph_server.variables["FB_APP_SECRET"]
    form.apply_button.click()
    assert (settings(form).served, graph_server.sandbox.requests) == (graph_server.url, [])
    with form.client.transport:
        form.test_button.click()
        assert "Connected: Harbour Notes, app 1000000000001, Graph v26.0." in form.message.value
        assert len(graph_server.sandbox.requests) == 2
    with pytest.raises(SandboxOnly, match="served by another process"):
        form.sandbox.clock.advance(hours=3)
    assert graph_server.variables["FB_APP_SECRET"] not in kept(form)


def test_a_served_sandbox_that_is_not_there_is_a_line_and_no_traceback(form: Connect) -> None:
    form.target.value, form.served.value = Target.SERVED, "http://127.0.0.1:9"
    form.app_id.value, form.app_secret.value = LIVE_ID, SECRET
    form.test_button.click()
    assert "No answer from http://127.0.0.1:9" in form.message.value
    assert "See whether fbnb sandbox serves one there" in form.message.value


@pytest.mark.parametrize(
    "address", ["", "live", "sandbox", "http://", "http://user:word@127.0.0.1:8765", "https://graph.facebook.com"]
)
def test_what_is_no_address_of_a_served_sandbox_leads_nowhere(address: str, form: Connect, internet: list[httpx.Request]) -> None:
    before = form.client
    form.target.value, form.served.value, form.app_id.value, form.app_secret.value = Target.SERVED, address, LIVE_ID, SECRET
    form.test_button.click()
    assert list(wrong(form)) == ["served"]
    assert "user:word" not in wrong(form)["served"]
    assert (form.client, internet) == (before, [])
