"""What every widget here shares: it *has* a view, and a still picture of it for readers without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import ipywidgets as w

from fbnb.widgets.press import Press
from fbnb.widgets.words import said, wrapped

_BESIDE = "display:flex;flex-wrap:wrap;align-items:center;gap:0 1em"


class View:
    """Holds a widget tree in `view`. Shown, it is live; in a committed notebook it is its snapshot, secrets masked.

    message: where it says what came of the last press, or why nothing did.
    """

    view: w.Widget
    message: w.HTML

    def button(self, label: str, act: Callable[[], object], *, primary: bool = False) -> w.Button:
        """A button that does `act`, one at a time; what goes wrong is said in `message`."""
        button = w.Button(description=label, button_style="primary" if primary else "", layout=w.Layout(width="auto"))
        Press(button, act, lambda words: self.say(words, wrong=True))
        return button

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Say something in `message`."""
        self.message.value = said(words, wrong=wrong)

    def refresh(self) -> None:
        """Show how things stand now: called where the clock was moved. A widget that shows no such thing stays as it is."""

    def snapshot(self) -> str:
        """The view as plain HTML, with the values of password fields masked."""
        return f'<div style="border-left:3px solid #8c959f;padding-left:1em">{still(self.view)}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        live = self.view._repr_mimebundle_(**kwargs) or {}
        return {**live, "text/html": self.snapshot(), "text/plain": type(self).__name__}


def still(widget: w.Widget) -> str:
    """A widget tree as HTML that needs no script."""
    if widget.layout.display == "none":
        return ""
    if isinstance(widget, w.Box):
        inside = " ".join(filter(None, map(still, widget.children)))
        beside = isinstance(widget, w.HBox) and not any(isinstance(child, w.Box) for child in widget.children)
        return f'<div style="{_BESIDE}">{inside}</div>' if beside and inside else inside
    if isinstance(widget, w.HTML):
        return str(widget.value)
    if isinstance(widget, w.Button):
        return f"<kbd>{escape(widget.description)}</kbd>"
    if isinstance(widget, w.Checkbox):
        return f"<div>{'☑' if widget.value else '☐'} {escape(widget.description)}</div>"
    return f"<div>{escape(widget.description)}: {_value(widget)}</div>"


def _value(widget: w.Widget) -> str:
    if isinstance(widget, w.Password):
        return f"<code>{'•' * 8 if widget.value or widget.placeholder else ''}</code>"
    if isinstance(widget, w.Textarea):
        return wrapped(widget.value)
    shown = getattr(widget, "label", widget.value)  # of a choice its words count: the value may be any object
    return f"<code>{'' if shown is None else escape(str(shown))}</code>"


def row(*widgets: w.Widget) -> w.HBox:
    """Side by side, and below each other where there is no room."""
    return w.HBox(widgets, layout=w.Layout(flex_flow="row wrap", align_items="center"))


def columns(left: Iterable[w.Widget], right: Iterable[w.Widget]) -> w.HBox:
    """Two columns, and one below the other where there is no room."""
    sides = [w.VBox(list(side), layout=w.Layout(flex="1 1 22em", min_width="0")) for side in (left, right)]
    return w.HBox(sides, layout=w.Layout(flex_flow="row wrap", grid_gap="0 1.5em"))


def discard(widgets: Iterable[w.Widget]) -> None:
    """Close widgets that others have replaced, and all that is in them: the browser keeps whatever is open."""
    for widget in widgets:
        discard(getattr(widget, "children", ()))
        for part in (widget.layout, getattr(widget, "style", None)):
            if isinstance(part, w.Widget):
                part.close()
        widget.close()
