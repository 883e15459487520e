"""Paste an error, read what it means."""

from __future__ import annotations

import ipywidgets as w

from fbnb.diagnosis import Diagnosis, diagnose
from fbnb.errors import InputError
from fbnb.redact import Secret, redact
from fbnb.widgets.view import View, facts, lines, row, said, text


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
        self.pasted.observe(lambda _: self._hide(), names="value")
        self.where.observe(lambda _: self._hide_where(), names="value")
        self.view = w.VBox([self.pasted, self.where, row(self.explain_button), self.answer])

    def _hide(self) -> None:
        if self.pasted.value != redact(self._whole.reveal()):
            self._whole = Secret(self.pasted.value)
            self.pasted.value = redact(self.pasted.value)

    def _hide_where(self) -> None:
        self.where.value = redact(self.where.value)

    def _explain(self) -> None:
        if not self._whole.reveal().strip():
            raise InputError("Paste an error first.")
        self.diagnosis = diagnose(self._whole.reveal(), where=self.where.value)
        self.answer.value = f'<div aria-live="polite">{facts("What it means", self.diagnosis.lines())}</div>'
