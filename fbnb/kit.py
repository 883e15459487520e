"""The one line a notebook begins with: a client, and the sandbox behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from fbnb.client import GraphClient, live_transport
from fbnb.errors import SandboxOnly
from fbnb.flows.login import paste_redirect
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import ServedTransport
from fbnb.settings import DEFAULT_REDIRECT_URI, Settings, Target, load_settings


class NoSandbox:
    """What stands in the sandbox's place where none is in this process: whatever is asked of it raises SandboxOnly.

    served: where one is served, whose controls are asked over HTTP; "" on live Graph.
    """

    def __init__(self, served: str = "") -> None:
        self._served = served

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._served:
            problem, remedy = f"There is no sandbox.{name} here: the sandbox is served by another process.", self._controls
            raise SandboxOnly(problem, remedy=remedy)
        raise SandboxOnly(f"Live Graph has no sandbox.{name}.")

    @property
    def _controls(self) -> str:
        return f"Its controls are at {self._served}/_sandbox/, for whoever has FB_CONTROL_KEY."

    def __repr__(self) -> str:
        if self._served:
            return f"no sandbox in this process: this client talks to one that is served. {self._controls}"
        return "no sandbox: this client talks to live Graph"


def connect(target: str | None = None, *, world: Path | str | None = None) -> tuple[GraphClient, Sandbox]:
    """A client and the sandbox it talks to; on live Graph the second raises SandboxOnly whatever it is asked.

    target: "sandbox", "live", or where fbnb sandbox serves one, such as "http://127.0.0.1:8765"; by default FBNB_TARGET, else
    the sandbox. One that is served is spoken to as live Graph is. world: a world.json, by default FBNB_WORLD, else the kit's
    own. On the sandbox the app is the world's first, whatever FBNB_APP_ID says: nothing real is sent anywhere.

    Raises SettingError: the app's variables are missing or malformed, or the address is not on this machine. WorldError:
    the world file is wrong.
    """
    settings = load_settings(target)
    if settings.target is not Target.SANDBOX:
        return far(settings)
    sandbox = Sandbox(Path(world) if world else settings.world)
    return sandbox_client(sandbox, settings), sandbox


def far(settings: Settings) -> tuple[GraphClient, Sandbox]:
    """A client of what is not in this process, and what stands in a sandbox's place there. A person at the terminal answers."""
    nowhere: Any = NoSandbox(settings.served)
    if settings.served:
        transport = ServedTransport(settings.served)
        return GraphClient(settings, transport, transport.clock(), paste_redirect), nowhere
    return GraphClient(settings, live_transport(), consent=paste_redirect), nowhere


def sandbox_client(sandbox: Sandbox, settings: Settings | None = None) -> GraphClient:
    """A client of the world's first app, its first person in front of the dialog."""
    app = sandbox.world.seed.apps[0]
    # A redirect_uri set for a live app is none of this one's; an app in development takes localhost, a live one only its own.
    redirect_uri = DEFAULT_REDIRECT_URI if app.mode == "development" or not app.redirect_uris else app.redirect_uris[0]
    settings = replace(settings or Settings(), app_id=app.id, app_secret=Secret(app.secret), redirect_uri=redirect_uri)
    settings = replace(settings, client_token=Secret(app.client_token))
    return GraphClient(settings, sandbox.transport, sandbox.clock, sandbox.person(), sandbox.nonce)
