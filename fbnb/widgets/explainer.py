"""Paste an error, read what it means."""

from __future__ import annotations

import ipywidgets as w

from fbnb.diagnosis import Diagnosis, diagnose
from fbnb.redact import Secret, redact
from fbnb.widgets.view import View, said, text

_TALL = w.Layout(width="100%", height="9em")


class ErrorExplainer(View):
    """A text to paste into and a button; `diagnosis` holds the last answer, None before the first.

    What is pasted is shown redacted at once, for a notebook saves what stands in its fields.
    """

    def __init__(self) -> None:
        self.diagnosis: Diagnosis | None = None
        self.pasted = w.Textarea(description="The error", placeholder="Paste it here", layout=_TALL)
        self.where = text("Where it came from", "")
        self.explain_button = w.Button(description="Explain", button_style="primary")
        self.answer = w.HTML(said("Nothing was explained yet."))
        self._whole = Secret("")
        self.pasted.observe(lambda _: self._hide(), names="value")
        self.where.observe(lambda _: self._hide_where(), names="value")
        self.explain_button.on_click(lambda _: self._explain())
        self.view = w.VBox([self.pasted, self.where, self.explain_button, self.answer])

    def _hide(self) -> None:
        if self.pasted.value != redact(self._whole.reveal()):
            self._whole = Secret(self.pasted.value)
            self.pasted.value = redact(self.pasted.value)

    def _hide_where(self) -> None:
        self.where.value = redact(self.where.value)

    def _explain(self) -> None:
        if not self._whole.reveal().strip():
            self.answer.value = said("Paste an error first.", wrong=True)
            return
        self.diagnosis = diagnose(self._whole.reveal(), where=self.where.value)
        self.answer.value = f'<div aria-live="polite">{self.diagnosis._repr_html_()}</div>'
