"""Drive a walk with buttons: what will be sent, what was answered, what you now hold; a step back, and the code to copy."""

from __future__ import annotations

import json
from collections.abc import Callable

import ipywidgets as w

from fbnb.errors import GraphError, RedirectMistake
from fbnb.redact import redact
from fbnb.settings import Target
from fbnb.snippets import as_curl, as_httpx
from fbnb.walk import Walk
from fbnb.widgets.view import View, choice, columns, discard, facts, heading, lines, password, row, said, text, wrapped
from fbnb.wire import Exchange

_WRITERS = {"curl": as_curl, "httpx": as_httpx}
_MOST = 20  # rows of a list that is held


class Stepper(View):
    """A walk on show. `next_button` takes a step with what stands in `inputs`, `back_button` takes it back; the walk does it.

    Back and `over_button` rewind the sandbox's whole world to where it stood before the step, its clock too. code: the step as
    code, as `copy_as` says.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk, self.message = walk, w.HTML()
        self.next_button = self.button("Next", lambda: self._do(lambda: walk.next(**self._typed())), primary=True)
        self.back_button = self.button("Back", lambda: self._do(walk.back))
        self.over_button = self.button("Start over", lambda: self._do(self._start_over))
        self.where, self.request, self.wire, self.held = self.message, w.HTML(), w.HTML(), w.HTML()
        self.inputs: dict[str, w.Text] = {}
        self._inputs = w.VBox()
        self.copy_as = choice("Copy this step as", ["fbnb", *_WRITERS])
        self.copy_as.observe(lambda _: self._show_code(), names="value")
        self.code = lines("Code", rows=3)
        self.pasted = password("Address it led to")
        self.pasted.layout.display = "none"
        if walk.client.settings.target is not Target.SANDBOX:  # where a person answers in a browser
            walk.client = walk.client.acting_as(self._pasted)
            self.pasted.layout.display = ""
        buttons = row(self.next_button, self.back_button, self.over_button)
        left = [self.where, self._inputs, self.pasted, buttons, self.copy_as, self.code]
        self.view = columns(left, [self.request, self.wire, self.held])
        self._show()

    def _start_over(self) -> None:
        self.pasted.value = ""
        self.walk.start_over()

    def _typed(self) -> dict[str, str]:
        return {name: field.value for name, field in self.inputs.items()}

    def _pasted(self, url: str) -> str:
        # A button cannot ask on a terminal, so live the person pastes here.
        address, self.pasted.value = self.pasted.value, ""
        if not address:
            raise RedirectMistake(
                "Open the url you hold, and log in.", remedy="Paste the address it led to, and press Next again."
            )
        return str(address)

    def _do(self, act: Callable[[], None]) -> None:
        try:
            act()
        finally:
            self._show()

    def _show(self) -> None:
        error = self.walk.error
        outcome = "It was refused." if isinstance(error, GraphError) else "It did not work."
        self.where.value = said(f"{self.walk.where}" + (f" {outcome} {error}" if error else ""))
        if not error:  # else what was typed stays, to be mended
            self._ask()
        self.wire.value = "".join(map(_exchange, self.walk.exchanges)) or heading("Nothing was sent")
        held = [(name, _brief(value)) for name, value in self.walk.held.items()]
        self.held.value = facts("You now hold", held) or heading("You hold nothing yet")
        self.next_button.disabled = self.walk.done
        self.next_button.button_style = "" if self.walk.done else "primary"
        self.back_button.disabled = not self.walk.begun
        self._rehearse()

    def _ask(self) -> None:
        """The inputs of this step, with their defaults."""
        before, asked = self.inputs, {} if self.walk.done else self.walk.step.inputs
        self.inputs = {name: text(name, value) for name, value in asked.items()}
        for field in self.inputs.values():
            field.observe(lambda _: self._rehearse(), names="value")
        self._inputs.children = tuple(self.inputs.values())
        discard(before.values())

    def _rehearse(self) -> None:
        for field in self.inputs.values():
            field.value = redact(field.value)  # what was pasted into the wrong field does not stay there to be saved
        self._sends = self.walk.rehearse(**self._typed())
        shown = "".join(heading(f"Next will send to {sent.host}") + wrapped(sent.request) for sent in self._sends)
        self.request.value = shown or ("" if self.walk.done else heading("Next will send nothing"))
        self._show_code()

    def _show_code(self) -> None:
        if self.copy_as.value == "fbnb":  # the step's own line, which may be more than one request
            given = [f"{name} = {json.dumps(value)}" for name, value in self._typed().items()]
            self.code.value = "\n".join([*given, self.walk.code])
            return
        sent = self.walk.exchanges if self.walk.done else self._sends
        self.code.value = "\n\n".join(map(_WRITERS[self.copy_as.value], sent)) or "# This step sends nothing."


def _exchange(exchange: Exchange) -> str:
    answer = f"to {exchange.headers['location']}" if "location" in exchange.headers else _brief_json(exchange.answer)
    outcome = "Nothing came back" if exchange.status is None else f"Answered {exchange.status}"
    return heading(f"Sent to {exchange.host}") + wrapped(exchange.request) + heading(outcome) + wrapped(answer)


def _brief_json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_shortened(value), indent=1, ensure_ascii=False)


def _shortened(value: object) -> object:
    """The same JSON with only the first item of each list, and how many more there are."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) > 2:
        return [_shortened(value[0]), f"… and {len(value) - 1} more"]
    return value


def _brief(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)}: " + ", ".join(getattr(item, "name", repr(item)) for item in value[:_MOST]) + _more(value)
    return redact(value if isinstance(value, str) else repr(value))


def _more(value: list[object]) -> str:
    return f" and {len(value) - _MOST} more" if len(value) > _MOST else ""
