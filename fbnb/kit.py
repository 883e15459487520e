"""The one line a notebook begins with: a client, and the sandbox behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from fbnb.client import GraphClient, live_transport
from fbnb.errors import SandboxOnly
from fbnb.flows.login import paste_redirect
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.settings import DEFAULT_REDIRECT_URI, Settings, Target, load_settings


class NoSandbox:
    """What stands in the sandbox's place on live Graph: whatever is asked of it raises SandboxOnly."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise SandboxOnly(f"Live Graph has no sandbox.{name}.")

    def __repr__(self) -> str:
        return "no sandbox: this client talks to live Graph"


def connect(target: str | None = None, *, world: Path | str | None = None) -> tuple[GraphClient, Sandbox]:
    """A client and the sandbox it talks to; on live Graph the second raises SandboxOnly whatever it is asked.

    target: "sandbox" or "live", by default FBNB_TARGET, else the sandbox. world: a world.json, by default FBNB_WORLD, else
    the kit's own. On the sandbox the app is the world's first, whatever FBNB_APP_ID says: nothing real is sent anywhere.

    Raises SettingError: live, and the app's variables are missing or malformed. WorldError: the world file is wrong.
    """
    settings = load_settings(target)
    if settings.target is Target.LIVE:
        return GraphClient(settings, live_transport(), consent=paste_redirect), NoSandbox()  # type: ignore[return-value]
    sandbox = Sandbox(Path(world) if world else settings.world)
    return sandbox_client(sandbox, settings), sandbox


def sandbox_client(sandbox: Sandbox, settings: Settings | None = None) -> GraphClient:
    """A client of the world's first app, its first person in front of the dialog."""
    app = sandbox.world.seed.apps[0]
    # A redirect_uri set for a live app is none of this one's; an app in development takes localhost, a live one only its own.
    redirect_uri = DEFAULT_REDIRECT_URI if app.mode == "development" or not app.redirect_uris else app.redirect_uris[0]
    settings = replace(settings or Settings(), app_id=app.id, app_secret=Secret(app.secret), redirect_uri=redirect_uri)
    settings = replace(settings, client_token=Secret(app.client_token))
    return GraphClient(settings, sandbox.transport, sandbox.clock, sandbox.person(), sandbox.nonce)
