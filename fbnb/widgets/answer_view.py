"""A reply on show: its answer as a tree that folds without script or as a table, its headers and usage, its error, its code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from html import escape

import ipywidgets as w

from fbnb.diagnosis import diagnose
from fbnb.errors import FbnbError, GraphError, numbered
from fbnb.inquiry import ROWS, Reply, brief, table_of
from fbnb.snippets import as_curl, as_fbnb, as_httpx
from fbnb.usage import HEADERS, Load, usage_of
from fbnb.widgets.fields import CodeField, choice
from fbnb.widgets.view import View
from fbnb.widgets.words import LEFT, facts

_OPEN, _DEEPEST, _LONGEST, _MOST = 2, 20, 1000, 2000


class AnswerView(View):
    """One reply. form: tree or table. code_for: what the request is written out for in `code`. Hidden until the first.

    served: where the sandbox is served that replies, "" for Graph itself.
    """

    def __init__(self, served: str = "") -> None:
        self.reply: Reply | None = None
        self.form = choice("Answer as", [("Tree", tree), ("Table", table)])
        self.code_for = choice(
            "Code for", [("curl", partial(as_curl, at=served)), ("httpx", partial(as_httpx, at=served)), ("fbnb", as_fbnb)]
        )
        self.answer, self.about, self._code = w.HTML(layout=_side(2)), w.HTML(layout=_side(1)), CodeField(rows=6)
        self.code = self._code.field
        for menu in (self.form, self.code_for):
            menu.observe(lambda _: self.reply and self.show(self.reply), "value")
        sides = w.HBox([self.answer, self.about], layout=w.Layout(flex_flow="row wrap"))
        self.view = w.VBox([self.form, sides, self.code_for, self.code])
        self.view.layout.display = "none"

    def show(self, reply: Reply) -> None:
        """Show a reply; all of it is drawn before any is put in place."""
        answer, told, code = self.form.value(reply.exchange.answer), about(reply), self.code_for.value(reply.exchange)
        self.answer.value, self.about.value = answer, told
        self._code.show(code)
        self.reply, self.view.layout.display = reply, None


def tree(answer: object) -> str:
    """An answer as a tree to fold; of a long list or object the first 50, of all the first 2000, and how many more there are."""
    return _node("answer", answer, 0, iter(range(_MOST)))


def table(answer: object) -> str:
    """An answer as a table; of many rows or columns the first 50, and how many there are."""
    told = table_of(answer)
    count = f"{told.count}" if told.count == len(told.rows) else f"first {len(told.rows)} of {told.count}"
    count += f"; columns: first {len(told.columns)} of {told.width}" if told.width > len(told.columns) else ""
    head = "".join(f'<th scope=col style="{LEFT}">{escape(name)}</th>' for name in told.columns)
    cells = ("".join(f'<td style="{LEFT}">{escape(text)}</td>' for text in row) for row in told.rows)
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    caption = f'<caption style="text-align:left">Rows: {count}</caption>'
    # What is wider than the page scrolls, with the arrow keys too.
    where = '<div role="region" aria-label="The answer as a table" tabindex="0" style="overflow-x:auto">'
    return f'{where}<table style="line-height:1.4">{caption}<tr>{head}</tr>{rows}</table></div>'


def about(reply: Reply) -> str:
    """What goes with an answer: status, headers, usage; and of an error its numbers, cause and remedy."""
    headers, status = reply.exchange.headers, reply.exchange.status
    told = [("status", "nothing came back" if status is None else status), ("sent", f"{reply.exchange.at:%Y-%m-%d %H:%M:%S} UTC")]
    plain = [(name, value) for name, value in headers.items() if name not in HEADERS]
    loads = [(f"{load.limit} {load.of}".strip(), _load(load)) for load in usage_of(headers).loads]
    return (
        (_error(reply.error) if reply.error else "")
        + facts("Headers", [*told, *plain])
        + facts("Usage", loads or [("limits", "not told with this answer")])
    )


def counted(number: int, noun: str) -> str:
    """`1 field`, `2 fields`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _side(share: int) -> w.Layout:
    # Beside the other where there is room, and never wider than the page.
    return w.Layout(flex=f"{share} 1 20em", min_width="0")


def _node(name: str, value: object, depth: int, left: Iterator[int]) -> str:
    if not isinstance(value, dict | list) or not value or depth > _DEEPEST:
        text = brief(json.dumps(value, ensure_ascii=False), _LONGEST)
        return f'<div style="overflow-wrap:anywhere">{escape(name)}: <code>{escape(text)}</code></div>'
    inner = "".join(_inside(value, depth + 1, left))
    opened = " open" if depth < _OPEN else ""
    return (
        f"<details{opened}><summary>{escape(name)}: {escape(_size(value))}</summary>"
        f'<div style="margin-left:1.5em">{inner}</div></details>'
    )


def _inside(value: dict[str, object] | list[object], depth: int, left: Iterator[int]) -> Iterator[str]:
    """What is in it, as far as that is shown. left: of the whole tree, used up by one for each node."""
    told = list(value.items() if isinstance(value, dict) else enumerate(value))
    for shown, (name, inner) in enumerate(told):
        if shown == ROWS or next(left, None) is None:
            yield f"<div>… and {len(told) - shown} more</div>"
            return
        yield _node(str(name), inner, depth, left)


def _size(value: dict[str, object] | list[object]) -> str:
    """How much is in it, and of an object what it is called."""
    if isinstance(value, list):
        return f"list of {len(value)}"
    called = value.get("name") or value.get("id")
    return counted(len(value), "field") + (f", {brief(called)}" if called else "")


def _load(load: Load) -> str:
    parts = {"calls": load.calls, "processor": load.cpu_time, "time": load.total_time}
    told = ", ".join(f"{name} {part:g} %" for name, part in parts.items() if part is not None)
    return f"{told}; wait {load.minutes} minutes" if load.minutes else told


def _error(error: FbnbError) -> str:
    told: list[tuple[str, object]] = [("what", error.problem)]
    if isinstance(error, GraphError):
        numbers = [("numbers", numbered(error.code, error.subcode) if error.code is not None else ""), ("type", error.type)]
        told += [(name, words) for name, words in [*numbers, ("fbtrace_id", error.fbtrace_id)] if words]
    return facts("Refused" if isinstance(error, GraphError) else "No answer to use", [*told, *diagnose(error).lines()])
