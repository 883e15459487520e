"""What a widget says, as HTML that needs no script: results, tables, code, links. Whatever it is given is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LEFT = "text-align:left;vertical-align:top;padding:0.1em 1em 0.1em 0"
_BREAKS = "overflow-wrap:anywhere;white-space:normal"
_CODE = "white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;line-height:1.4;margin:0"


def said(words: str, *, wrong: bool = False) -> str:
    """A line of result that screen readers speak when it changes."""
    role, begins = ("alert", "<strong>Not yet.</strong> ") if wrong else ("status", "")
    return f'<div role="{role}" aria-live="polite" style="line-height:1.4">{begins}{escape(words)}</div>'


def facts(caption: str, told: Iterable[tuple[str, object]]) -> str:
    """A table of two columns: what, and how it is. Long words may break, or the table would outgrow the page."""
    name, how = (
        f'<th scope=row style="{LEFT};white-space:nowrap">',
        f'<td style="{LEFT};overflow-wrap:anywhere;white-space:normal">',
    )
    rows = "".join(f"<tr>{name}{escape(what)}</th>{how}{escape(str(words))}</td></tr>" for what, words in told)
    title = f'<caption style="text-align:left">{escape(caption)}</caption>'
    return f'<table style="line-height:1.4">{title}{rows}</table>' if rows else ""


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
