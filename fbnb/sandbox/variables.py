"""What a program needs to know to use a served sandbox, as variables of its environment."""

from __future__ import annotations

from datetime import timedelta

from fbnb.redact import Secret
from fbnb.sandbox.consent import default_person
from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.facts import Grant
from fbnb.sandbox.oauth import short_expiry
from fbnb.sandbox.seed import App
from fbnb.sandbox.system_user import AppInstalled, issue, new_system_user
from fbnb.sandbox.world import World
from fbnb.settings import DEFAULT_REDIRECT_URI
from fbnb.tokens import TokenKind

_SETTINGS = ("APP_ID", "APP_SECRET", "CLIENT_TOKEN", "REDIRECT_URI")
_SCOPES = frozenset({"public_profile", "email"})
_ADMIN_SCOPES = frozenset({"ads_management", "ads_read", "business_management", "pages_read_engagement", "pages_show_list"})


def variables(sandbox: Sandbox, url: str, key: Secret) -> dict[str, str]:
    """The variables, their values in clear. What they stand for is put into the world, which `reset` then goes back to.

    FB_BASE_URL and FB_DIALOG_URL: Graph and the dialog. FB_APP_ID, FB_APP_SECRET, FB_CLIENT_TOKEN, FB_REDIRECT_URI: the
    world's first app. FB_EXPIRED_TOKEN: somebody's, dead since yesterday. FB_SYSTEM_USER_ID, FB_ADMIN_TOKEN: a system user,
    and a token that makes others for it; both "" where the app belongs to no business. FB_CONTROL_KEY: for `/_sandbox/`.
    FBNB_TARGET and the other FBNB_ ones: the same for fbnb itself, which `connect()` then leads here.
    """
    world = sandbox.world
    with world.lock:
        app = world.seed.apps[0]
        expired, (machine, admin) = _expired(world, app), _machine(world, app)
        sandbox.start = sandbox.checkpoint()
    told = {
        "FB_BASE_URL": url,
        "FB_DIALOG_URL": url,
        "FB_APP_ID": app.id,
        "FB_APP_SECRET": world.secret(app.id),
        "FB_CLIENT_TOKEN": app.client_token,
        "FB_REDIRECT_URI": DEFAULT_REDIRECT_URI if app.mode == "development" else next(iter(app.redirect_uris), ""),
        "FB_EXPIRED_TOKEN": expired,
        "FB_SYSTEM_USER_ID": machine,
        "FB_ADMIN_TOKEN": admin,
        "FB_CONTROL_KEY": key.reveal(),
    }
    return told | {"FBNB_TARGET": url} | {f"FBNB_{name}": told[f"FB_{name}"] for name in _SETTINGS}


def _expired(world: World, app: App) -> str:
    """A token that somebody got three days ago; somebody else than whom the dialog begins with, where there is one."""
    then = world.now() - timedelta(days=3)
    default = default_person(world, app)
    person = next((person for person in world.people if person != default and world.app_role(person, app)), default)
    if person != default:
        world.note((person, app.id), Grant(_SCOPES), at=then)
    token = world.issue(
        TokenKind.USER,
        app.id,
        name="expired token",
        person=person,
        expires_at=short_expiry(world) - timedelta(days=3),
        call="oauth/access_token, code",
        at=then,
    )
    return token.value


def _machine(world: World, app: App) -> tuple[str, str]:
    """An admin system user that the app is installed for, and its token."""
    owner = next((business for business in world.seed.businesses if app.id in business.apps), None)
    if owner is None:
        return "", ""
    machine = new_system_user(world, "Sandbox admin", "ADMIN", owner.id)
    world.note((machine.id, app.id), AppInstalled())
    token = issue(world, machine.id, app.id, _ADMIN_SCOPES, "POST /{system_user}/access_tokens", expiring=False)
    return machine.id, token.value
