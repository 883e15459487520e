"""What every widget here shares: it *has* a view, and a still picture of it for readers without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import ipywidgets as w

from fbnb.widgets.press import on_press

LEFT = "text-align:left;vertical-align:top;padding:0.1em 1em 0.1em 0"
_BESIDE = "display:flex;flex-wrap:wrap;align-items:center;gap:0 1em"
_CODE = "white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;line-height:1.4;margin:0"
_LABELLED = {"description_width": "11em"}


class View:
    """Holds a widget tree in `view`. Shown, it is live; in a committed notebook it is its snapshot, secrets masked.

    message: where it says what came of the last press, or why nothing did.
    """

    view: w.Widget
    message: w.HTML

    def button(self, label: str, act: Callable[[], object], *, primary: bool = False) -> w.Button:
        """A button that does `act`, one at a time; what goes wrong is said in `message`."""
        button = w.Button(description=label, button_style="primary" if primary else "", layout=w.Layout(width="auto"))
        on_press(button, act, lambda words, wrong: self.say(words, wrong=wrong))
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
        return f"<code>{'•' * 8 if widget.value else ''}</code>"
    if isinstance(widget, w.Textarea):
        return wrapped(widget.value)
    shown = getattr(widget, "label", widget.value)  # of a choice its words count: the value may be any object
    return f"<code>{'' if shown is None else escape(str(shown))}</code>"


def _wide() -> w.Layout:
    """As wide as there is room: 100% and its margin would be more. Each has its own, for each can be hidden."""
    return w.Layout(width="auto")


def text(label: str, value: str = "", placeholder: str = "") -> w.Text:
    """A labelled line of input, read when it is left or Enter is pressed."""
    return w.Text(
        value=value, description=label, placeholder=placeholder, continuous_update=False, style=_LABELLED, layout=_wide()
    )


def password(label: str) -> w.Password:
    """A labelled line whose input is not shown."""
    return w.Password(description=label, style=_LABELLED, layout=_wide())


def lines(label: str, value: str = "", placeholder: str = "", *, rows: int = 4) -> w.Textarea:
    """A labelled field of several lines."""
    return w.Textarea(value=value, description=label, placeholder=placeholder, rows=rows, style=_LABELLED, layout=_wide())


def choice(label: str, options: Iterable[str | tuple[str, object]]) -> w.Dropdown:
    """A labelled choice of one among several. options: words, or words and what they stand for."""
    return w.Dropdown(options=list(options), description=label, style=_LABELLED, layout=w.Layout(width="auto", max_width="100%"))


def checkbox(label: str, *, ticked: bool = False) -> w.Checkbox:
    """A box to tick, its label in full."""
    return w.Checkbox(value=ticked, description=label, indent=False, layout=_wide())


def row(*widgets: w.Widget) -> w.HBox:
    """Side by side, and below each other where there is no room."""
    return w.HBox(widgets, layout=w.Layout(flex_flow="row wrap", align_items="center"))


def columns(left: Iterable[w.Widget], right: Iterable[w.Widget]) -> w.HBox:
    """Two columns, and one below the other where there is no room."""
    sides = [w.VBox(list(side), layout=w.Layout(flex="1 1 22em", min_width="0")) for side in (left, right)]
    return w.HBox(sides, layout=w.Layout(flex_flow="row wrap", grid_gap="0 1.5em"))


def said(words: str, *, wrong: bool = False) -> str:
    """A line of result that screen readers speak when it changes."""
    if wrong:
        return f'<div role="alert" aria-live="polite" style="line-height:1.4"><strong>Not yet.</strong> {escape(words)}</div>'
    return f'<div role="status" aria-live="polite" style="line-height:1.4">{escape(words)}</div>'


def facts(caption: str, told: Iterable[tuple[str, object]]) -> str:
    """A table of two columns: what, and how it is. Long words may break, or the table would outgrow the page."""
    name, words = (
        f'<th scope=row style="{LEFT};white-space:nowrap">',
        f'<td style="{LEFT};overflow-wrap:anywhere;white-space:normal">',
    )
    rows = "".join(f"<tr>{name}{escape(what)}</th>{words}{escape(str(how))}</td></tr>" for what, how in told)
    return (
        f'<table style="line-height:1.4"><caption style="text-align:left">{escape(caption)}</caption>{rows}</table>'
        if rows
        else ""
    )


def heading(words: str) -> str:
    """What the next thing is."""
    return f'<div style="line-height:1.4;font-weight:600;padding-top:0.3em">{escape(words)}</div>'


def link(address: str, words: str) -> str:
    """A link that is seen to be one, in a tab of its own: here it would take the place of the notebook at work."""
    told = 'target="_blank" rel="noopener noreferrer" style="text-decoration:underline;overflow-wrap:anywhere"'
    return f'<a href="{escape(address)}" {told}>{escape(words)}</a>'


def wrapped(code: str) -> str:
    """Text as it stands, its lines broken where there is no room: a box that scrolls is a trap for the keyboard."""
    return f'<pre style="{_CODE}">{escape(code)}</pre>'


def discard(widgets: Iterable[w.Widget]) -> None:
    """Close widgets that others have replaced, each with its layout and style: the browser keeps whatever is open."""
    for widget in widgets:
        widget.layout.close()
        widget.style.close()
        widget.close()
