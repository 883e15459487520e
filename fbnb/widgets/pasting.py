"""A person who logs in in a browser of theirs, for a walk that buttons drive: a button cannot ask on a terminal."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets as w

from fbnb.client import GraphClient
from fbnb.errors import RedirectMistake
from fbnb.flows.login import check_place
from fbnb.widgets.fields import SecretField
from fbnb.widgets.words import link


class Pasting:
    """The first try of a step that needs the dialog leads there; the next one reads the address that the person pasted.

    client: the walk's, with this consent. view: the link and the field, hidden until a dialog is asked for. The nonces of a
    try that failed are used again by the next one, which takes up the same login.
    """

    def __init__(self, client: GraphClient) -> None:
        self._client, self._nonces, self._used = client, list[str](), 0
        self.address, self._link = SecretField("Address it led to"), w.HTML()
        self.view = w.VBox([self._link, self.address.field], layout=w.Layout(display="none"))
        self.client = replace(client, consent=self._consent, nonce=self._nonce)

    def settle(self, *, done: bool) -> None:
        """After a try. done: the step was taken, or given up; the next login is another one."""
        self.address.take()
        self._used = 0
        if done:
            self._nonces.clear()
            self.view.layout.display = "none"

    def _consent(self, url: str) -> str:
        pasted = self.address.take()
        self._link.value, self.view.layout.display = f"<p>Log in at {link(url, url)}</p>", None
        if not pasted:
            raise RedirectMistake("Open the address, and log in.", remedy="Paste the address it led to, and press Next again.")
        check_place(pasted.reveal(), self._client.settings.redirect_uri)
        return pasted.reveal()

    def _nonce(self) -> str:
        if self._used == len(self._nonces):
            self._nonces.append(self._client.nonce())
        self._used += 1
        return self._nonces[self._used - 1]
