"""What every widget here shares: it *has* a view, and a still picture of it for readers without a kernel."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as w

_WIDE = w.Layout(width="100%")
_LABELLED = {"description_width": "11em"}


class View:
    """Holds a widget tree in `view`. Shown, it is live; in a committed notebook it is its snapshot, secrets masked."""

    view: w.Widget

    def snapshot(self) -> str:
        """The view as plain HTML, with the values of password fields masked."""
        return f'<div style="border-left:3px solid #8c959f;padding-left:1em">{still(self.view)}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        live = self.view._repr_mimebundle_(**kwargs) or {}
        return {**live, "text/html": self.snapshot(), "text/plain": type(self).__name__}


def still(widget: w.Widget) -> str:
    """A widget tree as HTML that needs no script."""
    if isinstance(widget, w.Box):
        joint = "&emsp;" if isinstance(widget, w.HBox) else ""
        return joint.join(still(child) for child in widget.children)
    if isinstance(widget, w.HTML):
        return str(widget.value)
    if isinstance(widget, w.Button):
        return f"<kbd>{escape(widget.description)}</kbd>"
    if isinstance(widget, w.Checkbox):
        return f"<div>{'☑' if widget.value else '☐'} {escape(widget.description)}</div>"
    value = ("•" * 8 if widget.value else "") if isinstance(widget, w.Password) else str(widget.value)
    return f"<div>{escape(widget.description)}: <code>{escape(value)}</code></div>"


def text(label: str, value: str) -> w.Text:
    """A labelled line of input."""
    return w.Text(value=value, description=label, style=_LABELLED, layout=_WIDE)


def password(label: str) -> w.Password:
    """A labelled line whose input is not shown."""
    return w.Password(description=label, style=_LABELLED, layout=_WIDE)


def checkbox(label: str, *, ticked: bool = False) -> w.Checkbox:
    """A box to tick, its label in full."""
    return w.Checkbox(value=ticked, description=label, indent=False, layout=_WIDE)


def said(words: str, *, wrong: bool = False) -> str:
    """A line of result that screen readers speak when it changes."""
    mark = "<strong>Not yet.</strong> " if wrong else ""
    return f'<div aria-live="polite">{mark}{escape(words)}</div>'
