"""Inputs, each with its label. Nothing secret stays in one: what a field holds a notebook may save."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as w

from fbnb.redact import Secret, redact

_LABELLED = {"description_width": "11em"}


def text(label: str, value: str = "", placeholder: str = "") -> w.Text:
    """A line of input, read when it is left or Enter is pressed. Of a secret in it only the hint stays."""
    field = w.Text(**_told(label, value, placeholder), continuous_update=False)
    field.observe(_hide, "value")
    return field


def lines(label: str, value: str = "", placeholder: str = "", *, rows: int = 4) -> w.Textarea:
    """A field of several lines, read when it is left. Of a secret in it only the hint stays."""
    field = w.Textarea(**_told(label, value, placeholder), continuous_update=False, rows=rows)
    field.observe(_hide, "value")
    return field


def _told(label: str, value: str, placeholder: str) -> dict[str, Any]:
    # Each has a layout of its own, for each can be hidden. 100% wide and its margin would be more than there is room.
    look = {"style": _LABELLED, "layout": w.Layout(width="auto")}
    return {"description": label, "value": value, "placeholder": placeholder, **look}


def _hide(change: Any) -> None:
    change.owner.value = redact(change.new)


class CodeField:
    """Code to copy, put there with `show`. It may be changed there, but a secret that is put into it does not stay."""

    def __init__(self, label: str = "Code", *, rows: int = 4) -> None:
        self.field, self._shown = w.Textarea(**_told(label, "", ""), continuous_update=False, rows=rows), ""
        self.field.observe(self._check, "value")

    def show(self, code: str) -> None:
        """Put code there, its secrets variables."""
        self._shown = code
        self.field.value = code

    def _check(self, change: Any) -> None:
        if change.new != self._shown:
            self.field.value = redact(change.new)


class SecretField:
    """A line whose input is not shown, and taken out of the field the moment it is left; `take` hands it over, once."""

    def __init__(self, label: str) -> None:
        self.field = w.Password(**_told(label, "", ""), continuous_update=False)
        self._secret = Secret("")
        self.field.observe(self._keep, "value")

    def _keep(self, change: Any) -> None:
        if change.new:
            self._secret = Secret(change.new.strip())
            self.field.value, self.field.placeholder = "", "taken, and not shown"

    def take(self) -> Secret:
        """What was typed since the last time; empty where nothing was."""
        secret, self._secret = self._secret, Secret("")
        self.field.placeholder = ""
        return secret


def choice(label: str, options: Iterable[str | tuple[str, object]]) -> w.Dropdown:
    """A choice of one among several. options: words, or words and what they stand for."""
    return w.Dropdown(options=list(options), description=label, style=_LABELLED, layout=w.Layout(width="auto", max_width="100%"))


def checkbox(label: str, *, ticked: bool = False) -> w.Checkbox:
    """A box to tick, its label in full."""
    return w.Checkbox(value=ticked, description=label, indent=False, layout=w.Layout(width="auto"))
