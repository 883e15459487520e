"""Which app on which target, typed in; and whether Graph knows that app."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as w

from fbnb.answers import part
from fbnb.client import GraphClient
from fbnb.errors import AppCredentialsWrong, FbnbError
from fbnb.flows.app_tokens import get_app_token
from fbnb.kit import NoSandbox, connect, far, sandbox_client
from fbnb.redact import Secret
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import sandbox_behind
from fbnb.settings import Settings, Target
from fbnb.typed import VARIABLES, of_world, read, where
from fbnb.widgets.fields import SecretField, choice, text
from fbnb.widgets.view import View, row
from fbnb.widgets.words import said

_TARGETS = {
    Target.SANDBOX: "the sandbox in this notebook",
    Target.SERVED: "a served sandbox",
    Target.LIVE: "live Graph",
}
_NO_SUCH_APP = 101
_UNCHANGED = "Nothing was changed; what is wrong is said beside its field."


class Connect(View):
    """Target, app id, app secret, Graph version, redirect URI. `client` and `sandbox` are the pair in use.

    apply_button uses what is typed, and asks Graph nothing; test_button asks Graph for the app's name first, and uses it
    where that is answered. What is wrong with a field is said beside it, and leaves the pair as it was. What is left empty
    is the world's own on the sandbox, elsewhere what the FBNB_ variables say, whose secret is for their own app only; but
    the secret in use stays as long as target and app id do. The secret's field is emptied as soon as it is left.

    client: what to begin with, by default what `connect()` makes.
    """

    def __init__(self, client: GraphClient | None = None) -> None:
        self.message = w.HTML(said("Unchanged."))
        self.client, self.sandbox = (client, _behind(client)) if client else self._begin()
        self.target = choice("Target", [(words, target) for target, words in _TARGETS.items()])
        self.served = text("Served at", placeholder=VARIABLES["served"][1])
        self.app_id = text("App id", placeholder="the sandbox's own, or that of FBNB_APP_ID")
        self._secret = SecretField("App secret")
        self.app_secret = self._secret.field
        self.version, self.redirect_uri = text("Graph version"), text("Redirect URI")
        self.notes = {name: w.HTML(layout=w.Layout(flex="1 1 15em")) for name in VARIABLES}
        self._rows = {name: self._row(name) for name in VARIABLES}
        self.apply_button = self.button("Use these", self._apply, primary=True)
        self.test_button = self.button("Test connection", self._test)
        self._fill()
        self._note({})
        self._retarget()
        self.target.observe(lambda _: self._retarget(), names="value")
        self.view = w.VBox([self.target, *self._rows.values(), row(self.apply_button, self.test_button), self.message])

    def _begin(self) -> tuple[GraphClient, Sandbox]:
        try:
            return connect()
        except FbnbError as wrong:  # here is where to put it right
            self.say(f"{wrong} Until then it is the sandbox.", wrong=True)
            return sandbox_client(sandbox := Sandbox()), sandbox

    def _row(self, name: str) -> w.HBox:
        field = getattr(self, name)
        field.layout.flex, field.layout.min_width = "2 1 24em", "0"
        return row(field, self.notes[name])

    def _fill(self) -> None:
        """Show what is in use."""
        self.target.value = self.client.settings.target
        for name in ("served", "app_id", "version", "redirect_uri"):
            getattr(self, name).value = getattr(self.client.settings, name)

    def _retarget(self) -> None:
        self._rows["served"].layout.display = None if self.target.value is Target.SERVED else "none"
        if self.target.value is not self.client.settings.target and self.app_id.value == self.client.settings.app_id:
            self.app_id.value = ""  # one target's app is none of another's

    def _note(self, wrong: dict[str, str]) -> None:
        for name, note in self.notes.items():
            note.value = said(wrong[name], wrong=True) if name in wrong else ""
            note.layout.display = None if name in wrong else "none"

    def _apply(self) -> None:
        if pair := self._typed():
            self._use(*pair)
            settings = self.client.settings
            place = settings.served or _TARGETS[settings.target]
            self.say(f"In use: {place}, app {settings.app_id}, Graph {settings.version}.")

    def _test(self) -> None:
        if not (pair := self._typed()):
            return
        client, settings = pair[0], pair[0].settings
        try:
            name = part(client.get(settings.app_id, get_app_token(client), fields="name"), "name", str)
        except AppCredentialsWrong as refused:
            self._refuse({"app_id" if refused.code == _NO_SUCH_APP else "app_secret": str(refused)})
            return
        self._use(*pair)
        self.say(f"Connected: {name}, app {settings.app_id}, Graph {settings.version}.")

    def _typed(self) -> tuple[GraphClient, Sandbox] | None:
        """The pair that what is typed makes; None where some of it is wrong, which is said."""
        typed = {name: str(getattr(self, name).value).strip() for name in ("app_id", "version", "redirect_uri")}
        place, secret = where(self.target.value, self.served.value), self._known_secret()
        settings, wrong = read(place, typed, secret)
        if wrong:
            self._refuse(wrong)
            return None
        self._note({})
        return self._pair(settings, typed, secret)

    def _refuse(self, wrong: dict[str, str]) -> None:
        self._note(wrong)
        self.say(_UNCHANGED, wrong=True)

    def _use(self, client: GraphClient, sandbox: Sandbox) -> None:
        self.client, self.sandbox = client, sandbox
        self._fill()

    def _known_secret(self) -> Secret | None:
        """The secret that is typed, else the one in use where its app stays in use."""
        typed, now = self._secret.take(), self.client.settings
        meant = where(self.target.value, self.served.value), self.app_id.value.strip()
        return typed or (now.app_secret if meant == (where(now.target, now.served), now.app_id) else None)

    def _pair(self, settings: Settings, typed: dict[str, str], secret: Secret | None) -> tuple[GraphClient, Sandbox]:
        near = settings.target is Target.SANDBOX
        # A sandbox that is there goes on: the tokens at hand are of its world.
        sandbox = self.sandbox if isinstance(self.sandbox, Sandbox) or not near else Sandbox(settings.world)
        settings = of_world(sandbox, settings, typed, secret) if near else settings
        if settings == self.client.settings:
            return self.client, self.sandbox
        if near:
            return replace(sandbox_client(sandbox), settings=settings), sandbox
        return far(settings)


def _behind(client: GraphClient) -> Sandbox:
    """The sandbox that a client talks to, or what stands in its place."""
    nowhere: Any = NoSandbox(client.settings.served)
    return sandbox_behind(client.transport) or nowhere
