"""The variables are true: each token does what it is there for, in whatever world."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fbnb.errors import FbnbError
from fbnb.flows.app_tokens import compose_app_token
from fbnb.flows.debug_token import debug_token
from fbnb.flows.login import log_in
from fbnb.flows.system_user import SystemUser, generate_system_user_token, install_app, list_businesses, list_system_users
from fbnb.kit import sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.variables import variables
from fbnb.settings import Target, load_settings
from fbnb.tokens import NEVER, AccessToken

World = dict[str, Any]


@pytest.fixture
def told(sandbox: Sandbox) -> dict[str, str]:
    return variables(sandbox, "http://127.0.0.1:8765", Secret("key"))


def no_business(world: World) -> None:
    for business in world["businesses"]:
        business["apps"] = []


def one_person(world: World) -> None:
    mara, *others = world["people"]
    world["people"] = [mara]
    gone = {person["name"] for person in others}
    for part in ("businesses", "apps", "pages", "ad_accounts"):
        for thing in world[part]:
            thing["roles"] = {name: role for name, role in thing.get("roles", {}).items() if name not in gone}
            if part == "businesses":
                thing["admins"] = [name for name in thing.get("admins", []) if name not in gone]
                del thing["roles"]


def live_app(world: World) -> None:
    world["apps"].reverse()


def app_without_address(world: World) -> None:
    world["apps"][0] |= {"mode": "live", "redirect_uris": []}


def later_than_now(world: World) -> None:
    world["start"] = "2090-01-01T00:00:00Z"


CHANGES = [no_business, one_person, live_app, app_without_address, later_than_now]


@pytest.fixture(params=CHANGES, ids=lambda change: change.__name__)
def changed(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> tuple[Callable[..., None], Sandbox]:
    """A running sandbox of a world that is not the kit's own."""
    world = json.loads((root / "data" / "world.json").read_text(encoding="utf-8"))
    request.param(world)
    (tmp_path / "world.json").write_text(json.dumps(world), encoding="utf-8")
    return request.param, Sandbox(tmp_path / "world.json", frozen=False)


def refusal(sandbox: Sandbox, token: str) -> str:
    with pytest.raises(FbnbError) as caught:
        sandbox_client(sandbox).get("me", AccessToken.of(token))
    return str(caught.value)


def test_the_variables_are_those_of_the_worlds_first_app(told: dict[str, str], sandbox: Sandbox) -> None:
    app = sandbox.world.seed.apps[0]
    assert told["FB_BASE_URL"] == told["FB_DIALOG_URL"] == "http://127.0.0.1:8765"
    assert [told[f"FB_{name}"] for name in ("APP_ID", "APP_SECRET", "CLIENT_TOKEN")] == [app.id, app.secret, app.client_token]
    assert told["FB_REDIRECT_URI"] == "http://localhost:8400/callback"
    assert told["FB_CONTROL_KEY"] == "key"


def test_fbnb_itself_finds_the_sandbox_by_them(told: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(environ=told, folder=tmp_path)
    assert (settings.target, settings.served, settings.app_id) == (Target.SERVED, told["FB_BASE_URL"], told["FB_APP_ID"])
    assert (settings.app_secret, settings.client_token) == (Secret(told["FB_APP_SECRET"]), Secret(told["FB_CLIENT_TOKEN"]))
    assert settings.redirect_uri == told["FB_REDIRECT_URI"]


def test_the_expired_token_has_expired(told: dict[str, str], sandbox: Sandbox) -> None:
    assert "190/463" in refusal(sandbox, told["FB_EXPIRED_TOKEN"])
    assert sandbox.state()["tokens"][0]["state"] == "expired"


def test_the_admin_token_makes_and_installs_and_lists(told: dict[str, str], sandbox: Sandbox) -> None:
    client, admin = sandbox_client(sandbox), AccessToken.of(told["FB_ADMIN_TOKEN"])
    machine = SystemUser(told["FB_SYSTEM_USER_ID"], "Sandbox admin", "ADMIN")
    assert install_app(client, machine.id, admin)
    made = generate_system_user_token(client, machine, ["pages_show_list", "business_management"], admin)
    info = debug_token(client, made, using=compose_app_token(client.settings))
    assert (info.is_valid, info.expires_at) == (True, NEVER)
    assert set(info.scopes) >= {"pages_show_list", "business_management"}
    person = log_in(client, ["business_management"])
    assert machine in list_system_users(client, list_businesses(client, person)[0].id, admin)


def test_reset_goes_back_to_a_world_that_has_them(told: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.delete_app()
    sandbox.reset()
    assert sandbox_client(sandbox).get("me", AccessToken.of(told["FB_ADMIN_TOKEN"]))["name"] == "Sandbox admin"


def test_whoever_logs_in_by_default_has_granted_nothing_yet(told: dict[str, str], sandbox: Sandbox) -> None:
    assert not any(grant["granted"] for grant in sandbox.state()["people"][0]["grants"].values())


def test_another_world_has_them_too(changed: tuple[Callable[..., None], Sandbox]) -> None:
    change, sandbox = changed
    told = variables(sandbox, "http://127.0.0.1:8765", Secret("key"))
    assert load_settings(environ=told, folder=Path()).app_id == told["FB_APP_ID"]
    assert "190/463" in refusal(sandbox, told["FB_EXPIRED_TOKEN"])
    assert told["FB_APP_ID"] == sandbox.world.seed.apps[0].id
    assert bool(told["FB_ADMIN_TOKEN"]) == bool(told["FB_SYSTEM_USER_ID"]) == (change is not no_business)
    if told["FB_ADMIN_TOKEN"]:
        assert sandbox_client(sandbox).get("me", AccessToken.of(told["FB_ADMIN_TOKEN"]))["id"] == told["FB_SYSTEM_USER_ID"]
    assert bool(told["FB_REDIRECT_URI"]) == (change is not app_without_address)
    if told["FB_REDIRECT_URI"]:
        assert log_in(sandbox_client(sandbox), ["email"])
