"""Inputs: which app, which permissions, which Pages. Each form is read through one property."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import ipywidgets as w

from fbnb.catalogue import permissions
from fbnb.errors import FbnbError
from fbnb.redact import Secret, redact
from fbnb.settings import Settings
from fbnb.tokens import Page
from fbnb.widgets.view import View, checkbox, password, said, text

USUAL_SCOPES = tuple(
    "public_profile email pages_show_list pages_read_engagement pages_read_user_content pages_manage_posts"
    " pages_manage_engagement pages_manage_metadata pages_messaging read_insights ads_read business_management".split()
)


class SettingsForm(View):
    """App id, app secret, redirect URI and version; `settings` holds the last that were right.

    The secret's field is emptied as soon as it is read, for a notebook would save it in clear text.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app_id, self.app_secret = text("App id", settings.app_id), password("App secret")
        self.redirect_uri, self.version = text("Redirect URI", settings.redirect_uri), text("Graph version", settings.version)
        self.apply, self.message = w.Button(description="Use these"), w.HTML(said("Unchanged."))
        self.apply.on_click(lambda _: self._apply())
        self.view = w.VBox([self.app_id, self.app_secret, self.redirect_uri, self.version, self.apply, self.message])

    def _apply(self) -> None:
        secret = Secret(self.app_secret.value.strip()) if self.app_secret.value.strip() else self.settings.app_secret
        fields = {"app_id": self.app_id, "redirect_uri": self.redirect_uri, "version": self.version}
        typed = {name: field.value.strip() for name, field in fields.items()}
        self.app_secret.value = ""
        for field in fields.values():
            if redact(field.value) != field.value:
                field.value = ""  # a secret in the wrong field does not stay there to be saved
        try:
            self.settings = replace(self.settings, app_secret=secret, **typed)
            self.message.value = said(f"In this form's settings: app {self.settings.app_id}, Graph {self.settings.version}.")
        except FbnbError as wrong:
            self.message.value = said(str(wrong), wrong=True)


class ScopePicker(View):
    """Permissions to tick, each with what it unlocks; `scopes` adds what the ticked ones need."""

    def __init__(self, ticked: Iterable[str] = ("pages_show_list",), names: Sequence[str] = USUAL_SCOPES) -> None:
        known, ticked = permissions(), set(ticked)
        self.boxes = {name: checkbox(f"{name}: {known[name].unlocks}", ticked=name in ticked) for name in names}
        self.message = w.HTML()
        for box in self.boxes.values():
            box.observe(lambda _: self._say(), names="value")
        self._say()
        self.view = w.VBox([*self.boxes.values(), self.message])

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is ticked, and what that needs, in the order of the list."""
        ticked = [name for name, box in self.boxes.items() if box.value]
        needed = {need for name in ticked for need in permissions()[name].needs}
        return tuple(name for name in permissions() if name in needed.union(ticked))

    def _say(self) -> None:
        added = [name for name in self.scopes if not (name in self.boxes and self.boxes[name].value)]
        also = f" ({', '.join(added)} added, because another needs it)" if added else ""
        self.message.value = said(f"To ask for: {', '.join(self.scopes) or 'nothing'}{also}.")


class PagePicker(View):
    """Pages to tick, each with what the person may do there; `pages` holds the ticked ones."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = list(pages)
        self.boxes = {
            page.id: checkbox(f"{page.name}: {', '.join(page.tasks or ()) or 'tasks not told'}", ticked=True)
            for page in self._pages
        }
        self.view = w.VBox(list(self.boxes.values()) or [w.HTML(said("There are no Pages to choose from."))])

    @property
    def pages(self) -> list[Page]:
        """The ticked Pages."""
        return [page for page in self._pages if self.boxes[page.id].value]
