"""Paste an error, read what it means."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from fbnb.diagnosis import Diagnosis, diagnose
from fbnb.errors import InputError
from fbnb.redact import Secret
from fbnb.widgets.fields import lines, text
from fbnb.widgets.view import View, row
from fbnb.widgets.words import facts, said


class ErrorExplainer(View):
    """A text to paste into and a button; `diagnosis` holds the last answer, None before the first.

    What is pasted is shown redacted at once, for a notebook saves what stands in its fields.
    """

    def __init__(self) -> None:
        self.diagnosis: Diagnosis | None = None
        self.pasted = lines("The error", placeholder="Paste it here", rows=7)
        self.where = text("Where it came from")
        self.explain_button = self.button("Explain", self._explain, primary=True)
        self.answer = self.message = w.HTML(said("Nothing was explained yet."))
        self._whole = Secret("")
        self.pasted.observe(self._keep, "value")
        self.view = w.VBox([self.pasted, self.where, row(self.explain_button), self.answer])

    def _keep(self, change: Any) -> None:
        # Of a text with a secret in it this is told twice: what the field makes of it, and then, for that was first, the whole.
        self._whole = Secret(change.new)

    def _explain(self) -> None:
        if not self._whole.reveal().strip():
            raise InputError("Paste an error first.")
        self.diagnosis = diagnose(self._whole.reveal(), where=self.where.value)
        self.answer.value = f'<div aria-live="polite">{facts("What it means", self.diagnosis.lines())}</div>'
