"""Drive a walk with two buttons: what was sent, what came back, what you now hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

import ipywidgets as w

from fbnb.errors import GraphError, RedirectMistake
from fbnb.redact import redact
from fbnb.settings import Target
from fbnb.walk import Walk
from fbnb.widgets.view import View, password, said
from fbnb.wire import Exchange


class Stepper(View):
    """A walk on show. `next_button` takes a step, `over_button` begins again; the walk itself does the work."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.next_button = w.Button(description="Next", button_style="primary")
        self.over_button = w.Button(description="Start over")
        self.next_button.on_click(lambda _: self._do(self.walk.next))
        self.over_button.on_click(lambda _: self._do(self._start_over))
        self.where, self.wire, self.held = w.HTML(), w.HTML(), w.HTML()
        self.pasted = password("Address it led to")
        outside = walk.client.settings.target is not Target.SANDBOX  # where a person answers in a browser
        if outside:
            walk.client = walk.client.acting_as(self._pasted)
        buttons = w.HBox([self.next_button, self.over_button])
        self.view = w.VBox([self.where, *([self.pasted] if outside else []), buttons, self.wire, self.held])
        self._show()

    def _start_over(self) -> None:
        self.pasted.value = ""
        self.walk.start_over()

    def _pasted(self, url: str) -> str:
        # A button cannot ask on a terminal, so live the person pastes here.
        address, self.pasted.value = self.pasted.value, ""
        if not address:
            raise RedirectMistake(
                "Open the url you hold, and log in.", remedy="Paste the address it led to, and press Next again."
            )
        return str(address)

    def _do(self, act: Callable[[], None]) -> None:
        self.next_button.disabled = True
        try:
            act()
        finally:
            self._show()

    def _show(self) -> None:
        error = self.walk.error
        outcome = "It was refused." if isinstance(error, GraphError) else "It did not work."
        self.where.value = said(f"{self.walk.where}" + (f" {outcome} {error}" if error else ""))
        self.wire.value = "".join(map(_exchange, self.walk.exchanges)) or "<p>Nothing was sent.</p>"
        self.held.value = _held(self.walk.held)
        self.next_button.disabled = self.walk.done


def _exchange(exchange: Exchange) -> str:
    answer = f"to {exchange.headers['location']}" if "location" in exchange.headers else _brief_json(exchange.answer)
    outcome = "Nothing came back" if exchange.status is None else f"Answered {exchange.status}"
    return (
        f"<p>Sent to {escape(exchange.host)}:</p><pre>{escape(exchange.request)}</pre>"
        f"<p>{outcome}:</p><pre>{escape(answer)}</pre>"
    )


def _brief_json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_shortened(value), indent=1, ensure_ascii=False)


def _shortened(value: object) -> object:
    """The same JSON with only the first item of each list, and how many more there are."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) > 2:
        return [_shortened(value[0]), f"… and {len(value) - 1} more"]
    return value


def _held(held: dict[str, object]) -> str:
    # Addresses are long words: they may break anywhere, else the table outgrows the page.
    cell = '<td style="text-align:left;overflow-wrap:anywhere;white-space:normal">'
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th>{cell}{escape(_brief(value))}</td></tr>" for name, value in held.items()
    )
    caption = '<caption style="text-align:left">You now hold</caption>'
    return f"<table>{caption}{rows}</table>" if rows else "<p>You hold nothing yet.</p>"


def _brief(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)}: " + ", ".join(getattr(item, "name", repr(item)) for item in value)
    return redact(value if isinstance(value, str) else repr(value))
