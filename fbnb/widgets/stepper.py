"""Drive a walk with buttons: what will be sent, what was answered, what you now hold; a step back, and the code to copy."""

from __future__ import annotations

import json
from collections.abc import Callable

import ipywidgets as w

from fbnb.errors import GraphError
from fbnb.redact import redact
from fbnb.settings import Target
from fbnb.snippets import as_curl, as_httpx, importing
from fbnb.tokens import AccessToken
from fbnb.walk import Walk
from fbnb.widgets.fields import CodeField, choice, text
from fbnb.widgets.pasting import Pasting
from fbnb.widgets.view import View, columns, discard, row
from fbnb.widgets.words import facts, heading, said, wrapped
from fbnb.wire import Exchange

_WRITERS = {"curl": as_curl, "httpx": as_httpx}
_VALUES = (AccessToken, str, list, tuple)  # of what a walk was made with, those that their own words tell apart
_MOST, _LONGEST = 20, 2000  # rows of a list that is held, or requests of a step; characters of a text


class Stepper(View):
    """A walk on show. `next_button` takes a step with what stands in `inputs`, `back_button` takes it back; the walk does it.

    Back and `over_button` rewind the sandbox's whole world to where it stood before the step, its clock too. code: the step as
    code, as `copy_as` says.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk, self.message = walk, w.HTML()
        self.next_button = self.button("Next", lambda: self._do(lambda: walk.next(**self._typed())), primary=True)
        self.back_button = self.button("Back", lambda: self._do(walk.back, walk.stays))
        self.over_button = self.button("Start over", lambda: self._do(walk.start_over, walk.stays))
        self.where, self.request, self.wire, self.held = self.message, w.HTML(), w.HTML(), w.HTML()
        self.inputs: dict[str, w.Text] = {}
        self._inputs = w.VBox()
        self.copy_as = choice("Copy this step as", ["fbnb", *_WRITERS])
        self.copy_as.observe(lambda _: self._show_code(), names="value")
        self._code = CodeField(rows=4)
        self.code = self._code.field
        self._pasting = Pasting(walk.client)
        if walk.client.settings.target is not Target.SANDBOX:  # where a person answers in a browser
            walk.client = self._pasting.client
        self.pasted = self._pasting.address.field
        buttons = row(self.next_button, self.back_button, self.over_button)
        left = [self.where, self._inputs, self._pasting.view, buttons, self.copy_as, self.code]
        self.view = columns(left, [self.request, self.wire, self.held])
        self._show()

    def _typed(self) -> dict[str, str]:
        return {name: field.value for name, field in self.inputs.items()}

    def _do(self, act: Callable[[], None], stays: str = "") -> None:
        try:
            act()
        finally:
            self._pasting.settle(done=not self.walk.error)
            self._show(stays)

    def _show(self, stays: str = "") -> None:
        error = self.walk.error
        outcome = "It was refused." if isinstance(error, GraphError) else "It did not work."
        self.where.value = said(" ".join(filter(None, [self.walk.where, stays, f"{outcome} {error}" if error else ""])))
        if not error:  # else what was typed stays, to be mended
            self._ask()
        shown = [_exchange(exchange) for exchange in self.walk.exchanges[:_MOST]]
        self.wire.value = "".join(shown) + _more(len(self.walk.exchanges)) or heading("Nothing was sent")
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
        self._sends = self.walk.rehearse(**self._typed())
        shown = "".join(heading(f"Next will send to {sent.host}") + wrapped(sent.request) for sent in self._sends)
        unknown = "nothing" if self.walk.step.rehearsed else "what is shown once it was sent"
        self.request.value = shown or ("" if self.walk.done else heading(f"Next will send {unknown}"))
        self._show_code()

    def _show_code(self) -> None:
        if self.copy_as.value == "fbnb":  # the step's own line, which may be more than one request
            self._code.show(_code(self.walk, self._typed()))
            return
        sent, write = self.walk.exchanges if self.walk.done else self._sends, _WRITERS[self.copy_as.value]
        written = [write(exchange, self.walk.client.settings.served) for exchange in sent[:_MOST]]
        self._code.show("\n\n".join(written) or "# Nothing to copy: this step sends nothing that is known beforehand.")


def _code(walk: Walk, typed: dict[str, str]) -> str:
    """A step as code that runs where the steps before it ran; what the walk was made with is told, and stands ready there."""
    if not walk.code:
        return ""
    known = {name: value for name, value in walk.given.items() if name in walk.code}
    given = [
        f"# {name}: {_brief(value) if isinstance(value, _VALUES) else type(value).__name__}" for name, value in known.items()
    ]
    inputs = [f"{name} = {json.dumps(value)}" for name, value in typed.items()]
    return "\n".join(filter(None, [importing(walk.code), *given, *inputs, walk.code]))


def _exchange(exchange: Exchange) -> str:
    answer = f"to {exchange.headers['location']}" if "location" in exchange.headers else _brief_json(exchange.answer)
    outcome = "Nothing came back" if exchange.status is None else f"Answered {exchange.status}"
    return heading(f"Sent to {exchange.host}") + wrapped(exchange.request) + heading(outcome) + wrapped(answer)


def _more(requests: int) -> str:
    return heading(f"and {requests - _MOST} more requests") if requests > _MOST else ""


def _brief_json(value: object) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(_shortened(value), indent=1, ensure_ascii=False))


def _shortened(value: object) -> object:
    """The same JSON with only the first item of each list, and how many more there are."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) > 2:
        return [_shortened(value[0]), f"… and {len(value) - 1} more"]
    return value


def _brief(value: object) -> str:
    if isinstance(value, list):
        some = [str(getattr(item, "name", repr(item))) for item in value[:_MOST]]
        more = f" and {len(value) - _MOST} more" if len(value) > _MOST else ""
        return _cut(redact(f"{len(value)}: {', '.join(some)}{more}"))
    return _cut(redact(value if isinstance(value, str) else repr(value)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text)} characters)"
